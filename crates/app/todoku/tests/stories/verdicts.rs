//! Story: one bounce mail, one verdict, wherever it is looked at: pages, command line, and the page open to everybody.

use std::{fs, path::Path, time::Duration};

use delivery::recipient::State;
use evidence::ports::HistoryStore;
use reception::ArrivalStore;
use serde_json::Value;
use storage::Store;
use testkit::SimulatorConfig;

use crate::stage::{Dialogue, Settings, Stage, add_contacts, add_domain, rows, start_broadcast, wait_until};

const SOON: Duration = Duration::from_secs(30);
/// Carriers' own forms among the project's samples, and what their recipients are called there.
const SAMPLES: [(&str, &str); 3] = [
    ("0073-au-notice-rejected.eml", "taro.invented@ezweb.ne.jp"),
    ("0075-au-notice-full.eml", "taro.invented@au.com"),
    ("0078-biglobe-filter.eml", "ume.invented@mvi.biglobe.ne.jp"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_carriers_own_form_means_the_same_everywhere() {
    let simulator = SimulatorConfig { accept_all: true, ..SimulatorConfig::default() };
    let stage = Stage::set(simulator, Settings::default()).await;
    stage.add_owner();
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    stage.world.dns.add("mvi.biglobe.ne.jp", "MX", "10 mx.biglobe.ne.jp").expect("published");
    add_contacts(&store, &SAMPLES.map(|(_, address)| address.to_owned())).await;
    let _program = stage.serve();
    let broadcast = start_broadcast(&store, 60_000).await;
    let all_are = async |state: State| {
        let all = rows(&store, broadcast).await;
        all.len() == SAMPLES.len() && all.iter().all(|row| row.state == state)
    };
    wait_until("all accepted", SOON, async || all_are(State::Accepted).await).await;
    let sent = stage.world.simulator.deliveries();
    for (file, address) in SAMPLES {
        let path = sent.iter().find(|sent| sent.recipient == address).expect("it was sent");
        let mail = fs::read_to_string(corpus().join(file)).expect("seven-bit text");
        let mail = mail.replace('\n', "\r\n");
        let said = Dialogue::open(stage.node.smtp).bring(&path.reverse_path, &mail);
        assert!(said.starts_with("250 "), "{file}: {said}");
    }
    wait_until("all bounced", SOON, async || all_are(State::Bounced).await).await;
    for row in rows(&store, broadcast).await {
        means_the_same_everywhere(&stage, &store, row.id).await;
    }
}

fn corpus() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../corpus/bounces")
}

/// The verdict of a bounced message is on its page, on the person's, on the desk; the command line and the page for
/// everybody say the same of the same bytes.
pub async fn means_the_same_everywhere(stage: &Stage, store: &Store, id: i64) {
    let story = store.message(id).await.expect("asked").expect("it exists");
    let verdict = story.verdict.clone().expect("a verdict");
    let arrival = story.arrival_id.expect("the mail that told it");
    let raw = store.raw(arrival).await.expect("asked").expect("it is kept");
    let raw = String::from_utf8(raw).expect("seven-bit text");

    let file = stage.folder.path().join(format!("{id}.eml"));
    fs::write(&file, &raw).expect("written");
    let told = stage.command(&["bounce", "explain", "--json", file.to_str().expect("UTF-8")], "").good();
    let told: Value = serde_json::from_str(&told).expect("one line of JSON");
    let report = &told["reports"][0];
    assert_eq!((told["kind"].as_str(), told["reports"].as_array().map(Vec::len)), (Some("bounce"), Some(1)));
    assert_eq!(report["reason"], verdict.reason.name(), "{told}");
    assert_eq!(report["permanence"], verdict.permanence.name(), "{told}");
    assert_eq!(report["fault"], verdict.fault.name(), "{told}");
    assert_eq!(
        (report["rule"].as_str(), &report["confidence"]),
        (Some(&*verdict.rule), &verdict.confidence.into())
    );

    let provider = Some(story.provider.as_str()).filter(|provider| !provider.is_empty());
    let words = bounce::explain(verdict.reason, provider);
    let mut owner = stage.log_in();
    owner.get(&format!("/messages/{id}")).says(&["後日不達", &words.title_ja, &words.what_ja]);
    owner.get(&format!("/contacts/{}", story.contact_id)).says(&[
        "後日不達",
        &words.title_ja,
        &words.what_ja,
    ]);
    owner.get(&format!("/desk?reason={}", verdict.reason.name())).says(&[&story.address, &words.title_ja]);
    let mut stranger = stage.node.browser();
    let page = stranger.drop_file("/explain", "/explain", ("bounce.eml", "message/rfc822"), &raw);
    let recipient = report["recipient"].as_str().expect("an address");
    page.says(&["届かなかったことを知らせるメールです", recipient, &words.title_ja, verdict.reason.name()]);
}
