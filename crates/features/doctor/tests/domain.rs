//! A domain's records are judged on what the DNS says, within bounded time and questions.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use authentication::{Answer, DkimKey, DomainPlan, Purpose, Standing, wanted_records};
use doctor::{check_domain, ports::DnsLookup};
use tokio::time::Instant;

/// A zone; what is not in it does not exist, and names below `silent.` never answer.
#[derive(Default)]
struct Zone {
    records: BTreeMap<(String, String), Answer>,
    asked: AtomicUsize,
    at_once: AtomicUsize,
    at_once_most: AtomicUsize,
    endless: bool,
}

#[async_trait]
impl DnsLookup for Zone {
    async fn lookup(&self, name: &str, kind: &str) -> Answer {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let now = self.at_once.fetch_add(1, Ordering::Relaxed) + 1;
        self.at_once_most.fetch_max(now, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(50)).await;
        if name.contains("silent") {
            std::future::pending::<()>().await;
        }
        self.at_once.fetch_sub(1, Ordering::Relaxed);
        if self.endless && kind == "TXT" {
            return Answer::Found(vec![format!("v=spf1 include:a.{name} include:b.{name} ~all")]);
        }
        self.records.get(&(name.to_owned(), kind.to_owned())).cloned().unwrap_or(Answer::NotFound)
    }
}

fn plan<'a>(domain: &'a str, return_path_domain: &'a str, ips: &'a [std::net::IpAddr]) -> DomainPlan<'a> {
    DomainPlan {
        domain,
        return_path_domain,
        mail_host: "mx.todoku.example",
        sending_ips: ips,
        smart_host_spf: None,
        rsa: DkimKey { selector: "t1", public_base64: "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A" },
        ed25519: None,
        dmarc_rua: None,
    }
}

const IPS: [std::net::IpAddr; 1] = [std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1))];

#[tokio::test(start_paused = true)]
async fn a_domain_as_it_should_be() {
    let plan = plan("shop.example", "bounce.shop.example", &IPS);
    let mut zone = Zone::default();
    for record in wanted_records(&plan) {
        let key = (record.name, record.kind.to_owned());
        zone.records.insert(key, Answer::Found(vec![record.value]));
    }
    let address = ("mx.todoku.example".to_owned(), "A".to_owned());
    zone.records.insert(address, Answer::Found(vec!["192.0.2.1".to_owned()]));
    let standings = check_domain(&zone, &plan).await;
    assert_eq!(standings.len(), wanted_records(&plan).len());
    let bad =
        |s: &&authentication::RecordStanding| matches!(s.standing, Standing::Missing | Standing::Unknown);
    assert_eq!(standings.iter().find(bad), None);
    assert!(zone.at_once_most.load(Ordering::Relaxed) > 1, "one after the other is slow");
}

#[tokio::test(start_paused = true)]
async fn nothing_published() {
    let standings = check_domain(&Zone::default(), &plan("shop.example", "bounce.shop.example", &IPS)).await;
    assert!(standings.iter().all(|s| s.standing == Standing::Missing), "{standings:?}");
}

#[tokio::test(start_paused = true)]
async fn silence_is_not_known_and_ends() {
    let plan = plan("shop.example", "silent.shop.example", &IPS);
    let began = Instant::now();
    let standings = check_domain(&Zone::default(), &plan).await;
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    for standing in standings {
        let at_return_path = matches!(standing.purpose, Purpose::ReturnPathMx | Purpose::ReturnPathSpf);
        let expected = if at_return_path { Standing::Unknown } else { Standing::Missing };
        assert_eq!(standing.standing, expected, "{standing:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn endless_records_end() {
    let zone = Zone { endless: true, ..Zone::default() };
    let began = Instant::now();
    let standings = check_domain(&zone, &plan("shop.example", "bounce.shop.example", &IPS)).await;
    assert!(!standings.is_empty() && began.elapsed() < Duration::from_secs(30));
    assert!(zone.asked.load(Ordering::Relaxed) <= 300);
}
