//! Brings the words of a server into the one shape that patterns are written for.

/// Longest text that is looked at, in bytes; what matters stands at the beginning.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Joins lines and collapses white space, so that a pattern also matches where a line was folded.
pub(crate) fn normalise(text: &str) -> String {
    if text.is_ascii() { of_ascii(text) } else { of_any(text) }
}

/// As [`of_any`] does it, without a branch for each space: where words end no processor can guess.
fn of_ascii(text: &str) -> String {
    let mut out = vec![0; text.len().min(TEXT_BYTES_MAX + 3)];
    let (mut len, mut last) = (0, b' ');
    for byte in text.bytes() {
        let byte = if byte.is_ascii_whitespace() { b' ' } else { byte };
        if len >= TEXT_BYTES_MAX && len - usize::from(last == b' ') >= TEXT_BYTES_MAX && byte != b' ' {
            break;
        }
        out[len] = byte;
        len += usize::from((byte != b' ') | (last != b' '));
        last = byte;
    }
    out.truncate(len - usize::from(last == b' ' && len > 0));
    String::from_utf8(out).unwrap_or_default()
}

fn of_any(text: &str) -> String {
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
        for text in [
            "a  b ",
            " a",
            "\n",
            "a\n\t\u{b}b\u{c}c",
            &"ab ".repeat(6000),
            &" a".repeat(9000),
            &"x".repeat(20_000),
        ] {
            for begin in 0..3.min(text.len()) {
                assert_eq!(of_ascii(&text[begin..]), of_any(&text[begin..]), "{text:?}");
            }
        }
        assert!(normalise(&"x".repeat(1 << 20)).len() <= TEXT_BYTES_MAX + 4);
    }
}
