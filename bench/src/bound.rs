//! What the processor allows at most: RSA signatures a second, and messages from a source that does nothing else.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};

use crate::{cpu, sinks::Sink};

/// How long signatures are made.
const SIGNING: Duration = Duration::from_secs(2);
/// What is signed: a header as long as that of a message.
const SIGNED_BYTES: usize = 900;

/// A rate, and what one thousand cost.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// A second.
    pub per_second: f64,
    /// Processor seconds for 1,000.
    pub cpu_per_1000: f64,
}

/// RSA-2048 signatures on all cores, with the library and the kind of key that DKIM signs with.
pub fn signatures() -> anyhow::Result<Bound> {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).ok().context("an RSA key")?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (started, cpu_before) = (Instant::now(), cpu::own());
    let made: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..cores).map(|_| scope.spawn(|| sign_until(&key, started + SIGNING))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    });
    let cpu = cpu::own() - cpu_before;
    ensure!(made > 0, "nothing was signed");
    Ok(Bound {
        per_second: made as f64 / started.elapsed().as_secs_f64(),
        cpu_per_1000: cpu / made as f64 * 1e3,
    })
}

fn sign_until(key: &RsaKeyPair, until: Instant) -> u64 {
    let mut signature = vec![0; key.public_modulus_len()];
    let mut made = 0;
    while Instant::now() < until {
        if key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &[7; SIGNED_BYTES], &mut signature).is_ok() {
            made += 1;
        }
    }
    made
}

/// smtp-source straight into the sink, connections kept open.
pub fn source(sink: &Sink, messages: usize, kilobytes: usize) -> anyhow::Result<Bound> {
    let (started, cpu_before) = (Instant::now(), cpu::ended_children() + sink.cpu_seconds());
    inject(&sink.addr.to_string(), messages, kilobytes)?;
    let took = started.elapsed().as_secs_f64();
    let cpu = cpu::ended_children() + sink.cpu_seconds() - cpu_before;
    Ok(Bound { per_second: messages as f64 / took, cpu_per_1000: cpu / messages as f64 * 1e3 })
}

/// Runs smtp-source over 20 connections to its end.
pub fn inject(address: &str, messages: usize, kilobytes: usize) -> anyhow::Result<()> {
    let status = Command::new("/usr/sbin/smtp-source")
        .args(["-s", "20", "-d"])
        .args(["-m", &messages.to_string(), "-l", &(kilobytes * 1024).to_string()])
        .args(["-f", "info@hanaya-midori.example", "-t", "hanako@gmail.example"])
        .arg(format!("inet:{address}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("smtp-source of Postfix")?;
    ensure!(status.success(), "smtp-source failed");
    Ok(())
}
