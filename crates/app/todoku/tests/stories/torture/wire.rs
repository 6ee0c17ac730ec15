//! Torture on the wire: peers that are silent at every step, slow, endless, or too busy; all at once, beside one that
//! is well and must not feel it.

use std::{net::Ipv4Addr, time::Duration};

use testkit::SimulatorConfig;

use super::{
    account,
    peer::{Habit, Peer, Step},
    short_or_full, until_finished,
};
use crate::stage::{Settings, Stage, add_contacts, add_domain, start_broadcast, wait_for};

/// What the rows of the table are called, the domain, and the habit.
const FAULTS: [(&str, &str, Habit); 13] = [
    ("silent peer instead of a greeting", "greeting", Habit::Silent(Step::Greeting)),
    ("silent peer after EHLO", "ehlo", Habit::Silent(Step::Ehlo)),
    ("silent peer after STARTTLS", "starttls", Habit::Silent(Step::StartTls)),
    ("silent peer after MAIL", "mail", Habit::Silent(Step::Mail)),
    ("silent peer after RCPT", "rcpt", Habit::Silent(Step::Rcpt)),
    ("silent peer after DATA", "data", Habit::Silent(Step::Data)),
    ("silent peer after the final dot, which has the mail", "dot", Habit::Silent(Step::Content)),
    ("silent peer after RSET", "rset", Habit::Silent(Step::Rset)),
    ("silent peer after QUIT", "quit", Habit::Silent(Step::Quit)),
    ("peer sends 1 byte per second", "slow", Habit::Slow),
    ("peer sends lines of 1 MB", "lines", Habit::LongLines),
    ("peer never ends its reply", "endless", Habit::Endless),
    ("peer answers 421", "busy", Habit::Busy),
];
/// Domains without a habit: as many as have one, so that half of all providers are in trouble.
const WELL: &str = "well";
/// The most memory while peers send as much as they like, in MB.
const MEMORY_MB_MAX: u64 = 400;

#[tokio::test(flavor = "multi_thread")]
async fn peers_with_bad_habits_lose_nobody() {
    let people = short_or_full(20, 1_000);
    let troubled = Duration::from_secs(short_or_full(8, 60));
    let peer = Peer::start().await;
    let settings = Settings { mx_port: Some(peer.port()), timeouts_max: "1s", ..Settings::default() };
    let stage = Stage::set(SimulatorConfig::default(), settings).await;
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    let names = FAULTS.iter().map(|(_, name, habit)| ((*name).to_owned(), Some(*habit)));
    let well = (0..FAULTS.len()).map(|n| (format!("{n}.{WELL}"), None));
    let mut addresses = Vec::new();
    for (n, (name, habit)) in (1..).zip(names.chain(well)) {
        let (domain, at) = (format!("{name}.example"), Ipv4Addr::new(127, 20, 0, n));
        stage.world.dns.add(&domain, "MX", &format!("10 mx.{domain}")).expect("published");
        stage.world.dns.add(&format!("mx.{domain}"), "A", &at.to_string()).expect("published");
        if let Some(habit) = habit {
            peer.spoil(at, habit);
        }
        addresses.extend((0..people).map(|n| format!("hanako{n}@{domain}")));
    }
    add_contacts(&store, &addresses).await;
    let broadcast = start_broadcast(&store, 3_600_000).await;
    let program = stage.serve();

    // Who is well does not wait for who is not.
    let well = format!(".{WELL}.example");
    let of_the_well = || peer.got().keys().filter(|address| address.ends_with(&well)).count();
    wait_for("those who are well", troubled * 8, || of_the_well() == people * FAULTS.len());
    tokio::time::sleep(troubled).await;
    peer.cure();
    until_finished(&store, broadcast, Duration::from_secs(short_or_full(180, 900))).await;
    let (got, memory) = (peer.got(), program.memory_mb_max());
    account("healthy providers beside the faults below", &store, broadcast, &well, &got).await;
    for (fault, name, _) in FAULTS {
        account(fault, &store, broadcast, &format!("@{name}.example"), &got).await;
    }
    assert!(memory < MEMORY_MB_MAX, "{memory} MB");
}
