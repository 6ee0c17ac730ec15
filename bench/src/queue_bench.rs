//! `bin/bench queue`: what a long queue costs: memory of the process, and a claim at its front.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use campaigns::ports::BroadcastStore;
use delivery::{
    attempt::{Attempt, Peer},
    outcome::Outcome,
    ports::{ClaimRequest, Claimed, CommitMark, Leaving, QueueStore, Record},
    recipient::State,
    source::FIRST_SOURCE,
    transcript::Spoken,
};
use mail::{Reply, Stage};
use serde_json::json;
use storage::Store;
use todoku::house::wall_clock;

use crate::{
    apart::Apart,
    cpu, house,
    sinks::{Kind, Sink},
};

/// Rows claimed at once, as delivery does.
const CLAIM_ROWS: u32 = 500;
/// Claims measured at each length.
const CLAIMS: usize = 20;

/// How long the queue gets.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Recipients in the queue at the end.
    #[arg(long, default_value_t = 1_000_000)]
    recipients: usize,
    /// How long the broadcast runs while memory is watched, seconds.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// The database: `postgres://…`; SQLite when it is not given.
    #[arg(long, default_value = "")]
    postgres: String,
}

/// A step's cost for one row, microseconds.
#[derive(Default, Clone, Copy)]
struct Cost {
    by_clock: f64,
    on_processor: f64,
}

/// What one length of the queue costs.
struct Length {
    rows: usize,
    claim: Cost,
    mark: Cost,
    record: Cost,
}

/// Measures and prints one JSON object as the last line.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let sink = Sink::start(Kind::Ours)?;
    let folder = tempfile::tempdir()?;
    let plan = house::Plan {
        contacts: args.recipients,
        prefix: "hanako",
        kilobytes: 5,
        links: 0,
        database: args.postgres.clone(),
    };
    let dns = house::dns_to(sink.addr).await?;
    let config = house::config(folder.path(), &plan, dns.addr(), sink.addr)?;
    let begun = Instant::now();
    let draft = house::furnish(&config, &plan).await?;
    println!("{} people taken in within {:.1?}", args.recipients, begun.elapsed());
    let store = Arc::new(todoku::house::open_store(&config).await?);
    let id = house::start(&store, &draft).await?;
    let mut lengths = Vec::new();
    for rows in [10_000, 100_000, args.recipients] {
        fill(&store, id, rows.min(args.recipients)).await?;
        lengths.push(measure(&store, rows.min(args.recipients)).await?);
    }
    store.close().await;
    let (before, most, sent) = memory(config, id, Duration::from_secs(args.seconds)).await?;
    println!("{}", summary(&args, &lengths, (before, most, sent))?);
    Ok(())
}

/// Writes the audience down until this many are queued.
async fn fill(store: &Store, id: i64, rows: usize) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let counts = store.counts(id).await.map_err(anyhow::Error::from_boxed)?;
        if counts.total() >= rows as u64 {
            println!("{} recipients written down within {:.1?}", counts.total(), begun.elapsed());
            return Ok(());
        }
        for _ in 0..20 {
            if store.write_audience(id, 2_000, wall_clock()()).await.map_err(anyhow::Error::from_boxed)? {
                break;
            }
        }
    }
}

async fn measure(store: &Store, rows: usize) -> anyhow::Result<Length> {
    let mut length = Length { rows, claim: Cost::default(), mark: Cost::default(), record: Cost::default() };
    for _ in 0..CLAIMS {
        let now = wall_clock()();
        let request = ClaimRequest {
            node: "bench".to_owned(),
            now,
            lanes: delivery::recipient::Lane::ALL,
            lease_until: now + 1_200_000,
            limit: CLAIM_ROWS,
            per_site: 200,
            full_sites: Vec::new(),
            paces: Vec::new(),
        };
        let claimed = timed(&mut length.claim, store.claim(&request)).await?;
        ensure!(claimed.len() == CLAIM_ROWS as usize, "{} rows were claimed", claimed.len());
        let marks: Vec<CommitMark> = claimed.iter().map(mark).collect();
        timed(&mut length.mark, store.mark_committing("bench", &marks, now)).await?;
        let records: Vec<Record> = claimed.iter().map(|row| accepted(row, now)).collect();
        timed(&mut length.record, store.record("bench", &records, now)).await?;
    }
    let per_row = 1e6 / (CLAIMS * CLAIM_ROWS as usize) as f64;
    for cost in [&mut length.claim, &mut length.mark, &mut length.record] {
        *cost = Cost { by_clock: cost.by_clock * per_row, on_processor: cost.on_processor * per_row };
    }
    println!(
        "{rows} queued, microseconds for a row (of them on a processor): claim {:.1} ({:.1}), mark {:.1} ({:.1}), \
         record {:.1} ({:.1})",
        length.claim.by_clock,
        length.claim.on_processor,
        length.mark.by_clock,
        length.mark.on_processor,
        length.record.by_clock,
        length.record.on_processor
    );
    Ok(length)
}

async fn timed<T>(
    cost: &mut Cost,
    work: impl Future<Output = Result<T, delivery::ports::StoreFailure>>,
) -> anyhow::Result<T> {
    let (begun, cpu_before) = (Instant::now(), cpu::own());
    let done = work.await.map_err(anyhow::Error::from_boxed)?;
    cost.by_clock += begun.elapsed().as_secs_f64();
    cost.on_processor += cpu::own() - cpu_before;
    Ok(done)
}

fn mark(row: &Claimed) -> CommitMark {
    CommitMark { id: row.id, values: Some(row.values.clone()), source: Leaving::default() }
}

fn accepted(row: &Claimed, now: i64) -> Record {
    let peer =
        Peer { host: "mx.ame.example".to_owned(), address: "127.0.0.1:2525".to_owned(), ..Peer::default() };
    let (reply, _) = Reply::from_lines(["250 2.0.0 Ok: taken"]);
    let attempt = Attempt {
        started_at: now,
        ended_at: now + 3,
        peer: Some(peer),
        stage: Stage::Content,
        reply: Some(reply),
        trouble: None,
        detail: String::new(),
        source: FIRST_SOURCE,
    };
    Record {
        id: row.id,
        provider: row.provider.clone(),
        attempt,
        outcome: Outcome { state: State::Accepted, next_at: None, verdict: None },
        spoken: Spoken::default(),
    }
}

/// Runs the house while the rest of the queue is sent: kB before the queue was there, the most, and messages sent.
async fn memory(config: todoku::config::Config, id: i64, time: Duration) -> anyhow::Result<(u64, u64, u64)> {
    let store = todoku::house::open_store(&config).await?;
    let paused = store.pause(id, None, wall_clock()()).await.map_err(anyhow::Error::from_boxed)?;
    ensure!(paused, "the broadcast could not be paused");
    store.close().await;
    let running = Apart::open(&config)?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = running.resident_kb()?;
    let store = todoku::house::open_store(&config).await?;
    let taken = store.resume(id, None, wall_clock()()).await.map_err(anyhow::Error::from_boxed)?;
    ensure!(taken, "the broadcast could not be resumed");
    let boxed = anyhow::Error::from_boxed;
    let sent_before = store.counts(id).await.map_err(boxed)?.of(State::Accepted);
    let (begun, mut most) = (Instant::now(), 0);
    while begun.elapsed() < time {
        tokio::time::sleep(Duration::from_millis(100)).await;
        most = most.max(running.resident_kb()?);
    }
    let sent = store.counts(id).await.map_err(boxed)?.of(State::Accepted);
    store.close().await;
    Ok((before, most, sent - sent_before))
}

fn summary(args: &Args, lengths: &[Length], memory: (u64, u64, u64)) -> anyhow::Result<serde_json::Value> {
    let (first, last) = (lengths.first().context("a length")?, lengths.last().context("a length")?);
    let tenth = |number: f64| (number * 10.0).round() / 10.0;
    let costs: Vec<_> = lengths
        .iter()
        .map(|length| {
            json!({
                "queued": length.rows,
                "claim_us": tenth(length.claim.by_clock),
                "claim_cpu_us": tenth(length.claim.on_processor),
                "mark_cpu_us": tenth(length.mark.on_processor),
                "record_cpu_us": tenth(length.record.on_processor),
            })
        })
        .collect();
    Ok(json!({
        "bench": "queue",
        "unit": "claim of one row at the full queue, processor time, against 10,000 queued",
        "ours": tenth(last.claim.on_processor),
        "peer": tenth(first.claim.on_processor),
        "peer_name": "itself with 10,000 queued",
        "ratio": (last.claim.on_processor / first.claim.on_processor * 100.0).round() / 100.0,
        "conditions": {
            "recipients": args.recipients,
            "rows_for_a_claim": CLAIM_ROWS,
            "costs": costs,
            "resident_kb_before_sending": memory.0,
            "resident_kb_most_while_sending": memory.1,
            "growth_mb": tenth((memory.1.saturating_sub(memory.0)) as f64 / 1024.0),
            "sent_while_watched": memory.2,
            "store": if args.postgres.is_empty() { "SQLite, on the disk before anybody is told" } else { "PostgreSQL" },
        },
    }))
}
