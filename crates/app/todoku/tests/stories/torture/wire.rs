//! Torture on the wire: peers that are silent at every step, slow, endless, or too busy; all at once, beside one that
//! is well and must not feel it.

use std::{net::Ipv4Addr, time::Duration};

use campaigns::broadcast::BroadcastId;
use storage::Store;
use testkit::SimulatorConfig;

use super::{
    account,
    peer::{Habit, Peer, Step},
    short_or_full, until_finished,
};
use crate::stage::{Program, Settings, Stage, add_contacts, add_domain, start_broadcast, wait_for};

/// What the rows of the table are called, the domain, and the habit.
const FAULTS: [(&str, &str, Habit); 12] = [
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
];
/// Domains without a habit: as many as have one, so that half of all providers are in trouble.
const WELL: &str = ".well.example";
/// The most memory while peers send as much as they like, in MB.
const MEMORY_MB_MAX: u64 = 400;

/// A broadcast to so many people at each domain; the domains with a habit are cured after a while.
struct Broadcast {
    stage: Stage,
    store: Store,
    peer: Peer,
    id: BroadcastId,
    program: Program,
}

impl Broadcast {
    async fn start(domains: &[(String, Option<Habit>)], people: usize) -> Self {
        let peer = Peer::start().await;
        let settings = Settings { mx_port: Some(peer.port()), timeouts_max: "1s", ..Settings::default() };
        let stage = Stage::set(SimulatorConfig::default(), settings).await;
        let store = stage.store().await;
        add_domain(&stage, &store).await;
        let mut addresses = Vec::new();
        for (n, (domain, habit)) in (1..).zip(domains) {
            let at = Ipv4Addr::new(127, 20, 0, n);
            stage.world.dns.add(domain, "MX", &format!("10 mx.{domain}")).expect("published");
            stage.world.dns.add(&format!("mx.{domain}"), "A", &at.to_string()).expect("published");
            if let Some(habit) = habit {
                peer.spoil(at, *habit);
            }
            addresses.extend((0..people).map(|n| format!("hanako{n}@{domain}")));
        }
        add_contacts(&store, &addresses).await;
        let id = start_broadcast(&store, 3_600_000).await;
        let program = stage.serve();
        Self { stage, store, peer, id, program }
    }

    /// Who is well does not wait for who is not; those get it when they are cured.
    async fn play(&self, well: usize) {
        let troubled = Duration::from_secs(short_or_full(8, 60));
        let of_the_well = || self.peer.got().keys().filter(|address| address.ends_with(WELL)).count();
        wait_for("those who are well", troubled * 8, || of_the_well() >= well);
        tokio::time::sleep(troubled).await;
        self.peer.cure();
        until_finished(&self.store, self.id, Duration::from_secs(short_or_full(180, 900))).await;
    }

    async fn account(&self, fault: &str, ending: &str) {
        account(fault, &self.store, self.id, ending, &self.peer.got()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_with_bad_habits_lose_nobody() {
    let people = short_or_full(20, 1_000);
    let troubled = FAULTS.iter().map(|(_, name, habit)| (format!("{name}.example"), Some(*habit)));
    let well = (0..FAULTS.len()).map(|n| (format!("{n}{WELL}"), None));
    let broadcast = Broadcast::start(&troubled.chain(well).collect::<Vec<_>>(), people).await;
    broadcast.play(people * FAULTS.len()).await;
    broadcast.account("healthy providers beside the faults below", WELL).await;
    for (fault, name, _) in FAULTS {
        broadcast.account(fault, &format!("@{name}.example")).await;
    }
    let memory = broadcast.program.memory_mb_max();
    assert!(memory < MEMORY_MB_MAX, "{memory} MB");
}

#[tokio::test(flavor = "multi_thread")]
async fn half_of_the_providers_may_be_too_busy() {
    const EACH: usize = 10;
    let people = short_or_full(20, 1_000);
    let busy = (0..EACH).map(|n| (format!("{n}.busy.example"), Some(Habit::Busy)));
    let well = (0..EACH).map(|n| (format!("{n}{WELL}"), None));
    let broadcast = Broadcast::start(&busy.chain(well).collect::<Vec<_>>(), people).await;
    broadcast.play(people * EACH).await;
    broadcast.account("half of the providers answer 421: those", ".busy.example").await;
    broadcast.account("half of the providers answer 421: the others", WELL).await;
    assert_eq!(broadcast.stage.accepted(), 0, "nothing went elsewhere");
}
