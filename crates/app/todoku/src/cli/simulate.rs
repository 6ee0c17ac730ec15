//! `todoku simulate`: the simulated providers and their DNS, to try things out by hand.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Args;
use testkit::{SimulatorConfig, World};

use super::serve::asked_to_close;

/// How the simulator runs.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// SMTP port on the providers' loopback addresses; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Where late bounces go: the mail server of a Todoku.
    #[arg(long)]
    bounces_to: Option<SocketAddr>,
    /// Writes what happens to this file, one JSON object a line.
    #[arg(long)]
    journal: Option<PathBuf>,
    /// All waits are multiplied by this.
    #[arg(long, default_value_t = 1.0)]
    time_scale: f64,
    /// Takes everything for everybody, for measurements.
    #[arg(long)]
    accept_all: bool,
}

/// Runs until it is asked to stop.
///
/// # Errors
/// When the ports cannot be had.
pub async fn run(args: SimulateArgs) -> anyhow::Result<ExitCode> {
    let world = World::start(SimulatorConfig {
        port: args.port,
        dsn_target: args.bounces_to,
        journal: args.journal,
        time_scale: args.time_scale,
        accept_all: args.accept_all,
        ..SimulatorConfig::default()
    })
    .await?;
    println!("SMTP port {}  DNS {}", world.smtp_port(), world.dns_addr());
    asked_to_close().await;
    world.stop().await;
    Ok(ExitCode::SUCCESS)
}
