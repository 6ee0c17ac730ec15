//! Stories of bad luck on the wire and at the machine: names that do not answer, servers that speak nonsense, a stop in
//! the middle, a second start.

use std::time::Duration;

use campaigns::ports::BroadcastStore;
use delivery::recipient::State;
use evidence::ports::HistoryStore;
use testkit::{Fault, Keep, SimulatorConfig};

use crate::stage::{
    Settings, Stage, add_contacts, add_domain, rows, start_broadcast, wait_for, wait_until, wait_until_steady,
};

const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_is_tried_again_and_explained() {
    let (unnamed, garbage, silent, fine) = (
        "hanako@tsukushi-en.example",
        "hanako@hikari-jutaku.example",
        "hanako@aoi-kensetsu.example",
        "hanako@hoshino-farm.example",
    );
    let settings = Settings { timeouts_max: "1s", ..Settings::default() };
    let stage = Stage::set(SimulatorConfig::default(), settings).await;
    stage.add_owner();
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    add_contacts(&store, &[unnamed, garbage, silent, fine].map(str::to_owned)).await;
    stage.world.dns.fail("tsukushi-en.example", Fault::Timeout).expect("a name");
    let _program = stage.serve();
    let broadcast = start_broadcast(&store, 18_000).await;

    // Each waits with its own reason; the one that is well has its mail.
    let row = async |to: &str| rows(&store, broadcast).await.into_iter().find(|row| row.address == to);
    wait_until("three to wait", SOON, async || {
        let counts = store.counts(broadcast).await.expect("counted");
        (counts.of(State::Deferred), counts.of(State::Accepted)) == (3, 1)
    })
    .await;
    for (to, trouble, reason) in [
        (unnamed, "dns_trouble", "networkerror"),
        (garbage, "not_smtp", "systemerror"),
        (silent, "timed_out", "networkerror"),
    ] {
        let row = row(to).await.expect("she has a row");
        assert_eq!((row.state, row.reason.as_deref()), (State::Deferred, Some(reason)), "{to}");
        assert!(row.next_at.is_some(), "{to}: the next try is known");
        let story = store.message(row.id).await.expect("asked").expect("it exists");
        let first = &story.attempts[0];
        assert_eq!(first.trouble.as_deref(), Some(trouble), "{to}");
        assert!(!first.detail.is_empty(), "{to}: the words of the trouble are kept");
    }
    let mut browser = stage.log_in();
    let page = browser.get(&format!("/broadcasts/{broadcast}/rows?state=deferred"));
    assert_eq!(page.status, 200);
    page.says(&[unnamed, garbage, silent, "再試行中", "通信の障害"]);

    // The name answers again: the mail arrives by itself. The others are given up at the deadline, and it is said why.
    stage.world.dns.heal("tsukushi-en.example").expect("a name");
    wait_until("the healed name", SOON, async || row(unnamed).await.expect("a row").state == State::Accepted)
        .await;
    for to in [garbage, silent] {
        wait_until("the deadline", SOON, async || row(to).await.expect("a row").state == State::Refused)
            .await;
        assert_eq!(row(to).await.expect("a row").reason.as_deref(), Some("expired"), "{to}");
    }
    let page = browser.get(&format!("/broadcasts/{broadcast}/rows?state=refused"));
    page.says(&[garbage, silent, "再送期限切れ"]);
    let counts = stage.world.simulator.counts_by_recipient();
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(fine.to_owned(), 1), (unnamed.to_owned(), 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_stop_in_the_middle_it_leaves_nothing_in_doubt() {
    const PEOPLE: usize = 2_000;
    let simulator =
        SimulatorConfig { accept_all: true, keep: Keep::Counts, latency_ms: 5, ..SimulatorConfig::default() };
    let stage = Stage::set(simulator, Settings::default()).await;
    let addresses: Vec<String> = (0..PEOPLE).map(|n| format!("hanako{n}@docomo.ne.jp")).collect();
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    add_contacts(&store, &addresses).await;
    let broadcast = start_broadcast(&store, 3_600_000).await;
    let counts = async || store.counts(broadcast).await.expect("counted");

    let mut program = stage.serve();
    wait_for("messages", SOON * 2, || stage.accepted() >= 300);
    let status = program.terminate();
    let got = stage.accepted();
    assert!(status.success(), "{status}");
    assert!(got < PEOPLE, "it was stopped in the middle, not at the end");
    assert_eq!(counts().await.of(State::Accepted), got as u64, "what was handed over is written down");
    assert_eq!(counts().await.of(State::Waiting), (PEOPLE - got) as u64);

    // And it goes on where it stood.
    let _program = stage.serve();
    wait_for("the rest", SOON * 2, || stage.accepted() >= PEOPLE);
    wait_until("the end", SOON, async || counts().await.of(State::Accepted) == PEOPLE as u64).await;
    wait_until_steady(Duration::from_millis(500), || stage.accepted()).await;
    let got = stage.world.simulator.counts_by_recipient();
    assert_eq!((got.len(), got.values().max()), (PEOPLE, Some(&1)), "everybody once");
    println!(
        "stopped and started again: {PEOPLE} people, {} got it, lost 0, doubled 0, in doubt 0",
        got.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_over_the_same_file_is_refused() {
    let stage = Stage::set(SimulatorConfig::default(), Settings::default()).await;
    let mut first = stage.serve();
    let second = stage.another_node("second");
    let said = second.command(&["serve"], "");
    said.refuses(&["もう1つの Todoku が使っています", "another Todoku is using"]);
    assert!(said.err.contains(stage.data().to_str().expect("UTF-8")), "it names the folder: {said:?}");

    println!(
        "TORTURE | a second process on one SQLite file: refused with a sentence | - | - | - | - | - | - | good"
    );

    // The first is not disturbed; when it has ended, the second may start. A door that is taken is named.
    assert_eq!(stage.node.browser().get("/login").location, "/welcome");
    assert!(first.terminate().success());
    let mut second_program = second.serve();
    assert_eq!(second.browser().get("/login").location, "/welcome");
    assert!(second_program.terminate().success());
    let _taken = std::net::TcpListener::bind(stage.node.web).expect("it is free now");
    let said = stage.command(&["serve"], "");
    said.refuses(&[&format!("{} で待ち受けできません", stage.node.web), "cannot listen on"]);
}
