//! Reads the date of a header field (RFC 5322 section 3.3), also in the sloppy forms found in reports.

/// Milliseconds UTC of `Fri, 21 Nov 1997 09:55:06 -0600`; names of zones count as UTC, `JST` as Japan.
pub(crate) fn read(value: &str) -> Option<i64> {
    let value = value.split('(').next().unwrap_or(value);
    let mut words =
        value.split(|c: char| c.is_ascii_whitespace() || c == ',').filter(|word| !word.is_empty());
    let first = words.next()?;
    let day = match first.parse::<i64>() {
        Ok(day) => day,
        Err(_) => words.next()?.parse().ok()?,
    };
    let month = month(words.next()?)?;
    let year = words.next()?.parse::<i64>().ok()?;
    let year = if year < 50 {
        year + 2000
    } else if year < 100 {
        year + 1900
    } else {
        year
    };
    let mut clock = words.next().unwrap_or("0:0").split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute) = (clock.next()??, clock.next()??);
    let second = clock.next().flatten().unwrap_or(0);
    let in_range = (1..=31).contains(&day) && (1970..=9999).contains(&year);
    if !in_range || !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..=60).contains(&second) {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some((seconds - zone(words.next().unwrap_or("+0000"))) * 1000)
}

fn month(name: &str) -> Option<i64> {
    const NAMES: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let name = name.get(..3)?.to_ascii_lowercase();
    (1..).zip(NAMES).find(|(_, known)| *known == name).map(|(number, _)| number)
}

/// Seconds east of UTC.
fn zone(text: &str) -> i64 {
    if text == "JST" {
        return 9 * 3600;
    }
    let sign = match text.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return 0,
    };
    let digits = text[1..].get(..4).and_then(|d| d.parse::<i64>().ok()).unwrap_or(0);
    sign * (digits / 100 * 3600 + digits % 100 * 60)
}

/// Days since 1970-01-01, with years that begin in March so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let check = |value: &str, expected: Option<i64>| assert_eq!(read(value), expected, "{value}");
        check("Fri, 21 Nov 1997 09:55:06 -0600", Some(880_127_706_000));
        check("21 Nov 1997 15:55 +0000", Some(880_127_700_000));
        check("Thu, 13 Mar 2025 00:00:00 +0900 (JST)", Some(1_741_791_600_000));
        check("Thu, 13 Mar 2025 00:00:00 JST", Some(1_741_791_600_000));
        check("Thu, 29 Feb 24 12:00:00 GMT", Some(1_709_208_000_000));
        check("Thu, 99 Mar 2025 00:00:00", None);
        check("あした", None);
        check("", None);
    }
}
