//! Remembers for a while which hosts have broken TLS, so that not every message pays for finding out.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Hosts remembered.
const HOSTS_MAX: usize = 10_000;

/// What an earlier session taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lesson {
    /// Its certificate cannot even be read; TLS works all the same.
    AnyCertificate,
    /// TLS does not work.
    NoTls,
}

/// Hosts with broken TLS. Only what is opportunistic asks it: a policy is never softened by it.
#[derive(Default)]
pub(crate) struct BrokenTls {
    hosts: Mutex<HashMap<String, (Lesson, Instant)>>,
}

impl BrokenTls {
    pub(crate) fn lesson(&self, host: &str) -> Option<Lesson> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.get(host).filter(|(_, until)| Instant::now() < *until).map(|(lesson, _)| *lesson)
    }

    pub(crate) fn note(&self, host: &str, lesson: Lesson, keep: Duration) {
        let now = Instant::now();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= HOSTS_MAX {
            hosts.retain(|_, (_, until)| now < *until);
        }
        if hosts.len() < HOSTS_MAX {
            hosts.insert(host.to_owned(), (lesson, now + keep));
        }
    }
}
