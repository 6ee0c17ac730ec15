//! Days and months as people count them in Japan (UTC+9, no summer time), for dates that are relative to today.

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;
/// How far Japan's clock is ahead of UTC, in milliseconds.
pub const JAPAN_MS: i64 = 9 * 3_600_000;

/// A day, counted from 1970-01-01.
pub type Day = i64;

/// The day an instant falls on.
#[must_use]
pub fn day_of(at: i64) -> Day {
    (at + JAPAN_MS).div_euclid(DAY_MS)
}

/// The instant a day begins at.
#[must_use]
pub fn start_of(day: Day) -> i64 {
    day.saturating_mul(DAY_MS).saturating_sub(JAPAN_MS)
}

/// Year, month 1–12 and day of month 1–31 (Gregorian).
#[must_use]
pub fn civil(day: Day) -> (i64, u32, u32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let turned = (5 * of_year + 2) / 153;
    let day_of_month = (of_year - (153 * turned + 2) / 5 + 1) as u32;
    let month = if turned < 10 { turned + 3 } else { turned - 9 } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_month)
}

/// The day of year, month and day of month; the month may lie outside 1–12.
#[must_use]
pub fn from_civil(year: i64, month: i64, day_of_month: i64) -> Day {
    let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let turned = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * turned + 2) / 5 + day_of_month - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

/// Monday is 1, Sunday 7.
#[must_use]
pub fn weekday(day: Day) -> u32 {
    (day + 3).rem_euclid(7) as u32 + 1
}

/// Whether the year has a February 29.
#[must_use]
pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// `2026-11-22`.
#[must_use]
pub fn written(day: Day) -> String {
    let (year, month, day) = civil(day);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Reads `2026-11-22`, also with slashes or without leading zeros; years 1 to 9999.
#[must_use]
pub fn read(text: &str) -> Option<Day> {
    let mut parts = text.trim().split(['-', '/']);
    let mut number = |longest: usize| {
        let part = parts.next()?;
        let digits = (1..=longest).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<i64>().ok()).flatten()
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    if parts.next().is_some() || year == 0 {
        return None;
    }
    let found = from_civil(year, month, day);
    (civil(found) == (year, month as u32, day as u32)).then_some(found)
}

/// The months and days (`11-22`) that are kept on these days: who was born on February 29 keeps the 28th in years
/// without one, so that nobody is left out.
#[must_use]
pub fn kept_on(days: impl Iterator<Item = Day>) -> Vec<String> {
    let mut found = Vec::new();
    for day in days {
        let (year, month, of_month) = civil(day);
        found.push(format!("{month:02}-{of_month:02}"));
        if (month, of_month) == (2, 28) && !is_leap(year) {
            found.push("02-29".to_owned());
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates() {
        let check = |text: &str, day: Day, of_week: u32| {
            assert_eq!(
                (read(text), written(day).as_str(), weekday(day)),
                (Some(day), text, of_week),
                "{text}"
            );
        };
        check("1970-01-01", 0, 4);
        check("2000-02-29", 11_016, 2);
        check("2026-11-22", 20_779, 7);
        check("1899-12-31", -25_568, 7);
        for wrong in ["2026-02-29", "2026-13-01", "26-1", "2026-01-01-01", "", "2026-1-0", "+2026-01-01"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(read("2026/1/5"), read("2026-01-05"));
        assert_eq!(written(from_civil(2026, 14, 1)), "2027-02-01");
        assert_eq!(written(from_civil(2026, 0, 31)), "2025-12-31");
    }

    #[test]
    fn the_day_begins_at_midnight_in_japan() {
        let midnight = start_of(20_779);
        assert_eq!((day_of(midnight), day_of(midnight - 1)), (20_779, 20_778));
        assert_eq!(midnight % DAY_MS, 15 * 3_600_000);
    }

    #[test]
    fn leap_days_are_kept_every_year() {
        let on = |text: &str| kept_on(read(text).into_iter());
        assert_eq!(on("2026-02-28"), ["02-28", "02-29"]);
        assert_eq!(on("2028-02-28"), ["02-28"]);
        assert_eq!(on("2028-02-29"), ["02-29"]);
        assert_eq!(on("2026-03-01"), ["03-01"]);
    }

    #[test]
    fn every_day_comes_back() {
        for day in (-200_000..200_000).step_by(97) {
            let (year, month, of_month) = civil(day);
            assert_eq!(from_civil(year, i64::from(month), i64::from(of_month)), day);
        }
    }
}
