//! Puts MX and address answers together into where a domain's mail goes (RFC 5321 section 5.1, RFC 7505).

use std::net::IpAddr;

use delivery::hop::{MxAnswer, MxHost};
use hickory_resolver::proto::rr::RData;

use crate::shuffle::shuffle;

/// MX hosts that are looked at; a domain with more is answered with its best ones.
pub(crate) const HOSTS_MAX: usize = 16;
/// Addresses kept per host.
pub(crate) const ADDRESSES_MAX: usize = 16;

/// What the MX records of a domain say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Targets {
    /// Host names with their preference, best first.
    Hosts(Vec<(u16, String)>),
    /// The null MX.
    Null,
    /// Records that name no usable host.
    None,
}

/// Reads MX records. A root target beside others is no null MX (RFC 7505 section 3) and is left out; so is
/// `localhost`, which would bring the mail back to ourselves.
pub(crate) fn targets(records: &[RData]) -> Targets {
    let all: Vec<(u16, String)> = records
        .iter()
        .filter_map(|record| match record {
            RData::MX(mx) => Some((mx.preference, host_name(&mx.exchange.to_ascii()))),
            _ => None,
        })
        .collect();
    if all.len() == 1 && all[0].1.is_empty() {
        return Targets::Null;
    }
    let mut hosts: Vec<_> =
        all.into_iter().filter(|(_, name)| !name.is_empty() && !is_localhost(name)).collect();
    hosts.sort();
    hosts.dedup_by(|a, b| a.1 == b.1);
    hosts.truncate(HOSTS_MAX);
    if hosts.is_empty() { Targets::None } else { Targets::Hosts(hosts) }
}

/// A host name as we write it: lower case, without the final dot.
pub(crate) fn host_name(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// The addresses among records that mail can be sent to, IPv6 and IPv4 taking turns, so that a broken IPv6 path
/// costs one timeout and not all of them.
pub(crate) fn addresses(v6: &[RData], v4: &[RData]) -> Vec<IpAddr> {
    let read = |records: &[RData]| -> Vec<IpAddr> {
        let all = records.iter().filter_map(RData::ip_addr);
        all.filter(|ip| !ip.is_unspecified() && !ip.is_multicast()).take(ADDRESSES_MAX / 2).collect()
    };
    let (mut v6, mut v4) = (read(v6).into_iter(), read(v4).into_iter());
    let mut mixed = Vec::new();
    loop {
        let (a, b) = (v6.next(), v4.next());
        if a.is_none() && b.is_none() {
            return mixed;
        }
        mixed.extend(a);
        mixed.extend(b);
    }
}

/// Puts hosts of equal preference into the order `seed` gives.
pub(crate) fn spread(answer: MxAnswer, seed: u64) -> MxAnswer {
    let MxAnswer::Hosts(mut hosts) = answer else { return answer };
    for group in hosts.chunk_by_mut(|a: &MxHost, b: &MxHost| a.preference == b.preference) {
        shuffle(group, seed);
    }
    MxAnswer::Hosts(hosts)
}

fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost") || name == "localhost.localdomain"
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::{Name, rdata};

    use super::*;

    fn check(records: &[(u16, &str)], expected: &str) {
        let records: Vec<RData> = records
            .iter()
            .map(|(preference, name)| RData::MX(rdata::MX::new(*preference, Name::from_ascii(name).unwrap())))
            .collect();
        let seen = match targets(&records) {
            Targets::Hosts(hosts) => hosts
                .iter()
                .map(|(preference, name)| format!("{preference} {name}"))
                .collect::<Vec<_>>()
                .join(", "),
            other => format!("{other:?}"),
        };
        assert_eq!(seen, expected);
    }

    #[test]
    fn mx_records() {
        check(&[(20, "b.example."), (10, "A.example.")], "10 a.example, 20 b.example");
        check(&[(0, ".")], "Null");
        check(&[(0, "."), (10, "a.example.")], "10 a.example");
        check(&[(10, "localhost.")], "None");
        check(&[(10, "localhost."), (20, "b.example.")], "20 b.example");
        check(&[(10, "a.example."), (10, "a.example.")], "10 a.example");
        check(&[], "None");
    }

    #[test]
    fn address_families_take_turns() {
        let v6 = ["2001:db8::1", "2001:db8::2", "::"].map(|ip| RData::AAAA(ip.parse().unwrap()));
        let v4 = ["192.0.2.1", "0.0.0.0"].map(|ip| RData::A(ip.parse().unwrap()));
        let seen: Vec<String> = addresses(&v6, &v4).iter().map(ToString::to_string).collect();
        assert_eq!(seen, ["2001:db8::1", "192.0.2.1", "2001:db8::2"]);
    }

    #[test]
    fn only_equal_preferences_change_places() {
        let host = |preference, name: &str| MxHost::new(preference, name, Vec::new());
        let all = MxAnswer::Hosts(vec![host(10, "a"), host(20, "b"), host(20, "c"), host(30, "d")]);
        let orders: std::collections::BTreeSet<String> = (0..50)
            .map(|seed| match spread(all.clone(), seed) {
                MxAnswer::Hosts(hosts) => hosts.into_iter().map(|host| host.name).collect(),
                _ => String::new(),
            })
            .collect();
        assert_eq!(orders.into_iter().collect::<Vec<_>>(), ["abcd", "acbd"]);
    }
}
