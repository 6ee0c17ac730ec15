//! The records of the simulated world, made from the book of providers and changed at run time.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use hickory_proto::rr::{
    Name, RData, RecordType,
    rdata::{A, AAAA, CNAME, MX, NS, PTR, TXT},
};

use crate::{
    TestkitError,
    providers::{DnsShape, Provider, ProviderBook},
};

/// Nobody listens here.
const DEAD_IP: &str = "127.0.0.250";

/// A name that answers with trouble instead of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// SERVFAIL.
    ServFail,
    /// No answer at all.
    Timeout,
    /// REFUSED.
    Refused,
}

/// Names and their records. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct Zone {
    state: Arc<RwLock<State>>,
}

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<Name, Vec<RData>>,
    faults: BTreeMap<Name, Fault>,
    queries: BTreeMap<(Name, RecordType), u64>,
}

/// What a zone knows about a question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Records(Vec<RData>),
    NoSuchName,
    Fault(Fault),
}

impl Zone {
    /// MX, A and AAAA of all providers, with the shapes their entries ask for, and reverse names of their hosts.
    ///
    /// # Errors
    /// When a name in the book is no host name.
    pub fn of(book: &ProviderBook) -> Result<Self, TestkitError> {
        let zone = Self::default();
        for provider in book.providers() {
            zone.add_provider(provider)?;
        }
        Ok(zone)
    }

    fn add_provider(&self, provider: &Provider) -> Result<(), TestkitError> {
        for domain in &provider.domains {
            match provider.dns {
                DnsShape::Mx => self.add_mx(domain, provider)?,
                DnsShape::AddressOnly => self.add_ip(domain, provider.ip)?,
                DnsShape::NullMx => self.add(domain, "MX", "0 .")?,
                DnsShape::Nxdomain => {}
                DnsShape::Servfail => self.fail(domain, Fault::ServFail)?,
                DnsShape::Timeout => self.fail(domain, Fault::Timeout)?,
            }
        }
        for host in &provider.hosts {
            self.add_ip(host, provider.ip)?;
        }
        for host in &provider.dead_hosts {
            self.add(host, "A", DEAD_IP)?;
        }
        Ok(())
    }

    fn add_mx(&self, domain: &str, provider: &Provider) -> Result<(), TestkitError> {
        for (n, host) in provider.dead_hosts.iter().chain(&provider.hosts).enumerate() {
            self.add(domain, "MX", &format!("{} {host}", (n + 1) * 10))?;
        }
        Ok(())
    }

    fn add_ip(&self, host: &str, ip: Option<IpAddr>) -> Result<(), TestkitError> {
        match ip {
            Some(IpAddr::V4(ip)) => {
                self.add(host, "A", &ip.to_string())?;
                let [a, b, c, d] = ip.octets();
                self.add(&format!("{d}.{c}.{b}.{a}.in-addr.arpa"), "PTR", host)
            }
            Some(IpAddr::V6(ip)) => self.add(host, "AAAA", &ip.to_string()),
            None => Ok(()),
        }
    }

    /// Adds a record: `add("shop.example", "MX", "10 mx.shop.example")`. Types: A, AAAA, MX, TXT, CNAME, NS, PTR.
    /// A TXT is split into strings of 255 octets by itself.
    ///
    /// # Errors
    /// When name, type or value are not understood.
    pub fn add(&self, name: &str, kind: &str, value: &str) -> Result<(), TestkitError> {
        let name = read_name(name)?;
        let record = read_record(kind, value)?;
        let mut state = self.write();
        let records = state.records.entry(name).or_default();
        if !records.contains(&record) {
            records.push(record);
        }
        Ok(())
    }

    /// Removes all records of a type; with `kind` = `*` the whole name.
    ///
    /// # Errors
    /// When name or type are not understood.
    pub fn remove(&self, name: &str, kind: &str) -> Result<(), TestkitError> {
        let name = read_name(name)?;
        let mut state = self.write();
        if kind == "*" {
            state.records.remove(&name);
            state.faults.remove(&name);
            return Ok(());
        }
        let kind = read_kind(kind)?;
        if let Some(records) = state.records.get_mut(&name) {
            records.retain(|record| record.record_type() != kind);
            if records.is_empty() {
                state.records.remove(&name);
            }
        }
        Ok(())
    }

    /// Makes a name and everything below it answer with trouble.
    ///
    /// # Errors
    /// When the name is not understood.
    pub fn fail(&self, name: &str, fault: Fault) -> Result<(), TestkitError> {
        self.write().faults.insert(read_name(name)?, fault);
        Ok(())
    }

    /// Ends the trouble of a name.
    ///
    /// # Errors
    /// When the name is not understood.
    pub fn heal(&self, name: &str) -> Result<(), TestkitError> {
        self.write().faults.remove(&read_name(name)?);
        Ok(())
    }

    /// True when the name has records or names below it.
    #[must_use]
    pub fn exists(&self, name: &str) -> bool {
        read_name(name).is_ok_and(|name| self.read().exists(&name))
    }

    /// How often this question was asked.
    #[must_use]
    pub fn queries(&self, name: &str, kind: &str) -> u64 {
        let question = read_name(name).and_then(|name| Ok((name, read_kind(kind)?)));
        question.map_or(0, |question| self.read().queries.get(&question).copied().unwrap_or(0))
    }

    pub(super) fn find(&self, name: &Name, kind: RecordType) -> Found {
        let name = name.to_lowercase();
        let mut state = self.write();
        *state.queries.entry((name.clone(), kind)).or_default() += 1;
        if let Some(fault) = state.fault(&name) {
            return Found::Fault(fault);
        }
        match state.records.get(&name) {
            Some(records) => {
                let wanted = |r: &&RData| r.record_type() == kind || r.record_type() == RecordType::CNAME;
                Found::Records(records.iter().filter(wanted).cloned().collect())
            }
            None if state.exists(&name) => Found::Records(Vec::new()),
            None => Found::NoSuchName,
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn exists(&self, name: &Name) -> bool {
        self.records.contains_key(name) || self.records.keys().any(|other| name.zone_of(other))
    }

    fn fault(&self, name: &Name) -> Option<Fault> {
        self.faults.iter().find(|(broken, _)| broken.zone_of(name)).map(|(_, fault)| *fault)
    }
}

fn read_name(text: &str) -> Result<Name, TestkitError> {
    let dotted = if text.ends_with('.') { text.to_owned() } else { format!("{text}.") };
    let name = Name::from_ascii(&dotted);
    name.map(|name| name.to_lowercase()).map_err(|_| TestkitError::Record(text.to_owned()))
}

fn read_kind(kind: &str) -> Result<RecordType, TestkitError> {
    RecordType::from_str(&kind.to_ascii_uppercase()).map_err(|_| TestkitError::Record(kind.to_owned()))
}

fn read_record(kind: &str, value: &str) -> Result<RData, TestkitError> {
    let wrong = || TestkitError::Record(format!("{kind} {value}"));
    Ok(match read_kind(kind)? {
        RecordType::A => RData::A(A(value.parse::<Ipv4Addr>().map_err(|_| wrong())?)),
        RecordType::AAAA => RData::AAAA(AAAA(value.parse::<Ipv6Addr>().map_err(|_| wrong())?)),
        RecordType::MX => {
            let (preference, host) = value.split_once(' ').ok_or_else(wrong)?;
            RData::MX(MX::new(preference.parse().map_err(|_| wrong())?, read_name(host.trim())?))
        }
        RecordType::TXT => RData::TXT(TXT::from_bytes(value.as_bytes().chunks(255).collect())),
        RecordType::CNAME => RData::CNAME(CNAME(read_name(value)?)),
        RecordType::NS => RData::NS(NS(read_name(value)?)),
        RecordType::PTR => RData::PTR(PTR(read_name(value)?)),
        _ => return Err(wrong()),
    })
}
