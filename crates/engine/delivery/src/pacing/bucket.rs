//! A token bucket as one number (GCRA): when the next one would be due if all came evenly.

use super::limits::Rate;

/// How much may come at once, in milliseconds of the rate.
const BURST_MS: i64 = 250;
const MICROS: i64 = 1_000;

/// One limit's state.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bucket {
    /// The theoretical arrival time of the next one, microseconds UTC.
    due_us: i64,
}

impl Bucket {
    /// When the next one may go, milliseconds; `now` when at once. `burst` ones may always go together.
    pub(crate) fn ready_at(&self, rate: Rate, burst: u32, now: i64) -> i64 {
        let Some((step, slack)) = step_of(rate, burst) else { return now };
        let ready = self.settled(step, slack, now) - slack;
        now.max(ready.div_euclid(MICROS) + i64::from(ready.rem_euclid(MICROS) > 0))
    }

    /// Takes one, also ahead of its time: then it must not go before the returned instant.
    pub(crate) fn take(&mut self, rate: Rate, burst: u32, now: i64) -> i64 {
        let ready = self.ready_at(rate, burst, now);
        if let Some((step, slack)) = step_of(rate, burst) {
            self.due_us = self.settled(step, slack, now).max(now * MICROS) + step;
        }
        ready
    }

    /// After the clock was set back, what was taken before lies in a far future that is none.
    fn settled(&self, step: i64, slack: i64, now: i64) -> i64 {
        const AHEAD_US: i64 = 10_000_000;
        let latest = now * MICROS + slack + step.saturating_mul(2) + AHEAD_US;
        if self.due_us > latest { now * MICROS } else { self.due_us }
    }
}

/// Microseconds between two, and how far ahead of them it may run.
fn step_of(rate: Rate, burst: u32) -> Option<(i64, i64)> {
    let Rate::Of { count, per_ms } = rate else { return None };
    let step = (per_ms * MICROS / i64::from(count.max(1))).max(1);
    let slack = (BURST_MS * MICROS).min(per_ms * MICROS / 4).max(step * i64::from(burst.saturating_sub(1)));
    Some((step, slack))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many go within `length_ms` when always one more wants to.
    fn count(text: &str, burst: u32, length_ms: i64) -> usize {
        let (rate, mut bucket, start) = (Rate::read(text).expect("a rate"), Bucket::default(), 1_000_000);
        let mut now = start;
        let mut gone = 0;
        while now < start + length_ms {
            let at = bucket.take(rate, burst, now);
            if at < start + length_ms {
                gone += 1;
            }
            now = at.max(now);
        }
        gone
    }

    fn check(text: &str, burst: u32, length_ms: i64, expected: std::ops::RangeInclusive<usize>) {
        let gone = count(text, burst, length_ms);
        assert!(expected.contains(&gone), "{text} for {length_ms} ms: {gone}");
    }

    #[test]
    fn rates_hold() {
        check("10/s", 1, 10_000, 100..=104);
        check("1000/s", 1, 1_000, 1_000..=1_260);
        check("4000/s", 1, 1_000, 4_000..=5_010);
        check("30/m", 1, 60_000, 30..=31);
        check("5/h", 1, 3_600_000, 5..=6);
        check("60/m", 5, 60_000, 60..=65);
    }

    #[test]
    fn without_limit_nothing_waits() {
        let mut bucket = Bucket::default();
        assert!((0..1_000).all(|_| bucket.take(Rate::None, 1, 7) == 7));
    }

    #[test]
    fn a_clock_set_back_by_a_day_stops_nothing() {
        let (rate, mut bucket, day) = (Rate::read("1/s").expect("a rate"), Bucket::default(), 86_400_000);
        bucket.take(rate, 1, 10 * day);
        assert_eq!(bucket.ready_at(rate, 1, 9 * day), 9 * day);
    }
}
