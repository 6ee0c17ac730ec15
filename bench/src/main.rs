//! Measures the hot paths beside a peer, in one run: `bin/bench NAME`.

mod apart;
mod bounce_bench;
mod bound;
mod cpu;
mod delivery_bench;
mod house;
mod import_bench;
mod lanes_bench;
mod postfix;
mod queue_bench;
mod segments_bench;
mod sink;
mod sinks;
mod sisimai;
mod transcripts_bench;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(name = "bench", about)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Bounce mails read and judged on one core against Sisimai over the same mails.
    Bounce(bounce_bench::Args),
    /// A personalised broadcast with DKIM against Postfix relaying mail of the same size to the same sink.
    Delivery(delivery_bench::Args),
    /// A file of a million customers in CP932, taken in whole.
    Import(import_bench::Args),
    /// Typical segments counted among a million customers, on SQLite and on PostgreSQL.
    Segments(segments_bench::Args),
    /// Transactional mail beside a running broadcast against the same mail with nothing beside it.
    Lanes(lanes_bench::Args),
    /// What a long queue costs: memory, and claims at its front.
    Queue(queue_bench::Args),
    /// What keeping the words of each try costs.
    Transcripts(transcripts_bench::Args),
    /// A house in a process of its own.
    #[command(hide = true)]
    House(apart::Args),
    /// The sink the measurements send to.
    #[command(hide = true)]
    Sink,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Fails only when a TLS library was chosen before, which nobody did.
    let _first = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match Cli::parse().bench {
        Bench::Bounce(args) => bounce_bench::run(&args),
        Bench::Segments(args) => segments_bench::run(args).await,
        Bench::Delivery(args) => delivery_bench::run(args).await,
        Bench::Import(args) => import_bench::run(args).await,
        Bench::Lanes(args) => lanes_bench::run(args).await,
        Bench::Queue(args) => queue_bench::run(args).await,
        Bench::Transcripts(args) => transcripts_bench::run(args).await,
        Bench::House(args) => apart::serve(args).await,
        Bench::Sink => sink::serve(),
    }
}
