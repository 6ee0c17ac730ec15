//! The peer: smtp-source → a private Postfix → the sink.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use testkit::peers::Postfix;

use crate::{
    bound::{self, Bound},
    cpu,
    sinks::Sink,
};

/// Folders of Postfix's queue that hold a message which is not delivered.
const WAITING: [&str; 4] = ["maildrop", "incoming", "active", "deferred"];

/// Messages a second, from the first injected until the queue is empty; processor seconds with source and sink.
pub fn relay(sink: &Sink, messages: usize, kilobytes: usize) -> anyhow::Result<Bound> {
    let folder = tempfile::tempdir()?;
    let more = format!(
        "relayhost = [{}]:{}\ndefault_destination_concurrency_limit = 50\ninitial_destination_concurrency = 50\n\
         smtpd_client_connection_count_limit = 0\nsmtp_tls_security_level = none\n",
        sink.addr.ip(),
        sink.addr.port()
    );
    let postfix = Postfix::start(folder.path(), "relay.midori.example", &more)?;
    let queue = folder.path().join("queue");
    let master = std::fs::read_to_string(queue.join("pid/master.pid"))?;
    let master = master.trim().parse().context("the number of Postfix's master process")?;
    let used = || cpu::of_tree(master) + cpu::ended_children() + sink.cpu_seconds();
    let (started, cpu_before) = (Instant::now(), used());
    bound::inject(&postfix.address().to_string(), messages, kilobytes)?;
    while WAITING.iter().any(|name| holds_files(&queue.join(name))) {
        ensure!(started.elapsed() < Duration::from_secs(600), "Postfix did not deliver everything");
        std::thread::sleep(Duration::from_millis(20));
    }
    let took = started.elapsed().as_secs_f64();
    let cpu = used() - cpu_before;
    Ok(Bound { per_second: messages as f64 / took, cpu_per_1000: cpu / messages as f64 * 1e3 })
}

fn holds_files(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() { holds_files(&path) } else { true }
    })
}
