//! What a provider remembers between connections: whom it greylisted, how fast and how wide a client sends.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Triplets kept at most; beyond it the memory starts anew, so that a long run cannot grow without end.
const TRIPLETS_MAX: usize = 1_000_000;

type Triplet = (IpAddr, String, String);
type Client = (String, IpAddr);

pub(crate) struct Memory {
    time_scale: f64,
    first_seen: Mutex<HashMap<Triplet, Instant>>,
    buckets: Mutex<HashMap<Client, Bucket>>,
    connections: Arc<Mutex<HashMap<Client, u64>>>,
}

struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

/// Counts one connection as long as it lives.
pub(crate) struct Open {
    client: Client,
    connections: Arc<Mutex<HashMap<Client, u64>>>,
}

impl Memory {
    pub(super) fn new(time_scale: f64) -> Self {
        Self {
            time_scale: time_scale.max(0.0),
            first_seen: Mutex::default(),
            buckets: Mutex::default(),
            connections: Arc::default(),
        }
    }

    /// True when this (client, reverse path, recipient) came first at least `after_ms` (scaled) ago; false also
    /// the very first time. A reverse path that changes between tries starts anew, as with real greylisting.
    pub(crate) fn waited(&self, triplet: Triplet, after_ms: u64) -> bool {
        let mut seen = lock(&self.first_seen);
        if seen.len() >= TRIPLETS_MAX {
            seen.clear();
        }
        let now = Instant::now();
        match seen.get(&triplet) {
            Some(first) => now.duration_since(*first) >= self.scaled(Duration::from_millis(after_ms)),
            None => {
                seen.insert(triplet, now);
                false
            }
        }
    }

    /// Takes one message out of the client's allowance of `per_minute`; false when it is used up.
    pub(crate) fn allows_message(&self, provider: &str, ip: IpAddr, per_minute: u64) -> bool {
        let minute = self.scaled(Duration::from_secs(60)).as_secs_f64();
        if minute <= 0.0 {
            return true;
        }
        #[expect(clippy::cast_precision_loss, reason = "limits are small numbers")]
        let full = per_minute as f64;
        let now = Instant::now();
        let mut buckets = lock(&self.buckets);
        let bucket =
            buckets.entry((provider.to_owned(), ip)).or_insert(Bucket { tokens: full, filled_at: now });
        let refill = now.duration_since(bucket.filled_at).as_secs_f64() / minute * full;
        bucket.tokens = (bucket.tokens + refill).min(full);
        bucket.filled_at = now;
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }

    /// Counts a connection; `None` when the client has `max` open already.
    pub(crate) fn open(&self, provider: &str, ip: IpAddr, max: u64) -> Option<Open> {
        let client = (provider.to_owned(), ip);
        let mut connections = lock(&self.connections);
        let count = connections.entry(client.clone()).or_insert(0);
        if *count >= max {
            return None;
        }
        *count += 1;
        Some(Open { client, connections: Arc::clone(&self.connections) })
    }

    fn scaled(&self, time: Duration) -> Duration {
        time.mul_f64(self.time_scale)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(count) = lock(&self.connections).get_mut(&self.client) {
            *count = count.saturating_sub(1);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn greylisting_needs_the_same_triplet_again() {
        let memory = Memory::new(0.0);
        let triplet = |from: &str| (IP, from.to_owned(), "a@b.test".to_owned());
        assert!(!memory.waited(triplet("x"), 1000));
        assert!(memory.waited(triplet("x"), 1000));
        assert!(!memory.waited(triplet("y"), 1000));
        let slow = Memory::new(1.0);
        assert!(!slow.waited(triplet("x"), 60_000));
        assert!(!slow.waited(triplet("x"), 60_000));
    }

    #[test]
    fn rate_is_used_up_and_is_per_client() {
        let memory = Memory::new(1000.0);
        let allowed = (0..10).filter(|_| memory.allows_message("gmail", IP, 3)).count();
        assert_eq!(allowed, 3);
        assert!(memory.allows_message("yahoo", IP, 3));
    }

    #[test]
    fn connections_are_given_back() {
        let memory = Memory::new(1.0);
        let first = memory.open("a", IP, 1);
        assert!(first.is_some());
        assert!(memory.open("a", IP, 1).is_none());
        drop(first);
        assert!(memory.open("a", IP, 1).is_some());
    }
}
