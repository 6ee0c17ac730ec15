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
    ports::{CommitMark, Grant, QueueStore, Record, StoreFailure},
    recipient::RecipientId,
};

/// Rows in one transaction at most.
const BATCH_ROWS_MAX: usize = 500;
/// How long a batch waits to fill. While it is written, the next one fills by itself.
const BATCH_WAIT: Duration = Duration::from_millis(2);
/// Outcomes that may wait to be recorded; beyond that, workers wait.
const UNRECORDED_MAX: usize = 4_000;
/// Pause before a failed transaction is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// What a worker hands in.
enum Entry {
    /// It asks leave.
    Mark(CommitMark, oneshot::Sender<Grant>),
    /// It tells what came of it.
    Record(Box<Record>),
}

/// What a clock says: milliseconds UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The way to the store for workers. Clones share the same batches.
#[derive(Clone)]
pub struct Recorder {
    entries: mpsc::Sender<Entry>,
    returns: mpsc::Sender<RecipientId>,
}

/// The two batch loops; they end when every [`Recorder`] is gone and everything is durable.
pub struct RecorderTasks {
    entries: tokio::task::JoinHandle<()>,
    returns: tokio::task::JoinHandle<()>,
}

impl RecorderTasks {
    /// Waits for the loops.
    pub async fn finish(self) {
        for task in [self.entries, self.returns] {
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
        health: Arc<Health>,
    ) -> (Self, RecorderTasks) {
        let (entries, entered) = mpsc::channel(UNRECORDED_MAX);
        let (returns, returned) = mpsc::channel(UNRECORDED_MAX);
        let writer = Writer { store, node, clock, health };
        let tasks = RecorderTasks {
            entries: tokio::spawn(writer.clone().write_entries(entered)),
            returns: tokio::spawn(writer.give_back(returned)),
        };
        (Self { entries, returns }, tasks)
    }

    /// Asks leave to hand over one message. [`Grant::Lost`] when the house is closing.
    pub async fn grant(&self, mark: CommitMark) -> Grant {
        let (answer, granted) = oneshot::channel();
        if self.entries.send(Entry::Mark(mark, answer)).await.is_err() {
            return Grant::Lost;
        }
        granted.await.unwrap_or(Grant::Lost)
    }

    /// Hands in an outcome; waits while too many are not durable yet.
    pub async fn record(&self, record: Record) {
        if self.entries.send(Entry::Record(Box::new(record))).await.is_err() {
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

#[derive(Clone)]
struct Writer {
    store: Arc<dyn QueueStore>,
    node: String,
    clock: Clock,
    health: Arc<Health>,
}

impl Writer {
    /// Marks and outcomes share their transactions: what becomes durable together is waited for once.
    async fn write_entries(self, mut entered: mpsc::Receiver<Entry>) {
        let mut batch = Vec::with_capacity(BATCH_ROWS_MAX);
        while next_batch(&mut entered, &mut batch).await {
            let (mut marks, mut answers, mut records) = (Vec::new(), Vec::new(), Vec::new());
            for entry in batch.drain(..) {
                match entry {
                    Entry::Mark(mark, answer) => {
                        marks.push(mark);
                        answers.push(answer);
                    }
                    Entry::Record(record) => records.push(*record),
                }
            }
            // Without the mark nothing may be handed over, so the workers wait with their rows until the store works.
            let work = if records.is_empty() { Work::Marks } else { Work::Outcomes };
            let began = Instant::now();
            let grants = loop {
                match self.store.settle(&self.node, &marks, &records, (self.clock)()).await {
                    Ok(grants) => break grants,
                    Err(failure) => self.wait_out(work, &failure).await,
                }
            };
            self.health.store_works(Work::Marks);
            self.health.store_works(Work::Outcomes);
            for (work, rows) in [(Work::Marks, marks.len()), (Work::Outcomes, records.len())] {
                if rows > 0 {
                    self.health.metrics.committed(work, rows, began.elapsed());
                }
            }
            for (answer, grant) in answers.into_iter().zip(grants) {
                // The worker may have gone; its row is recovered when the lease ends.
                let _gone = answer.send(grant);
            }
        }
    }

    async fn give_back(self, mut returned: mpsc::Receiver<RecipientId>) {
        let mut batch = Vec::with_capacity(BATCH_ROWS_MAX);
        while next_batch(&mut returned, &mut batch).await {
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

/// Fills `batch`; `false` when the channel has closed and nothing is left.
async fn next_batch<T>(channel: &mut mpsc::Receiver<T>, batch: &mut Vec<T>) -> bool {
    if channel.recv_many(batch, BATCH_ROWS_MAX).await == 0 {
        return false;
    }
    if batch.len() < BATCH_ROWS_MAX && !channel.is_closed() {
        // Not woken for each one that comes.
        tokio::time::sleep(BATCH_WAIT).await;
        while batch.len() < BATCH_ROWS_MAX
            && let Ok(next) = channel.try_recv()
        {
            batch.push(next);
        }
    }
    true
}
