//! Reads days as Japanese shops write them: 2026/1/5, 2026年1月5日, 令和8年1月5日, R8.1.5, 20260105, 1月5日.

use jiff::civil::Date;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;

use super::read::TABLE;

/// A Japanese era.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Era {
    names: Vec<String>,
    first_year: i16,
}

/// A day of the year, for birthdays and anniversaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthDay {
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

impl MonthDay {
    /// `01-05`, as it is kept for comparing.
    #[must_use]
    pub fn text(self) -> String {
        format!("{:02}-{:02}", self.month, self.day)
    }
}

/// Days from 1970-01-01 to this day.
#[must_use]
pub fn days_of(date: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    (date - epoch).get_days().into()
}

/// Reads a day, with its year where there is one. A time of day behind it is passed over.
#[must_use]
pub fn read_date(typed: &str) -> Option<(Option<Date>, MonthDay)> {
    let text: String = typed.nfkc().flat_map(char::to_lowercase).collect();
    let text = without_time(text.trim());
    if let Some(rest) = text.strip_prefix("--") {
        let numbers = numbers(rest)?;
        return (numbers.len() == 2).then(|| day_of_year(numbers[0], numbers[1])).flatten();
    }
    if text.len() == 8 && text.chars().all(|c| c.is_ascii_digit()) {
        return dated(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?);
    }
    if let Some((first_year, rest)) = era(text) {
        let rest = rest.trim_start().strip_prefix('元').map_or(rest.to_owned(), |rest| format!("1{rest}"));
        let numbers = numbers(rest.trim_start_matches(['.', '-', '/']))?;
        let [year @ 1..=99, month, day] = numbers[..] else { return None };
        return dated(first_year + year - 1, month, day);
    }
    match numbers(text)?[..] {
        [year @ 1000..=9999, month, day] => dated(year, month, day),
        [month, day] if text.contains(['月', '/']) => day_of_year(month, day),
        _ => None,
    }
}

fn dated(year: i16, month: i16, day: i16) -> Option<(Option<Date>, MonthDay)> {
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    let date = Date::new(year, month, day).ok().filter(|date| (1800..=2200).contains(&date.year()))?;
    Some((Some(date), MonthDay { month, day }))
}

fn day_of_year(month: i16, day: i16) -> Option<(Option<Date>, MonthDay)> {
    // A leap year, so that a birthday may be the 29th of February.
    let (_, at) = dated(2000, month, day)?;
    Some((None, at))
}

fn era(text: &str) -> Option<(i16, &str)> {
    TABLE.era.iter().find_map(|era| {
        let rest = era.names.iter().find_map(|name| text.strip_prefix(name.as_str()))?;
        Some((era.first_year, rest))
    })
}

/// Everything in front of a time of day or a weekday in brackets.
fn without_time(text: &str) -> &str {
    let text = text.split(['(', '（']).next().unwrap_or_default();
    let at_time = text.find(':').and_then(|colon| text[..colon].rfind([' ', 't', '日']));
    match at_time {
        Some(at) if text[at..].starts_with('日') => &text[..at],
        Some(at) => text[..at].trim_end(),
        None => text.trim_end(),
    }
}

/// The numbers between the marks a date may have; none where anything else stands.
fn numbers(text: &str) -> Option<Vec<i16>> {
    let text = text.trim().trim_end_matches('日');
    let parts = text.split(['/', '-', '.', '年', '月']);
    parts.map(|part| part.trim().parse::<u16>().ok().and_then(|part| i16::try_from(part).ok())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, expected: &str) {
        let seen = match read_date(typed) {
            Some((Some(date), _)) => date.to_string(),
            Some((None, at)) => format!("--{}", at.text()),
            None => String::new(),
        };
        assert_eq!(seen, expected, "{typed}");
    }

    #[test]
    fn days() {
        check("2026-01-05", "2026-01-05");
        check("2026/1/5", "2026-01-05");
        check("２０２６／１／５", "2026-01-05");
        check("2026.1.5", "2026-01-05");
        check("2026年1月5日", "2026-01-05");
        check("2026年 1月 5日", "2026-01-05");
        check("20260105", "2026-01-05");
        check("2026/1/5 12:34:56", "2026-01-05");
        check("2026-01-05T12:34:56+09:00", "2026-01-05");
        check("2026年1月5日（月）", "2026-01-05");
        check("2026年1月5日 9:05", "2026-01-05");
        check("令和8年1月5日", "2026-01-05");
        check("令和元年5月1日", "2019-05-01");
        check("平成3年12月31日", "1991-12-31");
        check("昭和64年1月7日", "1989-01-07");
        check("R8.1.5", "2026-01-05");
        check("Ｈ3/1/5", "1991-01-05");
        check("s45-3-14", "1970-03-14");
        check("1月5日", "--01-05");
        check("1/5", "--01-05");
        check("１２／３１", "--12-31");
        check("13/1", "");
        check("--02-29", "--02-29");
        check("2025/2/29", "");
        check("1/5/2026", "");
        check("26/1/5", "");
        check("2026/13/1", "");
        check("令和8年", "");
        check("あした", "");
        check("", "");
        check("46027", "");
        check("1700/1/1", "");
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(days_of(Date::constant(1970, 1, 1)), 0);
        assert_eq!(days_of(Date::constant(1969, 12, 31)), -1);
        assert_eq!(days_of(Date::constant(2026, 1, 5)), 20_458);
    }
}
