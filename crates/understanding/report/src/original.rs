//! The returned message: what its header tells to find the message again.

use std::borrow::Cow;

use crate::header::{self, Header};
use crate::{OriginalMessage, address_list};

/// Most kept fields of the returned header.
const HEADERS_MAX: usize = 100;

/// Fields that messages have.
const USUAL: [&str; 9] =
    ["from", "to", "subject", "date", "message-id", "received", "return-path", "mime-version", "x-received"];

/// Reads the returned header.
pub(crate) fn read(bytes: &[u8]) -> OriginalMessage {
    of(&Header::split(bytes).0)
}

/// What a returned header tells.
pub(crate) fn of(header: &Header<'_>) -> OriginalMessage {
    let begins =
        |name: &str, with: &str| name.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    let kept = |name: &str| {
        begins(name, "x-")
            || begins(name, "list-")
            || ["return-path", "feedback-id", "date"].iter().any(|kept| name.eq_ignore_ascii_case(kept))
    };
    OriginalMessage {
        message_id: header.text("message-id").and_then(|value| message_id(&value)),
        from: header.text("from").and_then(|value| address_list::first_address(&value)),
        to: header.text("to").map(|value| address_list::addresses(&value)).unwrap_or_default(),
        subject: header.text("subject").map(Cow::into_owned),
        date: header.text("date").map(Cow::into_owned),
        headers: header
            .all()
            .filter(|(name, _)| kept(name))
            .take(HEADERS_MAX)
            .map(|(name, value)| (name.to_owned(), header::decode(value).into_owned()))
            .collect(),
    }
}

/// True when a line in the middle of a text begins a returned header: three fields, one of which only a whole
/// message has.
pub(crate) fn begins_header(bytes: &[u8]) -> bool {
    let whole = ["received", "message-id", "return-path", "from"];
    let is_whole = |name: &[u8]| whole.iter().any(|whole| header::is(name, whole));
    looks_like_header(bytes, 3) && header::fields(bytes).any(|(name, _)| is_whole(name))
}

/// The id without its brackets and what stands around them.
pub(crate) fn message_id(value: &str) -> Option<String> {
    let inner = match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or(rest),
        None => value.split_ascii_whitespace().next().unwrap_or(""),
    };
    let inner = inner.trim();
    (!inner.is_empty()).then(|| inner.to_owned())
}

/// True when these bytes begin with a message header: at least so many of the fields that messages have.
pub(crate) fn looks_like_header(bytes: &[u8], at_least: usize) -> bool {
    let mut seen = 0u32;
    header::fields(bytes).any(|(name, _)| {
        let known = USUAL.iter().position(|usual| header::is(name, usual));
        seen |= known.map_or(0, |known| 1 << known);
        seen.count_ones() as usize >= at_least
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returned_header() {
        let seen = read(
            b"Message-ID: <1@shop.example>\nFrom: Shop <s@shop.example>\nTo: a@b.example,\n c@d.example\nSubject: =?utf-8?B?5a6b5YWI?=\nX-Todoku-Attempt: 7\n\nbody",
        );
        assert_eq!(seen.message_id.as_deref(), Some("1@shop.example"));
        assert_eq!(seen.from.as_deref(), Some("s@shop.example"));
        assert_eq!(seen.to, ["a@b.example", "c@d.example"]);
        assert_eq!(seen.subject.as_deref(), Some("宛先"));
        assert_eq!(seen.headers, [("X-Todoku-Attempt".to_owned(), "7".to_owned())]);
        assert_eq!(read(b""), OriginalMessage::default());
    }
}
