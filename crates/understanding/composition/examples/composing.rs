//! Measures how many personal messages one core renders and builds in a second; run it with `--release`.

use std::time::Instant;

use composition::{Links, MessageHead, Template, TemplateSource, Values, build};
use mail::Address;

/// The one of the program: without it, most of the time for large messages would go to fresh pages of memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: u32 = 100_000;

fn main() {
    let paragraph = "いつもご利用ありがとうございます。{{ item }}のご予約を承りました。\n\n";
    let text = format!(
        "{{{{ name | default(\"お客様\") }}}} 様\n\n{}配信停止: {{{{ unsubscribe_url }}}}\n",
        paragraph.repeat(18)
    );
    measure(
        "text",
        TemplateSource { subject: "{{ name }} 様へのお知らせ".into(), text: text.clone(), html: None },
    );
    let large = format!("{{{{ name }}}} 様\n\n{}", paragraph.replace("{{ item }}", "桜餅").repeat(750));
    measure(
        "75 kB of text",
        TemplateSource { subject: "{{ name }} 様へのお知らせ".into(), text: large, html: None },
    );
    let html = format!("<p>{}</p>", text.replace('\n', "<br>\n"));
    let subject = "{{ name }} 様へのお知らせ".into();
    measure("text and html", TemplateSource { subject, text, html: Some(html) });
}

fn measure(name: &str, source: TemplateSource) {
    let template = Template::compile(&source, &["name", "item"]).expect("a good template");
    let shop = Address::parse("info@shop.example").expect("an address");
    let mut values = Values::from([("item".into(), "桜餅".into()), ("name".into(), "濵髙 花子".into())]);
    let mut bytes = 0;
    let start = Instant::now();
    for n in 0..ROUNDS {
        values.insert("name".into(), format!("濵髙 花子{n}"));
        let links =
            Links { unsubscribe_url: Some(format!("https://shop.example/u/{n}")), ..Links::default() };
        let rendered = template.render(&values, &links).expect("every value is there");
        let head = MessageHead {
            from_name: "花の店".into(),
            from: shop.clone(),
            to_name: String::new(),
            to: Address::new(&format!("customer{n}"), "customer.example").expect("an address"),
            reply_to: None,
            message_id: format!("{n}@shop.example"),
            date_at: 1_795_257_296_789,
            list_unsubscribe: links.unsubscribe_url,
            extra: Vec::new(),
        };
        bytes += build(&head, &rendered).len();
    }
    let seconds = start.elapsed().as_secs_f64();
    let each = bytes / ROUNDS as usize;
    println!("{name}: {:.0} messages/s of {each} bytes", f64::from(ROUNDS) / seconds);
}
