//! Notices that the machine's clock was set back. What was put off until an instant of the old clock would wait for as long
//! again as it was wrong.

use std::time::Instant;

/// Clocks that are kept right go back by milliseconds.
const MATTERS_MS: i64 = 60_000;

/// The clock on the wall, watched by the one that only goes ahead.
#[derive(Debug)]
pub(crate) struct WallClock {
    /// What it said, milliseconds UTC, and when.
    said: i64,
    at: Instant,
}

impl WallClock {
    pub(crate) fn new(now: i64) -> Self {
        Self { said: now, at: Instant::now() }
    }

    /// Whether it was set back since it was last asked.
    pub(crate) fn was_set_back(&mut self, now: i64) -> bool {
        let passed = i64::try_from(self.at.elapsed().as_millis()).unwrap_or(i64::MAX);
        let before = std::mem::replace(self, Self::new(now));
        before.said.saturating_add(passed).saturating_sub(now) > MATTERS_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clock_that_was_set_back_matters() {
        const DAY: i64 = 86_400_000;
        let now = 1_795_364_291_486;
        let mut clock = WallClock::new(now);
        for (says, expected) in [
            (now + 1, false),
            (now - 1_000, false),
            (now + DAY, false),
            (now + DAY + 1, false),
            (now, true),
            (now, false),
            (now - DAY, true),
            (i64::MIN, true),
        ] {
            assert_eq!(clock.was_set_back(says), expected, "{says}");
        }
    }
}
