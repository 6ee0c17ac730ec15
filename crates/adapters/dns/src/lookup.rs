//! Asks for single records, for the doctor, past the cache.

use std::net::IpAddr;

use async_trait::async_trait;
use authentication::Answer;
use doctor::ports::DnsLookup;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use crate::{DnsResolver, ask::Asked, mx::host_name};

#[async_trait]
impl DnsLookup for DnsResolver {
    /// Values: `TXT` the joined strings, `MX` as `10 mx.example`, addresses and names as text without final dots.
    /// `PTR` takes an IP address or an `in-addr.arpa` name.
    async fn lookup(&self, name: &str, kind: &str) -> Answer {
        let Some(kind) = record_type(kind) else {
            return Answer::Trouble(format!("{kind} records cannot be asked for"));
        };
        let name = question(name, kind);
        match self.asker.ask(&name, kind).await {
            Asked::Found { records, .. } => Answer::Found(records.iter().filter_map(value).collect()),
            Asked::Nothing { .. } | Asked::NoSuchName { .. } => Answer::NotFound,
            Asked::Trouble(text) => Answer::Trouble(text),
        }
    }
}

fn record_type(kind: &str) -> Option<RecordType> {
    match kind.to_ascii_uppercase().as_str() {
        "TXT" => Some(RecordType::TXT),
        "MX" => Some(RecordType::MX),
        "A" => Some(RecordType::A),
        "AAAA" => Some(RecordType::AAAA),
        "CNAME" => Some(RecordType::CNAME),
        "PTR" => Some(RecordType::PTR),
        _ => None,
    }
}

fn question(name: &str, kind: RecordType) -> String {
    match name.parse::<IpAddr>() {
        Ok(ip) if kind == RecordType::PTR => Name::from(ip).to_ascii(),
        _ => name.to_owned(),
    }
}

fn value(record: &RData) -> Option<String> {
    match record {
        RData::TXT(txt) => {
            let bytes: Vec<u8> = txt.txt_data.iter().flat_map(|part| part.iter().copied()).collect();
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        RData::MX(mx) => Some(format!("{} {}", mx.preference, mx_target(&mx.exchange))),
        RData::A(a) => Some(a.to_string()),
        RData::AAAA(aaaa) => Some(aaaa.to_string()),
        RData::CNAME(name) => Some(host_name(&name.0.to_ascii())),
        RData::PTR(name) => Some(host_name(&name.0.to_ascii())),
        _ => None,
    }
}

/// The null MX keeps its dot: without it there would be nothing to see.
fn mx_target(name: &Name) -> String {
    let target = host_name(&name.to_ascii());
    if target.is_empty() { ".".to_owned() } else { target }
}
