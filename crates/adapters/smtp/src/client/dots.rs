//! Makes content ready for DATA: a dot before each line that begins with one (RFC 5321 section 4.5.2).

use std::borrow::Cow;

use memchr::memmem;

/// The content with doubled dots. Nothing is copied when no line begins with a dot, the usual case.
pub(crate) fn stuff(content: &[u8]) -> Cow<'_, [u8]> {
    let mut finder = memmem::find_iter(content, b"\n.").map(|at| at + 1).peekable();
    let first = content.starts_with(b".");
    if !first && finder.peek().is_none() {
        return Cow::Borrowed(content);
    }
    let mut stuffed = Vec::with_capacity(content.len() + content.len() / 64 + 16);
    let mut copied = 0;
    for at in first.then_some(0).into_iter().chain(finder) {
        stuffed.extend_from_slice(&content[copied..at]);
        stuffed.push(b'.');
        copied = at;
    }
    stuffed.extend_from_slice(&content[copied..]);
    Cow::Owned(stuffed)
}

/// What must follow the content so that it ends with a line end.
pub(crate) fn missing_line_end(content: &[u8]) -> &'static [u8] {
    if content.ends_with(b"\r\n") || content.is_empty() { b"" } else { b"\r\n" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let seen = [stuff(input.as_bytes()).as_ref(), missing_line_end(input.as_bytes())].concat();
        assert_eq!(String::from_utf8_lossy(&seen), expected, "{input:?}");
    }

    #[test]
    fn content() {
        check("a\r\nb\r\n", "a\r\nb\r\n");
        check(".a\r\n", "..a\r\n");
        check("a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n");
        check("a\r\n..b\r\n.c\r\n", "a\r\n...b\r\n..c\r\n");
        check("a.b\r\nc.\r\n", "a.b\r\nc.\r\n");
        check(".\r\n.\r\n", "..\r\n..\r\n");
        check("a\n.b\r\n", "a\n..b\r\n");
        check("a", "a\r\n");
        check("", "");
    }
}
