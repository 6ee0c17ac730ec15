//! Writes the value of a spreadsheet's cell as the spreadsheet shows it: dates as dates, numbers with their zeros.

use calamine::{DataRef, ExcelDateTime};

/// The text of a cell; `format` is its number format.
pub(crate) fn cell(value: &DataRef, format: &str) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Bool(flag) => if *flag { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::Error(error) => error.to_string(),
        #[expect(
            clippy::cast_precision_loss,
            reason = "a spreadsheet keeps fifteen digits of a number anyway"
        )]
        DataRef::Int(number) => zeros(*number as f64, format).unwrap_or_else(|| number.to_string()),
        DataRef::Float(number) => zeros(*number, format).unwrap_or_else(|| plain(*number)),
        DataRef::DateTime(at) => moment(at),
    }
}

/// A number without an exponent and without what arithmetic added behind the fifteenth digit.
fn plain(number: f64) -> String {
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    format!("{rounded}")
}

/// A format such as `000-0000` or `0000000000`: its zeros are the digits of the number, from the right.
fn zeros(number: f64, format: &str) -> Option<String> {
    let format: String = format.split(';').next()?.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
    let places = format.matches('0').count();
    let is_mask = format.starts_with('0') && format.chars().all(|c| matches!(c, '0' | '-' | ' ' | '(' | ')'));
    if places < 2 || !is_mask || number < 0.0 || number.fract() != 0.0 || number >= 1e15 {
        return None;
    }
    let digits = format!("{number:0>places$.0}");
    let (extra, digits) = digits.split_at(digits.len() - places);
    let mut digits = digits.chars();
    let filled: String =
        format.chars().map(|c| if c == '0' { digits.next().unwrap_or('0') } else { c }).collect();
    Some(format!("{extra}{filled}"))
}

fn moment(at: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    let clock = if second == 0 {
        format!("{hour:02}:{minute:02}")
    } else {
        format!("{hour:02}:{minute:02}:{second:02}")
    };
    match at.as_f64() {
        value if at.is_duration() || value < 1.0 => clock,
        value if value.fract() == 0.0 => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} {clock}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: f64, format: &str, expected: &str) {
        assert_eq!(cell(&DataRef::Float(number), format), expected, "{number} {format}");
    }

    #[test]
    fn numbers_as_they_are_shown() {
        check(12.0, "General", "12");
        check(0.1 + 0.2, "General", "0.3");
        check(1234567890123.0, "General", "1234567890123");
        check(90_1234_5678.0, "00000000000", "09012345678");
        check(60_0001.0, "000-0000", "060-0001");
        check(60_0001.0, r#"000\-0000;@"#, "060-0001");
        check(1234.5, "0.00", "1234.5");
        check(1234.0, "0", "1234");
        check(-5.0, "000", "-5");
        check(12345.0, "000", "12345");
        assert_eq!(cell(&DataRef::Bool(true), ""), "TRUE");
    }
}
