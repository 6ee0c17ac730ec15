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
/// How long a batch waits to fill.
const BATCH_WAIT: Duration = Duration::from_millis(3);
/// Outcomes that may wait to be recorded; beyond that, workers wait.
const UNRECORDED_MAX: usize = 4_000;
/// Pause before a failed transaction is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

struct Asked {
    mark: CommitMark,
    answer: oneshot::Sender<Grant>,
}

/// What a clock says: milliseconds UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The way to the store for workers. Clones share the same batches.
#[derive(Clone)]
pub struct Recorder {
    marks: mpsc::Sender<Asked>,
    records: mpsc::Sender<Record>,
    returns: mpsc::Sender<RecipientId>,
}

/// The three batch loops; they end when every [`Recorder`] is gone and everything is durable.
pub struct RecorderTasks {
    marks: tokio::task::JoinHandle<()>,
    records: tokio::task::JoinHandle<()>,
    returns: tokio::task::JoinHandle<()>,
}

impl RecorderTasks {
    /// Waits for the loops.
    pub async fn finish(self) {
        for task in [self.marks, self.records, self.returns] {
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
        let (marks, asked) = mpsc::channel(UNRECORDED_MAX);
        let (records, recorded) = mpsc::channel(UNRECORDED_MAX);
        let (returns, returned) = mpsc::channel(UNRECORDED_MAX);
        let writer = Writer { store, node, clock, health };
        let tasks = RecorderTasks {
            marks: tokio::spawn(writer.clone().answer_marks(asked)),
            records: tokio::spawn(writer.clone().keep_records(recorded)),
            returns: tokio::spawn(writer.give_back(returned)),
        };
        (Self { marks, records, returns }, tasks)
    }

    /// Asks leave to hand over one message. [`Grant::Lost`] when the house is closing.
    pub async fn grant(&self, mark: CommitMark) -> Grant {
        let (answer, granted) = oneshot::channel();
        if self.marks.send(Asked { mark, answer }).await.is_err() {
            return Grant::Lost;
        }
        granted.await.unwrap_or(Grant::Lost)
    }

    /// Hands in an outcome; waits while too many are not durable yet.
    pub async fn record(&self, record: Record) {
        if self.records.send(record).await.is_err() {
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
    async fn answer_marks(self, mut asked: mpsc::Receiver<Asked>) {
        let mut batch = Vec::with_capacity(BATCH_ROWS_MAX);
        while next_batch(&mut asked, &mut batch).await {
            let (marks, answers): (Vec<_>, Vec<_>) =
                batch.drain(..).map(|asked| (asked.mark, asked.answer)).unzip();
            // Without the mark nothing may be handed over, so the workers wait with their rows until the store works.
            let began = Instant::now();
            let grants = loop {
                match self.store.mark_committing(&self.node, &marks, (self.clock)()).await {
                    Ok(grants) => break grants,
                    Err(failure) => self.wait_out(Work::Marks, &failure).await,
                }
            };
            self.health.store_works(Work::Marks);
            self.health.metrics.committed(Work::Marks, marks.len(), began.elapsed());
            for (answer, grant) in answers.into_iter().zip(grants) {
                // The worker may have gone; its row is recovered when the lease ends.
                let _gone = answer.send(grant);
            }
        }
    }

    async fn keep_records(self, mut recorded: mpsc::Receiver<Record>) {
        let mut batch = Vec::with_capacity(BATCH_ROWS_MAX);
        while next_batch(&mut recorded, &mut batch).await {
            let began = Instant::now();
            while let Err(failure) = self.store.record(&self.node, &batch, (self.clock)()).await {
                self.wait_out(Work::Outcomes, &failure).await;
            }
            self.health.store_works(Work::Outcomes);
            self.health.metrics.committed(Work::Outcomes, batch.len(), began.elapsed());
            batch.clear();
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
    let Some(first) = channel.recv().await else { return false };
    batch.push(first);
    let deadline = tokio::time::Instant::now() + BATCH_WAIT;
    while batch.len() < BATCH_ROWS_MAX {
        match channel.try_recv() {
            Ok(next) => batch.push(next),
            Err(mpsc::error::TryRecvError::Disconnected) => break,
            Err(mpsc::error::TryRecvError::Empty) => {
                match tokio::time::timeout_at(deadline, channel.recv()).await {
                    Ok(Some(next)) => batch.push(next),
                    Ok(None) | Err(_) => break,
                }
            }
        }
    }
    true
}
