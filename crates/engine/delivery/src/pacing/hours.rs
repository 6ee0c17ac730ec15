//! A broadcast's own pace: the hours it may be sent in, its rate, its place among others.

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::limits::Rate;

/// The usual time zone of Japanese customers.
pub const ZONE: &str = "Asia/Tokyo";

/// A time of day on from which, and up to which, mail may leave: `09:00-20:00`. May run over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    from_min: u32,
    to_min: u32,
}

impl Hours {
    /// Reads `9:00-20:00`.
    ///
    /// # Errors
    /// What would have been right.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("「{text}」は時間帯として読めません(例: 9:00-20:00) / {text:?} are no hours");
        let minutes = |text: &str| -> Option<u32> {
            let (hour, minute) = text.trim().split_once(':')?;
            let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour <= 24 && minute < 60 && hour * 60 + minute <= 1_440).then_some(hour * 60 + minute)
        };
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let (from_min, to_min) = (minutes(from).ok_or_else(wrong)?, minutes(to).ok_or_else(wrong)?);
        let always = from_min == 0 && to_min == 1_440;
        if from_min % 1_440 == to_min % 1_440 && !always {
            return Err(wrong());
        }
        Ok(Self { from_min: from_min % 1_440, to_min })
    }

    /// `None` while mail may leave, else when it may again.
    #[must_use]
    pub fn opens_at(self, zone: &TimeZone, now: i64) -> Option<i64> {
        let local = Timestamp::from_millisecond(now).ok()?.to_zoned(zone.clone());
        let minute = u32::from(local.hour().unsigned_abs()) * 60 + u32::from(local.minute().unsigned_abs());
        let open = match self.from_min < self.to_min {
            true => (self.from_min..self.to_min).contains(&minute),
            false => minute >= self.from_min || minute < self.to_min,
        };
        if open {
            return None;
        }
        let at =
            Time::new(i8::try_from(self.from_min / 60).ok()?, i8::try_from(self.from_min % 60).ok()?, 0, 0)
                .ok()?;
        let date = if minute < self.from_min { local.date() } else { local.date().tomorrow().ok()? };
        Some(date.to_datetime(at).to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
    }

    /// Milliseconds a day in which mail may leave.
    #[must_use]
    pub fn open_ms(self) -> i64 {
        match (self.to_min + 1_440 - self.from_min) % 1_440 {
            0 => 86_400_000,
            minutes => i64::from(minutes) * 60_000,
        }
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, c, d] = [self.from_min / 60, self.from_min % 60, self.to_min / 60, self.to_min % 60];
        write!(f, "{a}:{b:02}-{c}:{d:02}")
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::read(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// How a broadcast's own run goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BroadcastPace {
    /// Which broadcast; kept beside the rest.
    #[serde(skip)]
    pub broadcast_id: i64,
    /// The hours it may be sent in, in [`ZONE`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// Its messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// The larger, the sooner among broadcasts.
    pub priority: i64,
    /// The house's hours for mail of its kind, which hold where it has none of its own.
    #[serde(skip)]
    pub house_hours: Option<Hours>,
}

impl BroadcastPace {
    /// Its own hours, else the house's.
    #[must_use]
    pub fn hours_in_force(&self) -> Option<Hours> {
        self.hours.or(self.house_hours)
    }

    /// `None` while it may be sent, else when it may again.
    #[must_use]
    pub fn opens_at(&self, now: i64) -> Option<i64> {
        self.hours_in_force()?.opens_at(&zone(), now)
    }
}

fn zone() -> TimeZone {
    TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)
}

/// How many rows a rate lets through, counted as they are claimed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    left: f64,
    at: i64,
}

/// What may be saved up, in milliseconds of the rate.
const SAVED_MS: f64 = 2_000.0;

impl Allowance {
    pub(crate) fn new(now: i64) -> Self {
        Self { left: 1.0, at: now }
    }

    /// Rows that may be claimed now; `share` of the rate is this process's.
    pub(crate) fn room(&mut self, rate: Rate, share: f64, now: i64) -> Option<u32> {
        let per_ms = rate.per_hour()? / 3_600_000.0 * share;
        let passed = (now - self.at).clamp(0, 60_000) as f64;
        self.at = now;
        self.left = (self.left + passed * per_ms).min((per_ms * SAVED_MS).max(1.0));
        Some(self.left.max(0.0) as u32)
    }

    pub(crate) fn used(&mut self, rows: u32) {
        self.left -= f64::from(rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20 00:00 in Japan.
    const MIDNIGHT: i64 = 1_795_100_400_000;
    const HOUR: i64 = 3_600_000;

    fn check(hours: &str, at_hour: i64, opens_in_hours: Option<i64>) {
        let hours = Hours::read(hours).expect("hours");
        let now = MIDNIGHT + at_hour * HOUR;
        let seen = hours.opens_at(&zone(), now).map(|at| (at - now) / HOUR);
        assert_eq!(seen, opens_in_hours, "{hours} at {at_hour}");
    }

    #[test]
    fn own_hours_go_before_the_house_s() {
        let hours = |text: &str| Hours::read(text).ok();
        let pace = |own: Option<Hours>, house_hours| BroadcastPace {
            hours: own,
            house_hours,
            ..BroadcastPace::default()
        };
        let at = |pace: &BroadcastPace| pace.opens_at(MIDNIGHT + 8 * HOUR).map(|at| (at - MIDNIGHT) / HOUR);
        assert_eq!(at(&pace(None, None)), None);
        assert_eq!(at(&pace(None, hours("9:00-20:00"))), Some(9));
        assert_eq!(at(&pace(hours("10:00-20:00"), hours("9:00-20:00"))), Some(10));
        assert_eq!(at(&pace(hours("0:00-24:00"), hours("9:00-20:00"))), None);
    }

    #[test]
    fn hours_of_japan() {
        check("9:00-20:00", 8, Some(1));
        check("9:00-20:00", 9, None);
        check("9:00-20:00", 19, None);
        check("9:00-20:00", 20, Some(13));
        check("09:00-24:00", 23, None);
        check("22:00-6:00", 23, None);
        check("22:00-6:00", 5, None);
        check("22:00-6:00", 6, Some(16));
        check("0:00-24:00", 3, None);
        assert_eq!(Hours::read("0:00-24:00").map(Hours::open_ms), Ok(24 * HOUR));
        for text in ["9-20", "9:00-9:00", "25:00-3:00", "", "9:70-10:00", "6:00-30:00"] {
            assert!(Hours::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rate_is_kept_over_claims() {
        let (rate, mut allowance, mut gone) = (Rate::read("3600/h").expect("a rate"), Allowance::new(0), 0);
        for step in 0..600 {
            let room = allowance.room(rate, 1.0, step * 100).expect("limited");
            allowance.used(room);
            gone += room;
        }
        assert!((59..=62).contains(&gone), "{gone}");
        assert_eq!(allowance.room(Rate::None, 1.0, 0), None);
    }
}
