//! The path in `MAIL FROM:<…>` and `RCPT TO:<…>`, and the parameters behind it (RFC 5321 section 4.1.2).

use mail::{Address, AddressError};

/// A path and its parameters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path<'a> {
    /// Between the angle brackets.
    pub(super) text: &'a str,
    /// Behind them.
    pub(super) parameters: &'a str,
}

/// Reads `FROM:<a@b> SIZE=1` with `keyword` = `FROM:`; a blank before the `<` is forgiven.
pub(super) fn path<'a>(rest: &'a str, keyword: &str) -> Option<Path<'a>> {
    let head = rest.get(..keyword.len())?;
    if !head.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let inside = rest[keyword.len()..].trim_start().strip_prefix('<')?;
    let end = end_of_path(inside)?;
    Some(Path { text: &inside[..end], parameters: inside[end + 1..].trim() })
}

fn end_of_path(inside: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// The parameter `NAME=value` or `NAME`; the value is empty in the second form.
pub(super) fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(' ').find_map(|word| {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// A mailbox as a strict server reads it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mailbox {
    /// Local part without quotes, domain in lower case.
    Good { local: String, domain: String },
    /// Not what the grammar allows, or octets that need SMTPUTF8 (RFC 6531) without it.
    Malformed,
}

/// Reads a mailbox; old carrier addresses (`a..b@`) must be quoted here as RFC 5321 asks.
pub(super) fn mailbox(text: &str, utf8: bool) -> Mailbox {
    match Address::parse(text) {
        Ok(address) if address.needs_quotes() && !text.starts_with('"') => Mailbox::Malformed,
        Ok(address) => {
            Mailbox::Good { local: address.local().to_owned(), domain: address.domain().to_owned() }
        }
        Err(AddressError::LocalCharacter | AddressError::Domain) if utf8 && !text.is_ascii() => {
            match text.rsplit_once('@') {
                Some((local, domain)) => {
                    Mailbox::Good { local: local.to_owned(), domain: domain.to_lowercase() }
                }
                None => Mailbox::Malformed,
            }
        }
        Err(_) => Mailbox::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let check = |rest: &str, expected: &str| {
            let seen = path(rest, "TO:").map(|p| format!("{}|{}", p.text, p.parameters));
            assert_eq!(seen.as_deref().unwrap_or("-"), expected, "{rest}");
        };
        check("TO:<a@b.test>", "a@b.test|");
        check("to: <a@b.test> NOTIFY=NEVER X=1", "a@b.test|NOTIFY=NEVER X=1");
        check("TO:<\"a>b\"@b.test>", "\"a>b\"@b.test|");
        check("TO:<\"a\\\">b\"@b.test> X", "\"a\\\">b\"@b.test|X");
        check("TO:<>", "|");
        check("TO:<a@b.test", "-");
        check("TO:a@b.test", "-");
        check("FROM:<a@b.test>", "-");
        check("", "-");
    }

    #[test]
    fn parameters_are_found() {
        let check = |text: &str, name: &str, expected: Option<&str>| {
            assert_eq!(parameter(text, name), expected, "{text}");
        };
        check("SIZE=12 BODY=8BITMIME", "size", Some("12"));
        check("SMTPUTF8", "SMTPUTF8", Some(""));
        check("SIZE=12", "BODY", None);
    }

    #[test]
    fn mailboxes() {
        let check = |text: &str, utf8: bool, expected: &str| {
            let seen = match mailbox(text, utf8) {
                Mailbox::Good { local, domain } => format!("{local} {domain}"),
                Mailbox::Malformed => "malformed".to_owned(),
            };
            assert_eq!(seen, expected, "{text}");
        };
        check("a@Docomo.ne.jp", false, "a docomo.ne.jp");
        check("a..b@docomo.ne.jp", false, "malformed");
        check("\"a..b\"@docomo.ne.jp", false, "a..b docomo.ne.jp");
        check("花子@gmail.com", false, "malformed");
        check("花子@gmail.com", true, "花子 gmail.com");
        check("a b@gmail.com", true, "malformed");
        check("hanako", true, "malformed");
    }
}
