//! Torture: no name server answers for a minute in the middle of a broadcast.

use std::time::Duration;

use testkit::{Fault, Keep, SimulatorConfig};

use super::{account, short_or_full, until_finished};
use crate::stage::{Settings, Stage, add_contacts, add_domain, start_broadcast, wait_for};

#[tokio::test(flavor = "multi_thread")]
async fn names_that_do_not_answer_for_a_while_lose_nobody() {
    let (people, dead) = (short_or_full(1_000, 20_000), Duration::from_secs(short_or_full(6, 60)));
    let domains = ["docomo.ne.jp", "ezweb.ne.jp", "gmail.com", "softbank.ne.jp", "yahoo.co.jp", "icloud.com"];
    let simulator = SimulatorConfig { accept_all: true, keep: Keep::Counts, ..SimulatorConfig::default() };
    let stage = Stage::set(simulator, Settings::default()).await;
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    let addresses: Vec<String> =
        (0..people).map(|n| format!("hanako{n}@{}", domains[n % domains.len()])).collect();
    add_contacts(&store, &addresses).await;
    // A third of the domains has never been asked for when the names go away, the rest may be remembered.
    stage.world.dns.fail("docomo.ne.jp", Fault::Timeout).expect("a name");
    stage.world.dns.fail("gmail.com", Fault::ServFail).expect("a name");
    let broadcast = start_broadcast(&store, 3_600_000).await;
    let _program = stage.serve();
    wait_for("the first messages", Duration::from_secs(60), || stage.accepted() > people / 50);
    stage.world.dns.fail(".", Fault::Timeout).expect("the root");
    tokio::time::sleep(dead).await;
    for name in [".", "docomo.ne.jp", "gmail.com"] {
        stage.world.dns.heal(name).expect("a name");
    }
    until_finished(&store, broadcast, Duration::from_secs(240)).await;
    let got = stage.world.simulator.counts_by_recipient();
    account("no name server answers for a minute", &store, broadcast, "", &got).await;
    assert_eq!(got.len(), people, "everybody has the mail");
}
