//! What the resolver makes of each kind of answer, against a name server on loopback.

mod support;

use std::time::Duration;

use delivery::{hop::MxAnswer, ports::MxResolver};
use dns::{DnsConfig, DnsResolver};
use doctor::ports::DnsLookup;
use support::NameServer;

const ZONE: &str = "
shop.example 300 MX 20 mx2.shop.example.
shop.example 300 MX 10 mx1.shop.example.
mx1.shop.example 300 A 192.0.2.1
mx1.shop.example 300 AAAA 2001:db8::1
mx2.shop.example 300 A 192.0.2.2
nomx.example 300 A 192.0.2.3
empty.example 300 TXT v=spf1 -all
nullmx.example 300 MX 0 .
dead-mx.example 300 MX 10 gone.example.
servfail.example SERVFAIL
refused.example REFUSED
silent.example SILENT
long.example LONG
long.example 300 MX 10 mx2.shop.example.
half.example 300 MX 10 servfail.example.
half.example 300 MX 20 mx2.shop.example.
all-trouble.example 300 MX 10 servfail.example.
txt.example 60 TXT v=DKIM1; k=rsa; p=AAAA
txt.example 60 CNAME target.example.
1.2.0.192.in-addr.arpa 60 PTR mx1.shop.example.
";

fn config(server: &NameServer) -> DnsConfig {
    DnsConfig {
        name_servers: vec![server.addr],
        timeout: Duration::from_millis(200),
        tries: 2,
        ..DnsConfig::default()
    }
}

fn show(answer: &MxAnswer) -> String {
    match answer {
        MxAnswer::Hosts(hosts) => hosts
            .iter()
            .map(|host| {
                let addresses: Vec<String> = host.addresses.iter().map(ToString::to_string).collect();
                format!("{} {} [{}]", host.preference, host.name, addresses.join(" "))
            })
            .collect::<Vec<_>>()
            .join(", "),
        MxAnswer::Trouble(_) => "Trouble".to_owned(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn where_mail_goes() {
    let server = NameServer::start(ZONE).await;
    let resolver = DnsResolver::new(&config(&server)).unwrap();
    for (domain, expected) in [
        ("Shop.Example", "10 mx1.shop.example [2001:db8::1 192.0.2.1], 20 mx2.shop.example [192.0.2.2]"),
        ("shop.example.", "10 mx1.shop.example [2001:db8::1 192.0.2.1], 20 mx2.shop.example [192.0.2.2]"),
        ("nomx.example", "0 nomx.example [192.0.2.3]"),
        ("empty.example", "NoMailHost"),
        ("nullmx.example", "NullMx"),
        ("dead-mx.example", "10 gone.example []"),
        ("gone.example", "NoSuchDomain"),
        ("servfail.example", "Trouble"),
        ("refused.example", "Trouble"),
        ("silent.example", "Trouble"),
        ("long.example", "10 mx2.shop.example [192.0.2.2]"),
        ("half.example", "10 servfail.example [], 20 mx2.shop.example [192.0.2.2]"),
        ("all-trouble.example", "Trouble"),
    ] {
        assert_eq!(show(&resolver.mx(domain).await), expected, "{domain}");
    }
}

#[tokio::test]
async fn a_second_name_server_answers_for_a_dead_one() {
    let (dead, alive) = (NameServer::start("shop.example SILENT").await, NameServer::start(ZONE).await);
    let config = DnsConfig { name_servers: vec![dead.addr, alive.addr], ..config(&alive) };
    let resolver = DnsResolver::new(&config).unwrap();
    assert!(show(&resolver.mx("shop.example").await).starts_with("10 mx1.shop.example"));
}

#[tokio::test]
async fn a_crowd_asks_once() {
    let server = NameServer::start(ZONE).await;
    let config = DnsConfig { walks_max: 1, ..config(&server) };
    let resolver = std::sync::Arc::new(DnsResolver::new(&config).unwrap());
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let resolver = resolver.clone();
        crowd.spawn(async move { show(&resolver.mx("nomx.example").await) });
    }
    for answer in crowd.join_all().await {
        assert_eq!(answer, "0 nomx.example [192.0.2.3]");
    }
    assert_eq!(server.questions(), 3);
}

#[tokio::test]
async fn hosts() {
    let server = NameServer::start(ZONE).await;
    let resolver = DnsResolver::new(&DnsConfig { ipv6: false, ..config(&server) }).unwrap();
    for (name, expected) in [
        ("mx1.shop.example", "0 mx1.shop.example [192.0.2.1]"),
        ("192.0.2.9", "0 192.0.2.9 [192.0.2.9]"),
        ("[2001:db8::9]", "0 2001:db8::9 [2001:db8::9]"),
        ("empty.example", "0 empty.example []"),
        ("gone.example", "NoSuchDomain"),
        ("servfail.example", "Trouble"),
    ] {
        assert_eq!(show(&resolver.host(name).await), expected, "{name}");
    }
}

#[tokio::test]
async fn answers_and_trouble_are_remembered() {
    let server = NameServer::start(ZONE).await;
    let resolver = DnsResolver::new(&config(&server)).unwrap();
    for domain in ["shop.example", "gone.example", "nullmx.example", "servfail.example"] {
        let first = resolver.mx(domain).await;
        let asked = server.questions();
        assert_eq!(resolver.mx(domain).await, first);
        assert_eq!(server.questions(), asked, "{domain} was asked again");
    }
}

#[tokio::test]
async fn the_doctor_is_answered_past_the_cache() {
    let server = NameServer::start(ZONE).await;
    let resolver = DnsResolver::new(&config(&server)).unwrap();
    for (name, kind, expected) in [
        ("txt.example", "TXT", "Found([\"v=DKIM1;k=rsa;p=AAAA\"])"),
        ("txt.example", "CNAME", "Found([\"target.example\"])"),
        ("192.0.2.1", "PTR", "Found([\"mx1.shop.example\"])"),
        ("1.2.0.192.in-addr.arpa", "PTR", "Found([\"mx1.shop.example\"])"),
        ("mx1.shop.example", "A", "Found([\"192.0.2.1\"])"),
        ("mx1.shop.example", "AAAA", "Found([\"2001:db8::1\"])"),
        ("nullmx.example", "MX", "Found([\"0 .\"])"),
        ("empty.example", "MX", "NotFound"),
        ("gone.example", "TXT", "NotFound"),
    ] {
        assert_eq!(format!("{:?}", resolver.lookup(name, kind).await), expected, "{name} {kind}");
    }
    let trouble = resolver.lookup("servfail.example", "TXT").await;
    assert!(matches!(trouble, authentication::Answer::Trouble(_)), "{trouble:?}");
    let asked = server.questions();
    resolver.lookup("txt.example", "TXT").await;
    assert_eq!(server.questions(), asked + 1);
}
