//! Story: the main job on PostgreSQL, by two processes that share the queue; one of them is killed in the middle.

use std::{collections::BTreeMap, time::Duration};

use audience::{ContactFilter, ContactStore, ImportState};
use campaigns::{
    broadcast::{BroadcastId, BroadcastState},
    ports::BroadcastStore,
    report::Row,
};
use delivery::recipient::State;
use storage::Store;
use testkit::{DEMO_SEED, ExpectedOutcome, SimulatorConfig, demo_csv_cp932};

use crate::stage::{
    Database, Settings, Stage, add_domain, import, plain, rows, start_broadcast, wait_for, wait_until,
};

/// How long refused mail is tried again.
const TRIES_MS: i64 = 30_000;
const SOON: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_the_work_and_one_dies() {
    let Some(database) = Database::create().await else { return };
    let settings = Settings {
        database: database.url(),
        retry_delays: "[\"1s\", \"2s\", \"3s\"]",
        timeouts_max: "2s",
        delivery: "dead_after = \"5s\"\nconnections = 16",
        ..Settings::default()
    };
    // Far enough away that the work is not done before the second process is killed.
    let simulator = SimulatorConfig { time_scale: 0.02, latency_ms: 20, ..SimulatorConfig::default() };
    let stage = Stage::set(simulator, settings).await;
    let store = stage.store().await;
    add_domain(&stage, &store).await;

    // The customers come in while both run.
    let _first = stage.serve();
    let node = stage.another_node("second");
    let mut second = node.serve();
    let job = import(&store, &demo_csv_cp932(DEMO_SEED)).await;
    assert_eq!(job.state, ImportState::Finished);
    let customers = ContactStore::count(&store, &ContactFilter::default()).await.expect("counted");
    assert!(customers > 250, "{job:?}");
    assert_eq!(job.added, customers, "two processes take nobody in twice");

    // Bounces come to the first; the second is killed while it has mail in its hands, and comes back.
    let broadcast = start_broadcast(&store, TRIES_MS).await;
    wait_for("messages", SOON, || stage.accepted() >= 40);
    second.kill();
    let at_the_kill = stage.accepted();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let _second_again = node.serve();

    wait_until("the end", SOON, async || is_over(&stage, &store, broadcast).await).await;
    let all = rows(&store, broadcast).await;
    let got = stage.world.simulator.counts_by_recipient();
    let in_doubt: Vec<&Row> = all.iter().filter(|row| row.state == State::Doubtful).collect();
    let doubled = got.values().filter(|count| **count > 1).count();
    println!(
        "{customers} customers, killed at {at_the_kill}: {} got it, lost 0, doubled {doubled}, in doubt {}",
        got.len(),
        in_doubt.len()
    );
    assert_eq!(all.len() as u64, customers, "everybody has a row");
    let addressed: BTreeMap<&str, usize> = all.iter().fold(BTreeMap::new(), |mut seen, row| {
        *seen.entry(row.address.as_str()).or_default() += usize::from(row.state != State::Withheld);
        seen
    });
    assert!(addressed.iter().all(|(_, rows)| *rows <= 1), "and nobody two");
    let wrong: Vec<String> = all.iter().filter_map(|row| disagreement(&stage, row)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(doubled, 0, "a broadcast is not sent twice to anybody");
    for row in all.iter().filter(|row| matches!(row.state, State::Accepted | State::Bounced)) {
        assert_eq!(got.get(&row.address), Some(&1), "{}: taken means taken", row.address);
    }
    // In doubt is what the dead process was handing over or had not written down yet: a part, never the whole.
    assert!(in_doubt.len() < all.len() / 2, "{} in doubt", in_doubt.len());
    store.close().await;
    drop((_first, _second_again));
    database.remove().await;
}

/// Nothing waits any more, and the bounces that were foretold have come.
async fn is_over(stage: &Stage, store: &Store, broadcast: BroadcastId) -> bool {
    let found = BroadcastStore::get(store, broadcast).await.expect("asked").expect("it exists");
    if found.state != BroadcastState::Finished {
        return false;
    }
    let bounces = |row: &Row| {
        let foretold = stage.world.simulator.expected_outcome(&plain(&row.address));
        foretold.is_some_and(|expected| expected.outcome == ExpectedOutcome::Bounced)
    };
    rows(store, broadcast).await.iter().all(|row| row.state != State::Accepted || !bounces(row))
}

/// How a row differs from what the simulator did; a row in doubt says itself that it does not know.
fn disagreement(stage: &Stage, row: &Row) -> Option<String> {
    if matches!(row.state, State::Withheld | State::Doubtful) {
        return None;
    }
    let expected = stage.world.simulator.expected_outcome(&plain(&row.address))?;
    let state = match expected.outcome {
        ExpectedOutcome::Accepted => State::Accepted,
        ExpectedOutcome::Bounced => State::Bounced,
        ExpectedOutcome::Refused | ExpectedOutcome::Deferred | ExpectedOutcome::Doubtful => State::Refused,
    };
    let reason = row.reason.as_deref();
    let waits = matches!(expected.outcome, ExpectedOutcome::Deferred | ExpectedOutcome::Doubtful);
    let waited_out = waits && reason == Some("expired");
    let same =
        row.state == state && (state == State::Accepted || waited_out || row.reason == expected.reason);
    (!same).then(|| format!("{} {reason:?} ← {expected:?}, {row:?}", row.state.name()))
}
