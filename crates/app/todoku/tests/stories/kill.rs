//! Story: the server is killed again and again in the middle of a broadcast to 20,000 people; nobody is lost.

use std::time::Duration;

use campaigns::{broadcast::BroadcastState, ports::BroadcastStore};
use delivery::recipient::State;
use testkit::{Keep, SimulatorConfig};

use crate::stage::{Settings, Stage, add_contacts, add_domain, start_broadcast, wait_for, wait_until_steady};

const PEOPLE: usize = 20_000;
/// How many messages the providers have when the server is killed.
const KILLED_AT: [usize; 4] = [1_500, 5_003, 9_777, 15_020];

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_nobody_is_lost() {
    let simulator = SimulatorConfig { accept_all: true, keep: Keep::Counts, ..SimulatorConfig::default() };
    let stage = Stage::set(simulator, Settings::default()).await;
    let domains = ["docomo.ne.jp", "ezweb.ne.jp", "gmail.com", "softbank.ne.jp", "yahoo.co.jp", "icloud.com"];
    let addresses: Vec<String> =
        (0..PEOPLE).map(|n| format!("hanako{n}@{}", domains[n % domains.len()])).collect();
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    add_contacts(&store, &addresses).await;
    let broadcast = start_broadcast(&store, 3_600_000).await;
    store.close().await;

    for killed_at in KILLED_AT {
        let mut program = stage.serve();
        wait_for("messages", Duration::from_secs(240), || stage.accepted() >= killed_at);
        program.kill();
    }
    let mut program = stage.serve();
    wait_until_steady(Duration::from_secs(3), || stage.accepted()).await;
    program.kill();

    let store = stage.store().await;
    let counts = store.counts(broadcast).await.expect("counted");
    let found = BroadcastStore::get(&store, broadcast).await.expect("asked").expect("it exists");
    let got = stage.world.simulator.counts_by_recipient();
    let doubled: usize = got.values().filter(|count| **count > 1).count();
    let in_doubt = usize::try_from(counts.of(State::Doubtful)).expect("small");
    let missing = addresses.iter().filter(|address| !got.contains_key(*address)).count();
    println!(
        "killed {} times: {PEOPLE} people, {} got it, lost {}, doubled {doubled}, in doubt {in_doubt}, {counts:?}",
        KILLED_AT.len(),
        got.len(),
        missing.saturating_sub(in_doubt),
    );
    assert_eq!(found.state, BroadcastState::Finished);
    assert_eq!(counts.total(), PEOPLE as u64, "everybody has a row");
    assert_eq!(counts.of(State::Accepted) + counts.of(State::Doubtful), PEOPLE as u64);
    // Who has no mail is exactly among those shown as in doubt: nobody is lost without a word.
    assert!(missing <= in_doubt, "{missing} have no mail, but only {in_doubt} are shown as in doubt");
    assert_eq!(doubled, 0, "a broadcast is not sent twice to anybody");
}
