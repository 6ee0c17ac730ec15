//! Whether the work of the house can be written down, for the pages and for the readiness check.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

/// Shared between the loops and the pages.
#[derive(Debug, Default)]
pub struct Health {
    store_trouble: Mutex<Option<String>>,
    handed_over: AtomicU64,
}

impl Health {
    /// Why nothing can be written down at this moment; `None` when it can.
    #[must_use]
    pub fn store_trouble(&self) -> Option<String> {
        self.lock().clone()
    }

    /// Messages taken by a server since the start of the program.
    #[must_use]
    pub fn handed_over(&self) -> u64 {
        self.handed_over.load(Ordering::Relaxed)
    }

    pub(crate) fn count_handed_over(&self) {
        self.handed_over.fetch_add(1, Ordering::Relaxed);
    }

    /// Something was written down.
    pub fn store_works(&self) {
        let mut trouble = self.lock();
        if trouble.take().is_some() {
            tracing::info!("the store works again; work goes on");
        }
    }

    /// Something could not be written down. True the first time, so that a long trouble is logged once.
    pub fn store_fails(&self, words: &str) -> bool {
        self.lock().replace(words.to_owned()).is_none()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.store_trouble.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
