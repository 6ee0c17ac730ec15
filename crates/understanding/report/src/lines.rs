//! Brings line ends into one form: LF, CRLF and bare CR mean the same.

use std::borrow::Cow;

/// The same bytes with LF for every CRLF and every bare CR. Nothing is copied when there is no CR.
pub(crate) fn to_lf(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\r', bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'\r', rest) {
        out.extend_from_slice(&rest[..at]);
        out.push(b'\n');
        rest = &rest[at + 1..];
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// [`to_lf`] of bytes that are owned.
pub(crate) fn into_lf(bytes: Vec<u8>) -> Vec<u8> {
    match to_lf(&bytes) {
        Cow::Borrowed(_) => bytes,
        Cow::Owned(changed) => changed,
    }
}

/// The lines of a text with their ends, each with the place where it begins; as `split_inclusive` has them.
pub(crate) fn with_ends(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let last = Some(text.len()).filter(|_| !text.is_empty() && !text.ends_with('\n'));
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1).chain(last);
    ends.scan(0, |begin, end| {
        let from = std::mem::replace(begin, end);
        Some((from, &text[from..end]))
    })
}

/// A line without its end, as `str::lines` has it.
pub(crate) fn without_end(line: &str) -> &str {
    match line.strip_suffix('\n') {
        Some(line) => line.strip_suffix('\r').unwrap_or(line),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_text() {
        for text in ["", "a", "a\n", "a\nb", "\n\na\n\nb\n", "a\r\nb\r", "a\r\r\n"] {
            let here: Vec<(usize, &str)> = with_ends(text).collect();
            assert_eq!(
                here.iter().map(|(_, line)| *line).collect::<Vec<_>>(),
                text.split_inclusive('\n').collect::<Vec<_>>()
            );
            assert!(here.iter().all(|(at, line)| text[*at..].starts_with(line)), "{text:?}");
            assert!(here.iter().map(|(_, line)| without_end(line)).eq(text.lines()), "{text:?}");
        }
    }

    #[test]
    fn line_ends() {
        let check = |input: &[u8], expected: &[u8]| assert_eq!(&*to_lf(input), expected, "{input:?}");
        check(b"a\nb\n", b"a\nb\n");
        check(b"a\r\nb\r\n", b"a\nb\n");
        check(b"a\rb\r", b"a\nb\n");
        check(b"a\r\r\nb", b"a\n\nb");
        check(b"", b"");
    }
}
