//! The command line: what is typed, and which file does it.

mod address;
mod bounce;
mod contact;
mod demo;
mod mails;
mod operator;
mod queue;
mod records;
mod serve;
mod simulate;
mod source;
mod tls;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::config::{Config, LogSection};

/// 届く: customer mail that arrives, and that says why when it does not.
#[derive(Debug, Parser)]
#[command(name = "todoku", version, about)]
pub struct Cli {
    /// Configuration file (TOML).
    #[arg(long, global = true, env = "TODOKU_CONFIG")]
    config: Option<PathBuf>,
    /// Log lines as JSON.
    #[arg(long, global = true, env = "TODOKU_LOG_JSON")]
    pub log_json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server: pages, delivery, and the mail server for bounces.
    Serve,
    /// Operators: add, unlock, set-password, list.
    #[command(subcommand)]
    Operator(operator::OperatorCommand),
    /// The queue: explain.
    #[command(subcommand)]
    Queue(queue::QueueCommand),
    /// What mail leaves by: list, add, test, rest, lift.
    #[command(subcommand)]
    Source(source::SourceCommand),
    /// Addresses: check.
    #[command(subcommand)]
    Address(address::AddressCommand),
    /// Customers: upsert.
    #[command(subcommand)]
    Contact(contact::ContactCommand),
    /// Bounces: explain.
    #[command(subcommand)]
    Bounce(bounce::BounceCommand),
    /// Encryption required towards single domains: list, require, lift, policy.
    #[command(subcommand)]
    Tls(tls::TlsCommand),
    /// Runs the provider simulator and its DNS on loopback, to try things out.
    Simulate(simulate::SimulateArgs),
    /// Sends to 300 made-up customers at simulated providers and explains what became of each mail.
    Demo(demo::DemoArgs),
}

impl Cli {
    /// What is logged. A configuration that cannot be read is complained of where it is used.
    #[must_use]
    pub fn log_section(&self) -> LogSection {
        let mut log = Config::read(self.config.as_deref()).map(|config| config.log).unwrap_or_default();
        log.json |= self.log_json;
        log
    }
}

/// Does what was typed.
///
/// # Errors
/// What went wrong, in words for the terminal.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let config = || Config::read(cli.config.as_deref());
    match cli.command {
        Command::Serve => serve::run(config()?).await,
        Command::Operator(command) => operator::run(command, &config()?).await,
        Command::Queue(command) => queue::run(command, &config()?).await,
        Command::Source(command) => source::run(command, &config()?).await,
        Command::Address(command) => address::run(command),
        Command::Contact(command) => contact::run(command, &config()?).await,
        Command::Bounce(command) => bounce::run(command, crate::house::wall_clock()()),
        Command::Tls(command) => tls::run(command, &config()?).await,
        Command::Simulate(args) => simulate::run(args).await,
        Command::Demo(args) => demo::run(args).await,
    }
}
