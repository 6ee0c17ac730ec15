//! Reads numbers as Japanese shops write them: full-width, with ¥ and 円, ▲ for minus, commas in groups of three.

use std::sync::LazyLock;

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;

use super::read::TABLE;

/// Largest number that is kept; above it neighbouring whole numbers could no longer be told apart.
const NUMBER_MAX: f64 = 9_007_199_254_740_992.0;

/// What may stand around a number.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Units {
    before: Vec<String>,
    after: Vec<String>,
}

static AFTER: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut units = TABLE.number.after.clone();
    units.sort_by_key(|unit| std::cmp::Reverse(unit.len()));
    units
});

/// The number, and the one way it is written: `-1200.5`.
pub(super) fn read(typed: &str) -> Option<(f64, String)> {
    let text: String = typed.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).collect();
    let mut rest = text.as_str();
    let mut negative = false;
    let mut signed = false;
    loop {
        let unit = TABLE.number.before.iter().find_map(|unit| rest.strip_prefix(unit.as_str()));
        if let Some(after) = unit {
            rest = after;
        } else if let Some(after) = rest.strip_prefix(['-', '▲', '△', '−', '‐', '–']).filter(|_| !signed)
        {
            (negative, signed, rest) = (true, true, after);
        } else if let Some(after) = rest.strip_prefix('+').filter(|_| !signed) {
            (signed, rest) = (true, after);
        } else {
            break;
        }
    }
    if let Some(before) = AFTER.iter().find_map(|unit| rest.strip_suffix(unit.as_str())) {
        rest = before;
    }
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let whole = without_commas(whole)?;
    if !fraction.chars().all(|c| c.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let mut written = if whole.is_empty() { "0".to_owned() } else { whole.to_owned() };
    if !fraction.is_empty() {
        written = format!("{written}.{fraction}");
    }
    if negative && written != "0" {
        written.insert(0, '-');
    }
    let number: f64 = written.parse().ok()?;
    (number.abs() <= NUMBER_MAX).then_some((number, written))
}

/// `1,200` is 1200; `1,2` could be anything.
fn without_commas(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || first.is_empty() || first.len() > 3 {
            return None;
        }
        digits.push_str(group);
    }
    digits.chars().all(|c| c.is_ascii_digit()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, expected: &str) {
        assert_eq!(read(typed).map_or_else(String::new, |(_, written)| written), expected, "{typed}");
    }

    #[test]
    fn numbers() {
        check("12", "12");
        check(" １，２００円 ", "1200");
        check("¥1,234,567", "1234567");
        check("▲300", "-300");
        check("-¥300", "-300");
        check("¥-300", "-300");
        check("007.50", "7.5");
        check(".5", "0.5");
        check("-0", "0");
        check("45歳", "45");
        check("30％", "30");
        check("3ヶ月", "3");
        check("1,2", "");
        check("1234,567", "");
        check("12a", "");
        check("--1", "");
        check("1.2.3", "");
        check("", "");
        check("円", "");
        check("1e5", "");
        check("99999999999999999999", "");
        assert_eq!(read("-1.5").map(|(number, _)| number), Some(-1.5));
    }
}
