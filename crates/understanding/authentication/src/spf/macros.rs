//! SPF macros in domain names: `%{i}._spf.%{d2}` (RFC 7208 section 7).

use std::net::IpAddr;

/// What macros are filled with.
pub(crate) struct Words<'a> {
    pub(crate) sender_local: &'a str,
    pub(crate) sender_domain: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) ip: IpAddr,
    pub(crate) helo: &'a str,
    /// The validated name of the address, or `unknown`.
    pub(crate) name: &'a str,
}

/// One piece of a macro string.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Macro { letter: char, digits: usize, reverse: bool, delimiters: &'a str },
}

/// True for a macro string.
pub(crate) fn is_string(text: &str) -> bool {
    pieces(text).is_some()
}

/// True for a domain-spec: a macro string that ends in a macro or in a top label.
pub(crate) fn is_domain(text: &str) -> bool {
    let Some(pieces) = pieces(text) else { return false };
    match pieces.last() {
        Some(Piece::Macro { .. }) => true,
        Some(Piece::Text(_)) => {
            text.strip_suffix('.').unwrap_or(text).rsplit_once('.').is_some_and(|(_, top)| is_top(top))
        }
        None => false,
    }
}

/// True when `%{p}` is used, which costs more look-ups.
pub(crate) fn needs_name(text: &str) -> bool {
    pieces(text).into_iter().flatten().any(|p| matches!(p, Piece::Macro { letter: 'p' | 'P', .. }))
}

/// Fills in a domain-spec; over-long names lose labels on the left (RFC 7208 section 7.3).
pub(crate) fn expand(text: &str, words: &Words) -> String {
    let mut out = String::new();
    for piece in pieces(text).unwrap_or_default() {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Macro { letter, digits, reverse, delimiters } => {
                let value = transform(&value_of(letter, words), digits, reverse, delimiters);
                if letter.is_ascii_uppercase() { escape(&mut out, &value) } else { out.push_str(&value) }
            }
        }
    }
    let mut name = out.trim_end_matches('.');
    while name.len() > 253 {
        match name.split_once('.') {
            Some((_, rest)) => name = rest,
            None => break,
        }
    }
    name.to_owned()
}

fn is_top(label: &str) -> bool {
    !label.is_empty()
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.bytes().all(|b| b.is_ascii_digit())
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn pieces(text: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let percent = rest.find('%').unwrap_or(rest.len());
        let (literal, more) = rest.split_at(percent);
        if !literal.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        rest = match more.as_bytes() {
            [] => more,
            [b'%', b'%', ..] => keep(&mut pieces, "%", &more[2..]),
            [b'%', b'_', ..] => keep(&mut pieces, " ", &more[2..]),
            [b'%', b'-', ..] => keep(&mut pieces, "%20", &more[2..]),
            [b'%', b'{', ..] => {
                let (inside, after) = more[2..].split_once('}')?;
                pieces.push(macro_of(inside)?);
                after
            }
            _ => return None,
        };
    }
    Some(pieces)
}

fn keep<'a>(pieces: &mut Vec<Piece<'a>>, text: &'static str, rest: &'a str) -> &'a str {
    pieces.push(Piece::Text(text));
    rest
}

fn macro_of(inside: &str) -> Option<Piece<'_>> {
    let letter = inside.chars().next().filter(|c| "slodiphv".contains(c.to_ascii_lowercase()))?;
    let rest = &inside[1..];
    let digits_end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let digits = match &rest[..digits_end] {
        "" => usize::MAX,
        digits => digits.parse().ok().filter(|n| *n > 0)?,
    };
    let rest = &rest[digits_end..];
    let stripped = rest.strip_prefix(['r', 'R']);
    let delimiters = stripped.unwrap_or(rest);
    let fine = delimiters.chars().all(|c| ".-+,/_=".contains(c));
    fine.then_some(Piece::Macro { letter, digits, reverse: stripped.is_some(), delimiters })
}

fn value_of(letter: char, words: &Words) -> String {
    match letter.to_ascii_lowercase() {
        's' => format!("{}@{}", words.sender_local, words.sender_domain),
        'l' => words.sender_local.to_owned(),
        'o' => words.sender_domain.to_owned(),
        'd' => words.domain.to_owned(),
        'i' => dotted(words.ip),
        'p' => words.name.to_owned(),
        'v' => if words.ip.is_ipv4() { "in-addr" } else { "ip6" }.to_owned(),
        _ => words.helo.to_owned(),
    }
}

fn dotted(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let digits = format!("{:032x}", u128::from(ip));
            digits.chars().map(String::from).collect::<Vec<_>>().join(".")
        }
    }
}

fn transform(value: &str, digits: usize, reverse: bool, delimiters: &str) -> String {
    let is_delimiter = |c: char| if delimiters.is_empty() { c == '.' } else { delimiters.contains(c) };
    let mut parts: Vec<&str> = value.split(is_delimiter).collect();
    if reverse {
        parts.reverse();
    }
    parts[parts.len().saturating_sub(digits)..].join(".")
}

fn escape(out: &mut String, value: &str) {
    for b in value.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let words = Words {
            sender_local: "strong-bad",
            sender_domain: "email.example.com",
            domain: "email.example.com",
            ip: "192.0.2.3".parse().unwrap(),
            helo: "mx.example.com",
            name: "unknown",
        };
        assert_eq!(expand(text, &words), expected, "{text}");
    }

    #[test]
    fn examples_of_the_rfc() {
        check("%{s}", "strong-bad@email.example.com");
        check("%{o}", "email.example.com");
        check("%{d4}", "email.example.com");
        check("%{d1}", "com");
        check("%{dr}", "com.example.email");
        check("%{d2r}", "example.email");
        check("%{l-}", "strong.bad");
        check("%{lr-}", "bad.strong");
        check("%{l1r-}", "strong");
        check("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com");
        check("%{S}", "strong-bad%40email.example.com");
        check("a%%b.%{h}", "a%b.mx.example.com");
    }

    #[test]
    fn domains() {
        for (text, expected) in [
            ("example.com", true),
            ("example.com.", true),
            ("com", false),
            ("", false),
            ("a.123", false),
            ("a.b-", false),
            ("%{d}", true),
            ("%{x}", false),
            ("%{d0}", false),
            ("%{d", false),
            ("%d", false),
            ("a b.c", false),
            ("é.example", false),
        ] {
            assert_eq!(is_domain(text), expected, "{text}");
        }
    }
}
