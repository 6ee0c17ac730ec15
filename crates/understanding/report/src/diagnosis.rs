//! Takes a diagnostic text apart: reply code, enhanced status, host, and the step of the session it belongs to.

use mail::{EnhancedStatus, Stage};

use crate::notice::knowledge::KNOWLEDGE;

/// Longest diagnostic text that is kept, in bytes.
const TEXT_BYTES_MAX: usize = 8 * 1024;

/// What a diagnostic text says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    pub(crate) code: Option<u16>,
    /// The status anywhere in the text.
    pub(crate) status: Option<EnhancedStatus>,
    /// The status right behind a reply code: what the server itself said.
    pub(crate) said_status: Option<EnhancedStatus>,
    pub(crate) stage: Option<Stage>,
    pub(crate) host: Option<String>,
}

/// Reads what can be read; the text itself is not changed.
pub(crate) fn read(text: &str) -> Diagnosis {
    let text = within(text, TEXT_BYTES_MAX);
    let code_at = code(text);
    let status = match code_at {
        Some((_, after)) => {
            EnhancedStatus::strip_from(text[after..].trim_start_matches([' ', '-', '#', '(', '[', '\'', '"']))
                .map(|(s, _)| s)
        }
        None => None,
    };
    let (stage, after_host_words) = KNOWLEDGE.said(text);
    Diagnosis {
        code: code_at.map(|(code, _)| code),
        status: status.or_else(|| status_anywhere(text)),
        said_status: status,
        stage,
        host: host(after_host_words),
    }
}

/// True when a reply code stands in the text.
pub(crate) fn has_code(text: &str) -> bool {
    code(within(text, TEXT_BYTES_MAX)).is_some()
}

/// The words of the remote server, out of those that IronPort puts before them:
/// `5.1.0 - Unknown address error 550-'5.7.1 Access denied'`.
pub(crate) fn remote_words(text: &str) -> &str {
    let text = text.trim();
    let Some((_, rest)) = EnhancedStatus::strip_from(text) else { return text };
    if !rest.starts_with("- ") {
        return text;
    }
    let quote = rest
        .match_indices("-'")
        .map(|(at, _)| at)
        .find(|at| *at >= 3 && rest.is_char_boundary(at - 3) && is_code(&rest.as_bytes()[at - 3..*at]));
    quote.map_or(text, |at| &rest[at - 3..])
}

/// One line of a text, kept within limits.
pub(crate) fn shorten(text: &str) -> String {
    within(text.trim(), TEXT_BYTES_MAX).to_owned()
}

/// The beginning of a text, at most so many bytes.
pub(crate) fn within(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The first three-digit reply code that stands alone and is no part of an address, a date or a number.
fn code(text: &str) -> Option<(u16, usize)> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(at) = class_from(bytes, from).filter(|at| at + 3 <= bytes.len()) {
        from = at + 1;
        if !is_code(&bytes[at..at + 3]) {
            continue;
        }
        let before = at.checked_sub(1).map(|n| bytes[n]);
        let after = bytes.get(at + 3);
        let starts = before.is_none_or(|b| b" \t\n:;(<>\"'[,=#-".contains(&b));
        let ends = after.is_none_or(|b| b" -\t\n:;,)\"'.#_".contains(b));
        if starts && ends && !is_number_in_words(text, at) {
            return text[at..at + 3].parse().ok().map(|code| (code, at + 3));
        }
        from = at + 3;
    }
    None
}

/// Where the next digit stands that reply codes and enhanced statuses begin with.
fn class_from(bytes: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.iter().position(|b| matches!(b, b'2' | b'4' | b'5')).map(|n| from + n)
}

fn is_code(three: &[u8]) -> bool {
    matches!(three[0], b'2' | b'4' | b'5')
        && three[1].is_ascii_digit()
        && three[1] <= b'7'
        && three[2].is_ascii_digit()
}

/// `5.5 hours`, `port 587`, `line 421`, `450 KB`: a number that is no reply.
fn is_number_in_words(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    if bytes.get(at + 3) == Some(&b'.') && bytes.get(at + 4).is_some_and(u8::is_ascii_digit) {
        return true;
    }
    if at > 0 && bytes[at - 1] == b'-' && at > 1 && bytes[at - 2].is_ascii_alphanumeric() {
        return true;
    }
    let before = text[..at].trim_end();
    let word = before.rsplit([' ', '\n']).next().unwrap_or("").to_ascii_lowercase();
    let after = text[at + 3..].trim_start();
    let next = after.split([' ', '\n', '.', ',']).next().unwrap_or("").to_ascii_lowercase();
    ["port", "line", "size", "of", "over", "than", "about", "maximum", "limit"].contains(&word.as_str())
        || ["bytes", "kb", "mb", "hours", "seconds", "minutes", "messages", "characters", "recipients"]
            .contains(&next.as_str())
}

/// The first enhanced status that stands between spaces or brackets.
pub(crate) fn status_anywhere(text: &str) -> Option<EnhancedStatus> {
    let mut from = 0;
    while let Some(at) = class_from(text.as_bytes(), from) {
        from = at + 1;
        if text.as_bytes().get(at + 1) != Some(&b'.') {
            continue;
        }
        let before = at.checked_sub(1).map(|n| text.as_bytes()[n]);
        if before.is_some_and(|b| b.is_ascii_alphanumeric() || b".@_".contains(&b)) {
            continue;
        }
        let end = text[at..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(text.len(), |n| at + n);
        if let Ok(status) = text[at..end].trim_end_matches('.').parse() {
            return Some(status);
        }
    }
    None
}

/// The host of `host mx.example[192.0.2.1] said:` and its kin.
fn host<'t>(mut after_host_words: impl Iterator<Item = &'t str>) -> Option<String> {
    after_host_words.find_map(|rest| {
        let word = rest.split([' ', '[', '(', ':', '\n', ',', ';']).next().unwrap_or("");
        let word = word.trim_end_matches('.');
        let plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        let named = word.contains('.') && word.bytes().any(|b| b.is_ascii_alphabetic());
        (plain && named).then(|| word.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let seen = read(text);
        let code = seen.code.map(|c| c.to_string()).unwrap_or_default();
        let status = seen.status.map(|s| s.to_string()).unwrap_or_default();
        let stage = seen.stage.map_or("", Stage::name);
        let host = seen.host.unwrap_or_default();
        assert_eq!(format!("{code}|{status}|{stage}|{host}"), expected, "{text}");
    }

    #[test]
    fn diagnoses() {
        check("550 5.1.1 <a@b.jp>... User Unknown", "550|5.1.1||");
        check("smtp; 550-5.1.1 no such user", "550|5.1.1||");
        check(
            "host mx.b.example[192.0.2.1] said: 550 5.1.1 <a@b.example>: User unknown (in reply to RCPT TO command)",
            "550|5.1.1|rcpt|mx.b.example",
        );
        check("552 too big (in reply to end of DATA command)", "552||content|");
        check("connect to mx.b.example[192.0.2.1]:25: Connection timed out", "|||mx.b.example");
        check("delivered after 5.5 hours on port 587", "|||");
        check("550 #5.1.0 Address rejected.", "550|5.1.0||");
        check("the message is 450 KB", "|||");
        check("sorry (#5.1.1)", "|5.1.1||");
        check("from [192.0.2.1] 10.5.4.1", "|||");
        check("550-'5.7.1 no'", "550|5.7.1||");
    }

    #[test]
    fn words_of_the_remote_server() {
        let check = |text: &str, expected: &str| assert_eq!(remote_words(text), expected, "{text}");
        check(
            "5.1.0 - Unknown address error 550-'5.7.1 no' (delivery attempts: 0)",
            "550-'5.7.1 no' (delivery attempts: 0)",
        );
        check("5.1.0 - Unknown address error", "5.1.0 - Unknown address error");
        check("550 5.1.1 it's - no", "550 5.1.1 it's - no");
    }
}
