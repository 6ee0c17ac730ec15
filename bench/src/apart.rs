//! A house in a process of its own, so that its memory is seen alone.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, ensure};
use todoku::config::Config;

use crate::house;

/// What the house is opened with.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long)]
    data: PathBuf,
    #[arg(long, default_value = "")]
    database: String,
    #[arg(long)]
    dns: SocketAddr,
    #[arg(long)]
    mx_port: u16,
}

/// `bench house`: opens it, says so, and closes it when the input ends.
pub async fn serve(args: Args) -> anyhow::Result<()> {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let running = house::open(Config {
        data: args.data,
        database: args.database,
        listen_web: any,
        listen_smtp: any,
        mail_host: "mail.todoku.example".to_owned(),
        dns_servers: vec![args.dns],
        delivery: house::delivery_to(args.mx_port),
        tls: house::no_policies(),
        ..Config::default()
    })
    .await?;
    println!("open");
    let closed = tokio::task::spawn_blocking(|| std::io::stdin().lines().count());
    closed.await?;
    running.close().await
}

/// A house that runs beside this process.
pub struct Apart {
    process: Child,
}

impl Apart {
    /// Opens it and waits until it is open.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("house")
            .arg("--data")
            .arg(&config.data)
            .args(["--database", &config.database])
            .args(["--dns", &config.dns_servers.first().context("a DNS server")?.to_string()])
            .args(["--mx-port", &config.delivery.mx_port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = String::new();
        BufReader::new(process.stdout.take().context("a pipe from the house")?).read_line(&mut said)?;
        let apart = Self { process };
        ensure!(said.trim() == "open", "the house did not open: {said}");
        Ok(apart)
    }

    /// Its resident memory in kB, without the pages of mapped files.
    pub fn resident_kb(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        Ok(line.context("RssAnon in proc(5)")?.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        // It is a measurement's: what it leaves goes with its folder.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
