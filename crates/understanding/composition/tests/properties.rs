//! Whatever the values are, a message is well formed and has exactly the fields it should.

use composition::{
    Links, MessageHead, Rendered, Template, TemplateLinks, TemplateSource, Values, build, safe_preview,
    text_of_html,
};
use mail::Address;
use proptest::prelude::*;

/// Text that likes line ends, blanks, quotes and foreign characters more than chance would.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[a-z ]{0,120}",
        "[ぁ-ん濵髙\u{20bb7}]{0,60}",
        Just("\r\nBcc: x@evil.example\r\n\r\n".to_owned()),
        Just("\r".to_owned()),
        Just("\n.\n".to_owned()),
        Just("=?UTF-8?B?".to_owned()),
        Just(" ".repeat(1_500)),
        Just("x".repeat(1_500)),
        Just("\u{202e}\u{feff}\0".to_owned()),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn address() -> impl Strategy<Value = Address> {
    ("[ -~]{1,64}", "[a-z]{1,20}\\.example")
        .prop_filter_map("not an address", |(local, domain)| Address::new(&local, &domain).ok())
}

fn head() -> impl Strategy<Value = MessageHead> {
    let names = (hostile(), hostile(), hostile(), hostile());
    let addresses = (address(), address(), prop::option::of(address()));
    (names, addresses, any::<i64>(), prop::option::of(hostile())).prop_map(
        |(names, addresses, date_at, url)| MessageHead {
            from_name: names.0,
            from: addresses.0,
            to_name: names.1,
            to: addresses.1,
            reply_to: addresses.2,
            message_id: names.2,
            date_at,
            list_unsubscribe: url.map(|url| format!("https://shop.example/{url}")),
            extra: vec![("X-Todoku-Trace".into(), names.3)],
        },
    )
}

fn expected_fields(head: &MessageHead, seen: &[String]) -> Vec<&'static str> {
    let mut fields = vec!["Date", "From", "To"];
    fields.extend(head.reply_to.as_ref().map(|_| "Reply-To"));
    fields.extend(["Subject", "Message-ID"]);
    // An over-long address is left out, one-click mark and all.
    if seen.iter().any(|name| name == "List-Unsubscribe") {
        fields.extend(["List-Unsubscribe", "List-Unsubscribe-Post"]);
    }
    fields.extend(["X-Todoku-Trace", "MIME-Version", "Content-Type"]);
    fields
}

/// Pieces of a template in which links stand where they may and where they may not.
fn linked() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n".to_owned()),
        Just("<a href=\"https://a.example/x\">".to_owned()),
        Just("<a class='b' HREF='http://b.example/?a=1'>".to_owned()),
        Just("<area href=https://a.example/x>".to_owned()),
        Just("<a data-no-track href='https://c.example/'>".to_owned()),
        Just("https://a.example/x ".to_owned()),
        Just("https://d.example/(y)。".to_owned()),
        Just("https://e.example/{{ name }}".to_owned()),
        Just("<a href='{{ unsubscribe_url }}'>".to_owned()),
        Just("{% if name %}".to_owned()),
        Just("{% endif %}".to_owned()),
        Just("{% raw %}".to_owned()),
        Just("{% endraw %}".to_owned()),
        Just("<!-- ".to_owned()),
        Just(" -->".to_owned()),
        Just("<style>".to_owned()),
        Just("</style>".to_owned()),
        "[a-z<>=\"'/ {}%&;#-]{0,12}",
        "[ぁ-ん、。\u{20bb7}]{0,6}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn messages_are_well_formed(head in head(), subject in hostile(), text in hostile(), html in prop::option::of(hostile())) {
        let is_multipart = html.is_some();
        let message = build(&head, &Rendered { subject, text, html });
        prop_assert!(message.is_ascii());
        let message = String::from_utf8(message).unwrap();
        prop_assert!(!message.replace("\r\n", "").contains(['\r', '\n', '\0']));
        for line in message.split("\r\n") {
            prop_assert!(line.len() <= 998, "{}", line);
        }
        let block = message.split("\r\n\r\n").next().unwrap();
        let lines: Vec<&str> = block.split("\r\n").collect();
        prop_assert!(lines.iter().all(|line| !line.trim().is_empty()));
        let seen: Vec<String> = lines.iter().filter(|line| !line.starts_with(' '))
            .map(|line| line.split(':').next().unwrap().to_owned()).collect();
        let mut expected = expected_fields(&head, &seen);
        if !is_multipart {
            expected.push("Content-Transfer-Encoding");
        }
        prop_assert_eq!(seen, expected);
    }

    #[test]
    fn values_never_become_html_or_merge_language(value in hostile()) {
        let source = TemplateSource { subject: "s".into(), text: "{{ name }}".into(), html: Some("{{ name }}".into()) };
        let template = Template::compile(&source, &["name"]).unwrap();
        let rendered = template.render(&Values::from([("name".into(), value.clone())]), &Links::default()).unwrap();
        prop_assert_eq!(rendered.text, value);
        prop_assert!(!rendered.html.unwrap().contains(['<', '>', '"', '\'']));
    }

    #[test]
    fn any_template_and_html_can_be_read(written in "([a-z<>/=\"'{}%#& \n]|\\{\\{|\\}\\}|<a href=|あ){0,60}") {
        let source = TemplateSource { subject: written.clone(), text: String::new(), html: Some(written.clone()) };
        let _ = Template::compile(&source, &["a"]).map(|template| template.render(&Values::new(), &Links::default()));
        let text = text_of_html(&written);
        prop_assert!(text.len() <= written.len() * 18 + 100);
        prop_assert!(!safe_preview(&written).contains("<script"));
    }

    #[test]
    fn recording_changes_nothing_but_links(text in linked(), html in linked()) {
        let source = TemplateSource { subject: "s".into(), text, html: Some(html) };
        let found = TemplateLinks::read(&source, "https://mail.example/");
        for target in &found.targets {
            prop_assert!(target.starts_with("http") || target.starts_with("HTTP"), "{}", target);
            prop_assert!(!target.contains("{{") && !target.contains(char::is_whitespace), "{}", target);
        }
        let Ok(plain) = Template::compile(&source, &["name"]) else { return Ok(()) };
        let recording = Template::compile_recording(&source, &["name"], &found.targets);
        prop_assert!(recording.is_ok(), "{:?}", recording.err());
        let recording = recording.unwrap();
        prop_assert_eq!(plain.fields(), recording.fields());
        // Where each link stands for itself, the letter is the one without records.
        let links = Links {
            unsubscribe_url: Some("https://mail.example/u/1".to_owned()),
            recorded: found.targets.clone(),
            ..Links::default()
        };
        let values = Values::from([("name".to_owned(), "花子".to_owned())]);
        prop_assert_eq!(plain.render(&values, &links).ok(), recording.render(&values, &links).ok());
        // And where they are our own, no other word changes.
        let ours = |n: usize| format!("https://mail.example/l/l-1-{n}");
        let links = Links { recorded: (0..found.targets.len()).map(ours).collect(), ..links };
        if let Ok(written) = recording.render(&values, &links) {
            let back = |text: &str| (0..found.targets.len()).rev().fold(text.to_owned(), |text, n| text.replace(&ours(n), &found.targets[n]));
            let expected = plain.render(&values, &links).unwrap();
            prop_assert_eq!(back(&written.text), expected.text);
            prop_assert_eq!(written.html.as_deref().map(back), expected.html);
        }
    }
}
