//! Splits an mbox file (RFC 4155) into its mails; any other bytes are one mail.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::header::Header;
use crate::{lines, original};

/// What stands before each mail but the first.
static NEXT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\n\nFrom "));

/// The mails in these bytes, with LF line ends. Bytes that are no mbox come back as one mail.
#[must_use]
pub fn messages(bytes: &[u8]) -> Vec<Cow<'_, [u8]>> {
    match lines::to_lf(bytes) {
        Cow::Borrowed(bytes) => split(bytes).into_iter().map(Cow::Borrowed).collect(),
        Cow::Owned(bytes) => match split(&bytes).as_slice() {
            [_] => vec![Cow::Owned(bytes)],
            several => several.iter().map(|mail| Cow::Owned(mail.to_vec())).collect(),
        },
    }
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut begin = 0;
    let mut places = NEXT.find_iter(bytes).map(|at| at + 2).peekable();
    let is_mailbox = || {
        bytes.starts_with(b"From ") || bytes.starts_with(b"\nFrom ") || original::looks_like_header(bytes, 2)
    };
    if places.peek().is_some() && is_mailbox() {
        for at in places.filter(|at| is_mail(&bytes[*at..])) {
            found.push(&bytes[begin..at]);
            begin = at;
        }
    }
    found.push(&bytes[begin..]);
    found
}

/// The line of an mbox, followed by a header.
fn is_mail(bytes: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'\n', bytes) else { return false };
    let line = bytes[..end].trim_ascii();
    let has_year = line.len() < 200 && line.windows(4).any(|four| four.iter().all(u8::is_ascii_digit));
    has_year
        && !Header::split(&bytes[end + 1..]).0.is_empty()
        && original::looks_like_header(&bytes[end + 1..], 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes() {
        let check =
            |bytes: &str, expected: usize| assert_eq!(messages(bytes.as_bytes()).len(), expected, "{bytes}");
        check(
            "From a Thu Apr 29 23:34:45 2015\nFrom: x\nTo: y\n\nb\n\nFrom b Thu Apr 29 23:34:45 2015\nFrom: x\nTo: y\n\nb\n",
            2,
        );
        check("From: x\nTo: y\n\nHello\n\nFrom here on 2015 it is text\nmore\n", 1);
        check("From: x\r\nTo: y\r\n\r\nb\r\n", 1);
        check("", 1);
    }
}
