//! Whether the work of the house can be written down, for the pages and for the readiness check.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Work that needs the store. One may succeed while another fails: on a nearly full disk small changes still fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Signs of life, and taking back what the dead left.
    Recovery,
    /// Claiming what is due.
    Claims,
    /// Marks before messages are handed over.
    Marks,
    /// Attempts and what they became.
    Outcomes,
    /// Rows given back untried.
    Returns,
    /// Writing audiences down.
    Broadcasts,
    /// Taking customers in.
    Imports,
    /// What follows from events.
    Reactions,
}

/// Shared between the loops and the pages.
#[derive(Debug, Default)]
pub struct Health {
    troubles: Mutex<BTreeMap<Work, String>>,
    handed_over: AtomicU64,
}

impl Health {
    /// Why some work cannot be written down at this moment; `None` when all can.
    #[must_use]
    pub fn store_trouble(&self) -> Option<String> {
        self.lock().values().next().cloned()
    }

    /// Messages taken by a server since the start of the program.
    #[must_use]
    pub fn handed_over(&self) -> u64 {
        self.handed_over.load(Ordering::Relaxed)
    }

    pub(crate) fn count_handed_over(&self) {
        self.handed_over.fetch_add(1, Ordering::Relaxed);
    }

    /// Nothing of this work waits for the store any more.
    pub fn store_works(&self, work: Work) {
        let mut troubles = self.lock();
        if troubles.remove(&work).is_some() && troubles.is_empty() {
            tracing::info!("the store works again; everything goes on");
        }
    }

    /// Work cannot be written down and waits. Logged once, however long it lasts.
    pub fn store_fails(&self, work: Work, failure: &(dyn std::error::Error + Send + Sync)) {
        if self.lock().insert(work, failure.to_string()).is_none() {
            tracing::error!(?work, error = %failure, "cannot be written down and waits");
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Work, String>> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_work_does_not_speak_for_another() {
        let (health, full) = (Health::default(), std::io::Error::other("full"));
        health.store_fails(Work::Imports, &full);
        health.store_works(Work::Reactions);
        assert_eq!(health.store_trouble().as_deref(), Some("full"));
        health.store_works(Work::Imports);
        assert_eq!(health.store_trouble(), None);
    }
}
