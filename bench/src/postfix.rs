//! The peer: smtp-source → a private Postfix → the sink.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use testkit::{World, peers::Postfix};

/// Messages a second, from the first injected to the last in the sink.
pub async fn relay(world: &World, messages: usize, kilobytes: usize) -> anyhow::Result<f64> {
    let sink = world.simulator.address_of("gmail").context("the simulator has an address")?;
    let folder = tempfile::tempdir()?;
    let more = format!(
        "relayhost = [{}]:{}\ndefault_destination_concurrency_limit = 50\ninitial_destination_concurrency = 50\n\
         smtpd_client_connection_count_limit = 0\nsmtp_tls_security_level = none\n",
        sink.ip(),
        sink.port()
    );
    let postfix = Postfix::start(folder.path(), "relay.midori.example", &more)?;
    let before = world.simulator.accepted();
    let started = Instant::now();
    let address = postfix.address();
    let injected = tokio::task::spawn_blocking(move || {
        Command::new("/usr/sbin/smtp-source")
            .args(["-s", "20", "-c", "-d"])
            .args(["-m", &messages.to_string(), "-l", &(kilobytes * 1024).to_string()])
            .args(["-f", "info@hanaya-midori.example", "-t", "hanako@gmail.com"])
            .arg(format!("inet:{}:{}", address.ip(), address.port()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
    })
    .await??;
    ensure!(injected.success(), "smtp-source failed");
    while world.simulator.accepted() - before < messages as u64 {
        ensure!(started.elapsed() < Duration::from_secs(300), "Postfix did not deliver everything");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let per_second = messages as f64 / started.elapsed().as_secs_f64();
    println!(
        "Postfix: {messages} messages of {kilobytes} kB in {:.1?}: {per_second:.0}/s",
        started.elapsed()
    );
    Ok(per_second)
}
