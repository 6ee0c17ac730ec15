//! `bin/bench delivery`: our messages a second and Postfix's, to the same sink, and their ratio.

use serde_json::json;
use testkit::{Keep, SimulatorConfig, World};

use crate::{house, postfix};

/// What is sent.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Recipients of our broadcast.
    #[arg(long, default_value_t = 20_000)]
    recipients: usize,
    /// Messages through Postfix.
    #[arg(long, default_value_t = 5_000)]
    peer_messages: usize,
    /// Size of a message in kilobytes.
    #[arg(long, default_value_t = 5)]
    kilobytes: usize,
}

/// Measures and prints one JSON object as the last line.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let world =
        World::start(SimulatorConfig { accept_all: true, keep: Keep::Counts, ..SimulatorConfig::default() })
            .await?;
    let peer = postfix::relay(&world, args.peer_messages, args.kilobytes).await;
    if let Err(error) = &peer {
        println!("Postfix: not measured: {error:#}");
    }
    let ours = house::broadcast(&world, args.recipients, args.kilobytes).await?;
    let peer = peer.ok();
    let line = json!({
        "bench": "delivery",
        "unit": "messages/s",
        "ours": ours.per_second.round(),
        "peer": peer.map(f64::round),
        "peer_name": "Postfix 3.7 relaying, default fsync, no DKIM",
        "ratio": peer.map(|peer| (ours.per_second / peer * 100.0).round() / 100.0),
        "conditions": {
            "recipients": args.recipients,
            "peer_messages": args.peer_messages,
            "kilobytes": args.kilobytes,
            "dkim": "RSA-2048 and Ed25519, ours only",
            "store": "SQLite, synchronous=FULL",
            "sink": "the same for both, in the measuring process",
            "cores": std::thread::available_parallelism().map(usize::from).unwrap_or(0),
            "cpu_seconds_per_1000": (ours.cpu_seconds_per_1000 * 1000.0).round() / 1000.0,
        },
    });
    world.stop().await;
    println!("{line}");
    Ok(())
}
