//! Starts Todoku: the server, and the commands an operator uses at the machine.

use std::process::ExitCode;

use clap::Parser;
use todoku::{
    cli,
    config::{AttemptLines, LogSection},
};
use tracing_subscriber::filter::LevelFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    start_log(cli.log_section());
    // One TLS library for the whole program; a second installation would mean two, and cannot happen here.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::warn!("a TLS library was chosen before");
    }
    match cli::run(cli).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("todoku: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start_log(section: LogSection) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("TODOKU_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn,hyper=warn,hickory=error"));
    let attempts = match section.attempts {
        AttemptLines::None => LevelFilter::OFF,
        AttemptLines::Failed => LevelFilter::INFO,
        AttemptLines::All => LevelFilter::DEBUG,
    };
    let filter = match format!("attempt={attempts}").parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if section.json {
        log.json().flatten_event(true).with_current_span(false).with_span_list(false).init()
    } else {
        log.with_target(false).init()
    }
}
