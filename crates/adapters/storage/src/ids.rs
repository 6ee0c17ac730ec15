//! Makes keys that grow with time and are unique across the processes that share a database.

use std::sync::{Mutex, PoisonError};

/// 2025-01-01T00:00:00Z in milliseconds.
const EPOCH_MS: i64 = 1_735_689_600_000;
/// Keys per millisecond and process; when they run out, the next millisecond's are taken.
const PER_MS: i64 = 1 << COUNTER_BITS;
const COUNTER_BITS: u32 = 7;
const NODE_BITS: u32 = 6;
const KEY_SHIFT: u32 = NODE_BITS + COUNTER_BITS;

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
        let run = self.run(now, count);
        (run.first_slot..run.first_slot + count as i64).map(|slot| run.key_of(slot)).collect()
    }

    /// The next `count` keys for rows that a statement makes out of other rows.
    pub(crate) fn run(&self, now: i64, count: usize) -> KeyRun {
        let mut last = self.last_slot.lock().unwrap_or_else(PoisonError::into_inner);
        let floor = (now - EPOCH_MS).max(0).saturating_mul(PER_MS);
        let first_slot = floor.max(*last + 1);
        *last = first_slot + count as i64 - 1;
        KeyRun { first_slot, node: self.node << COUNTER_BITS }
    }
}

/// A run of keys that belongs to one transaction. Keys of other processes lie between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyRun {
    /// Stands for the first key.
    pub(crate) first_slot: i64,
    /// This process in the bits of a key.
    pub(crate) node: i64,
}

impl KeyRun {
    /// The same calculation in SQL: the key of `slot`, an expression, for the process `node`.
    pub(crate) fn key_sql(slot: &str, node: &str) -> String {
        format!("((({slot}) / {PER_MS}) * {} + {node} + ({slot}) % {PER_MS})", 1_i64 << KEY_SHIFT)
    }

    /// The SQL condition that a key is of the process `node`.
    pub(crate) fn node_sql(key: &str, node: &str) -> String {
        format!("({key} & {}) = {node}", ((1_i64 << NODE_BITS) - 1) << COUNTER_BITS)
    }

    /// The key of a slot.
    pub(crate) fn key_of(self, slot: i64) -> i64 {
        (slot / PER_MS) << KEY_SHIFT | self.node | (slot % PER_MS)
    }

    /// The first moment (milliseconds UTC) whose keys are all larger than `key`.
    pub(crate) fn moment_after(key: i64) -> i64 {
        EPOCH_MS + (key >> KEY_SHIFT) + 1
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
        assert_eq!(keys[1002] >> KEY_SHIFT, 60_000);
        assert!(keys[1002] < 1 << 53);
    }

    #[test]
    fn the_next_moment_is_above_a_key() {
        let key = Ids::new(5).next(EPOCH_MS + 77);
        assert!(Ids::new(0).next(KeyRun::moment_after(key)) > key);
    }

    #[test]
    fn two_nodes_never_make_the_same_key() {
        let (one, two) = (Ids::new(1).take(EPOCH_MS, 500), Ids::new(2).take(EPOCH_MS, 500));
        assert!(one.iter().all(|key| !two.contains(key)));
    }
}
