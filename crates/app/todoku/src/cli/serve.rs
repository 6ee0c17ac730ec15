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
    let mut running = Running::open(config, wall_clock()).await?;
    println!("Todoku: {base_url}  (pages on {}, mail on {})", running.web, running.smtp);
    tokio::select! {
        failed = running.failed() => failed?,
        () = asked_to_close() => {}
    }
    eprintln!("終了しています… / closing…");
    running.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// Resolves at SIGINT or SIGTERM.
pub async fn asked_to_close() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without signal handlers the default action ends the program, which is safe at any moment.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
