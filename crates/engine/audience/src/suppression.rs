//! Addresses and whole domains nothing is sent to, whoever asks and whatever for.

use mail::Address;
use serde::Serialize;

/// Longest note, in characters.
pub const SUPPRESSION_NOTE_CHARS_MAX: usize = 200;

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suppression {
    /// An address as it is compared ([`mail::Address::key`]), or `@` and a domain.
    pub key: String,
    /// Why, in an operator's words.
    pub note: String,
    /// Who put it there.
    pub added_by: Option<i64>,
    /// When.
    pub added_at: i64,
}

/// Reads what an operator typed, one address or domain per line (`a@shop.example`, `@shop.example`, `shop.example`):
/// the keys, and the lines that are neither.
#[must_use]
pub fn read_suppressions(typed: &str) -> (Vec<String>, Vec<String>) {
    let (mut keys, mut odd) = (Vec::new(), Vec::new());
    for line in typed.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match key_of(line) {
            Some(key) if keys.contains(&key) => {}
            Some(key) => keys.push(key),
            None => odd.push(line.to_owned()),
        }
    }
    (keys, odd)
}

fn key_of(line: &str) -> Option<String> {
    let plain = addressing::to_half_width(line);
    let domain = plain.strip_prefix('@').unwrap_or(&plain);
    if !domain.contains('@') {
        let probe = Address::parse(&format!("a@{domain}")).ok()?;
        return probe.domain().contains('.').then(|| format!("@{}", domain_of(&probe.key())));
    }
    addressing::read(line).address.map(|address| address.key())
}

fn domain_of(key: &str) -> &str {
    key.rsplit_once('@').map_or(key, |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, keys: &[&str], odd: &[&str]) {
        let (found, left) = read_suppressions(typed);
        assert_eq!(found, keys, "{typed}");
        assert_eq!(left, odd, "{typed}");
    }

    #[test]
    fn what_people_type() {
        check("A@Shop.Example\n\n b@shop.example ", &["a@shop.example", "b@shop.example"], &[]);
        check("@Shop.Example\nshop.example", &["@shop.example"], &[]);
        check("ａ＠ｓｈｏｐ．ｅｘａｍｐｌｅ", &["a@shop.example"], &[]);
        check("nonsense\n@\na b", &[], &["nonsense", "@", "a b"]);
    }
}
