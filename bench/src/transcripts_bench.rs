//! What keeping word for word what was said in each try costs: bytes on the disk, and processor time to write them.

use std::{path::Path, sync::Arc};

use anyhow::Context;
use delivery::{
    attempt::{Attempt, Peer},
    outcome::Outcome,
    ports::{QueueStore, Record},
    recipient::{RecipientId, State},
    source::FIRST_SOURCE,
    transcript::{Opening, Spoken, Tape},
};
use mail::{Reply, Stage};
use serde_json::json;
use storage::Store;

use crate::cpu;

/// Attempts written at once, as delivery does.
const BATCH: usize = 500;
/// Messages over one connection.
const PER_CONNECTION: usize = 100;
/// 2026-11-20.
const AT: i64 = 1_795_100_400_000;

/// How many.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Attempts.
    #[arg(long, default_value_t = 100_000)]
    attempts: usize,
}

/// What a run left and took.
struct Run {
    bytes: u64,
    seconds: f64,
}

/// Writes the attempts without transcripts, with equal ones, and with ones that differ in their queue ids.
///
/// # Errors
/// When a store cannot be made.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let without = write(args.attempts, |_, _| Spoken::default()).await?;
    let equal = write(args.attempts, |n, opening| spoken(n, opening, "4F2C81A2B3")).await?;
    let differing =
        write(args.attempts, |n, opening| spoken(n, opening, &format!("{:010X}", n * 7_919))).await?;
    let per_attempt = |run: &Run| (run.bytes as f64 - without.bytes as f64) / args.attempts as f64;
    let micros = |run: &Run| (run.seconds - without.seconds) * 1e6 / args.attempts as f64;
    println!(
        "{} attempts: {} bytes each without transcripts",
        args.attempts,
        without.bytes / args.attempts as u64
    );
    println!("equal: {:.1} bytes and {:.1} µs of processor more each", per_attempt(&equal), micros(&equal));
    println!(
        "differing in queue ids: {:.1} bytes and {:.1} µs more each",
        per_attempt(&differing),
        micros(&differing)
    );
    let answer = json!({
        "bench": "transcripts", "unit": "bytes per attempt", "ours": per_attempt(&equal),
        "peer": said_bytes(), "peer_name": "the same dialogue as text", "ratio": said_bytes() / per_attempt(&equal),
        "conditions": {
            "attempts": args.attempts, "differing": per_attempt(&differing), "micros": micros(&equal),
            "micros_differing": micros(&differing),
        },
    });
    println!("{answer}");
    Ok(())
}

fn replies(queue_id: &str) -> [Reply; 3] {
    let last = format!("250 2.0.0 Ok: queued as {queue_id}");
    ["250 2.1.0 Ok", "250 2.1.5 Ok", &last].map(|line| Reply::from_lines([line]).0)
}

fn tape(n: usize, queue_id: &str) -> Tape {
    let mut tape = Tape::default();
    let [mail, rcpt, content] = replies(queue_id);
    tape.we(
        0,
        &format!("MAIL FROM:<b-3vk{n:08}-7k2mabcdefgh@r.shop.example> RET=HDRS\r\nRCPT TO:<{}>\r\n", to(n)),
    );
    tape.they(3, &mail);
    tape.they(3, &rcpt);
    tape.we(4, "BDAT 5123 LAST\r\n");
    tape.they(9, &content);
    tape
}

fn to(n: usize) -> String {
    format!("customer{n}@ame.example")
}

/// How long the dialogue of one attempt is as text.
fn said_bytes() -> f64 {
    let packed =
        tape(1, "4F2C81A2B3").take_packed("").map_or(0, |packed| packed.script.len() + packed.own.len());
    packed as f64
}

fn spoken(n: usize, opening: &Arc<Opening>, queue_id: &str) -> Spoken {
    let message = tape(n, queue_id).take_packed(&to(n));
    Spoken { opening: Some(Arc::clone(opening)), message }
}

fn opening() -> anyhow::Result<Arc<Opening>> {
    let mut tape = Tape::default();
    tape.note(0, "connect mx.ame.example 127.0.0.1:25");
    tape.they(2, &Reply::from_lines(["220 mx.ame.example ESMTP"]).0);
    tape.we(2, "EHLO mail.shop.example\r\n");
    tape.they(3, &Reply::from_lines(["250-mx.ame.example", "250-PIPELINING", "250 CHUNKING"]).0);
    Ok(Arc::new(Opening::of(AT, &mut tape).context("something was said")?))
}

async fn write(attempts: usize, spoken: impl Fn(usize, &Arc<Opening>) -> Spoken) -> anyhow::Result<Run> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("todoku.db");
    let store = Store::open(&format!("sqlite:{}", path.display())).await?;
    let before = cpu::own();
    let mut connection = opening()?;
    for from in (0..attempts).step_by(BATCH) {
        let mut records = Vec::with_capacity(BATCH);
        for n in from..(from + BATCH).min(attempts) {
            if n % PER_CONNECTION == 0 {
                connection = opening()?;
            }
            records.push(record(n, spoken(n, &connection)));
        }
        store.record("bench", &records, AT).await.map_err(anyhow::Error::from_boxed)?;
    }
    let seconds = cpu::own() - before;
    store.close().await;
    Ok(Run { bytes: bytes_of(&path)?, seconds })
}

/// The database file; closing has emptied the log into it.
fn bytes_of(path: &Path) -> anyhow::Result<u64> {
    Ok(std::fs::metadata(path)?.len())
}

fn record(n: usize, spoken: Spoken) -> Record {
    let peer = Peer { host: "mx.ame.example".into(), address: "127.0.0.1:25".into(), ..Peer::default() };
    let [_, _, reply] = replies("4F2C81A2B3");
    let attempt = Attempt {
        started_at: AT,
        ended_at: AT + 9,
        peer: Some(peer),
        stage: Stage::Content,
        reply: Some(reply),
        trouble: None,
        detail: String::new(),
        source: FIRST_SOURCE,
    };
    let outcome = Outcome { state: State::Accepted, next_at: None, verdict: None };
    let id = RecipientId::try_from(n + 1).unwrap_or(RecipientId::MAX) << 13;
    Record { id, attempt, outcome, provider: "ame".into(), spoken }
}
