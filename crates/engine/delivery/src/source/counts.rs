//! Counts what left through each source by the hour, and says whether a limit leaves room.

use std::collections::{BTreeMap, HashMap};

use super::{
    model::{DayWindow, Source, SourceId},
    warm_up,
};

/// An hour in milliseconds.
pub const HOUR_MS: i64 = 3_600_000;
/// A day in hours.
const DAY_HOURS: i64 = 24;
/// Quotas count days as people in Japan do.
const ZONE_HOURS: i64 = 9;

/// The hour of an instant: hours since 1970.
#[must_use]
pub fn hour_of(at: i64) -> i64 {
    at.div_euclid(HOUR_MS)
}

/// The day in Japan of an hour: days since 1970.
#[must_use]
pub fn day_of(hour: i64) -> i64 {
    (hour + ZONE_HOURS).div_euclid(DAY_HOURS)
}

/// The first hour of a day in Japan.
#[must_use]
pub fn first_hour(day: i64) -> i64 {
    day * DAY_HOURS - ZONE_HOURS
}

/// What left through a source to one provider in one hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HourCount {
    /// Which source.
    pub source: SourceId,
    /// Provider id of the addresses, empty when unknown.
    pub provider: String,
    /// See [`hour_of`].
    pub hour: i64,
    /// Messages that were given leave to be handed over.
    pub handed: u64,
    /// Tries that ended in acceptance.
    pub accepted: u64,
    /// Tries that ended in a temporary refusal by a server.
    pub deferred: u64,
    /// Tries that ended in a permanent refusal.
    pub refused: u64,
    /// Complaints about messages that left through it.
    pub complained: u64,
}

/// What a limit is about, for the words of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapKind {
    /// The quota of an hour.
    Hourly,
    /// The quota of a day.
    Daily,
    /// The day's amount of the warm-up.
    WarmUpDay,
    /// The hour's share of the day's amount of the warm-up.
    WarmUpHour,
}

/// A limit as it stands now: from `since_hour` on, fewer than `most` may have left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// What it is about.
    pub kind: CapKind,
    /// The providers it counts together; empty for every one.
    pub providers: Vec<String>,
    /// True when the providers are those *not* to be counted.
    pub except: bool,
    /// The first hour that counts.
    pub since_hour: i64,
    /// Messages at most.
    pub most: u64,
}

impl Cap {
    /// Whether a provider's messages count.
    #[must_use]
    pub fn counts(&self, provider: &str) -> bool {
        self.providers.is_empty() || self.providers.iter().any(|one| one == provider) != self.except
    }
}

/// The limits that hold for a message to this provider now. Empty for most sources.
#[must_use]
pub fn caps(source: &Source, provider: &str, now: i64) -> Vec<Cap> {
    let mut caps = Vec::new();
    let quota = source.draft.quota;
    let hour = hour_of(now);
    let every = |kind, since_hour, most: u32| Cap {
        kind,
        providers: Vec::new(),
        except: false,
        since_hour,
        most: u64::from(most),
    };
    if let Some(most) = quota.hourly {
        caps.push(every(CapKind::Hourly, hour, most));
    }
    if let Some(most) = quota.daily {
        let since_hour = match quota.window {
            DayWindow::Calendar => first_hour(day_of(hour)),
            DayWindow::Rolling => hour - DAY_HOURS + 1,
        };
        caps.push(every(CapKind::Daily, since_hour, most));
    }
    warm_up::caps(source, provider, hour, &mut caps);
    caps
}

/// What has left, by source, provider and hour.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    by_source: HashMap<SourceId, HashMap<String, BTreeMap<i64, u64>>>,
}

impl Counts {
    /// Counts `n` messages.
    pub fn add(&mut self, source: SourceId, provider: &str, hour: i64, n: u64) {
        *self.hours(source, provider).entry(hour).or_default() += n;
    }

    /// Takes one back that was counted and did not leave.
    pub fn take_back(&mut self, source: SourceId, provider: &str, hour: i64) {
        let count = self.hours(source, provider).entry(hour).or_default();
        *count = count.saturating_sub(1);
    }

    /// Learns what is written down: others count too, and what is counted here may not be written down yet.
    pub fn learn(&mut self, counted: &[HourCount]) {
        for count in counted {
            let known = self.hours(count.source, &count.provider).entry(count.hour).or_default();
            *known = (*known).max(count.handed);
        }
    }

    /// Forgets hours that no limit counts any more.
    pub fn forget_before(&mut self, hour: i64) {
        for providers in self.by_source.values_mut() {
            providers.retain(|_, hours| {
                *hours = hours.split_off(&hour);
                !hours.is_empty()
            });
        }
    }

    /// What a limit has counted so far.
    #[must_use]
    pub fn used(&self, source: SourceId, cap: &Cap) -> u64 {
        self.counted(source, cap).map(|(_, n)| n).sum()
    }

    /// Whether every limit leaves room for one more.
    #[must_use]
    pub fn has_room(&self, source: SourceId, caps: &[Cap]) -> bool {
        caps.iter().all(|cap| self.used(source, cap) < cap.most)
    }

    /// When a limit that is used up leaves room again.
    #[must_use]
    pub fn frees_at(&self, source: SourceId, cap: &Cap, now: i64) -> i64 {
        let hour = hour_of(now);
        match cap.kind {
            CapKind::Hourly | CapKind::WarmUpHour => (hour + 1) * HOUR_MS,
            CapKind::WarmUpDay => next_day(hour),
            CapKind::Daily if cap.since_hour == first_hour(day_of(hour)) => next_day(hour),
            CapKind::Daily => {
                let mut hours: BTreeMap<i64, u64> = BTreeMap::new();
                for (hour, n) in self.counted(source, cap) {
                    *hours.entry(hour).or_default() += n;
                }
                let mut left: u64 = hours.values().sum();
                for (hour, n) in hours {
                    left -= n;
                    if left < cap.most {
                        return (hour + DAY_HOURS) * HOUR_MS;
                    }
                }
                next_day(hour)
            }
        }
    }

    fn counted<'a>(&'a self, source: SourceId, cap: &'a Cap) -> impl Iterator<Item = (i64, u64)> + 'a {
        let providers = self.by_source.get(&source).into_iter().flatten();
        providers
            .filter(|(provider, _)| cap.counts(provider))
            .flat_map(|(_, hours)| hours.range(cap.since_hour..).map(|(hour, n)| (*hour, *n)))
    }

    fn hours(&mut self, source: SourceId, provider: &str) -> &mut BTreeMap<i64, u64> {
        let providers = self.by_source.entry(source).or_default();
        if !providers.contains_key(provider) {
            providers.insert(provider.to_owned(), BTreeMap::new());
        }
        providers.get_mut(provider).expect("it was put in above")
    }
}

fn next_day(hour: i64) -> i64 {
    first_hour(day_of(hour) + 1) * HOUR_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::model::{Quota, SourceDraft};

    /// 2026-11-22 14:30 in Japan.
    const NOW: i64 = 1_795_325_400_000;

    fn source(quota: Quota) -> Source {
        Source::new(1, SourceDraft { quota, ..SourceDraft::default() })
    }

    /// Hours ago, and how many; then when room comes back, in hours of today in Japan.
    fn check(quota: Quota, left: &[(i64, u64)], expected: Option<i64>) {
        let source = source(quota);
        let mut counts = Counts::default();
        for (ago, n) in left {
            counts.add(1, "gmail", hour_of(NOW) - ago, *n);
        }
        let caps = caps(&source, "gmail", NOW);
        let full: Vec<_> = caps.iter().filter(|cap| counts.used(1, cap) >= cap.most).collect();
        let until = full.iter().map(|cap| counts.frees_at(1, cap, NOW)).max();
        assert_eq!(counts.has_room(1, &caps), until.is_none());
        let today = first_hour(day_of(hour_of(NOW)));
        assert_eq!(until.map(|at| at / HOUR_MS - today), expected, "{quota:?} {left:?}");
    }

    #[test]
    fn quotas_fill_and_free() {
        let hourly = Quota { hourly: Some(10), ..Quota::default() };
        check(hourly, &[], None);
        check(hourly, &[(0, 9), (1, 50)], None);
        check(hourly, &[(0, 10)], Some(15));
        let daily = Quota { daily: Some(100), ..Quota::default() };
        check(daily, &[(0, 50), (14, 49), (15, 900)], None);
        check(daily, &[(0, 50), (14, 50)], Some(24));
        let rolling = Quota { daily: Some(100), window: DayWindow::Rolling, ..Quota::default() };
        check(rolling, &[(24, 900), (1, 99)], None);
        check(rolling, &[(23, 40), (1, 60)], Some(15));
        check(rolling, &[(20, 1), (19, 40), (1, 100)], Some(13 + 24));
        check(Quota { hourly: Some(10), ..daily }, &[(0, 10), (2, 90)], Some(24));
        check(Quota::default(), &[(0, 1_000_000)], None);
    }

    #[test]
    fn what_is_written_down_and_what_is_not_yet_are_one() {
        let mut counts = Counts::default();
        let hour = hour_of(NOW);
        counts.add(1, "au", hour, 5);
        let stored =
            |handed| HourCount { source: 1, provider: "au".into(), hour, handed, ..HourCount::default() };
        counts.learn(&[stored(3)]);
        let caps = caps(&source(Quota { hourly: Some(9), ..Quota::default() }), "au", NOW);
        assert_eq!(counts.used(1, &caps[0]), 5);
        counts.learn(&[stored(9)]);
        assert_eq!(counts.used(1, &caps[0]), 9);
        counts.take_back(1, "au", hour);
        assert!(counts.has_room(1, &caps));
        counts.forget_before(hour + 1);
        assert_eq!(counts.used(1, &caps[0]), 0);
    }
}
