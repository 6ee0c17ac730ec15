//! Takes down what is said while a connection is opened, over all the addresses that are tried for it.

use std::sync::{Arc, Mutex, PoisonError};

use delivery::transcript::Tape;
use mail::Reply;
use tokio::time::Instant;

/// A tape that the steps of an opening share. Clones write on the same one.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    began: Instant,
    tape: Arc<Mutex<Tape>>,
}

impl Default for Heard {
    fn default() -> Self {
        Self { began: Instant::now(), tape: Arc::default() }
    }
}

impl Heard {
    /// Takes a command down. What it keeps secret must not be in it.
    pub(crate) fn we(&self, command: &str) {
        self.with(|tape, after_ms| tape.we(after_ms, command));
    }

    /// Takes a reply down.
    pub(crate) fn they(&self, reply: &Reply) {
        self.with(|tape, after_ms| tape.they(after_ms, reply));
    }

    /// Takes down what happened: one word that says what, and its particulars.
    pub(crate) fn note(&self, words: &str) {
        self.with(|tape, after_ms| tape.note(after_ms, words));
    }

    /// What was taken down so far.
    pub(crate) fn take(&self) -> Tape {
        std::mem::take(&mut *self.tape.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with(&self, write: impl FnOnce(&mut Tape, u64)) {
        let after_ms = ms_since(self.began);
        write(&mut self.tape.lock().unwrap_or_else(PoisonError::into_inner), after_ms);
    }
}

/// Milliseconds since then.
pub(crate) fn ms_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
