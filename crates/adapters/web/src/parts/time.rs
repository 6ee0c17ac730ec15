//! Shows an instant as people in the shop say it, in the shop's time zone.

use std::sync::LazyLock;

use jiff::{Timestamp, Zoned, tz::TimeZone};
use maud::{Markup, html};

use crate::say::{Say, t};

static ZONE: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Asia/Tokyo").unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(9))));

/// Day and time; the year only when it is not this year's.
pub(crate) fn when(say: Say, at: i64, now: i64) -> Markup {
    let text = said(say, at, now);
    html! { time datetime=(iso(at)) { (text) } }
}

/// The same as plain text, for use inside a sentence.
pub(crate) fn said(say: Say, at: i64, now: i64) -> String {
    let then = zoned(at);
    dated(say, at, now, format!("{}:{:02}", then.hour(), then.minute()))
}

/// Day and time to the second, for steps that follow each other closely.
pub(crate) fn exactly(say: Say, at: i64, now: i64) -> Markup {
    let text = dated(say, at, now, clock(at));
    html! { time datetime=(iso(at)) { (text) } }
}

fn dated(say: Say, at: i64, now: i64, clock: String) -> String {
    let (then, today) = (zoned(at), zoned(now));
    let weekday = say.with(&format!("time-weekday-{}", then.weekday().to_monday_one_offset()), None);
    let month = say.with(&format!("time-month-{}", then.month()), None);
    let day = then.day().to_string();
    if then.year() == today.year() {
        t!(say, "time-this-year", month = month, day = day, weekday = weekday, clock = clock)
    } else {
        let year = then.year().to_string();
        t!(say, "time-other-year", year = year, month = month, day = day, weekday = weekday, clock = clock)
    }
}

/// The start of a day as somebody wrote it: 2026/1/5, 令和8年1月5日.
pub(crate) fn day_start(typed: &str) -> Option<i64> {
    let (date, _) = audience::read_date(typed)?;
    Some(date?.to_zoned(ZONE.clone()).ok()?.timestamp().as_millisecond())
}

/// `202611`, for the names of keys.
pub(crate) fn year_month(at: i64) -> String {
    zoned(at).strftime("%Y%m").to_string()
}

/// `2026-11-21 08:40:05`, for files.
pub(crate) fn sortable(at: i64) -> String {
    zoned(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// As spreadsheets count: days since 1899-12-30 in the shop's time.
pub(crate) fn serial(at: i64) -> f64 {
    let offset_ms = i64::from(zoned(at).offset().seconds()) * 1000;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium fit")]
    let days = (at + offset_ms) as f64 / 86_400_000.0;
    days + 25_569.0
}

fn clock(at: i64) -> String {
    let then = zoned(at);
    format!("{}:{:02}:{:02}", then.hour(), then.minute(), then.second())
}

/// Hour of the day, for a greeting.
pub(crate) fn hour(at: i64) -> i8 {
    zoned(at).hour()
}

fn zoned(at: i64) -> Zoned {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(ZONE.clone())
}

/// `2026-11-21T08:40:05+09:00`, for machines.
pub(crate) fn iso(at: i64) -> String {
    zoned(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
mod tests {
    use accounts::Language;

    use super::*;

    #[test]
    fn says_day_and_time() {
        // 2026-11-20T23:40:05Z
        let at = 1_795_218_005_000;
        let check = |language, now: i64, expected: &str| assert_eq!(said(Say(language), at, now), expected);
        check(Language::Ja, at, "11月21日(土) 8:40");
        check(Language::En, at, "Sat 21 Nov, 8:40");
        let later = at + 90 * 24 * 3600 * 1000;
        check(Language::Ja, later, "2026年11月21日(土) 8:40");
        check(Language::En, later, "Sat 21 Nov 2026, 8:40");
        assert_eq!(iso(at), "2026-11-21T08:40:05+09:00");
        assert_eq!(clock(at), "8:40:05");
    }
}
