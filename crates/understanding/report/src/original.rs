//! The returned message: what its header tells to find the message again.

use crate::OriginalMessage;
use crate::header::{self, Header};

/// Most kept fields of the returned header.
const HEADERS_MAX: usize = 100;

/// Reads the returned header.
pub(crate) fn read(bytes: &[u8]) -> OriginalMessage {
    let (header, _) = Header::split(bytes);
    let begins =
        |name: &str, with: &str| name.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    let kept = |name: &str| {
        begins(name, "x-")
            || begins(name, "list-")
            || ["return-path", "feedback-id", "date"].iter().any(|kept| name.eq_ignore_ascii_case(kept))
    };
    OriginalMessage {
        message_id: header.text("message-id").and_then(|value| message_id(&value)),
        from: header.text("from").and_then(|value| header::addresses(&value).into_iter().next()),
        to: header.text("to").map(|value| header::addresses(&value)).unwrap_or_default(),
        subject: header.text("subject"),
        date: header.text("date"),
        headers: header
            .all()
            .filter(|(name, _)| kept(name))
            .take(HEADERS_MAX)
            .map(|(name, value)| (name.to_owned(), header::decode(value)))
            .collect(),
    }
}

/// True when a line in the middle of a text begins a returned header: three fields, one of which only a whole
/// message has.
pub(crate) fn begins_header(bytes: &[u8]) -> bool {
    let (header, _) = Header::split(bytes);
    let whole = ["received", "message-id", "return-path", "from"];
    has_fields(&header, 3) && whole.iter().any(|name| header.raw(name).is_some())
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
    has_fields(&Header::split(bytes).0, at_least)
}

fn has_fields(header: &Header<'_>, at_least: usize) -> bool {
    let names = [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "received",
        "return-path",
        "mime-version",
        "x-received",
    ];
    names.iter().filter(|name| header.raw(name).is_some()).count() >= at_least
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
