//! When to try again: early at first, because greylisting ends soon, then about every half hour until the deadline.

use crate::{pacing::limits::Span, recipient::RecipientId};

/// A retry schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy<'a> {
    /// Wait before the 2nd, 3rd … try; the last one repeats.
    pub waits: &'a [Span],
    /// Each wait is lengthened by up to this share in percent, so tries do not come in waves.
    pub jitter_percent: i64,
}

/// What is waited where a schedule says nothing.
const USUAL: Span = Span(30 * 60_000);

impl<'a> RetryPolicy<'a> {
    /// These waits with the usual jitter.
    #[must_use]
    pub fn of(waits: &'a [Span]) -> Self {
        Self { waits, jitter_percent: 10 }
    }

    /// When to try again after try number `attempts` (1 for the first) ended at `now`.
    ///
    /// The jitter comes from the row's key, so the answer is the same whenever it is asked.
    #[must_use]
    pub fn next_at(&self, id: RecipientId, attempts: u32, now: i64) -> i64 {
        let step = (attempts.max(1) as usize - 1).min(self.waits.len().saturating_sub(1));
        let Span(delay) = self.waits.get(step).copied().unwrap_or(USUAL);
        now + self.spread(delay, id, attempts)
    }

    fn spread(&self, delay: i64, id: RecipientId, attempts: u32) -> i64 {
        let spread = delay * self.jitter_percent / 100;
        delay + if spread > 0 { mix(id, attempts) % spread } else { 0 }
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

    const WAITS: [Span; 3] = [Span(300_000), Span(900_000), Span(1_800_000)];

    fn check(attempts: u32, earliest_min: i64, latest_min: i64) {
        for id in 0..500 {
            let wait = RetryPolicy::of(&WAITS).next_at(id * 7919, attempts, 0);
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
        let policy = RetryPolicy::of(&WAITS);
        let mut at: Vec<i64> = (0..100).map(|id| policy.next_at(id, 3, 0) / 1000).collect();
        at.sort_unstable();
        at.dedup();
        assert!(at.len() > 50, "{} distinct seconds", at.len());
    }
}
