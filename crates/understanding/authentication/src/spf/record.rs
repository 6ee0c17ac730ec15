//! Reads an SPF record into its terms (RFC 7208 sections 4.6 and 12).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::macros;

/// What a match means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Qualifier {
    Pass,
    Fail,
    SoftFail,
    Neutral,
}

/// How many leading bits of an address must agree, for IPv4 and IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bits {
    pub(crate) v4: u8,
    pub(crate) v6: u8,
}

/// What is matched. Domains are unexpanded; `None` is the current domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mechanism {
    All,
    Include(String),
    A(Option<String>, Bits),
    Mx(Option<String>, Bits),
    Ptr(Option<String>),
    Ip4(Ipv4Addr, u8),
    Ip6(Ipv6Addr, u8),
    Exists(String),
}

impl Mechanism {
    /// True when it counts against the limit of ten look-ups (RFC 7208 section 4.6.4).
    pub(crate) fn asks(&self) -> bool {
        !matches!(self, Self::All | Self::Ip4(..) | Self::Ip6(..))
    }
}

/// One mechanism with its qualifier, and as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) qualifier: Qualifier,
    pub(crate) mechanism: Mechanism,
    pub(crate) written: String,
}

/// A record. `defects` are the terms that could not be read; one of them makes the whole record invalid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) terms: Vec<Term>,
    pub(crate) redirect: Option<String>,
    /// Other modifiers, as written.
    pub(crate) modifiers: Vec<String>,
    pub(crate) defects: Vec<String>,
}

/// True for a TXT value that is an SPF record (RFC 7208 section 4.5).
pub(crate) fn is_spf(txt: &str) -> bool {
    let Some(version) = txt.get(..6) else { return false };
    version.eq_ignore_ascii_case("v=spf1") && matches!(txt.as_bytes().get(6), None | Some(b' '))
}

impl Record {
    /// Reads a record; total.
    pub(crate) fn parse(txt: &str) -> Self {
        let mut record = Self::default();
        let mut has_exp = false;
        for written in txt.get(6..).unwrap_or_default().split(' ').filter(|term| !term.is_empty()) {
            let read = match modifier(written) {
                Some((name, value)) if name.eq_ignore_ascii_case("redirect") => {
                    let fresh = record.redirect.is_none() && macros::is_domain(value);
                    fresh.then(|| record.redirect = Some(value.to_owned()))
                }
                Some((name, value)) => {
                    let is_exp = name.eq_ignore_ascii_case("exp");
                    let fine =
                        if is_exp { !has_exp && macros::is_domain(value) } else { macros::is_string(value) };
                    has_exp |= is_exp;
                    fine.then(|| record.modifiers.push(written.to_owned()))
                }
                None => term(written).map(|term| record.terms.push(term)),
            };
            if read.is_none() {
                record.defects.push(written.to_owned());
            }
        }
        record
    }

    /// The qualifier of the first `all`.
    pub(crate) fn all(&self) -> Option<Qualifier> {
        self.terms.iter().find(|term| term.mechanism == Mechanism::All).map(|term| term.qualifier)
    }
}

/// `name=value`, where the name is one (RFC 7208 section 12).
fn modifier(written: &str) -> Option<(&str, &str)> {
    let (name, value) = written.split_once('=')?;
    let fine = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    fine.then_some((name, value))
}

fn term(written: &str) -> Option<Term> {
    let (qualifier, rest) = match written.as_bytes().first()? {
        b'+' => (Qualifier::Pass, &written[1..]),
        b'-' => (Qualifier::Fail, &written[1..]),
        b'~' => (Qualifier::SoftFail, &written[1..]),
        b'?' => (Qualifier::Neutral, &written[1..]),
        _ => (Qualifier::Pass, written),
    };
    let end = rest.find([':', '/']).unwrap_or(rest.len());
    let (name, argument) = rest.split_at(end);
    let mechanism = mechanism(&name.to_ascii_lowercase(), argument)?;
    Some(Term { qualifier, mechanism, written: written.to_owned() })
}

fn mechanism(name: &str, argument: &str) -> Option<Mechanism> {
    let value = argument.strip_prefix(':');
    Some(match (name, argument) {
        ("all", "") => Mechanism::All,
        ("ptr", "") => Mechanism::Ptr(None),
        ("include", _) => Mechanism::Include(domain(value?)?),
        ("exists", _) => Mechanism::Exists(domain(value?)?),
        ("ptr", _) => Mechanism::Ptr(Some(domain(value?)?)),
        ("a", _) => {
            let (name, bits) = with_bits(argument)?;
            Mechanism::A(name, bits)
        }
        ("mx", _) => {
            let (name, bits) = with_bits(argument)?;
            Mechanism::Mx(name, bits)
        }
        ("ip4", _) => {
            let (ip, bits) = network(value?, 32)?;
            Mechanism::Ip4(ip.parse().ok()?, bits)
        }
        ("ip6", _) => {
            let (ip, bits) = network(value?, 128)?;
            Mechanism::Ip6(ip.parse().ok()?, bits)
        }
        _ => return None,
    })
}

fn domain(value: &str) -> Option<String> {
    macros::is_domain(value).then(|| value.to_owned())
}

fn network(value: &str, bits_max: u8) -> Option<(&str, u8)> {
    match value.split_once('/') {
        Some((ip, bits)) => Some((ip, number(bits, bits_max)?)),
        None => Some((value, bits_max)),
    }
}

/// `[:domain][/bits4][//bits6]`. What stands behind a slash is a part of the domain when it has a dot or a macro.
fn with_bits(argument: &str) -> Option<(Option<String>, Bits)> {
    let (rest, v6) = match argument.rsplit_once("//") {
        Some((rest, bits)) if !bits.contains(['}', '.']) => (rest, number(bits, 128)?),
        _ => (argument, 128),
    };
    let (rest, v4) = match rest.rsplit_once('/') {
        Some((rest, bits)) if !bits.contains(['}', '.']) => (rest, number(bits, 32)?),
        _ => (rest, 32),
    };
    let name = match rest {
        "" => None,
        _ => Some(domain(rest.strip_prefix(':')?)?),
    };
    Some((name, Bits { v4, v6 }))
}

fn number(digits: &str, max: u8) -> Option<u8> {
    let fine = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|n| fine && *n <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(txt: &str, terms: &[&str], defects: &[&str]) {
        let record = Record::parse(txt);
        assert_eq!(record.terms.iter().map(|t| t.written.as_str()).collect::<Vec<_>>(), terms, "{txt}");
        assert_eq!(record.defects, defects, "{txt}");
    }

    #[test]
    fn records() {
        check(
            "v=spf1 ip4:192.0.2.0/24 include:_spf.example.com ~all",
            &["ip4:192.0.2.0/24", "include:_spf.example.com", "~all"],
            &[],
        );
        check("v=spf1  a mx/24//64 ptr:x.example -all", &["a", "mx/24//64", "ptr:x.example", "-all"], &[]);
        check("v=spf1 ip4:192.0.2.300 all", &["all"], &["ip4:192.0.2.300"]);
        check("v=spf1 ip4:2001:db8::1 ip6:192.0.2.1", &[], &["ip4:2001:db8::1", "ip6:192.0.2.1"]);
        check(
            "v=spf1 ip4:192.0.2.1/33 ip4:192.0.2.1/ ip4:192.0.2.1/024",
            &[],
            &["ip4:192.0.2.1/33", "ip4:192.0.2.1/", "ip4:192.0.2.1/024"],
        );
        check(
            "v=spf1 include all: ipv4:1.2.3.4 192.0.2.1",
            &[],
            &["include", "all:", "ipv4:1.2.3.4", "192.0.2.1"],
        );
        check("v=spf1 redirect=a.example redirect=b.example", &[], &["redirect=b.example"]);
        check(
            "v=spf1 a:%{d}/24 exists:%{i}._spf.%{d2} a:b",
            &["a:%{d}/24", "exists:%{i}._spf.%{d2}"],
            &["a:b"],
        );
        check("v=spf1", &[], &[]);
    }

    #[test]
    fn versions() {
        for (txt, expected) in [
            ("v=spf1", true),
            ("V=SPF1 -all", true),
            ("v=spf10", false),
            (" v=spf1", false),
            ("v=sp", false),
            ("ｖ＝ｓｐｆ１", false),
        ] {
            assert_eq!(is_spf(txt), expected, "{txt}");
        }
    }
}
