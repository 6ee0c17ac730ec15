//! Makes keys that grow with time and are unique across the processes that share a database.

use std::sync::{Mutex, PoisonError};

/// 2025-01-01T00:00:00Z in milliseconds.
const EPOCH_MS: i64 = 1_735_689_600_000;
/// Keys per millisecond and process; when they run out, the next millisecond's are taken.
const PER_MS: i64 = 1 << COUNTER_BITS;
const COUNTER_BITS: u32 = 7;
const NODE_BITS: u32 = 6;

/// Keys of 53 bits, so that they survive a JSON reader that knows only floating point: 40 bits of milliseconds
/// since 2025 (until 2059), 6 bits of node, 7 bits of counter.
#[derive(Debug)]
pub(crate) struct Ids {
    node: i64,
    last_slot: Mutex<i64>,
}

impl Ids {
    /// `node` tells processes apart; its lowest 6 bits count.
    pub(crate) fn new(node: i64) -> Self {
        Self { node: node & ((1 << NODE_BITS) - 1), last_slot: Mutex::new(0) }
    }

    /// The next key, made of `now` in milliseconds UTC.
    pub(crate) fn next(&self, now: i64) -> i64 {
        self.take(now, 1)[0]
    }

    /// The next `count` keys, rising.
    pub(crate) fn take(&self, now: i64, count: usize) -> Vec<i64> {
        let mut last = self.last_slot.lock().unwrap_or_else(PoisonError::into_inner);
        let floor = (now - EPOCH_MS).max(0).saturating_mul(PER_MS);
        let first = floor.max(*last + 1);
        let end = first + count as i64;
        *last = end - 1;
        (first..end).map(|slot| self.key_of(slot)).collect()
    }

    fn key_of(&self, slot: i64) -> i64 {
        let (millisecond, counter) = (slot / PER_MS, slot % PER_MS);
        millisecond << (NODE_BITS + COUNTER_BITS) | self.node << COUNTER_BITS | counter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_rise_even_when_the_clock_does_not() {
        let ids = Ids::new(3);
        let mut keys = ids.take(EPOCH_MS + 5, 1000);
        keys.push(ids.next(EPOCH_MS + 5));
        keys.push(ids.next(0));
        keys.push(ids.next(EPOCH_MS + 60_000));
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(keys[1002] >> (NODE_BITS + COUNTER_BITS), 60_000);
        assert!(keys[1002] < 1 << 53);
    }

    #[test]
    fn two_nodes_never_make_the_same_key() {
        let (one, two) = (Ids::new(1).take(EPOCH_MS, 500), Ids::new(2).take(EPOCH_MS, 500));
        assert!(one.iter().all(|key| !two.contains(key)));
    }
}
