//! `check_host()`: walks a record's terms with the limits of RFC 7208 section 4.6.4.

use std::net::IpAddr;

use super::{
    Mechanism, Qualifier, Record, SpfQuery, SpfResult, is_spf,
    macros::{self, Words},
    record::Bits,
};
use crate::answers::{Answer, Asker};

/// Terms that ask the DNS, in all records together.
const LOOKUPS_MAX: usize = 10;
/// Look-ups that may find nothing.
const VOID_LOOKUPS_MAX: usize = 2;
/// Mail exchangers or names of one address.
const NAMES_MAX: usize = 10;

/// Why the walk ends before a term decides.
enum Stop {
    NeedMore,
    Is(SpfResult),
}

const PERM: Stop = Stop::Is(SpfResult::PermError);
const TEMP: Stop = Stop::Is(SpfResult::TempError);

/// Evaluates SPF; `None` when answers are missing, which the asker then knows.
pub(crate) fn check_host(asker: &mut Asker, query: &SpfQuery) -> Option<SpfResult> {
    let domain = query.domain.trim_end_matches('.');
    let labels_fit = domain.split('.').all(|label| (1..=63).contains(&label.len()));
    if !labels_fit || !domain.contains('.') || domain.len() > 253 {
        return Some(SpfResult::None);
    }
    let query = SpfQuery { ip: query.ip.to_canonical(), ..*query };
    let mut walk = Walk { asker, query, lookups: 0, voids: 0 };
    match walk.check(domain) {
        Ok(result) | Err(Stop::Is(result)) => Some(result),
        Err(Stop::NeedMore) => None,
    }
}

struct Walk<'w, 'a, 'q> {
    asker: &'w mut Asker<'a>,
    query: SpfQuery<'q>,
    lookups: usize,
    voids: usize,
}

impl Walk<'_, '_, '_> {
    fn check(&mut self, domain: &str) -> Result<SpfResult, Stop> {
        let found = match self.asker.ask(domain, "TXT").ok_or(Stop::NeedMore)? {
            Answer::Trouble(_) => return Err(TEMP),
            Answer::NotFound => return Ok(SpfResult::None),
            Answer::Found(found) => found,
        };
        let mut records = found.iter().filter(|txt| is_spf(txt));
        let Some(txt) = records.next() else { return Ok(SpfResult::None) };
        let record = Record::parse(txt);
        if records.next().is_some() || !record.defects.is_empty() {
            return Err(PERM);
        }
        for term in &record.terms {
            self.count(term.mechanism.asks())?;
            if self.matches(&term.mechanism, domain)? {
                return Ok(match term.qualifier {
                    Qualifier::Pass => SpfResult::Pass,
                    Qualifier::Fail => SpfResult::Fail,
                    Qualifier::SoftFail => SpfResult::SoftFail,
                    Qualifier::Neutral => SpfResult::Neutral,
                });
            }
        }
        let Some(redirect) = &record.redirect else { return Ok(SpfResult::Neutral) };
        self.count(true)?;
        let target = self.expand(redirect, domain)?;
        match self.check(&target)? {
            SpfResult::None => Err(PERM),
            result => Ok(result),
        }
    }

    fn count(&mut self, asks: bool) -> Result<(), Stop> {
        self.lookups += usize::from(asks);
        if self.lookups > LOOKUPS_MAX { Err(PERM) } else { Ok(()) }
    }

    fn matches(&mut self, mechanism: &Mechanism, domain: &str) -> Result<bool, Stop> {
        let ip = self.query.ip;
        match mechanism {
            Mechanism::All => Ok(true),
            Mechanism::Ip4(network, bits) => Ok(in_network(ip, IpAddr::V4(*network), *bits)),
            Mechanism::Ip6(network, bits) => Ok(in_network(ip, IpAddr::V6(*network), *bits)),
            Mechanism::Include(target) => {
                let target = self.expand(target, domain)?;
                match self.check(&target)? {
                    SpfResult::Pass => Ok(true),
                    SpfResult::None => Err(PERM),
                    _ => Ok(false),
                }
            }
            Mechanism::A(target, bits) => {
                let target = self.target(target.as_deref(), domain)?;
                self.has_address(&target, *bits)
            }
            Mechanism::Mx(target, bits) => {
                let target = self.target(target.as_deref(), domain)?;
                self.matches_exchanger(&target, *bits)
            }
            Mechanism::Exists(target) => {
                let target = self.expand(target, domain)?;
                Ok(!self.lookup(&target, "A")?.is_empty())
            }
            Mechanism::Ptr(target) => {
                let target = self.target(target.as_deref(), domain)?.to_ascii_lowercase();
                let names = self.names_of_ip()?;
                Ok(names.iter().any(|name| *name == target || name.ends_with(&format!(".{target}"))))
            }
        }
    }

    fn matches_exchanger(&mut self, target: &str, bits: Bits) -> Result<bool, Stop> {
        let exchangers = self.lookup(target, "MX")?;
        if exchangers.len() > NAMES_MAX {
            return Err(PERM);
        }
        for exchanger in exchangers {
            let host = exchanger.split_whitespace().next_back().unwrap_or_default().to_owned();
            if self.has_address(&host, bits)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn has_address(&mut self, name: &str, bits: Bits) -> Result<bool, Stop> {
        let ip = self.query.ip;
        let (kind, bits) = if ip.is_ipv4() { ("A", bits.v4) } else { ("AAAA", bits.v6) };
        let found = self.lookup(name, kind)?;
        Ok(found.iter().filter_map(|text| text.parse().ok()).any(|network| in_network(ip, network, bits)))
    }

    /// Records of a name; empty look-ups count.
    fn lookup(&mut self, name: &str, kind: &'static str) -> Result<Vec<String>, Stop> {
        match self.asker.ask(name, kind).ok_or(Stop::NeedMore)? {
            Answer::Trouble(_) => Err(TEMP),
            Answer::Found(found) if !found.is_empty() => Ok(found.clone()),
            _ => {
                self.voids += 1;
                if self.voids > VOID_LOOKUPS_MAX { Err(PERM) } else { Ok(Vec::new()) }
            }
        }
    }

    /// The names of the sending address that lead back to it (RFC 7208 section 5.5). DNS trouble finds none.
    fn names_of_ip(&mut self) -> Result<Vec<String>, Stop> {
        let ip = self.query.ip;
        let kind = if ip.is_ipv4() { "A" } else { "AAAA" };
        let found = match self.asker.ask(&reverse_name(ip), "PTR").ok_or(Stop::NeedMore)? {
            Answer::Found(found) => found,
            _ => return Ok(Vec::new()),
        };
        let mut names = Vec::new();
        for name in found.iter().take(NAMES_MAX) {
            let answer = self.asker.ask(name, kind).ok_or(Stop::NeedMore)?;
            let Answer::Found(addresses) = answer else { continue };
            if addresses.iter().any(|text| text.parse() == Ok(ip)) {
                names.push(name.trim_end_matches('.').to_ascii_lowercase());
            }
        }
        Ok(names)
    }

    fn target(&mut self, target: Option<&str>, domain: &str) -> Result<String, Stop> {
        match target {
            Some(target) => self.expand(target, domain),
            None => Ok(domain.to_owned()),
        }
    }

    fn expand(&mut self, text: &str, domain: &str) -> Result<String, Stop> {
        if !text.contains('%') {
            return Ok(text.to_owned());
        }
        let name = if macros::needs_name(text) { self.best_name(domain)? } else { String::new() };
        let (local, sender_domain) = match self.query.sender.rsplit_once('@') {
            Some(("", domain)) => ("postmaster", domain),
            Some(parts) => parts,
            None => ("postmaster", self.query.sender),
        };
        let words = Words {
            sender_local: local,
            sender_domain,
            domain,
            ip: self.query.ip,
            helo: self.query.helo,
            name: &name,
        };
        Ok(macros::expand(text, &words))
    }

    /// The domain's own name is preferred, then one below it, then any (RFC 7208 section 7.3).
    fn best_name(&mut self, domain: &str) -> Result<String, Stop> {
        let domain = domain.to_ascii_lowercase();
        let below = format!(".{domain}");
        let names = self.names_of_ip()?;
        let best =
            names.iter().find(|name| **name == domain).or_else(|| names.iter().find(|n| n.ends_with(&below)));
        Ok(best.or(names.first()).cloned().unwrap_or_else(|| "unknown".to_owned()))
    }
}

fn in_network(ip: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            let differ = u32::from(ip) ^ u32::from(network);
            bits == 0 || differ >> (32 - u32::from(bits.min(32))) == 0
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => {
            let differ = u128::from(ip) ^ u128::from(network);
            bits == 0 || differ >> (128 - u32::from(bits.min(128))) == 0
        }
        _ => false,
    }
}

/// `3.2.0.192.in-addr.arpa`.
pub(crate) fn reverse_name(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(ip) => {
            let digits = format!("{:032x}", u128::from(ip));
            let reversed: Vec<String> = digits.chars().rev().map(String::from).collect();
            format!("{}.ip6.arpa", reversed.join("."))
        }
    }
}
