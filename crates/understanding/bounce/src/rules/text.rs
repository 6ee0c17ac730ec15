//! Brings the words of a server into the one shape that patterns are written for.

/// Longest text that is looked at, in bytes; what matters stands at the beginning.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Joins lines and collapses white space, so that a pattern also matches where a line was folded.
pub(crate) fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(TEXT_BYTES_MAX));
    let mut gap = false;
    for c in text.chars() {
        if c.is_ascii_whitespace() || c == '\u{3000}' || c == '\u{a0}' {
            gap = true;
            continue;
        }
        if out.len() >= TEXT_BYTES_MAX {
            break;
        }
        if gap && !out.is_empty() {
            out.push(' ');
        }
        gap = false;
        out.push(if c == '\u{2019}' { '\'' } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space() {
        let check = |input: &str, expected: &str| assert_eq!(normalise(input), expected, "{input:?}");
        check("a  b", "a b");
        check(" a\r\n\tb ", "a b");
        check("宛先\u{3000}不明", "宛先 不明");
        check("doesn\u{2019}t", "doesn't");
        check("", "");
        assert!(normalise(&"x".repeat(1 << 20)).len() <= TEXT_BYTES_MAX + 4);
    }
}
