//! When to try again: early at first, because greylisting ends soon, then about every half hour until the deadline.

use mail::Reply;

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

    /// The same where the server asked for a wait: then it is that one, at first; a server that asks again and again
    /// gets no more tries than the schedule has.
    #[must_use]
    pub fn next_at_asked(&self, id: RecipientId, attempts: u32, asked: Option<i64>, now: i64) -> i64 {
        const HEEDED: u32 = 3;
        match asked {
            Some(asked) if attempts <= HEEDED => now + self.spread(asked, id, attempts),
            Some(asked) => self.next_at(id, attempts, now).max(now + asked),
            None => self.next_at(id, attempts, now),
        }
    }

    fn spread(&self, delay: i64, id: RecipientId, attempts: u32) -> i64 {
        let spread = delay * self.jitter_percent / 100;
        delay + if spread > 0 { mix(id, attempts) % spread } else { 0 }
    }
}

/// A wait that a reply asks for is kept to at least this.
const ASKED_MIN_MS: i64 = 30_000;
/// And to at most this, whatever the server says.
const ASKED_MAX_MS: i64 = 6 * 3_600_000;

/// How long a reply asks to wait: `try again in 300 seconds`, `retry after 10 minutes`, `5分後に`. Within bounds.
#[must_use]
pub fn asked_wait(reply: &Reply) -> Option<i64> {
    const LEADS: [&str; 8] = [
        "again in",
        "again after",
        "retry in",
        "retry after",
        "retry-after",
        "wait",
        "greylisted for",
        "later, in",
    ];
    let text = reply.text.to_lowercase();
    let english = LEADS.iter().find_map(|lead| {
        let (_, rest) = text.split_once(lead)?;
        length(
            rest.trim_start_matches([' ', ':', '=', '('])
                .trim_start_matches("at least ")
                .trim_start_matches("for "),
        )
    });
    let ms = english.or_else(|| japanese(&text))?;
    Some(ms.clamp(ASKED_MIN_MS, ASKED_MAX_MS))
}

/// A number and its unit at the start of a text; seconds where no unit follows.
fn length(text: &str) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: i64 = text.get(..digits).filter(|text| (1..=6).contains(&text.len()))?.parse().ok()?;
    let rest = text[digits..].trim_start();
    // "00:04:59", as greylisting says it.
    if let Some(clock) =
        text.get(..8).filter(|clock| clock.as_bytes()[2] == b':' && clock.as_bytes()[5] == b':')
    {
        let mut parts = clock.split(':').map(str::parse::<i64>);
        let (hours, minutes, seconds) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
        return Some(((hours * 60 + minutes) * 60 + seconds) * 1_000);
    }
    let unit = if rest.starts_with('m') && !rest.starts_with("ms") {
        60_000
    } else if rest.starts_with('h') {
        3_600_000
    } else {
        1_000
    };
    number.checked_mul(unit)
}

fn japanese(text: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 4] = [("秒", 1_000), ("分", 60_000), ("時間", 3_600_000), ("時", 3_600_000)];
    let (before, unit) = UNITS.iter().find_map(|(word, ms)| {
        ["後", "お待ち", "待", "以上"].iter().find_map(|tail| {
            let at = text.find(&format!("{word}{tail}"))?;
            Some((&text[..at], *ms))
        })
    })?;
    let digits = before.trim_end().bytes().rev().take_while(u8::is_ascii_digit).count();
    let number: i64 = before.trim_end().get(before.trim_end().len() - digits..)?.parse().ok()?;
    number.checked_mul(unit)
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

    fn asked(line: &str, expected_s: Option<i64>) {
        let reply = Reply::from_lines([line]).0;
        assert_eq!(asked_wait(&reply).map(|ms| ms / 1_000), expected_s, "{line}");
    }

    #[test]
    fn waits_that_servers_ask_for() {
        asked("450 4.2.0 Greylisted, try again in 300 seconds", Some(300));
        asked("451 4.7.1 please try again in 5 minutes", Some(300));
        asked("451 Greylisted for 00:04:59", Some(299));
        asked("421 retry after 2 hours", Some(7_200));
        asked("450 Retry-After: 120", Some(120));
        asked("450 10分後に再送してください", Some(600));
        asked("450 30秒以上お待ちください", Some(30));
        asked("451 try again in 1 second", Some(30));
        asked("451 try again in 99999 hours", Some(21_600));
        asked("451 try again later", None);
        asked("452 mailbox full", None);
    }

    #[test]
    fn a_server_that_always_asks_for_a_moment_is_not_hammered() {
        let policy = RetryPolicy::of(&WAITS);
        assert!(policy.next_at_asked(1, 1, Some(30_000), 0) < 34_000);
        assert!(policy.next_at_asked(1, 4, Some(30_000), 0) >= 1_800_000);
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
