//! `todoku serve`: opens the house and keeps it open until it is asked to close.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    config::Config,
    house::{Running, wall_clock},
};

/// Serves until SIGINT or SIGTERM.
///
/// # Errors
/// When the house cannot be opened, or a part of it fails.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let base_url = config.base_url.clone();
    let mut closing = std::pin::pin!(asked_to_close());
    let mut running = tokio::select! {
        opened = Running::open(config, wall_clock()) => opened?,
        () = &mut closing => return Ok(ExitCode::SUCCESS),
    };
    println!("Todoku: {base_url}  (pages on {}, mail on {})", running.web, running.smtp);
    tokio::select! {
        failed = running.failed() => failed?,
        () = closing => {}
    }
    eprintln!("終了しています… / closing…");
    running.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// Resolves at SIGINT or SIGTERM, also at one that comes before it is waited for.
pub fn asked_to_close() -> impl Future<Output = ()> {
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            // Without signal handlers the default action ends the program, which is safe at any moment.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}
