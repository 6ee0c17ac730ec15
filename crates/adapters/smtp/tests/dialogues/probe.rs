//! What the route walk tells about servers and DNS of every kind.

use std::{net::IpAddr, sync::Arc};

use async_trait::async_trait;
use delivery::{
    hop::{AuthMechanism, Login, MxAnswer, MxHost, TlsMode},
    ports::MxResolver,
};
use doctor::{
    ports::RouteProbe,
    probe::{ProbeRequest, Seen, StepFact},
};
use mail::Address;
use smtp::{ClientLimits, SmtpProbe};

use crate::{
    peer::{Certificate, Peer},
    talk::tls,
};

/// Answers every question the same way.
struct Fixed(MxAnswer);

#[async_trait]
impl MxResolver for Fixed {
    async fn mx(&self, _domain: &str) -> MxAnswer {
        self.0.clone()
    }

    async fn host(&self, _name: &str) -> MxAnswer {
        self.0.clone()
    }
}

fn found(ip: IpAddr) -> MxAnswer {
    MxAnswer::Hosts(vec![MxHost::new(0, "mx.test", vec![ip])])
}

fn request(port: u16, tls: TlsMode, login: bool) -> ProbeRequest {
    ProbeRequest {
        from: Vec::new(),
        host: Some("mx.test".to_owned()),
        port,
        tls,
        login: login.then(|| Login {
            mechanism: AuthMechanism::Any,
            name: "shop".to_owned(),
            password: "secret".to_owned(),
        }),
        helo_name: "us.test".to_owned(),
        reverse_path: Address::new("probe", "us.test").expect("an address"),
        recipient: Address::new("hanako", "docomo.test").expect("an address"),
    }
}

fn show(facts: &[StepFact]) -> String {
    let one = |fact: &StepFact| match &fact.seen {
        Seen::Good(_) => format!("{:?}", fact.step),
        Seen::Skipped => format!("({:?})", fact.step),
        Seen::Reply(reply) => format!("{:?}: {}", fact.step, reply.line()),
        Seen::CertificateWrong(words) => format!("{:?}: CertificateWrong {words}", fact.step),
        other => format!("{:?}: {}", fact.step, format!("{other:?}").split('(').next().unwrap_or_default()),
    };
    facts.iter().map(one).collect::<Vec<_>>().join(" ")
}

async fn check(mode: TlsMode, login: bool, dialogues: &'static [&'static str], expected: &str) {
    let certificate = Certificate::new("mx.test");
    let peer = Peer::start_with(dialogues, &certificate).await;
    let resolver = Arc::new(Fixed(found(peer.addr.ip())));
    let probe = SmtpProbe::new(resolver, tls(&certificate), ClientLimits::interactive());
    let facts = probe.probe(&request(peer.addr.port(), mode, login)).await;
    assert_eq!(show(&facts), expected, "{facts:?}");
    peer.finish().await;
}

const OFFER: &str = "S: 220 x
    C: EHLO us.test
    S: 250-x
    S: 250-AUTH PLAIN
    S: 250 STARTTLS
    C: STARTTLS
    S: 220 go
    tls
    C: EHLO us.test\n";
const OFFER_BROKEN: &str =
    "S: 220 x\nC: EHLO us.test\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nnotls";
const MAIL: &str = "C: MAIL FROM:<probe@us.test>\n";
const RCPT: &str = "C: RCPT TO:<hanako@docomo.test>\n";

fn after_offer(rest: &str) -> &'static [&'static str] {
    let dialogue = Box::leak(format!("{OFFER}{rest}").into_boxed_str());
    Box::leak(Box::new([&*dialogue]))
}

#[tokio::test]
async fn all_the_way() {
    let rest = format!(
        "S: 250-x\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AHNob3AAc2VjcmV0\nS: 235 ok\n{MAIL}S: 250 ok\n{RCPT}S: 250 ok
         C: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye"
    );
    check(TlsMode::StartTls, true, after_offer(&rest), "Dns Tcp Tls Ehlo Auth Mail Rcpt").await;
    let rest = format!("S: 250 x\n{MAIL}S: 250 ok\n{RCPT}S: 250 ok\nC: RSET\nS: 250 ok\nC: QUIT");
    check(TlsMode::Opportunistic, false, after_offer(&rest), "Dns Tcp Tls Ehlo (Auth) Mail Rcpt").await;
}

#[tokio::test]
async fn refusals() {
    check(TlsMode::None, false, &["S: 554 5.7.1 listed\nclose"], "Dns Tcp (Tls) Ehlo: 554 5.7.1 listed")
        .await;
    let rest = "S: 250-x\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AHNob3AAc2VjcmV0\nS: 535 5.7.8 wrong\nhang";
    check(TlsMode::StartTls, true, after_offer(rest), "Dns Tcp Tls Ehlo Auth: 535 5.7.8 wrong").await;
    check(TlsMode::StartTls, true, after_offer("S: 250 x\nhang"), "Dns Tcp Tls Ehlo Auth: AuthNotOffered")
        .await;
    let rest = format!("S: 250 x\n{MAIL}S: 553 5.7.1 not your address\nhang");
    check(
        TlsMode::StartTls,
        false,
        after_offer(&rest),
        "Dns Tcp Tls Ehlo (Auth) Mail: 553 5.7.1 not your address",
    )
    .await;
    let rest = format!("S: 250 x\n{MAIL}S: 250 ok\n{RCPT}S: 550 5.1.1 no\nhang");
    check(TlsMode::StartTls, false, after_offer(&rest), "Dns Tcp Tls Ehlo (Auth) Mail Rcpt: 550 5.1.1 no")
        .await;
}

#[tokio::test]
async fn tls_trouble() {
    let plain = "S: 220 x\nC: EHLO us.test\nS: 250 x\nhang";
    check(TlsMode::StartTls, false, Box::leak(Box::new([plain])), "Dns Tcp Tls: TlsNotOffered").await;
    check(TlsMode::StartTls, false, &[OFFER_BROKEN], "Dns Tcp Tls: TlsFailed").await;
    check(
        TlsMode::Opportunistic,
        false,
        &[OFFER_BROKEN, "S: 220 x\nC: EHLO us.test\nS: 250 x\nC: MAIL FROM:<probe@us.test>\nS: 550 no\nhang"],
        "Dns Tcp Tls Ehlo (Auth) Mail: 550 no",
    )
    .await;
    let other = Certificate::new("elsewhere.test");
    let peer = Peer::start_with(&["tls\nhang"], &other).await;
    let resolver = Arc::new(Fixed(found(peer.addr.ip())));
    let probe = SmtpProbe::new(resolver, tls(&other), ClientLimits::interactive());
    let facts = probe.probe(&request(peer.addr.port(), TlsMode::Implicit, false)).await;
    assert!(
        show(&facts).starts_with("Dns Tcp Tls: CertificateWrong certificate not valid for name"),
        "{facts:?}"
    );
}

#[tokio::test]
async fn no_connection() {
    let nobody = Peer::start(&[]).await;
    let port = nobody.addr.port();
    nobody.finish().await;
    for (answer, expected) in [
        (MxAnswer::NoSuchDomain, "Dns: NoSuchHost"),
        (MxAnswer::NullMx, "Dns: NoSuchHost"),
        (MxAnswer::Trouble("servfail".to_owned()), "Dns: DnsTrouble"),
        (MxAnswer::Hosts(Vec::new()), "Dns: NoSuchHost"),
        (found("127.255.255.254".parse().unwrap()), "Dns Tcp: Refused"),
    ] {
        let probe = SmtpProbe::new(
            Arc::new(Fixed(answer)),
            tls(&Certificate::new("x.test")),
            ClientLimits::interactive(),
        );
        let facts = probe.probe(&request(port, TlsMode::None, false)).await;
        assert_eq!(show(&facts), expected);
    }
    check(TlsMode::None, false, &["S: SSH-2.0-OpenSSH_9\nhang"], "Dns Tcp (Tls) Ehlo: NotSmtp").await;
    check(TlsMode::None, false, &["close"], "Dns Tcp (Tls) Ehlo: Broken").await;
}
