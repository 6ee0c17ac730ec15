//! Group commit: many small questions and outcomes become one transaction each few milliseconds.
//!
//! When the store cannot be written to, nobody gets an answer, so nobody hands over another message: sending stops by
//! itself, and goes on where it stood.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot};

use crate::{
    health::{Health, Work},
    hurry::Hurry,
    ports::{CommitMark, Grant, QueueStore, Record, StoreFailure},
    recipient::RecipientId,
};

/// Rows in one transaction at most.
const BATCH_ROWS_MAX: usize = 500;
/// And while there is something urgent, which waits for the transaction under way.
const BATCH_ROWS_IN_HURRY: usize = 50;
/// How long a batch waits to fill. While it is written, the next one fills by itself.
const BATCH_WAIT: Duration = Duration::from_millis(4);
/// Entries of a few rows each that may wait to be recorded; beyond that, workers wait.
const ENTRIES_MAX: usize = 1_000;
/// Rows that may wait to be given back.
const RETURNS_MAX: usize = 4_000;
/// Pause before a failed transaction is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// What a worker hands in.
enum Entry {
    /// It asks leave for some.
    Marks(Vec<CommitMark>, oneshot::Sender<Vec<Grant>>),
    /// It tells what came of some.
    Records(Vec<Record>),
}

/// What becomes durable together.
#[derive(Default)]
struct Batch {
    marks: Vec<CommitMark>,
    /// Who asked for how many of the marks, in order.
    asked: Vec<(usize, oneshot::Sender<Vec<Grant>>)>,
    records: Vec<Record>,
}

impl Batch {
    fn put(&mut self, entry: Entry) {
        match entry {
            Entry::Marks(marks, answer) => {
                self.asked.push((marks.len(), answer));
                self.marks.extend(marks);
            }
            Entry::Records(records) => self.records.extend(records),
        }
    }

    fn is_full(&self, most: usize) -> bool {
        self.marks.len() + self.records.len() >= most
    }

    fn answer(self, grants: Vec<Grant>) {
        let mut grants = grants.into_iter();
        for (count, answer) in self.asked {
            // The worker may have gone; its rows are recovered when the lease ends.
            let _gone = answer.send(grants.by_ref().take(count).collect());
        }
    }
}

/// Rows of one step of what runs in masses.
pub(crate) fn rows_max(hurry: &Hurry) -> usize {
    if hurry.lately() { BATCH_ROWS_IN_HURRY } else { BATCH_ROWS_MAX }
}

/// What a clock says: milliseconds UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The way to the store for workers. Clones share the same batches.
#[derive(Clone)]
pub struct Recorder {
    urgent: mpsc::Sender<Entry>,
    pub(crate) hurry: Arc<Hurry>,
    entries: mpsc::Sender<Entry>,
    returns: mpsc::Sender<RecipientId>,
}

/// The batch loops; they end when every [`Recorder`] is gone and everything is durable.
pub struct RecorderTasks {
    urgent: tokio::task::JoinHandle<()>,
    entries: tokio::task::JoinHandle<()>,
    returns: tokio::task::JoinHandle<()>,
}

impl RecorderTasks {
    /// Waits for the loops.
    pub async fn finish(self) {
        for task in [self.urgent, self.entries, self.returns] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a recording loop ended badly");
            }
        }
    }
}

impl Recorder {
    /// Starts the batch loops.
    pub fn start(
        store: Arc<dyn QueueStore>,
        node: String,
        clock: Clock,
        (health, hurry): (Arc<Health>, Arc<Hurry>),
    ) -> (Self, RecorderTasks) {
        let (urgent, hurried) = mpsc::channel(ENTRIES_MAX);
        let (entries, entered) = mpsc::channel(ENTRIES_MAX);
        let (returns, returned) = mpsc::channel(RETURNS_MAX);
        let writer = Writer { store, node, clock, health, hurry: Arc::clone(&hurry) };
        let tasks = RecorderTasks {
            urgent: tokio::spawn(writer.clone().mark_urgent(hurried)),
            entries: tokio::spawn(writer.clone().write_entries(entered)),
            returns: tokio::spawn(writer.give_back(returned)),
        };
        (Self { urgent, hurry, entries, returns }, tasks)
    }

    /// Asks leave to hand over one message. [`Grant::Lost`] when the house is closing.
    pub async fn grant(&self, mark: CommitMark) -> Grant {
        self.grant_all(vec![mark]).await.pop().unwrap_or(Grant::Lost)
    }

    /// As [`Self::grant`], for a message somebody waits for: it does not wait for a batch to fill.
    pub async fn grant_at_once(&self, mark: CommitMark) -> Grant {
        ask(&self.urgent, vec![mark]).await.pop().unwrap_or(Grant::Lost)
    }

    /// Asks leave to hand over several messages; one answer for each.
    pub async fn grant_all(&self, marks: Vec<CommitMark>) -> Vec<Grant> {
        ask(&self.entries, marks).await
    }

    /// Hands in outcomes; waits while too many are not durable yet.
    pub async fn record_all(&self, records: Vec<Record>) {
        if !records.is_empty() && self.entries.send(Entry::Records(records)).await.is_err() {
            tracing::error!("an outcome came after the recorder had closed");
        }
    }

    /// Gives a row back untried, due at once.
    pub async fn give_back(&self, id: RecipientId) {
        if self.returns.send(id).await.is_err() {
            tracing::error!(
                recipient = id,
                "a row came back after the recorder had closed; its lease will end"
            );
        }
    }
}

async fn ask(channel: &mpsc::Sender<Entry>, marks: Vec<CommitMark>) -> Vec<Grant> {
    let count = marks.len();
    let (answer, granted) = oneshot::channel();
    if channel.send(Entry::Marks(marks, answer)).await.is_err() {
        return vec![Grant::Lost; count];
    }
    granted.await.unwrap_or_else(|_| vec![Grant::Lost; count])
}

#[derive(Clone)]
struct Writer {
    store: Arc<dyn QueueStore>,
    node: String,
    clock: Clock,
    health: Arc<Health>,
    hurry: Arc<Hurry>,
}

impl Writer {
    /// What came while the last ones were written is written together.
    async fn mark_urgent(self, mut hurried: mpsc::Receiver<Entry>) {
        while let Some(first) = hurried.recv().await {
            let mut batch = Batch::default();
            batch.put(first);
            while !batch.is_full(BATCH_ROWS_MAX)
                && let Ok(next) = hurried.try_recv()
            {
                batch.put(next);
            }
            self.hurry.note();
            let began = Instant::now();
            let grants = loop {
                match self.store.mark_committing(&self.node, &batch.marks, (self.clock)()).await {
                    Ok(grants) => break grants,
                    Err(failure) => self.wait_out(Work::Marks, &failure).await,
                }
            };
            self.health.store_works(Work::Marks);
            self.health.metrics.committed(Work::Marks, batch.marks.len(), began.elapsed());
            batch.answer(grants);
        }
    }

    /// Marks and outcomes share their transactions: what becomes durable together is waited for once.
    async fn write_entries(self, mut entered: mpsc::Receiver<Entry>) {
        while let Some(batch) = next_batch(&mut entered, &self.hurry).await {
            // Without the mark nothing may be handed over, so the workers wait with their rows until the store works.
            let work = if batch.records.is_empty() { Work::Marks } else { Work::Outcomes };
            let began = Instant::now();
            let grants = loop {
                let (marks, records) = (&batch.marks, &batch.records);
                match self.store.settle(&self.node, marks, records, (self.clock)()).await {
                    Ok(grants) => break grants,
                    Err(failure) => self.wait_out(work, &failure).await,
                }
            };
            self.health.store_works(Work::Marks);
            self.health.store_works(Work::Outcomes);
            for (work, rows) in [(Work::Marks, batch.marks.len()), (Work::Outcomes, batch.records.len())] {
                if rows > 0 {
                    self.health.metrics.committed(work, rows, began.elapsed());
                }
            }
            batch.answer(grants);
        }
    }

    async fn give_back(self, mut returned: mpsc::Receiver<RecipientId>) {
        let mut batch = Vec::with_capacity(BATCH_ROWS_MAX);
        while returned.recv_many(&mut batch, BATCH_ROWS_MAX).await > 0 {
            while let Err(failure) = self.store.release(&self.node, &batch, (self.clock)()).await {
                self.wait_out(Work::Returns, &failure).await;
            }
            self.health.store_works(Work::Returns);
            batch.clear();
        }
    }

    async fn wait_out(&self, work: Work, failure: &StoreFailure) {
        self.health.store_fails(work, failure.as_ref());
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

/// The next batch; `None` when the channel has closed and nothing is left.
async fn next_batch(channel: &mut mpsc::Receiver<Entry>, hurry: &Hurry) -> Option<Batch> {
    let mut batch = Batch::default();
    batch.put(channel.recv().await?);
    let mut waited = channel.is_closed();
    while !batch.is_full(rows_max(hurry)) {
        match channel.try_recv() {
            Ok(next) => batch.put(next),
            Err(_) if waited => break,
            Err(_) => {
                // Not woken for each one that comes.
                tokio::time::sleep(BATCH_WAIT).await;
                waited = true;
            }
        }
    }
    Some(batch)
}
