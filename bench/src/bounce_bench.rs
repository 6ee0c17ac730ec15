//! `bin/bench bounce`: bounce mails read and judged a second on one core, beside Sisimai over the same mails.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, ensure};
use serde_json::json;

use crate::sisimai::{Round, Sisimai};

/// Rounds over the corpus before anything is measured.
const WARM_ROUNDS: usize = 3;
/// Mails judged as of then (2026-11-12) where they tell no date.
const RECEIVED_AT: i64 = 1_794_441_600_000;

/// How much is measured.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Rounds measured, ours and the peer's by turns; the median counts.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// How often one round of ours goes through all mails.
    #[arg(long, default_value_t = 20)]
    repeats: usize,
}

/// The mails, read into memory.
struct Corpus {
    name: &'static str,
    files: Vec<PathBuf>,
    mails: Vec<Vec<u8>>,
}

/// Measures and prints one JSON object as the last line.
pub fn run(args: &Args) -> anyhow::Result<()> {
    ensure!(args.rounds > 0 && args.repeats > 0, "nothing to measure");
    let corpus = Corpus::read()?;
    let bytes: usize = corpus.mails.iter().map(Vec::len).sum();
    println!("{}: {} files, {} kB", corpus.name, corpus.files.len(), bytes / 1024);
    let mut peer = Sisimai::start(&corpus.files);
    let mut measured = (Vec::new(), Vec::new());
    for _ in 0..WARM_ROUNDS {
        read_all(&corpus.mails);
    }
    if let Ok(peer) = &mut peer {
        peer.round()?;
    }
    for _ in 0..args.rounds {
        measured.0.push(our_round(&corpus.mails, args.repeats)?);
        if let Ok(peer) = &mut peer {
            measured.1.push(peer.round()?);
        }
    }
    let ours = Speed::of("Todoku", &measured.0, args.repeats, &corpus);
    let theirs = match &peer {
        Ok(peer) => Some(Speed::of(&peer.name, &measured.1, 1, &corpus)),
        Err(why) => {
            println!("Sisimai: not measured: {why:#}");
            None
        }
    };
    let line = json!({
        "bench": "bounce",
        "unit": "mails/s",
        "ours": ours.per_second.round(),
        "peer": theirs.as_ref().map(|peer| peer.per_second.round()),
        "peer_name": peer.as_ref().map_or("Sisimai (Perl)", |peer| &peer.name),
        "ratio": theirs.as_ref().map(|peer| tenths(ours.per_second / peer.per_second)),
        "conditions": {
            "corpus": corpus.name,
            "mails": corpus.mails.len(),
            "kilobytes": bytes / 1024,
            "cores_used": 1,
            "rounds": args.rounds,
            "figure": "median of the rounds by the clock, mails in memory, both warm, by turns",
            "ours_per_cpu_second": ours.per_cpu_second.round(),
            "peer_per_cpu_second": theirs.as_ref().map(|peer| peer.per_cpu_second.round()),
            "ratio_per_cpu_second": theirs.as_ref().map(|peer| tenths(ours.per_cpu_second / peer.per_cpu_second)),
            "ours_records": ours.records,
            "peer_records": theirs.as_ref().map(|peer| peer.records),
        },
    });
    println!("{line}");
    Ok(())
}

impl Corpus {
    /// The shared corpus of real bounces, or the project's own samples where it is missing.
    fn read() -> anyhow::Result<Self> {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let shared = std::env::var_os("TODOKU_SHARED").map_or_else(|| own.join("../shared"), PathBuf::from);
        let real = shared.join("corpus/bounces/emails");
        let (name, folder) = match real.is_dir() {
            true => ("real bounces", real),
            false => {
                ("the project's own samples (there are no real bounces here)", own.join("corpus/bounces"))
            }
        };
        let mut files = Vec::new();
        collect(&folder, &mut files)?;
        files.sort();
        let mails: Result<_, _> = files.iter().map(std::fs::read).collect();
        Ok(Self { name, mails: mails.context("a mail of the corpus")?, files })
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "eml" || ending == "txt") {
            files.push(path);
        }
    }
    Ok(())
}

/// Reads and judges every mail as the server does when one comes in; the verdicts counted.
fn read_all(mails: &[Vec<u8>]) -> usize {
    let judged = |mail: &[u8]| std::hint::black_box(reception::recognise(mail, RECEIVED_AT)).findings.len();
    mails.iter().flat_map(|file| report::messages(file)).map(|mail| judged(&mail)).sum()
}

fn our_round(mails: &[Vec<u8>], repeats: usize) -> anyhow::Result<Round> {
    let (started, cpu_before) = (Instant::now(), thread_cpu_seconds()?);
    let mut records = 0;
    for _ in 0..repeats {
        records = read_all(std::hint::black_box(mails));
    }
    let cpu_seconds = thread_cpu_seconds()? - cpu_before;
    Ok(Round { seconds: started.elapsed().as_secs_f64(), cpu_seconds, records })
}

/// What this thread ran on a processor (schedstat of proc(5), nanoseconds).
fn thread_cpu_seconds() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = stat.split_whitespace().next().context("schedstat is empty")?.parse()?;
    Ok(nanoseconds / 1e9)
}

/// One side's figures.
struct Speed {
    per_second: f64,
    per_cpu_second: f64,
    records: usize,
}

impl Speed {
    /// The median round, and its line for people.
    fn of(name: &str, rounds: &[Round], repeats: usize, corpus: &Corpus) -> Self {
        let mails = (corpus.mails.len() * repeats) as f64;
        let speed = Self {
            per_second: mails / median(rounds.iter().map(|round| round.seconds)),
            per_cpu_second: mails / median(rounds.iter().map(|round| round.cpu_seconds)),
            records: rounds.last().map_or(0, |round| round.records),
        };
        println!(
            "{name}: {:.0} mails/s by the clock, {:.0} per second of processor, {} records",
            speed.per_second, speed.per_cpu_second, speed.records
        );
        speed
    }
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
