//! When to try again: early at first, because greylisting ends soon, then about every half hour until the deadline.

use crate::recipient::RecipientId;

/// A retry schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Wait before the 2nd, 3rd … try in milliseconds; the last one repeats. Never empty.
    pub delays_ms: Vec<i64>,
    /// Each wait is lengthened by up to this share in percent, so tries do not come in waves.
    pub jitter_percent: i64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        const MINUTE: i64 = 60_000;
        Self { delays_ms: vec![5 * MINUTE, 15 * MINUTE, 30 * MINUTE], jitter_percent: 10 }
    }
}

impl RetryPolicy {
    /// When to try again after try number `attempts` (1 for the first) ended at `now`.
    ///
    /// The jitter comes from the row's key, so the answer is the same whenever it is asked.
    #[must_use]
    pub fn next_at(&self, id: RecipientId, attempts: u32, now: i64) -> i64 {
        let step = (attempts.max(1) as usize - 1).min(self.delays_ms.len().saturating_sub(1));
        let delay = self.delays_ms.get(step).copied().unwrap_or(60_000);
        let spread = delay * self.jitter_percent / 100;
        let jitter = if spread > 0 { mix(id, attempts) % spread } else { 0 };
        now + delay + jitter
    }
}

fn mix(id: RecipientId, attempts: u32) -> i64 {
    let mut x = id.cast_unsigned() ^ (u64::from(attempts) << 56);
    x = (x ^ (x >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    x = (x ^ (x >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    ((x ^ (x >> 33)) >> 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(attempts: u32, earliest_min: i64, latest_min: i64) {
        for id in 0..500 {
            let wait = RetryPolicy::default().next_at(id * 7919, attempts, 0);
            let range = earliest_min * 60_000..latest_min * 60_000 + 30_000;
            assert!(range.contains(&wait), "try {attempts}: {wait}");
        }
    }

    #[test]
    fn waits_grow_to_half_an_hour() {
        check(1, 5, 6);
        check(2, 15, 17);
        check(3, 30, 33);
        check(40, 30, 33);
    }

    #[test]
    fn tries_do_not_come_in_waves() {
        let policy = RetryPolicy::default();
        let mut at: Vec<i64> = (0..100).map(|id| policy.next_at(id, 3, 0) / 1000).collect();
        at.sort_unstable();
        at.dedup();
        assert!(at.len() > 50, "{} distinct seconds", at.len());
    }
}
