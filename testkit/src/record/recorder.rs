//! Keeps deliveries, refusals and bounces; counts by recipient without a lock that all connections share.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::Notify;

use super::{Delivery, Refusal, SentBounce, journal::Journal};
use crate::TestkitError;

const SHARDS: usize = 16;

/// How much of an accepted message is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Only the count by recipient: for measurements.
    Counts,
    /// Envelope, Message-ID, size.
    Envelopes,
    /// Also the content, up to this many octets of each message.
    Content {
        /// Octets of each message.
        bytes_max: usize,
    },
}

/// The record of one simulator.
#[derive(Debug)]
pub struct Recorder {
    keep: Keep,
    started: Instant,
    counts: Vec<Mutex<HashMap<String, u64>>>,
    hasher: RandomState,
    accepted: AtomicU64,
    deliveries: Mutex<Vec<Delivery>>,
    refusals: Mutex<Vec<Refusal>>,
    bounces: Mutex<Vec<SentBounce>>,
    journal: Option<Journal>,
    changed: Notify,
}

/// What a session tells of an accepted message; made into a [`Delivery`] only when it is kept.
pub struct Taken<'a> {
    /// `RCPT TO`.
    pub recipient: &'a str,
    /// Everything else, built on demand.
    pub delivery: &'a dyn Fn(u64) -> Delivery,
}

impl Recorder {
    pub(crate) fn new(keep: Keep, journal: Option<&Path>) -> Result<Self, TestkitError> {
        Ok(Self {
            keep,
            started: Instant::now(),
            counts: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            accepted: AtomicU64::new(0),
            deliveries: Mutex::default(),
            refusals: Mutex::default(),
            bounces: Mutex::default(),
            journal: journal.map(Journal::open).transpose()?,
            changed: Notify::new(),
        })
    }

    pub(crate) fn keep(&self) -> Keep {
        self.keep
    }

    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn taken(&self, taken: &Taken<'_>) {
        let shard = &self.counts[shard_of(self.hasher.hash_one(taken.recipient))];
        let mut counts = lock(shard);
        match counts.get_mut(taken.recipient) {
            Some(count) => *count += 1,
            None => {
                counts.insert(taken.recipient.to_owned(), 1);
            }
        }
        drop(counts);
        if self.keep != Keep::Counts || self.journal.is_some() {
            let delivery = (taken.delivery)(self.now_ms());
            if let Some(journal) = &self.journal {
                journal.write("delivery", &delivery);
            }
            if self.keep != Keep::Counts {
                lock(&self.deliveries).push(delivery);
            }
        }
        self.accepted.fetch_add(1, Ordering::Release);
        self.changed.notify_waiters();
    }

    pub(crate) fn refused(&self, refusal: Refusal) {
        if let Some(journal) = &self.journal {
            journal.write("refusal", &refusal);
        }
        if self.keep != Keep::Counts {
            lock(&self.refusals).push(refusal);
        }
        self.changed.notify_waiters();
    }

    pub(crate) fn bounced(&self, bounce: SentBounce) {
        if let Some(journal) = &self.journal {
            journal.write("bounce", &bounce);
        }
        lock(&self.bounces).push(bounce);
        self.changed.notify_waiters();
    }

    /// Accepted (message, recipient) pairs so far.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Acquire)
    }

    /// All deliveries in order of acceptance.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        lock(&self.deliveries).clone()
    }

    /// All refusals in order.
    #[must_use]
    pub fn refusals(&self) -> Vec<Refusal> {
        lock(&self.refusals).clone()
    }

    /// All bounces sent.
    #[must_use]
    pub fn bounces(&self) -> Vec<SentBounce> {
        lock(&self.bounces).clone()
    }

    /// Recipient → messages accepted for it. More than sent to it = doubled; absent = lost or refused.
    #[must_use]
    pub fn counts_by_recipient(&self) -> BTreeMap<String, u64> {
        let copy = |shard: &Mutex<HashMap<String, u64>>| lock(shard).clone();
        self.counts.iter().flat_map(copy).collect()
    }

    /// Waits until `enough` says so; asked again after each event. Bound it with a time-out.
    pub async fn wait_until(&self, mut enough: impl FnMut(&Self) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if enough(self) {
                return;
            }
            changed.await;
        }
    }
}

fn shard_of(hash: u64) -> usize {
    usize::try_from(hash % SHARDS as u64).expect("a number under SHARDS")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
