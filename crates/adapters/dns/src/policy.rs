//! DNS as TLS policies need it: TXT records, and what DANE says about a domain's hosts (RFC 7672 section 2.2).

use async_trait::async_trait;
use authentication::Tlsa;
use delivery::tls::ports::{DomainDane, HostDane, PolicyDns, TxtAnswer};
use futures_util::future::join_all;
use hickory_resolver::proto::rr::{RData, RecordType, rdata::TLSA};

use crate::{
    DnsResolver,
    ask::Asked,
    mx::host_name,
    validate::{Validated, Validator},
};

#[async_trait]
impl PolicyDns for DnsResolver {
    async fn txt(&self, name: &str) -> TxtAnswer {
        match self.asker.ask(name, RecordType::TXT).await {
            Asked::Found { records, .. } => TxtAnswer::Records(records.iter().filter_map(text).collect()),
            Asked::Nothing { .. } | Asked::NoSuchName { .. } => TxtAnswer::Records(Vec::new()),
            Asked::Trouble(words) => TxtAnswer::Trouble(words),
        }
    }

    async fn dane(&self, domain: &str, hosts: &[String], port: u16) -> DomainDane {
        let Some(validator) = &self.validator else { return DomainDane::Absent };
        if !validator.works().await {
            return DomainDane::Absent;
        }
        let mx = match validator.ask(domain, RecordType::MX).await {
            Validated::Secure(records) => Some(records),
            // No MX: the domain is its own host.
            Validated::Nothing => None,
            Validated::Insecure => return DomainDane::Absent,
            Validated::Trouble(words) => return DomainDane::Trouble(words),
        };
        let signed: Vec<String> = match &mx {
            None => vec![host_name(domain)],
            Some(records) => records
                .iter()
                .filter_map(|record| match record {
                    RData::MX(mx) => Some(host_name(&mx.exchange.to_ascii())),
                    _ => None,
                })
                .collect(),
        };
        let one = async |host: &String| match signed.contains(host) {
            true => dane_of(validator, host, port).await,
            false => HostDane::Trouble(format!("{host} is not among the signed MX records of {domain}")),
        };
        DomainDane::Hosts(join_all(hosts.iter().map(one)).await)
    }
}

/// Hosts whose addresses are not signed are not asked for TLSA records: some of their name servers never answer.
async fn dane_of(validator: &Validator, host: &str, port: u16) -> HostDane {
    let mut address = validator.ask(host, RecordType::A).await;
    if matches!(address, Validated::Nothing) {
        address = validator.ask(host, RecordType::AAAA).await;
    }
    match address {
        Validated::Secure(_) => {}
        Validated::Insecure | Validated::Nothing => return HostDane::Absent,
        Validated::Trouble(words) => return HostDane::Trouble(words),
    }
    match validator.ask(&format!("_{port}._tcp.{host}"), RecordType::TLSA).await {
        Validated::Secure(records) => {
            let records: Vec<&TLSA> = records
                .iter()
                .filter_map(|record| match record {
                    RData::TLSA(tlsa) => Some(tlsa),
                    _ => None,
                })
                .collect();
            let usable: Vec<Tlsa> = records.iter().filter_map(|record| read(record)).collect();
            let unusable = records.len() - usable.len();
            HostDane::Records { usable, unusable }
        }
        Validated::Insecure | Validated::Nothing => HostDane::Absent,
        Validated::Trouble(words) => HostDane::Trouble(words),
    }
}

fn read(record: &TLSA) -> Option<Tlsa> {
    let numbers = [u8::from(record.cert_usage), u8::from(record.selector), u8::from(record.matching)];
    Tlsa::read(&[&numbers[..], &record.cert_data].concat()).0
}

fn text(record: &RData) -> Option<String> {
    let RData::TXT(txt) = record else { return None };
    let bytes: Vec<u8> = txt.txt_data.iter().flat_map(|part| part.iter().copied()).collect();
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
