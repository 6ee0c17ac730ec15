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

#[cfg(test)]
mod tests {
    use super::*;

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
