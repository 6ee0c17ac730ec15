//! The sink as a process of its own, so that its processor seconds can be told from the sending side's.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use crate::cpu;

/// Whose sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Ours: two threads.
    Ours,
    /// The one that comes with Postfix: one process, one thread.
    SmtpSink,
}

/// A running sink.
pub struct Sink {
    /// Where it listens.
    pub addr: SocketAddr,
    /// What it is called in the results.
    pub name: &'static str,
    process: Child,
    counting: Option<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Sink {
    /// Starts one.
    pub fn start(kind: Kind) -> anyhow::Result<Self> {
        match kind {
            Kind::Ours => Self::start_ours(),
            Kind::SmtpSink => Self::start_smtp_sink(),
        }
    }

    fn start_ours() -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("sink")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let asks = process.stdin.take().context("a pipe to the sink")?;
        let mut answers = BufReader::new(process.stdout.take().context("a pipe from the sink")?);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let addr = SocketAddr::from(([127, 0, 0, 1], line.trim().parse().context("the sink's port")?));
        let name = "own sink, two threads, a process of its own, no TLS";
        Ok(Self { addr, name, process, counting: Some((asks, answers)) })
    }

    fn start_smtp_sink() -> anyhow::Result<Self> {
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let process = Command::new("/usr/sbin/smtp-sink")
            .args(["-u", "postfix", "-m", "1000", &addr.to_string(), "1000"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("smtp-sink of Postfix")?;
        let until = Instant::now() + Duration::from_secs(5);
        while TcpStream::connect(addr).is_err() {
            ensure!(Instant::now() < until, "smtp-sink does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Self { addr, name: "smtp-sink of Postfix, no TLS", process, counting: None })
    }

    /// Messages taken so far, where the sink counts them.
    pub fn accepted(&mut self) -> anyhow::Result<Option<u64>> {
        let Some((asks, answers)) = &mut self.counting else { return Ok(None) };
        writeln!(asks)?;
        let mut line = String::new();
        answers.read_line(&mut line)?;
        Ok(Some(line.trim().parse().context("the sink's count")?))
    }

    /// Processor seconds used so far.
    pub fn cpu_seconds(&self) -> f64 {
        cpu::of_tree(self.process.id())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Nothing is lost when it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
