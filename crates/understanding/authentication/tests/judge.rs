//! What is said about a domain, from the DNS as owners really leave it.

use std::net::IpAddr;

use authentication::{
    Answer, Answers, DkimKey, DomainPlan, Judgement, Purpose, RecordStanding, judge, wanted_records,
};
use proptest::prelude::*;

const RSA: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAinventedkey";
const ED: &str = "aW52ZW50ZWRrZXlpbnZlbnRlZGtleWludmVudGVka2U=";
const SPF: &str = "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all";

fn ips() -> Vec<IpAddr> {
    ["192.0.2.1", "2001:db8::1"].iter().filter_map(|ip| ip.parse().ok()).collect()
}

fn plan<'a>(ips: &'a [IpAddr], smart_host: Option<&'a str>) -> DomainPlan<'a> {
    DomainPlan {
        domain: "shop.example",
        return_path_domain: "bounce.shop.example",
        mail_host: "mx.todoku.example",
        sending_ips: ips,
        smart_host_spf: smart_host,
        rsa: DkimKey { selector: "t1", public_base64: RSA },
        ed25519: Some(DkimKey { selector: "t2", public_base64: ED }),
        dmarc_rua: Some("rua@shop.example"),
    }
}

/// A zone line is `name KIND value`; `!` as the value is DNS trouble.
fn answer(zone: &[&str], name: &str, kind: &str) -> Answer {
    let start = format!("{name} {kind} ");
    let found: Vec<String> =
        zone.iter().filter_map(|line| line.strip_prefix(&start)).map(str::to_owned).collect();
    match &found[..] {
        [] => Answer::NotFound,
        [only] if only == "!" => Answer::Trouble("timed out".into()),
        _ => Answer::Found(found),
    }
}

fn judged(plan: &DomainPlan, zone: &[&str]) -> Vec<RecordStanding> {
    let mut answers = Answers::new();
    for _ in 0..30 {
        match judge(plan, &answers) {
            Judgement::Done(standings) => return standings,
            Judgement::Need(questions) => {
                assert!(!questions.is_empty());
                for (name, kind) in questions {
                    let answer = answer(zone, &name, kind);
                    assert!(answers.insert((name, kind), answer).is_none(), "asked twice");
                }
            }
        }
    }
    panic!("questions without end");
}

fn check(purpose: Purpose, zone: &[&str], expected: &str) {
    check_plan(&plan(&ips(), None), purpose, zone, expected);
}

/// `expected` is standing, code and, after `=>`, what is suggested.
fn check_plan(plan: &DomainPlan, purpose: Purpose, zone: &[&str], expected: &str) {
    let standings = judged(plan, zone);
    let standing = standings.iter().find(|s| s.purpose == purpose).expect("judged");
    let mut seen = format!("{:?} {}", standing.standing, standing.code);
    if let Some(suggested) = &standing.suggested {
        seen.push_str(&format!(" => {suggested}"));
    }
    assert_eq!(seen, expected, "{zone:#?}\n{}", standing.ja);
    assert!(!standing.ja.contains(['{', '}']) && !standing.en.contains(['{', '}']), "{}", standing.ja);
}

#[test]
fn spf() {
    let spf = |zone: &[&str], expected: &str| check(Purpose::Spf, zone, expected);
    spf(&[&format!("shop.example TXT {SPF}")], "Good spf.good");
    spf(&["shop.example TXT v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"], "Good spf.good");
    spf(&[], &format!("Missing spf.missing => {SPF}"));
    spf(&["shop.example TXT google-site-verification=x"], &format!("Missing spf.missing => {SPF}"));
    spf(&["shop.example TXT \"v=spf1 a -all\""], &format!("Wrong spf.start => {SPF}"));
    spf(&["shop.example TXT !"], "Unknown dns.trouble");
    spf(
        &[
            "shop.example TXT v=spf1 include:_spf.example.net -all",
            "_spf.example.net TXT v=spf1 ip4:198.51.100.1 -all",
        ],
        "Wrong spf.not_listed => v=spf1 include:_spf.example.net ip4:192.0.2.1 ip6:2001:db8::1 -all",
    );
    spf(
        &["shop.example TXT v=spf1 a ip6:2001:db8::1 ~all", "shop.example A 198.51.100.1"],
        "Wrong spf.not_listed => v=spf1 a ip6:2001:db8::1 ip4:192.0.2.1 ~all",
    );
    spf(
        &[
            "shop.example TXT v=spf1 a mx ~all",
            "shop.example A 192.0.2.1",
            "shop.example MX 10 mail.shop.example",
            "mail.shop.example AAAA 2001:db8::1",
            "shop.example AAAA 2001:db8::2",
        ],
        "Good spf.good",
    );
    spf(
        &["shop.example TXT v=spf1 redirect=_spf.example.net", &format!("_spf.example.net TXT {SPF}")],
        "Good spf.good",
    );
    spf(
        &["shop.example TXT v=spf1 include:a.example ~all", "shop.example TXT v=spf1 mx -all"],
        "Wrong spf.multiple => v=spf1 include:a.example mx ip4:192.0.2.1 ip6:2001:db8::1 ~all",
    );
    spf(
        &["shop.example TXT v=spf1 ipv4:192.0.2.1 include:a.example ~all"],
        "Wrong spf.syntax => v=spf1 include:a.example ip4:192.0.2.1 ip6:2001:db8::1 ~all",
    );
    spf(&["shop.example TXT v=spf1 +all"], "Warning spf.plus_all => v=spf1 ~all");
    spf(
        &["shop.example TXT v=spf1 ip4:192.0.2.1 ip6:2001:db8::1"],
        "Warning spf.weak_all => v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all",
    );
    spf(&["shop.example TXT v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ptr -all"], "Warning spf.ptr");
    spf(
        &["shop.example TXT v=spf1 include:gone.example ip4:192.0.2.1 ip6:2001:db8::1 -all"],
        "Wrong spf.include_broken",
    );
    spf(
        &["shop.example TXT v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 include:gone.example -all"],
        "Warning spf.include_broken",
    );
    spf(
        &["shop.example TXT v=spf1 include:slow.example ip4:192.0.2.1 -all", "slow.example TXT !"],
        "Unknown spf.trouble",
    );
    spf(&["shop.example TXT v=spf1 include:shop.example ip4:192.0.2.1 -all"], "Wrong spf.invalid");
}

#[test]
fn spf_limits() {
    let includes: Vec<String> = (0..11).map(|n| format!("include:i{n}.example")).collect();
    let mut zone: Vec<String> =
        (0..11).map(|n| format!("i{n}.example TXT v=spf1 ip4:198.51.100.{n} -all")).collect();
    let end = "ip4:192.0.2.1 ip6:2001:db8::1";
    zone.push(format!("shop.example TXT v=spf1 {} {end} -all", includes.join(" ")));
    let lines: Vec<&str> = zone.iter().map(String::as_str).collect();
    check(Purpose::Spf, &lines, "Wrong spf.too_many_lookups");
    zone.pop();
    zone.push(format!("shop.example TXT v=spf1 {end} {} -all", includes.join(" ")));
    let lines: Vec<&str> = zone.iter().map(String::as_str).collect();
    check(Purpose::Spf, &lines, "Warning spf.too_many_lookups");
}

#[test]
fn spf_of_a_smart_host() {
    let smart = plan(&[], Some("spf.relay.example"));
    let spf = |zone: &[&str], expected: &str| check_plan(&smart, Purpose::Spf, zone, expected);
    let relay = "spf.relay.example TXT v=spf1 ip4:203.0.113.0/24 ~all";
    spf(&["shop.example TXT v=spf1 include:SPF.relay.example ~all", relay], "Good spf.good");
    spf(
        &["shop.example TXT v=spf1 mx ~all"],
        "Wrong spf.smart_host => v=spf1 mx include:spf.relay.example ~all",
    );
    spf(
        &[
            "shop.example TXT v=spf1 include:all.example ~all",
            "all.example TXT v=spf1 include:spf.relay.example ~all",
            relay,
        ],
        "Good spf.good",
    );
    spf(&[], "Missing spf.missing => v=spf1 include:spf.relay.example ~all");
}

#[test]
fn dkim() {
    let good = format!("v=DKIM1; k=rsa; p={RSA}");
    let at = |value: &str| format!("t1._domainkey.shop.example TXT {value}");
    let dkim = |value: &str, expected: &str| {
        let expected = expected.replace("=> us", &format!("=> {good}"));
        check(Purpose::DkimRsa, &[&at(value)], &expected);
    };
    dkim(&good, "Good dkim.good");
    dkim(&format!("p={RSA}"), "Good dkim.good");
    dkim(&format!("v=DKIM1;t=s;s=email;h=sha256;p={} {}", &RSA[..20], &RSA[20..]), "Good dkim.good");
    dkim(&format!("v=DKIM1; t=y; p={RSA}"), "Warning dkim.testing => us");
    dkim("v=DKIM1; p=", "Wrong dkim.revoked => us");
    dkim("v=DKIM1; k=rsa", "Wrong dkim.syntax => us");
    dkim(&format!("k=rsa; v=DKIM1; p={RSA}"), "Wrong dkim.syntax => us");
    dkim(&format!("v=DKIM1\\; k=rsa\\; p={RSA}"), "Wrong dkim.syntax => us");
    dkim(&format!("\"{good}\""), "Wrong dkim.quotes => us");
    dkim(&format!("v=DKIM1; p={}", &RSA[..40]), "Wrong dkim.cut_off => us");
    dkim("v=DKIM1; p=AAAA", "Wrong dkim.mismatch => us");
    dkim(&format!("v=DKIM1; k=ed25519; p={RSA}"), "Wrong dkim.kind => us");
    dkim(&format!("v=DKIM1; h=sha1; p={RSA}"), "Wrong dkim.restricted => us");
    dkim("!", "Unknown dns.trouble");
    check(Purpose::DkimRsa, &[&at(&good), &at("v=DKIM1; p=")], &format!("Wrong dkim.multiple => {good}"));
    check(Purpose::DkimRsa, &[], &format!("Missing dkim.missing => {good}"));
    let doubled = format!("t1._domainkey.shop.example.shop.example TXT {good}");
    check(Purpose::DkimRsa, &[&doubled], &format!("Wrong dns.doubled => {good}"));
    check(Purpose::DkimEd25519, &[], &format!("Warning dkim.missing_second => v=DKIM1; k=ed25519; p={ED}"));
    check(
        Purpose::DkimEd25519,
        &[&format!("t2._domainkey.shop.example TXT v=DKIM1; k=ed25519; p={ED}")],
        "Good dkim.good",
    );
}

#[test]
fn dmarc() {
    let ours = "v=DMARC1; p=none; rua=mailto:rua@shop.example";
    let dmarc = |value: &str, expected: &str| {
        let expected = expected.replace("=> us", &format!("=> {ours}"));
        check(Purpose::Dmarc, &[&format!("_dmarc.shop.example TXT {value}")], &expected);
    };
    dmarc(ours, "Good dmarc.none");
    dmarc("v=DMARC1; p=reject; rua=mailto:x@y.example,mailto:RUA@shop.example!10m", "Good dmarc.good");
    dmarc("v=DMARC1; p=Quarantine; rua=mailto:rua@shop.example; pct=50", "Warning dmarc.partial");
    dmarc("v=DMARC1; p=none", "Warning dmarc.no_rua => us");
    dmarc(
        "v=DMARC1;p=reject;rua=mailto:x@y.example;",
        "Warning dmarc.no_rua => v=DMARC1; p=reject; rua=mailto:x@y.example,mailto:rua@shop.example",
    );
    dmarc("v=DMARC1; p=strict", "Wrong dmarc.policy => v=DMARC1; p=none");
    dmarc("v=DMARC1", "Wrong dmarc.policy => v=DMARC1; p=none");
    dmarc("v=DMARC1; p=none; rua", "Wrong dmarc.syntax => us");
    dmarc("v=DMARC1 p=none", "Wrong dmarc.syntax => us");
    dmarc("\"v=DMARC1; p=none\"", "Wrong dmarc.syntax => us");
    dmarc("!", "Unknown dns.trouble");
    let missing = format!("Missing dmarc.missing => {ours}");
    dmarc("something else", &missing);
    check(Purpose::Dmarc, &[], &missing);
    check(Purpose::Dmarc, &["shop.example TXT v=DMARC1; p=none"], &format!("Wrong dmarc.place => {ours}"));
    let doubled = "_dmarc.shop.example.shop.example TXT v=DMARC1; p=none";
    check(Purpose::Dmarc, &[doubled], &format!("Wrong dns.doubled => {ours}"));
    let two = ["_dmarc.shop.example TXT v=DMARC1; p=none", "_dmarc.shop.example TXT v=DMARC1; p=reject"];
    check(Purpose::Dmarc, &two, "Wrong dmarc.multiple => v=DMARC1; p=none");
}

#[test]
fn dmarc_of_a_parent() {
    let ips = ips();
    let mut plan = plan(&ips, None);
    plan.domain = "news.shop.example.jp";
    plan.dmarc_rua = None;
    let dmarc = |zone: &[&str], expected: &str| check_plan(&plan, Purpose::Dmarc, zone, expected);
    dmarc(&["_dmarc.example.jp TXT v=DMARC1; p=reject; sp=none"], "Good dmarc.parent");
    dmarc(&["_dmarc.example.jp TXT v=DMARC1; p=none; psd=y"], "Missing dmarc.missing => v=DMARC1; p=none");
    dmarc(&["_dmarc.jp TXT v=DMARC1; p=none"], "Missing dmarc.missing => v=DMARC1; p=none");
}

#[test]
fn reports_to_another_domain() {
    let ips = ips();
    let mut plan = plan(&ips, None);
    plan.dmarc_rua = Some("mailto:rua@todoku.example");
    let name = "shop.example._report._dmarc.todoku.example";
    check_plan(&plan, Purpose::DmarcReports, &[], "Warning reports.missing => v=DMARC1;");
    check_plan(&plan, Purpose::DmarcReports, &[&format!("{name} TXT v=DMARC1;")], "Good reports.good");
}

#[test]
fn return_path() {
    let mx = |zone: &[&str], expected: &str| check(Purpose::ReturnPathMx, zone, expected);
    let us = "10 mx.todoku.example";
    mx(&["bounce.shop.example MX 5 MX.todoku.example."], "Good mx.good");
    mx(&[], &format!("Missing mx.missing => {us}"));
    mx(&["bounce.shop.example MX 10 mail.other.example"], &format!("Wrong mx.elsewhere => {us}"));
    mx(&["bounce.shop.example MX 0 ."], &format!("Wrong mx.elsewhere => {us}"));
    mx(
        &["bounce.shop.example MX 10 mx.todoku.example", "bounce.shop.example MX 20 b.example"],
        &format!("Warning mx.others => {us}"),
    );
    mx(&["bounce.shop.example MX !"], "Unknown dns.trouble");
    check(Purpose::ReturnPathSpf, &[&format!("bounce.shop.example TXT {SPF}")], "Good spf.good");
}

#[test]
fn what_is_wanted_is_good() {
    let ips = ips();
    let plan = plan(&ips, None);
    let zone: Vec<String> =
        wanted_records(&plan).iter().map(|r| format!("{} {} {}", r.name, r.kind, r.value)).collect();
    let lines: Vec<&str> = zone.iter().map(String::as_str).collect();
    for standing in judged(&plan, &lines) {
        assert_eq!(standing.standing, authentication::Standing::Good, "{standing:?}");
        assert!(standing.suggested.is_none());
    }
}

/// Values that resemble real ones.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "v=spf1( (include:[a-c]\\.example|redirect=[a-c]\\.example|mx|a/[0-9]{1,3}|ptr|exists:%\\{i\\}\\.[a-c]\\.example|[+~?-]all)){0,12}",
        "v=DMARC1; ?(p=(none|x))?(; rua=.{0,9})?",
        "v=DKIM1; p=[A-Z]{0,9}(; [a-z]=.{0,5}){0,3}",
        "[0-9]{1,2} [a-c]\\.example",
        "192\\.0\\.2\\.[12]",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn judging_ends(values in prop::collection::vec(value(), 1..40), pick in any::<u64>()) {
        let ips = ips();
        let plan = plan(&ips, None);
        let mut answers = Answers::new();
        let mut done = false;
        for _ in 0..40 {
            match judge(&plan, &answers) {
                Judgement::Done(standings) => {
                    prop_assert_eq!(standings.len(), wanted_records(&plan).len());
                    done = true;
                    break;
                }
                Judgement::Need(questions) => for (name, kind) in questions {
                    let hash = name.bytes().chain(kind.bytes()).fold(pick, |h, b| h.wrapping_mul(31).wrapping_add(b.into()));
                    let index = usize::try_from(hash % values.len() as u64).expect("small");
                    let answer = if hash % 7 == 0 { Answer::NotFound } else { Answer::Found(vec![values[index].clone()]) };
                    answers.insert((name, kind), answer);
                },
            }
        }
        prop_assert!(done, "questions without end");
        prop_assert!(answers.len() < 250, "{} questions", answers.len());
    }
}
