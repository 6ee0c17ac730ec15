//! Torture: `kill -9` again and again at random moments of a broadcast.

use std::time::{Duration, Instant};

use testkit::{Keep, SimulatorConfig};

use super::{Dice, account, short_or_full, until_finished};
use crate::stage::{Settings, Stage, add_contacts, add_domain, start_broadcast};

/// Whether more than `before` messages come within half a minute. None come when all but those in doubt were sent.
async fn goes_on(stage: &Stage, before: usize) -> bool {
    let begun = Instant::now();
    while stage.accepted() <= before && begun.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stage.accepted() > before
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_nobody_is_lost() {
    let (people, kills) = (short_or_full(8_000, 50_000), short_or_full(8, 50));
    let simulator = SimulatorConfig { accept_all: true, keep: Keep::Counts, ..SimulatorConfig::default() };
    let stage = Stage::set(simulator, Settings::default()).await;
    let domains = ["docomo.ne.jp", "ezweb.ne.jp", "gmail.com", "softbank.ne.jp", "yahoo.co.jp", "icloud.com"];
    let addresses: Vec<String> =
        (0..people).map(|n| format!("hanako{n}@{}", domains[n % domains.len()])).collect();
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    add_contacts(&store, &addresses).await;
    let broadcast = start_broadcast(&store, 3_600_000).await;
    store.close().await;

    let mut dice = Dice(0x6861_6e61_6b6f);
    let mut in_the_middle = 0;
    for _ in 0..kills {
        let before = stage.accepted();
        let mut program = stage.serve();
        if !goes_on(&stage, before).await {
            program.kill();
            break;
        }
        tokio::time::sleep(Duration::from_millis(dice.between(0, 500))).await;
        program.kill();
        in_the_middle += usize::from(stage.accepted() > 0 && stage.accepted() < people);
    }
    println!("{in_the_middle} of {kills} times it was in the middle");
    assert!(in_the_middle * 2 >= kills, "the broadcast was over too early to be tortured");
    let store = stage.store().await;
    let mut program = stage.serve();
    until_finished(&store, broadcast, Duration::from_secs(240)).await;
    assert!(program.terminate().success());
    let got = stage.world.simulator.counts_by_recipient();
    account(&format!("kill -9, {in_the_middle} times"), &store, broadcast, "", &got).await;
}
