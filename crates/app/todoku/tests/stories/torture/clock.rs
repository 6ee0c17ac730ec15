//! Torture: the machine's clock jumps a day ahead and a day back in the middle of a broadcast.

use std::{fs, os::unix::fs::FileExt, path::Path, process::Command, time::Duration};

use testkit::{Keep, SimulatorConfig};

use super::{account, short_or_full, until_finished};
use crate::stage::{
    Program, Settings, Stage, add_contacts, add_domain, start_broadcast, wait_for, wait_until_steady,
};

const DAY: i64 = 86_400;

/// A library that sets the clock of the program it is laid over; made with the compiler that cargo links with.
fn make_library(folder: &Path) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/torture/clock.c");
    let library = folder.join("clock.so");
    let made = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .status();
    assert!(made.is_ok_and(|status| status.success()), "a C compiler makes the library");
    library.to_str().expect("UTF-8").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_loses_nobody() {
    let people = short_or_full(2_000, 30_000);
    let simulator =
        SimulatorConfig { accept_all: true, keep: Keep::Counts, latency_ms: 2, ..SimulatorConfig::default() };
    let stage = Stage::set(simulator, Settings::default()).await;
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    let addresses: Vec<String> = (0..people).map(|n| format!("hanako{n}@docomo.ne.jp")).collect();
    add_contacts(&store, &addresses).await;
    let broadcast = start_broadcast(&store, 3 * DAY * 1000).await;
    let (library, offset) = (make_library(stage.folder.path()), stage.folder.path().join("clock"));
    // Written in place: the program has the file mapped, and it must never be empty.
    fs::write(&offset, 0i64.to_ne_bytes()).expect("the offset is written");
    let set = |seconds: i64| {
        let file = fs::File::options().write(true).open(&offset).expect("the offset is there");
        file.write_all_at(&seconds.to_ne_bytes(), 0).expect("the offset is written");
    };
    let environment = [("LD_PRELOAD", library.as_str()), ("CLOCK_OFFSET", offset.to_str().expect("UTF-8"))];
    let mut program = Program::begin_with(&stage.node.config, &environment);
    for (step, to) in (1..).zip([DAY, 0, -DAY]) {
        wait_for("messages", Duration::from_secs(120), || stage.accepted() >= people * step / 5);
        println!("{} messages, the clock is set to {to}", stage.accepted());
        set(to);
    }
    // For a clock that is a day behind, what was due today is due tomorrow; it goes on when the clock is right again.
    wait_until_steady(Duration::from_secs(2), || stage.accepted()).await;
    assert!(stage.accepted() < people, "it was in the middle, not at the end");
    set(0);
    until_finished(&store, broadcast, Duration::from_secs(240)).await;
    assert!(program.terminate().success());
    let got = stage.world.simulator.counts_by_recipient();
    account("the clock jumps a day ahead and a day back", &store, broadcast, "", &got).await;
    assert_eq!(got.len(), people, "everybody has the mail");
}
