//! `bin/bench delivery`: our messages a second and Postfix's, to the same sink, beside what the processor allows.

use std::time::Instant;

use anyhow::ensure;
use serde_json::{Value, json};

use crate::{
    bound::{self, Bound},
    cpu, house, postfix,
    sinks::{Kind, Sink},
};

/// What is sent.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Recipients of our broadcast.
    #[arg(long, default_value_t = 20_000)]
    recipients: usize,
    /// Messages through Postfix, and from smtp-source straight into the sink.
    #[arg(long, default_value_t = 20_000)]
    peer_messages: usize,
    /// Size of a message: 5k, 100k.
    #[arg(long, default_value = "5k", value_parser = kilobytes)]
    size: usize,
    /// Links of a message; each is recorded when it is followed.
    #[arg(long, default_value_t = 0)]
    links: usize,
    /// Where everything goes.
    #[arg(long, value_enum, default_value_t = Kind::Ours)]
    sink: Kind,
    /// Rounds; everything is measured by turns, and the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Leaves Postfix out.
    #[arg(long)]
    no_peer: bool,
    /// The database: `postgres://…`; SQLite when it is not given.
    #[arg(long, default_value = "")]
    postgres: String,
}

fn kilobytes(words: &str) -> Result<usize, String> {
    words.trim_end_matches(['k', 'K']).parse().map_err(|_| "a number of kilobytes, such as 5k".to_owned())
}

/// One round.
struct Round {
    signatures: Bound,
    source: Bound,
    peer: Option<Bound>,
    ours: Ours,
}

/// Our figures of one round.
#[derive(Clone, Copy)]
struct Ours {
    per_second: f64,
    /// Of the house itself.
    cpu_per_1000: f64,
    /// With the sink.
    cpu_per_1000_with_sink: f64,
    /// The part of all processors' time that the sink did not take while we sent.
    free_for_us: f64,
}

impl Round {
    /// Signatures a second on the processors as far as the sink leaves them to us.
    fn signatures_free_for_us(&self) -> f64 {
        self.signatures.per_second * self.ours.free_for_us
    }

    /// What all processors could bring into the sink if they did nothing but sign and send: a signature, and what
    /// smtp-source and the sink use for a message.
    fn bound(&self) -> f64 {
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        cores * 1e3 / self.bound_cpu()
    }

    /// Processor seconds for 1,000 of that.
    fn bound_cpu(&self) -> f64 {
        self.signatures.cpu_per_1000 + self.source.cpu_per_1000
    }
}

/// Measures and prints one JSON object as the last line.
pub async fn run(args: Args) -> anyhow::Result<()> {
    ensure!(args.rounds > 0 && args.recipients > 0 && args.peer_messages > 0, "nothing to measure");
    let mut rounds = Vec::new();
    for n in 1..=args.rounds {
        let round = measure(&args).await?;
        println!(
            "round {n}: Todoku {:.0}/s ({:.3} processor seconds for 1,000, {:.3} with the sink), Postfix {}, \
             RSA-2048 {:.0}/s ({:.3}), smtp-source {:.0}/s ({:.3})",
            round.ours.per_second,
            round.ours.cpu_per_1000,
            round.ours.cpu_per_1000_with_sink,
            round.peer.map_or("not measured".to_owned(), |peer| format!(
                "{:.0}/s ({:.3})",
                peer.per_second, peer.cpu_per_1000
            )),
            round.signatures.per_second,
            round.signatures.cpu_per_1000,
            round.source.per_second,
            round.source.cpu_per_1000,
        );
        rounds.push(round);
    }
    println!("{}", summary(&args, &rounds)?);
    Ok(())
}

async fn measure(args: &Args) -> anyhow::Result<Round> {
    let sink = Sink::start(args.sink)?;
    let peer = if args.no_peer { None } else { peer(&sink, args) };
    let source = bound::source(&sink, args.peer_messages, args.size)?;
    let signatures = bound::signatures()?;
    Ok(Round { signatures, source, peer, ours: ours(args, sink).await? })
}

fn peer(sink: &Sink, args: &Args) -> Option<Bound> {
    let measured = postfix::relay(sink, args.peer_messages, args.size);
    measured.inspect_err(|error| println!("Postfix: not measured: {error}")).ok()
}

async fn ours(args: &Args, mut sink: Sink) -> anyhow::Result<Ours> {
    let folder = tempfile::tempdir()?;
    let plan = house::Plan {
        contacts: args.recipients,
        prefix: "hanako",
        kilobytes: args.size,
        links: args.links,
        database: args.postgres.clone(),
    };
    let dns = house::dns_to(sink.addr).await?;
    let config = house::config(folder.path(), &plan, dns.addr(), sink.addr)?;
    let draft = house::furnish(&config, &plan).await?;
    let running = house::open(config).await?;
    let taken_before = sink.accepted()?;
    println!("sending from process {}", std::process::id());
    let (started, own_before, sink_before) = (Instant::now(), cpu::own(), sink.cpu_seconds());
    let id = house::start(&running.store, &draft).await?;
    house::finish(&running.store, id, args.recipients).await?;
    let took = started.elapsed().as_secs_f64();
    let (own, of_sink) = (cpu::own() - own_before, sink.cpu_seconds() - sink_before);
    if let (Some(before), Some(after)) = (taken_before, sink.accepted()?) {
        ensure!(after - before == args.recipients as u64, "the sink took {} messages", after - before);
    }
    running.close().await?;
    let thousands = args.recipients as f64 / 1e3;
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    Ok(Ours {
        per_second: args.recipients as f64 / took,
        cpu_per_1000: own / thousands,
        cpu_per_1000_with_sink: (own + of_sink) / thousands,
        free_for_us: 1.0 - (of_sink / (took * cores)).min(1.0),
    })
}

fn summary(args: &Args, rounds: &[Round]) -> anyhow::Result<Value> {
    let of = |figure: &dyn Fn(&Round) -> Option<f64>| median(rounds.iter().filter_map(figure).collect());
    let ours = of(&|round| Some(round.ours.per_second)).unwrap_or(f64::NAN);
    let cpu = of(&|round| Some(round.ours.cpu_per_1000_with_sink)).unwrap_or(f64::NAN);
    let peer = of(&|round| Some(round.peer?.per_second));
    let peer_cpu = of(&|round| Some(round.peer?.cpu_per_1000));
    let rounded = |figure: &dyn Fn(&Round) -> f64| of(&|round| Some(figure(round))).map(f64::round);
    let figure = |number: f64, digits: i32| {
        let scale = 10_f64.powi(digits);
        (number * scale).round() / scale
    };
    Ok(json!({
        "bench": "delivery",
        "unit": "messages/s",
        "ours": ours.round(),
        "peer": peer.map(f64::round),
        "peer_name": "Postfix 3.7 relaying, default fsync, no DKIM",
        "ratio": peer.map(|peer| figure(ours / peer, 2)),
        "conditions": {
            "recipients": args.recipients,
            "peer_messages": args.peer_messages,
            "kilobytes": args.size,
            "recorded_links": args.links,
            "rounds": args.rounds,
            "figure": "median of the rounds, everything by turns",
            "dkim": "RSA-2048, ours only",
            "store": if args.postgres.is_empty() { "SQLite, on the disk before anybody is told" } else { "PostgreSQL" },
            "sink": Sink::start(args.sink)?.name,
            "cores": std::thread::available_parallelism().map_or(0, usize::from),
            "cpu_seconds_per_1000": of(&|round| Some(round.ours.cpu_per_1000)).map(|n| figure(n, 3)),
            "cpu_seconds_per_1000_with_sink": figure(cpu, 3),
            "peer_cpu_seconds_per_1000_with_source_and_sink": peer_cpu.map(|n| figure(n, 3)),
            "cpu_ratio": peer_cpu.map(|peer| figure(peer / cpu, 2)),
            "rsa_2048_signatures_per_second_all_cores": rounded(&|round| round.signatures.per_second),
            "rsa_2048_signatures_per_second_on_what_the_sink_leaves": rounded(&Round::signatures_free_for_us),
            "rsa_2048_cpu_seconds_per_1000":
                of(&|round| Some(round.signatures.cpu_per_1000)).map(|n| figure(n, 3)),
            "smtp_source_to_sink_per_second": rounded(&|round| round.source.per_second),
            "smtp_source_to_sink_cpu_seconds_per_1000":
                of(&|round| Some(round.source.cpu_per_1000)).map(|n| figure(n, 3)),
            "cpu_bound_signing_and_sending_per_second": rounded(&Round::bound),
            "of_cpu_bound": of(&|round| Some(round.ours.per_second / round.bound())).map(|n| figure(n, 2)),
            "of_cpu_bound_by_processor_time":
                of(&|round| Some(round.bound_cpu() / round.ours.cpu_per_1000_with_sink)).map(|n| figure(n, 2)),
            "of_signing_alone":
                of(&|round| Some(round.ours.per_second / round.signatures_free_for_us())).map(|n| figure(n, 2)),
            "of_signing_alone_by_processor_time":
                of(&|round| Some(round.signatures.cpu_per_1000 / round.ours.cpu_per_1000)).map(|n| figure(n, 2)),
        },
    }))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
