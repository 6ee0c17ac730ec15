//! Looks at a source as others see it: its reverse name, the block lists, the SPF records that must allow it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::LazyLock,
    time::Duration,
};

use authentication::{Answer, Answers, SpfQuery, SpfResult, check_spf};
use delivery::source::Source;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::ports::DnsLookup;

/// How long one question may take.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(8);
/// Questions that are on their way at once.
const QUESTIONS_AT_ONCE: usize = 8;
/// Rounds of questions about SPF; a record may name others, ten deep.
const SPF_ROUNDS_MAX: usize = 25;

/// A list that servers ask before they take mail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockList {
    /// Stable name.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it is asked.
    pub zone: String,
    /// Whether it knows IPv6 addresses.
    pub ipv6: bool,
    /// Where one asks to be taken off.
    pub delist: String,
    /// Where this is known from.
    pub source: String,
    /// What its answers mean.
    pub code: Vec<ListCode>,
}

/// What an answer of a list means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListCode {
    codes: Vec<String>,
    /// Whether a source should rest while it is listed so.
    pub rest: bool,
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListTable {
    version: String,
    list: Vec<BlockList>,
}

static LISTS: LazyLock<ListTable> = LazyLock::new(|| {
    toml::from_str(include_str!("../tables/dnsbl.toml"))
        .expect("dnsbl.toml is part of the program and checked by a test")
});

/// Every list, and the date of what is known of them.
#[must_use]
pub fn block_lists() -> (&'static str, &'static [BlockList]) {
    (&LISTS.version, &LISTS.list)
}

/// What is known of a source before it is looked at.
#[derive(Debug, Clone)]
pub struct SourceFacts {
    /// Addresses others see; empty when nobody said.
    pub ips: Vec<IpAddr>,
    /// The name it greets with.
    pub helo: String,
    /// The smart host's name; then only that is looked up.
    pub relay: Option<String>,
    /// Sending domains: the domain in From, and that of the return path, whose SPF record counts.
    pub domains: Vec<(String, String)>,
    /// Replies of servers within the last 24 hours.
    pub replies: u64,
}

/// One thing that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its name in `tables/source_health.toml`.
    pub key: String,
    /// Values for the places in its sentences.
    pub values: BTreeMap<String, String>,
    /// The id of a list and its answer, where it is about a list.
    #[serde(default)]
    pub listing: Option<(String, String)>,
}

impl Finding {
    fn new<const N: usize>(key: &str, values: [(&str, String); N]) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { key: key.to_owned(), values, listing: None }
    }

    /// The list and the meaning of its answer.
    #[must_use]
    pub fn listed(&self) -> Option<(&'static BlockList, &'static ListCode)> {
        let (id, answer) = self.listing.as_ref()?;
        let list = LISTS.list.iter().find(|list| list.id == *id)?;
        list.code.iter().find(|code| code.codes.contains(answer)).map(|code| (list, code))
    }

    /// Whether a source should rest for it.
    #[must_use]
    pub fn asks_for_rest(&self) -> bool {
        self.listed().is_some_and(|(_, code)| code.rest)
    }
}

/// What the words of a finding are made from.
#[must_use]
pub fn facts_of(
    source: &Source,
    house: (&str, &[IpAddr]),
    domains: Vec<(String, String)>,
    replies: u64,
) -> SourceFacts {
    use delivery::source::Way;
    let (mail_host, sending_ips) = house;
    match &source.draft.way {
        Way::SmartHost(host) => SourceFacts {
            ips: Vec::new(),
            helo: mail_host.to_owned(),
            relay: Some(host.host.clone()),
            domains,
            replies,
        },
        Way::Direct(direct) => {
            let ips = if direct.public().is_empty() { sending_ips } else { direct.public() };
            let own = direct.helo_name.as_str();
            let helo = if own.is_empty() { mail_host } else { own };
            SourceFacts { ips: ips.to_vec(), helo: helo.to_owned(), relay: None, domains, replies }
        }
    }
}

/// Looks at a source. What the DNS does not tell in time is not known, and never counts against the source.
pub async fn look_at_source(dns: &dyn DnsLookup, facts: &SourceFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let n = facts.replies.to_string();
    findings.push(if facts.replies > 0 {
        Finding::new("port_good", [("n", n)])
    } else {
        Finding::new("port_unknown", [("n", n)])
    });
    if let Some(host) = &facts.relay {
        findings.push(look_at_relay(dns, host).await);
        return findings;
    }
    if facts.ips.is_empty() {
        findings.push(Finding::new("ip_unsaid", []));
    }
    for ip in &facts.ips {
        if is_inner(*ip) {
            findings.push(Finding::new("ip_private", [("ip", ip.to_string())]));
            continue;
        }
        findings.push(look_at_name(dns, *ip, &facts.helo).await);
        findings.extend(look_at_lists(dns, *ip).await);
        for (domain, return_path) in &facts.domains {
            findings.push(look_at_spf(dns, (domain, return_path), (*ip, &facts.helo)).await);
        }
    }
    findings
}

/// Sending domains that a source is not for, as was seen.
#[must_use]
pub fn domains_not_for(findings: &[Finding]) -> Vec<String> {
    let missing = findings.iter().filter(|finding| finding.key == "spf_missing");
    let names: BTreeSet<String> =
        missing.filter_map(|finding| finding.values.get("domain").cloned()).collect();
    names.into_iter().collect()
}

async fn ask(dns: &dyn DnsLookup, name: &str, kind: &'static str) -> Answer {
    let answer = timeout(QUESTION_TIMEOUT, dns.lookup(name, kind)).await;
    answer.unwrap_or_else(|_| Answer::Trouble("no answer in time".to_owned()))
}

async fn look_at_relay(dns: &dyn DnsLookup, host: &str) -> Finding {
    let values = || [("host", host.to_owned())];
    if host.parse::<IpAddr>().is_ok() {
        return Finding::new("relay_found", values());
    }
    let mut missing = 0;
    for kind in ["A", "AAAA"] {
        match ask(dns, host, kind).await {
            Answer::Found(_) => return Finding::new("relay_found", values()),
            Answer::NotFound => missing += 1,
            Answer::Trouble(_) => {}
        }
    }
    Finding::new(if missing == 2 { "relay_missing" } else { "relay_unknown" }, values())
}

/// The reverse name leads back (FCrDNS), and is the one we greet with.
async fn look_at_name(dns: &dyn DnsLookup, ip: IpAddr, helo: &str) -> Finding {
    let values = |names: String| [("ip", ip.to_string()), ("names", names), ("helo", helo.to_owned())];
    let names = match ask(dns, &reverse_name(ip), "PTR").await {
        Answer::Found(names) => names,
        Answer::NotFound => return Finding::new("ptr_none", values(String::new())),
        Answer::Trouble(_) => return Finding::new("ptr_unknown", values(String::new())),
    };
    let kind = if ip.is_ipv4() { "A" } else { "AAAA" };
    let (mut back, mut trouble) = (Vec::new(), false);
    for name in &names {
        let name = name.trim_end_matches('.').to_lowercase();
        match ask(dns, &name, kind).await {
            Answer::Found(ips) if ips.iter().any(|one| one.parse() == Ok(ip)) => back.push(name),
            Answer::Trouble(_) => trouble = true,
            _ => {}
        }
    }
    let key = match () {
        () if back.iter().any(|name| name.eq_ignore_ascii_case(helo)) => "ptr_good",
        () if !back.is_empty() => "helo_differs",
        () if trouble => "ptr_unknown",
        () => "ptr_no_forward",
    };
    Finding::new(key, values(names.join(", ")))
}

async fn look_at_lists(dns: &dyn DnsLookup, ip: IpAddr) -> Vec<Finding> {
    let lists: Vec<_> = LISTS.list.iter().filter(|list| list.ipv6 || ip.is_ipv4()).collect();
    let asking: Vec<_> = lists.iter().map(|list| look_at_list(dns, list, ip)).collect();
    let seen: Vec<Option<Finding>> = stream::iter(asking).buffered(QUESTIONS_AT_ONCE).collect().await;
    let clear = seen.iter().filter(|found| found.is_none()).count();
    let mut findings: Vec<Finding> = seen.into_iter().flatten().collect();
    if clear > 0 {
        let values = [("ip", ip.to_string()), ("n", clear.to_string())];
        findings.insert(0, Finding::new("dnsbl_clear", values));
    }
    findings.sort_by_key(|finding| finding.listing.is_none());
    findings
}

/// `None` when the address is not on the list.
async fn look_at_list(dns: &dyn DnsLookup, list: &BlockList, ip: IpAddr) -> Option<Finding> {
    let name = format!("{}.{}", reversed(ip), list.zone);
    let values = || [("ip", ip.to_string()), ("list", list.name.clone()), ("delist", list.delist.clone())];
    let answers = match ask(dns, &name, "A").await {
        Answer::Found(answers) => answers,
        Answer::NotFound => return None,
        Answer::Trouble(_) => return Some(Finding::new("dnsbl_unknown", values())),
    };
    let listed = answers.iter().find(|answer| list.code.iter().any(|code| code.codes.contains(answer)));
    Some(match listed {
        Some(answer) => Finding {
            listing: Some((list.id.clone(), answer.clone())),
            ..Finding::new("dnsbl_listed", values())
        },
        // 127.255.255.x: a refusal. Anything else is no answer of the list: somebody rewrites DNS answers.
        None => Finding::new("dnsbl_refused", values()),
    })
}

async fn look_at_spf(
    dns: &dyn DnsLookup,
    (domain, return_path): (&str, &str),
    (ip, helo): (IpAddr, &str),
) -> Finding {
    let sender = format!("postmaster@{return_path}");
    let query = SpfQuery { ip, domain: return_path, sender: &sender, helo };
    let mut answers: Answers = BTreeMap::new();
    let mut result = SpfResult::TempError;
    for _ in 0..SPF_ROUNDS_MAX {
        match check_spf(&query, &answers) {
            Ok(found) => {
                result = found;
                break;
            }
            Err(questions) => {
                for (name, kind) in questions {
                    let answer = ask(dns, &name, kind).await;
                    answers.insert((name, kind), answer);
                }
            }
        }
    }
    let key = match result {
        SpfResult::Pass => "spf_good",
        SpfResult::None => "spf_none",
        SpfResult::Fail | SpfResult::SoftFail | SpfResult::Neutral => "spf_missing",
        SpfResult::TempError | SpfResult::PermError => "spf_unknown",
    };
    Finding::new(key, [("domain", domain.to_owned()), ("ip", ip.to_string())])
}

/// The address backwards, as names under `in-addr.arpa`, `ip6.arpa` and the lists begin.
fn reversed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            format!("{d}.{c}.{b}.{a}")
        }
        IpAddr::V6(ip) => {
            let nibbles = ip.octets().into_iter().rev().flat_map(|byte| [byte & 15, byte >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}")).collect::<Vec<_>>().join(".")
        }
    }
}

fn reverse_name(ip: IpAddr) -> String {
    format!("{}.{}", reversed(ip), if ip.is_ipv4() { "in-addr.arpa" } else { "ip6.arpa" })
}

/// Addresses that mean nothing outside.
fn is_inner(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unspecified() || (ip.segments()[0] & 0xfe00) == 0xfc00,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_whole() {
        assert!(!LISTS.version.is_empty());
        for list in &LISTS.list {
            assert!(list.delist.starts_with("https://") && list.source.contains("2026"), "{}", list.id);
            assert!(!list.code.is_empty() && list.zone.contains('.'));
            for code in &list.code {
                assert!(code.codes.iter().all(|one| one.starts_with("127.0.0.")), "{}", list.id);
                assert!(!code.ja.is_empty() && !code.en.is_empty());
            }
        }
    }

    #[test]
    fn addresses_backwards() {
        assert_eq!(reverse_name("192.0.2.7".parse().unwrap()), "7.2.0.192.in-addr.arpa");
        let six = reverse_name("2001:db8::7".parse().unwrap());
        assert!(six.starts_with("7.0.0.0.") && six.ends_with("8.b.d.0.1.0.0.2.ip6.arpa"), "{six}");
        assert!(is_inner("10.1.2.3".parse().unwrap()) && !is_inner("8.8.8.8".parse().unwrap()));
    }
}
