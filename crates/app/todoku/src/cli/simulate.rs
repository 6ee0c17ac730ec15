//! `todoku simulate`: the simulated providers and their DNS, to try things out by hand.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use testkit::{Keep, SimulatorConfig, World};

use super::{records, serve::asked_to_close};

/// Octets of each message that the journal holds.
const CONTENT_BYTES_MAX: usize = 256 * 1024;

/// How the simulator runs.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// SMTP port on the providers' loopback addresses; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Where the DNS answers; port 0 takes a free one.
    #[arg(long, default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))]
    dns: SocketAddr,
    /// DNS records of your own, one a line: `shop.example TXT v=spf1 -all`. Read again whenever the file changes.
    #[arg(long)]
    records: Option<PathBuf>,
    /// Where late bounces go: the mail server of a Todoku.
    #[arg(long)]
    bounces_to: Option<SocketAddr>,
    /// Writes what happens to this file, one JSON object a line.
    #[arg(long)]
    journal: Option<PathBuf>,
    /// Also writes the messages themselves into the journal.
    #[arg(long, requires = "journal")]
    keep_content: bool,
    /// Writes the certificate of all hosts to this file; a Todoku started with SSL_CERT_FILE=FILE trusts it.
    #[arg(long)]
    certificate: Option<PathBuf>,
    /// All waits are multiplied by this.
    #[arg(long, default_value_t = 1.0)]
    time_scale: f64,
    /// Waits so long before each answer, in milliseconds: a network that is far away.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Takes everything for everybody, for measurements.
    #[arg(long)]
    accept_all: bool,
}

/// Runs until it is asked to stop.
///
/// # Errors
/// When the ports cannot be had, or the records cannot be read.
pub async fn run(args: SimulateArgs) -> anyhow::Result<ExitCode> {
    let keep =
        if args.keep_content { Keep::Content { bytes_max: CONTENT_BYTES_MAX } } else { Keep::Envelopes };
    let config = SimulatorConfig {
        port: args.port,
        dsn_target: args.bounces_to,
        journal: args.journal,
        keep,
        time_scale: args.time_scale,
        latency_ms: args.latency_ms,
        accept_all: args.accept_all,
        ..SimulatorConfig::default()
    };
    let world = World::start_at(config, args.dns).await?;
    let mut own = args.records.map(|path| records::Records::read(path, world.dns.zone())).transpose()?;
    if let Some(path) = args.certificate {
        std::fs::write(&path, world.simulator.certificate()).with_context(|| path.display().to_string())?;
    }
    println!("SMTP port {}  DNS {}", world.smtp_port(), world.dns_addr());
    let follow = async {
        match &mut own {
            Some(own) => own.follow(world.dns.zone()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = follow => {}
        () = asked_to_close() => {}
    }
    world.stop().await;
    Ok(ExitCode::SUCCESS)
}
