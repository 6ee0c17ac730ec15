//! Counts how TLS went, in memory, until the counts are written down.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::{Basis, TlsObserver, TlsSession, ports::TlsCount};
use crate::recorder::Clock;

const DAY_MS: i64 = 86_400_000;
/// Different counts in memory; further ones are left out until the next writing.
const COUNTS_MAX: usize = 50_000;
/// Longest words kept with a count.
const DETAIL_CHARS_MAX: usize = 300;

/// The counts since they were last taken.
pub struct TlsTally {
    clock: Clock,
    counts: Mutex<HashMap<Key, (String, u64)>>,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    day: i64,
    domain: String,
    policy_type: &'static str,
    policy: String,
    host: String,
    address: String,
    result: super::TlsResult,
}

impl TlsTally {
    /// Empty.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, counts: Mutex::default() }
    }

    /// Takes the counts out. Those that cannot be written down are lost, as a crash loses the last few.
    #[must_use]
    pub fn take(&self) -> Vec<TlsCount> {
        let counts = std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        counts
            .into_iter()
            .map(|(key, (detail, count))| TlsCount {
                day: key.day,
                domain: key.domain,
                policy_type: key.policy_type.to_owned(),
                policy: key.policy,
                host: key.host,
                address: key.address,
                result: key.result,
                detail,
                count,
            })
            .collect()
    }
}

impl TlsObserver for TlsTally {
    fn note(&self, session: TlsSession) {
        let key = Key {
            day: (self.clock)().div_euclid(DAY_MS),
            domain: session.domain,
            policy_type: match session.basis {
                Basis::Dane => "tlsa",
                Basis::MtaSts { .. } => "sts",
                Basis::Nobody | Basis::Owner => "no-policy-found",
            },
            policy: session.policy.join("\n"),
            host: session.host,
            address: session.address.map(|ip| ip.to_string()).unwrap_or_default(),
            result: session.result,
        };
        let detail: String = session.detail.chars().take(DETAIL_CHARS_MAX).collect();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= COUNTS_MAX && !counts.contains_key(&key) {
            return;
        }
        let (last, count) = counts.entry(key).or_default();
        *last = detail;
        *count += 1;
    }
}
