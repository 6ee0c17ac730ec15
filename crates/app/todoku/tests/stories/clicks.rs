//! Story: a letter with links goes out; one reader follows one, another's scanner follows all, and each page agrees.

use std::time::Duration;

use audience::segment::{Rule, Saved, SegmentDraft, SegmentStore, Subject, Test};
use campaigns::{ports::TemplateStore, template::TemplateDraft};
use testkit::{Keep, SimulatorConfig};

use crate::stage::{Browser, SHOP, Settings, Stage, add_contacts, add_domain, now, rows, wait_until};

const SOON: Duration = Duration::from_secs(60);
const PHONE: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1";
const READER: &str = "hanako@aozora-bungu.example";
const SCANNED: &str = "makoto@aozora-bungu.example";

fn letter() -> TemplateDraft {
    TemplateDraft {
        name: "Spring".into(),
        subject: "Spring".into(),
        text: "Hello {{ name }}\n\nhttps://hana.example/spring\nhttps://hana.example/sale?a=1&b=2\n\n\
               {{ unsubscribe_url }}\n"
            .into(),
        html: Some(
            "<p><a\nhref=\"https://hana.example/spring\">Spring</a>\n<a\nhref='https://hana.example/sale?a=1&amp;b=2'>Sale</a>\n\
             <a\nhref=\"https://hana.example/map\">Map</a>\n<a\nhref=\"https://hana.example/?c={{ customer_number }}\">You</a>\n\
             <a href='mailto:info@hana.example'>Mail</a>\n<a\nhref=\"{{ unsubscribe_url }}\">Stop</a></p>"
                .into(),
        ),
    }
}

/// The paths of the recorded links in the mail that came to an address, in their order.
fn links(stage: &Stage, address: &str) -> Vec<String> {
    let deliveries = stage.world.simulator.deliveries();
    let mail = deliveries.iter().find(|mail| mail.recipient == address).expect("it came");
    let text = String::from_utf8(mail.content.clone().expect("it was kept")).expect("ASCII");
    let text = text.replace("=\r\n", "").replace("=3D", "=");
    assert!(text.contains("https://hana.example/?c=H-00000"), "a personal link stays: {text}");
    assert!(!text.contains("hana.example/spring") && text.contains("mailto:info@hana.example"), "{text}");
    assert!(text.contains(&format!("http://{}/u/u-", stage.node.web)), "the way out stays: {text}");
    let (mut found, mark) = (Vec::new(), format!("http://{}/l/", stage.node.web));
    for (at, _) in text.match_indices(&mark) {
        let path = text[at + mark.len()..].split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next();
        found.push(format!("/l/{}", path.expect("a first part")));
    }
    assert_eq!(found.len(), 5, "three in the HTML, two in the text: {text}");
    found.sort();
    found.dedup();
    found
}

fn compose(midori: &mut Browser, template: i64) -> i64 {
    let form = format!(
        "name=Spring&purpose=advertising&template={template}&from_name=Midori&from_address=info%40{SHOP}&records_clicks=1"
    );
    let made = midori.fill("/broadcasts/new", "/broadcasts", &form);
    let id =
        made.location.split('/').nth(2).and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("{made:?}"));
    let started = midori.fill(&format!("/broadcasts/{id}/confirm"), &format!("/broadcasts/{id}/start"), "");
    assert!(started.location.contains("done=broadcast-started"), "{started:?}");
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_link_has_got_the_mail() {
    let keep = Keep::Content { bytes_max: 100_000 };
    let simulator = SimulatorConfig { accept_all: true, keep, ..SimulatorConfig::default() };
    let stage = Stage::set(simulator, Settings::default()).await;
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    add_contacts(&store, &[READER.to_owned(), SCANNED.to_owned()]).await;
    let template = TemplateStore::save(&store, None, &letter(), None, now()).await.expect("saved");
    stage.add_owner();
    let _program = stage.serve();
    let mut midori = stage.log_in();
    let id = compose(&mut midori, template);
    wait_until("both mails", SOON, async || stage.accepted() == 2).await;
    let taken = now();
    let (hers, his) = (links(&stage, READER), links(&stage, SCANNED));
    assert_eq!((hers.len(), his.len()), (3, 3), "the same target has one address");

    // A scanner looks while the mail is being taken; nothing it does is a person's.
    let mut phone = stage.node.browser().calling_itself(PHONE);
    let scanner = phone.get(&his[0]);
    assert_eq!((scanner.status, scanner.location.as_str()), (302, "https://hana.example/spring"));
    assert_eq!(stage.node.browser().calling_itself("curl/8.5.0").get(&hers[1]).status, 302);
    wait_until("nobody is that quick", SOON, async || now() > taken + 4_000).await;
    for path in &his {
        assert_eq!(phone.get(path).status, 302);
    }
    let sale = phone.get(&hers[1]);
    assert_eq!((sale.status, sale.location.as_str()), (302, "https://hana.example/sale?a=1&b=2"));
    assert_eq!(
        phone.get(&format!("{}%E3%82%92", hers[1])).status,
        302,
        "what stands behind it does not matter"
    );

    let garbled = phone.get(&hers[1].replace("-01-", "-02-"));
    assert_eq!((garbled.status, garbled.location.as_str()), (404, ""));
    garbled.says(&["このリンクは読み取れませんでした"]);
    assert_eq!(phone.get("/l/https://evil.example/").status, 404);

    let people = rows(&store, id).await;
    let of = |address: &str| people.iter().find(|row| row.address == address).expect("a row");
    let (reader, scanned) = (of(READER), of(SCANNED));
    let page = |id: i64| format!("/messages/{id}");
    wait_until("the evidence", SOON, async || midori.get(&page(reader.id)).body.contains("届いた証拠あり"))
        .await;
    midori.get(&page(reader.id)).says(&["リンクを開きました", "https://hana.example/sale?a=1&amp;b=2"]);
    assert!(!midori.get(&page(scanned.id)).body.contains("届いた証拠あり"), "a scanner is no reader");

    let about = format!("{id}:1");
    let rule = Rule::of(vec![audience::segment::Condition::new(
        Subject::from("deed:clicked".to_owned()),
        Test::Did,
        &["2", "7", "", "", "", &about, "SALE"],
    )]);
    let draft = SegmentDraft { name: "Sale".into(), rule };
    let Saved::Yes(segment) = SegmentStore::save(&store, None, &draft, None, now()).await.expect("asked")
    else {
        panic!("not saved")
    };
    let seen = midori.get(&format!("/segments/{segment}"));
    assert!(seen.body.contains("hanako@") && !seen.body.contains("makoto@"), "{}", seen.body);
    midori.get(&format!("/segments/{segment}/why/{}", reader.contact_id)).says(&["当てはまります", "2 ("]);
    midori.get(&format!("/segments/{segment}/why/{}", scanned.contact_id)).says(&["当てはまりません"]);
}
