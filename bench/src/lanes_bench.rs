//! `bin/bench lanes`: how long a transactional mail takes from being queued until the receiving server has it, alone and
//! beside a running broadcast.

use std::{
    collections::HashMap,
    sync::mpsc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use campaigns::{
    broadcast::{BroadcastId, BroadcastState},
    ports::BroadcastStore,
    report::RowFilter,
};
use delivery::{
    ports::{QueueStore, Submission, Submitted},
    recipient::Lane,
};
use serde_json::json;
use storage::Store;
use todoku::house::wall_clock;

use crate::{
    house,
    sink::{Seen, Server},
};

/// What the recipients of single mails begin with.
const WATCHED: &str = "single";
/// How long the last single mail may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much is measured.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Recipients of the broadcast.
    #[arg(long, default_value_t = 100_000)]
    recipients: usize,
    /// Single mails, alone and beside the broadcast each.
    #[arg(long, default_value_t = 500)]
    mails: usize,
    /// Milliseconds between two of them.
    #[arg(long, default_value_t = 37)]
    every_ms: u64,
    /// The database: `postgres://…`; SQLite when it is not given.
    #[arg(long, default_value = "")]
    postgres: String,
}

/// Times of one phase, milliseconds, sorted.
struct Times(Vec<f64>);

/// Measures and prints one JSON object as the last line.
pub async fn run(args: Args) -> anyhow::Result<()> {
    ensure!(args.mails > 0, "nothing to measure");
    let (told, seen) = mpsc::channel();
    let sink = Server::start(Some((WATCHED.as_bytes(), told)))?;
    let folder = tempfile::tempdir()?;
    let database = args.postgres.clone();
    let singles = house::Plan { contacts: args.mails, prefix: WATCHED, kilobytes: 5, links: 0, database };
    let dns = house::dns_to(sink.addr).await?;
    let config = house::config(folder.path(), &singles, dns.addr(), sink.addr)?;
    let draft = house::furnish(&config, &singles).await?;
    let running = house::open(config.clone()).await?;
    let store = running.store.clone();
    let content = house::start(&store, &draft).await?;
    house::finish(&store, content, args.mails).await?;
    let people = people(&store, content, args.mails).await?;
    while seen.try_recv().is_ok() {}

    let idle = phase(&store, (&people, content), &seen, &args).await?;
    idle.say("alone");
    running.close().await?;

    let many = house::Plan { contacts: args.recipients, prefix: "hanako", ..singles };
    let draft = house::furnish(&config, &many).await?;
    let running = house::open(config).await?;
    let store = running.store.clone();
    let taken_before = sink.accepted();
    let broadcast = house::start(&store, &draft).await?;
    // The broadcast goes to the people of the single mails too, who are its first.
    while sink.accepted() < taken_before + 1_000 + 3 * args.mails as u64 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    while seen.try_recv().is_ok() {}
    let (begun, taken_before) = (Instant::now(), sink.accepted());
    let busy = phase(&store, (&people, content), &seen, &args).await?;
    let beside = (sink.accepted() - taken_before) as f64 / begun.elapsed().as_secs_f64();
    busy.say("beside the broadcast");
    ensure!(
        is_running(&store, broadcast).await?,
        "the broadcast ended before the measurement; give it more recipients"
    );
    println!("{}", summary(&args, &idle, &busy, beside));
    // The rest of the broadcast is not needed.
    drop(running);
    Ok(())
}

/// The people of a broadcast: key and address.
async fn people(store: &Store, id: BroadcastId, count: usize) -> anyhow::Result<Vec<(i64, String)>> {
    let all = RowFilter::default();
    let rows = store.rows(id, &all, 0, count as u64).await.map_err(anyhow::Error::from_boxed)?.0;
    Ok(rows.into_iter().map(|row| (row.contact_id, row.address)).collect())
}

/// Queues single mails at a steady pace and waits for all of them to arrive.
async fn phase(
    store: &Store,
    (people, content): (&[(i64, String)], BroadcastId),
    seen: &mpsc::Receiver<Seen>,
    args: &Args,
) -> anyhow::Result<Times> {
    let mut pace = tokio::time::interval(Duration::from_millis(args.every_ms));
    let mut queued_at = HashMap::new();
    for (contact_id, address) in people {
        pace.tick().await;
        let now = wall_clock()();
        let single = Submission {
            resend_of: None,
            broadcast_id: content,
            contact_id: *contact_id,
            lane: Lane::Transactional,
            expires_at: now + 3_600_000,
            actor: None,
        };
        queued_at.insert(address.clone(), Instant::now());
        let submitted = store.submit(&single, now).await.map_err(anyhow::Error::from_boxed)?;
        ensure!(matches!(submitted, Submitted::Queued(_)), "a single mail became {submitted:?}");
    }
    let until = Instant::now() + PATIENCE;
    let mut times = Vec::new();
    while times.len() < people.len() {
        ensure!(Instant::now() < until, "{} of {} single mails arrived", times.len(), people.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
        for (address, arrived_at) in seen.try_iter() {
            let since = queued_at.remove(&address).context("a mail that was not queued now")?;
            times.push(arrived_at.duration_since(since).as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(Times(times))
}

/// True while the broadcast has somebody left.
async fn is_running(store: &Store, id: BroadcastId) -> anyhow::Result<bool> {
    let found = BroadcastStore::get(store, id).await.map_err(anyhow::Error::from_boxed)?;
    Ok(found.is_some_and(|found| found.state != BroadcastState::Finished))
}

impl Times {
    fn at(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
    }

    fn say(&self, when: &str) {
        println!(
            "{when}: median {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
            self.at(0.5),
            self.at(0.99),
            self.at(1.0)
        );
    }
}

fn summary(args: &Args, idle: &Times, busy: &Times, beside: f64) -> serde_json::Value {
    let tenth = |number: f64| (number * 10.0).round() / 10.0;
    json!({
        "bench": "lanes",
        "unit": "ms, p99 from queued to taken by the receiving server",
        "ours": tenth(busy.at(0.99)),
        "peer": tenth(idle.at(0.99)),
        "peer_name": "itself with nothing beside it",
        "ratio": (busy.at(0.99) / idle.at(0.99) * 100.0).round() / 100.0,
        "conditions": {
            "broadcast_recipients": args.recipients,
            "broadcast_messages_per_second_beside": beside.round(),
            "mails": args.mails,
            "every_ms": args.every_ms,
            "median_ms": tenth(busy.at(0.5)),
            "median_ms_alone": tenth(idle.at(0.5)),
            "store": if args.postgres.is_empty() { "SQLite, on the disk before anybody is told" } else { "PostgreSQL" },
        },
    })
}
