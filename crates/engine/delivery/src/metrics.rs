//! What delivery counts and tells while it runs: numbers for a monitoring system, one log line per attempt.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;

use crate::{
    attempt::{Attempt, Peer},
    health::Work,
    outcome::Outcome,
    ports::{Claimed, StoreFailure},
    recipient::{Lane, State},
    source::SourceId,
};

/// Upper ends of the classes that transactions are counted in, in seconds.
const SECONDS: [f64; 7] = [0.005, 0.02, 0.05, 0.2, 1.0, 5.0, 20.0];

/// Numbers of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// As it is collected.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// The numbers; a histogram's carry the end of its name.
    pub samples: Vec<Sample>,
}

/// One number.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What stands behind the name: nothing, `_bucket`, `_sum` or `_count`.
    pub end: &'static str,
    /// What it is about.
    pub labels: Vec<(&'static str, String)>,
    /// How many, how much, how long.
    pub value: f64,
}

impl Sample {
    /// A number of a counter or gauge.
    #[must_use]
    pub fn of(labels: Vec<(&'static str, String)>, value: f64) -> Self {
        Self { end: "", labels, value }
    }
}

/// Rows of the queue that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueNumber {
    /// Their lane.
    pub lane: Lane,
    /// `ready`, `paused`, `leased` or `committing`.
    pub phase: &'static str,
    /// Where they go.
    pub site: String,
    /// How many.
    pub rows: u64,
    /// When the oldest of them was or is due, in milliseconds UTC.
    pub oldest_due_at: i64,
}

/// Counts the queue; it reads all of it, so it is asked now and then.
#[async_trait]
pub trait QueueNumbers: Send + Sync {
    /// Every group of rows.
    async fn queue_numbers(&self) -> Result<Vec<QueueNumber>, StoreFailure>;
}

/// By source, provider, outcome and reason.
type Attempts = BTreeMap<(SourceId, String, &'static str, &'static str), u64>;

/// The counters of one process. Labels are few: sources, providers that are known by name, reasons.
#[derive(Debug, Default)]
pub struct Metrics {
    attempts: Mutex<Attempts>,
    connections: Mutex<BTreeMap<(SourceId, String, String), u64>>,
    batches: Mutex<BTreeMap<Work, Batches>>,
    tells_addresses: AtomicBool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Batches {
    rows: u64,
    count: u64,
    seconds: f64,
    within: [u64; SECONDS.len()],
}

impl Metrics {
    /// Lets log lines name recipients' addresses; without it only their keys stand there.
    pub fn tell_addresses(&self, tells: bool) {
        self.tells_addresses.store(tells, Ordering::Relaxed);
    }

    /// Counts an attempt and tells of it.
    pub(crate) fn attempt(&self, row: &Claimed, attempt: &Attempt, outcome: &Outcome) {
        let reason = outcome.verdict.as_ref().map_or("", |verdict| verdict.reason.name());
        let key = (attempt.source, row.provider.clone(), outcome.state.name(), reason);
        *lock(&self.attempts).entry(key).or_default() += 1;
        self.tell(row, attempt, outcome.state, reason);
    }

    /// The names of the fields are stable; what a message says never stands in a log.
    fn tell(&self, row: &Claimed, attempt: &Attempt, state: State, reason: &str) {
        let address = self.tells_addresses.load(Ordering::Relaxed).then_some(row.to.as_str());
        let reply_code = attempt.reply.as_ref().map(|reply| reply.code);
        let reason = Some(reason).filter(|reason| !reason.is_empty());
        let trouble = attempt.trouble.map(crate::attempt::Trouble::name);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: "attempt",
                    recipient = row.id, broadcast = row.broadcast_id, lane = row.lane.name(), site = row.site,
                    provider = row.provider, source = attempt.source, state = state.name(), reason, reply_code,
                    trouble, stage = attempt.stage.name(), ms = attempt.ended_at - attempt.started_at, address,
                    "attempt"
                )
            };
        }
        if state == State::Accepted { line!(debug) } else { line!(info) }
    }

    /// Counts a connection that opened.
    pub(crate) fn connected(&self, source: SourceId, provider: &str, peer: &Peer) {
        let tls = peer.tls.as_deref().and_then(|tls| tls.split_whitespace().next()).unwrap_or("none");
        *lock(&self.connections).entry((source, provider.to_owned(), tls.to_owned())).or_default() += 1;
    }

    /// Counts a connection that did not.
    pub(crate) fn not_connected(&self, source: SourceId, provider: &str) {
        *lock(&self.connections).entry((source, provider.to_owned(), String::new())).or_default() += 1;
    }

    /// Counts a transaction of so many rows.
    pub(crate) fn committed(&self, work: Work, rows: usize, took: Duration) {
        let mut batches = lock(&self.batches);
        let batch = batches.entry(work).or_default();
        batch.rows += rows as u64;
        batch.count += 1;
        batch.seconds += took.as_secs_f64();
        for (within, end) in batch.within.iter_mut().zip(SECONDS) {
            *within += u64::from(took.as_secs_f64() <= end);
        }
    }

    /// Everything counted so far.
    #[must_use]
    pub fn families(&self) -> Vec<Family> {
        vec![self.attempt_family(), self.connection_family(), self.row_family(), self.second_family()]
    }

    fn attempt_family(&self) -> Family {
        let counted = lock(&self.attempts);
        let samples = counted.iter().map(|((source, provider, state, reason), n)| {
            let labels = vec![
                ("source", source.to_string()),
                ("provider", named(provider)),
                ("outcome", (*state).to_owned()),
                ("reason", (*reason).to_owned()),
            ];
            Sample::of(labels, *n as f64)
        });
        Family {
            name: "todoku_attempts_total",
            kind: "counter",
            help: "Delivery attempts, by what became of the message and why.",
            samples: samples.collect(),
        }
    }

    fn connection_family(&self) -> Family {
        let counted = lock(&self.connections);
        let samples = counted.iter().map(|((source, provider, tls), n)| {
            let result = if tls.is_empty() { "failed" } else { "opened" };
            let labels = vec![
                ("source", source.to_string()),
                ("provider", named(provider)),
                ("result", result.to_owned()),
                ("tls", tls.clone()),
            ];
            Sample::of(labels, *n as f64)
        });
        Family {
            name: "todoku_connections_total",
            kind: "counter",
            help: "SMTP connections to others, by encryption.",
            samples: samples.collect(),
        }
    }

    fn row_family(&self) -> Family {
        let counted = lock(&self.batches);
        let samples = counted.iter().map(|(work, batch)| Sample::of(work_label(*work), batch.rows as f64));
        Family {
            name: "todoku_commit_rows_total",
            kind: "counter",
            help: "Rows made durable; by the number of transactions it is the size of a batch.",
            samples: samples.collect(),
        }
    }

    fn second_family(&self) -> Family {
        let mut samples = Vec::new();
        for (work, batch) in lock(&self.batches).iter() {
            let ends = SECONDS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
            for (end, n) in ends.zip(batch.within.into_iter().chain([batch.count])) {
                let mut labels = work_label(*work);
                labels.push(("le", end));
                samples.push(Sample { end: "_bucket", labels, value: n as f64 });
            }
            samples.push(Sample { end: "_sum", labels: work_label(*work), value: batch.seconds });
            samples.push(Sample { end: "_count", labels: work_label(*work), value: batch.count as f64 });
        }
        Family {
            name: "todoku_commit_seconds",
            kind: "histogram",
            help: "How long the group commits of delivery took.",
            samples,
        }
    }
}

/// What stands for addresses of no known provider.
fn named(provider: &str) -> String {
    if provider.is_empty() { "other".to_owned() } else { provider.to_owned() }
}

fn work_label(work: Work) -> Vec<(&'static str, String)> {
    vec![("work", work.name().to_owned())]
}

fn lock<T>(counted: &Mutex<T>) -> MutexGuard<'_, T> {
    counted.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_fall_into_classes() {
        let metrics = Metrics::default();
        metrics.committed(Work::Marks, 500, Duration::from_millis(10));
        metrics.committed(Work::Marks, 1, Duration::from_secs(3));
        let family = metrics.second_family();
        let seen: Vec<f64> = family.samples.iter().map(|sample| sample.value).collect();
        assert_eq!(seen, [0.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.01, 2.0]);
        assert_eq!(metrics.row_family().samples[0].value.to_string(), "501");
    }
}
