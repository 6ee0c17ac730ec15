//! What is seen of a source, and how it is said.

use std::collections::BTreeMap;

use async_trait::async_trait;
use authentication::Answer;
use doctor::{
    Worth, domains_not_for, explain_finding, look_at_source,
    ports::DnsLookup,
    source_health::{SourceFacts, block_lists},
};

/// Answers as written: `kind name → records`; `!` for trouble; nothing for no such name.
struct Zone(BTreeMap<(String, String), String>);

impl Zone {
    fn of(lines: &[&str]) -> Self {
        let parse = |line: &&str| {
            let mut parts = line.splitn(3, ' ').map(str::to_owned);
            let kind = parts.next().expect("a kind");
            ((parts.next().expect("a name"), kind), parts.next().expect("an answer"))
        };
        Self(lines.iter().map(parse).collect())
    }
}

#[async_trait]
impl DnsLookup for Zone {
    async fn lookup(&self, name: &str, kind: &str) -> Answer {
        match self.0.get(&(name.to_owned(), kind.to_owned())).map(String::as_str) {
            None => Answer::NotFound,
            Some("!") => Answer::Trouble("servfail".into()),
            Some(records) => Answer::Found(records.split('|').map(str::to_owned).collect()),
        }
    }
}

const GOOD: [&str; 3] = [
    "PTR 7.2.0.192.in-addr.arpa out.shop.example.",
    "A out.shop.example 192.0.2.7",
    "TXT bounce.shop.example v=spf1 ip4:192.0.2.7 -all",
];

fn facts() -> SourceFacts {
    SourceFacts {
        ips: vec!["192.0.2.7".parse().expect("an address")],
        helo: "out.shop.example".into(),
        relay: None,
        domains: vec![("shop.example".into(), "bounce.shop.example".into())],
        replies: 3,
    }
}

async fn keys(lines: &[&str], facts: SourceFacts) -> Vec<String> {
    let found = look_at_source(&Zone::of(lines), &facts).await;
    for finding in &found {
        let words = explain_finding(finding).expect("every finding has words");
        for text in [&words.what_ja, &words.what_en, &words.todo_ja, &words.todo_en] {
            assert!(!text.contains('{'), "{}: {text}", finding.key);
        }
        assert!(!words.what_ja.is_empty());
    }
    found.into_iter().map(|finding| finding.key).collect()
}

#[tokio::test]
async fn a_healthy_source() {
    assert_eq!(keys(&GOOD, facts()).await, ["port_good", "ptr_good", "dnsbl_clear", "spf_good"]);
}

#[tokio::test]
async fn names_that_do_not_agree() {
    let check = async |lines: &[&str], expected: &str| {
        assert_eq!(
            keys(lines, SourceFacts { domains: Vec::new(), ..facts() }).await[1],
            expected,
            "{lines:?}"
        );
    };
    check(&[], "ptr_none").await;
    check(&["PTR 7.2.0.192.in-addr.arpa !"], "ptr_unknown").await;
    check(&[GOOD[0]], "ptr_no_forward").await;
    check(&[GOOD[0], "A out.shop.example !"], "ptr_unknown").await;
    check(&[GOOD[0], "A out.shop.example 192.0.2.8"], "ptr_no_forward").await;
    check(&["PTR 7.2.0.192.in-addr.arpa other.example", "A other.example 192.0.2.7"], "helo_differs").await;
}

#[tokio::test]
async fn a_listed_source_should_rest_and_a_refused_question_is_no_listing() {
    let listed = Zone::of(&["A 7.2.0.192.zen.spamhaus.org 127.0.0.3"]);
    let found = look_at_source(&listed, &facts()).await;
    let entry = found.iter().find(|finding| finding.key == "dnsbl_listed").expect("it is listed");
    assert!(entry.asks_for_rest());
    let words = explain_finding(entry).expect("words");
    assert!(words.what_ja.contains("Spamhaus ZEN") && words.what_ja.contains("CSS"), "{}", words.what_ja);
    assert!(words.todo_en.contains("https://check.spamhaus.org/") && words.worth == Worth::Bad);

    let check = async |answer: &str, expected: &str, rest: bool| {
        let zone = Zone::of(&[&format!("A 7.2.0.192.zen.spamhaus.org {answer}")]);
        let found = look_at_source(&zone, &facts()).await;
        let about = found.iter().find(|f| f.key.starts_with("dnsbl") && f.key != "dnsbl_clear");
        assert_eq!(about.map(|f| f.key.as_str()), Some(expected), "{answer}");
        assert_eq!(found.iter().any(doctor::source_health::Finding::asks_for_rest), rest, "{answer}");
    };
    check("127.255.255.254", "dnsbl_refused", false).await;
    check("127.255.255.255", "dnsbl_refused", false).await;
    check("203.0.113.1", "dnsbl_refused", false).await;
    check("127.0.0.10", "dnsbl_listed", false).await;
    check("127.0.0.2|127.0.0.9", "dnsbl_listed", true).await;
    check("!", "dnsbl_unknown", false).await;
}

#[tokio::test]
async fn spf_must_allow_the_address() {
    let check = async |record: &str, expected: &str, unfit: usize| {
        let zone = Zone::of(&[&format!("TXT bounce.shop.example {record}")]);
        let found = look_at_source(&zone, &facts()).await;
        assert_eq!(found.last().expect("a finding").key, expected, "{record}");
        assert_eq!(domains_not_for(&found).len(), unfit, "{record}");
    };
    check("v=spf1 ip4:192.0.2.7 ~all", "spf_good", 0).await;
    check("v=spf1 ip4:192.0.2.8 ~all", "spf_missing", 1).await;
    check("v=spf1 ip4:192.0.2.8 -all", "spf_missing", 1).await;
    check("v=spf1 ip4:nonsense -all", "spf_unknown", 0).await;
    check("!", "spf_unknown", 0).await;
    check("v=DKIM1", "spf_none", 0).await;
}

#[tokio::test]
async fn other_kinds_of_source() {
    let none = SourceFacts { ips: Vec::new(), replies: 0, ..facts() };
    assert_eq!(keys(&[], none).await, ["port_unknown", "ip_unsaid"]);
    let inner = SourceFacts { ips: vec!["10.0.0.1".parse().unwrap()], ..facts() };
    assert_eq!(keys(&[], inner).await, ["port_good", "ip_private"]);
    let relay = SourceFacts { relay: Some("smtp.isp.example".into()), ..facts() };
    assert_eq!(keys(&["A smtp.isp.example 192.0.2.9"], relay.clone()).await, ["port_good", "relay_found"]);
    assert_eq!(keys(&[], relay.clone()).await, ["port_good", "relay_missing"]);
    assert_eq!(keys(&["A smtp.isp.example !"], relay).await, ["port_good", "relay_unknown"]);
    let six = SourceFacts { ips: vec!["2001:db8::7".parse().unwrap()], domains: Vec::new(), ..facts() };
    assert_eq!(keys(&[], six).await, ["port_good", "ptr_none", "dnsbl_clear"]);
    assert!(block_lists().1.len() >= 5);
}
