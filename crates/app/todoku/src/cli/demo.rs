//! `todoku demo`: the main job on made-up customers and simulated providers, over real SMTP.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Args;

use super::serve::asked_to_close;
use crate::demo;

/// How the demonstration runs.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Ends after the table; exit code 1 when something is not as the simulator did it.
    #[arg(long)]
    exit: bool,
    /// Folder for the demonstration's data; it is emptied first.
    #[arg(long, default_value = ".todoku/demo")]
    data: PathBuf,
    /// Where the pages listen.
    #[arg(long, default_value = "127.0.0.1:8025")]
    listen: SocketAddr,
    /// Where the made-up customers and the letter are.
    #[arg(long, default_value = "demo")]
    files: PathBuf,
    /// Database other than SQLite in the folder; it should be empty.
    #[arg(long, default_value = "")]
    database: String,
    /// The owner's password; a new one is made when left out.
    #[arg(long)]
    password: Option<String>,
}

/// Runs it.
///
/// # Errors
/// When something needed cannot be had.
pub async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let scene = demo::Scene {
        data: args.data,
        listen: args.listen,
        files: args.files,
        database: args.database,
        password: args.password,
    };
    let stage = demo::play(scene).await?;
    stage.print_login();
    let good = stage.as_foretold();
    if !args.exit {
        println!("終わるときは Ctrl-C / press Ctrl-C to end");
        asked_to_close().await;
    }
    stage.close().await?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
