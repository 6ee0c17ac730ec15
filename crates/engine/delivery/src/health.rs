//! Whether the work of the house can be written down, for the pages and for the readiness check.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use crate::metrics::Metrics;

/// Without a pass for so long the delivery loop counts as stopped, milliseconds.
const PASS_STALE_MS: i64 = 30_000;

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
    /// Who followed links.
    Clicks,
    /// What follows from events.
    Reactions,
}

impl Work {
    /// The name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recovery => "recovery",
            Self::Claims => "claims",
            Self::Marks => "marks",
            Self::Outcomes => "outcomes",
            Self::Returns => "returns",
            Self::Broadcasts => "broadcasts",
            Self::Imports => "imports",
            Self::Clicks => "clicks",
            Self::Reactions => "reactions",
        }
    }
}

/// Shared between the loops and the pages.
#[derive(Debug, Default)]
pub struct Health {
    troubles: Mutex<BTreeMap<Work, String>>,
    handed_over: AtomicU64,
    passed_at: AtomicI64,
    alive_until: AtomicI64,
    /// What is counted.
    pub metrics: Metrics,
}

impl Health {
    /// Why some work cannot be written down at this moment; `None` when all can.
    #[must_use]
    pub fn store_trouble(&self) -> Option<String> {
        self.lock().values().next().cloned()
    }

    /// The work that waits for the store, and why.
    #[must_use]
    pub fn troubles(&self) -> Vec<(Work, String)> {
        self.lock().iter().map(|(work, words)| (*work, words.clone())).collect()
    }

    /// The delivery loop looks for work.
    pub(crate) fn passes(&self, now: i64) {
        self.passed_at.store(now, Ordering::Relaxed);
    }

    /// This process has said that it lives; the others believe it until then.
    pub(crate) fn lives(&self, until: i64) {
        self.alive_until.store(until, Ordering::Relaxed);
    }

    /// Whether work is taken and done.
    ///
    /// # Errors
    /// Why not, in one line.
    pub fn readiness(&self, now: i64) -> Result<(), String> {
        if let Some((work, words)) = self.troubles().first() {
            return Err(format!("the store cannot be used ({}): {words}", work.name()));
        }
        let alive_until = self.alive_until.load(Ordering::Relaxed);
        if alive_until == 0 {
            return Err("delivery has not begun".to_owned());
        }
        if now > alive_until {
            let late_s = (now - alive_until) / 1_000;
            return Err(format!("this process could not say that it lives, for {late_s} s too long"));
        }
        let idle_ms = now - self.passed_at.load(Ordering::Relaxed);
        if idle_ms > PASS_STALE_MS {
            return Err(format!("the delivery loop has stood still for {} s", idle_ms / 1_000));
        }
        Ok(())
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

    #[test]
    fn ready_is_who_works() {
        let (health, full) = (Health::default(), std::io::Error::other("full"));
        let check = |now, part: &str| {
            let seen = health.readiness(now).err().unwrap_or_default();
            assert!(seen.contains(part) && seen.is_empty() == part.is_empty(), "{now}: {seen}");
        };
        check(0, "has not begun");
        health.lives(120_000);
        health.passes(1_000);
        check(2_000, "");
        check(32_000, "stood still for 31 s");
        health.passes(125_000);
        check(125_000, "5 s too long");
        health.store_fails(Work::Outcomes, &full);
        check(125_000, "(outcomes): full");
    }
}
