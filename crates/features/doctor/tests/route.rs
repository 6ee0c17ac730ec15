//! Every step of a route walk that can happen is explained, with what to do now.

use std::collections::BTreeSet;

use async_trait::async_trait;
use delivery::hop::{AuthMechanism, Login, TlsMode};
use doctor::{
    explain_step,
    ports::RouteProbe,
    probe::{ProbeRequest, Seen, Step, StepFact},
    test_route,
};
use mail::{Address, Reply};

const STEPS: [Step; 7] = [Step::Dns, Step::Tcp, Step::Tls, Step::Ehlo, Step::Auth, Step::Mail, Step::Rcpt];
const MODES: [TlsMode; 4] = [TlsMode::Opportunistic, TlsMode::StartTls, TlsMode::Implicit, TlsMode::None];

fn address(local: &str, domain: &str) -> Address {
    Address::new(local, domain).expect("an address")
}

/// `587 starttls login` and the like; `direct` for no server of our own.
fn request(words: &str) -> ProbeRequest {
    let has = |word: &str| words.split(' ').any(|one| one == word);
    let tls = match () {
        () if has("tls") => TlsMode::Implicit,
        () if has("starttls") => TlsMode::StartTls,
        () if has("clear") => TlsMode::None,
        () => TlsMode::Opportunistic,
    };
    ProbeRequest {
        from: Vec::new(),
        host: (!has("direct")).then(|| "smtp.mailservice.example".to_owned()),
        port: words.split(' ').find_map(|word| word.parse().ok()).unwrap_or(25),
        tls,
        login: has("login").then(|| Login {
            mechanism: AuthMechanism::Any,
            name: "shop".to_owned(),
            password: "very secret".to_owned(),
        }),
        helo_name: "todoku.shop.example".to_owned(),
        reverse_path: address("bounce", "shop.example"),
        recipient: address("hanako", "customer.example"),
    }
}

fn reply(line: &str) -> Seen {
    Seen::Reply(Reply::from_lines([line]).0)
}

fn check(words: &str, step: Step, seen: Seen, expected: &str) {
    let said = explain_step(&StepFact { step, seen: seen.clone() }, &request(words));
    assert_eq!(said.key, expected, "{words} {step:?} {seen:?}");
}

#[test]
fn names_and_connections() {
    check("587", Step::Dns, Seen::NoSuchHost, "dns_no_such_host");
    check("direct", Step::Dns, Seen::NoSuchHost, "dns_no_such_recipient");
    check("587", Step::Dns, Seen::DnsTrouble("servfail".into()), "dns_trouble");
    check("direct", Step::Tcp, Seen::TimedOut, "tcp_port25_direct");
    check("25", Step::Tcp, Seen::TimedOut, "tcp_port25_relay");
    check("587", Step::Tcp, Seen::TimedOut, "tcp_timed_out_relay");
    check("direct 2525", Step::Tcp, Seen::TimedOut, "tcp_timed_out");
    check("587", Step::Tcp, Seen::Refused("refused".into()), "tcp_refused_relay");
    check("direct", Step::Tcp, Seen::Refused("refused".into()), "tcp_refused");
    check("587", Step::Tcp, Seen::Broken("network is unreachable".into()), "tcp_broken");
}

#[test]
fn encryption() {
    check("587 starttls", Step::Tls, Seen::TlsNotOffered, "tls_not_offered");
    check("25 starttls", Step::Tls, Seen::TlsNotOffered, "tls_not_offered_25");
    check(
        "587 starttls",
        Step::Tls,
        Seen::CertificateWrong("certificate expired".into()),
        "certificate_expired",
    );
    let name = "certificate not valid for name \"smtp.mailservice.example\"";
    check("465 tls", Step::Tls, Seen::CertificateWrong(name.into()), "certificate_name");
    check("465 tls", Step::Tls, Seen::CertificateWrong("UnknownIssuer".into()), "certificate_wrong");
    check("587 tls", Step::Tls, Seen::TlsFailed("corrupt message".into()), "tls_starts_later");
    check("465 tls", Step::Tls, Seen::TlsFailed("handshake".into()), "tls_failed");
    check("587 starttls", Step::Tls, reply("454 4.7.0 TLS not available"), "tls_reply");
    check("direct", Step::Tls, Seen::Good("in clear, because STARTTLS is broken: x".into()), "tls_in_clear");
    check("587 clear login", Step::Tls, Seen::Skipped, "tls_skipped_login");
    check("465 starttls", Step::Ehlo, Seen::TimedOut, "ehlo_waits_for_tls");
}

#[test]
fn greetings() {
    check("direct", Step::Ehlo, reply("554 5.7.1 listed at Spamhaus"), "ehlo_listed");
    check("direct", Step::Ehlo, reply("550 no PTR record"), "ehlo_no_ptr");
    check("25", Step::Ehlo, reply("550 Invalid HELO name"), "ehlo_name");
    check("25", Step::Ehlo, reply("421 too many connections"), "ehlo_busy");
    check("25", Step::Ehlo, reply("554 no"), "ehlo_refused");
    check("25", Step::Ehlo, Seen::NotSmtp("HTTP/1.1 400 Bad Request".into()), "ehlo_not_smtp");
    check("25", Step::Ehlo, Seen::TimedOut, "ehlo_timed_out");
    check("25", Step::Ehlo, Seen::Broken("closed".into()), "ehlo_broken");
}

#[test]
fn logins() {
    check("587 login", Step::Auth, reply("535 5.7.8 authentication failed"), "auth_wrong");
    check(
        "587 login",
        Step::Auth,
        reply("534 5.7.9 Application-specific password required"),
        "auth_app_password",
    );
    let off = "535 5.7.139 Authentication unsuccessful, basic authentication is disabled";
    check("587 login", Step::Auth, reply(off), "auth_switched_off");
    check("587 login", Step::Auth, reply("535 5.7.139 no"), "auth_switched_off");
    check("587 login", Step::Auth, reply("454 4.7.0 Too many login attempts"), "auth_too_often");
    check("587 login", Step::Auth, reply("454 4.7.0 Temporary authentication failure"), "auth_trouble");
    check("587 login", Step::Auth, reply("538 encryption required"), "auth_needs_tls");
    check("587 login", Step::Auth, reply("504 unrecognized mechanism"), "auth_other_way");
    check("587 login", Step::Auth, reply("550 no"), "auth_refused");
    check("587 clear login", Step::Auth, Seen::AuthNotOffered("nothing".into()), "auth_in_clear");
    check("25 starttls login", Step::Auth, Seen::AuthNotOffered("nothing".into()), "auth_port25");
    check("587 starttls login", Step::Auth, Seen::AuthNotOffered("GSSAPI".into()), "auth_not_offered");
}

#[test]
fn senders() {
    check("587", Step::Mail, reply("530 5.7.0 Must issue a STARTTLS command first"), "mail_needs_tls");
    check("587", Step::Mail, reply("530 5.7.0 no"), "mail_needs_login");
    check("587", Step::Mail, reply("550 5.7.1 authentication required"), "mail_needs_login_said");
    check("587 login", Step::Mail, reply("553 5.7.1 not your address"), "mail_not_yours");
    check(
        "587 login",
        Step::Rcpt,
        reply("553 5.7.1 <a@b>: Sender address rejected: not owned by user x"),
        "mail_not_yours_said",
    );
    check(
        "587",
        Step::Rcpt,
        reply("450 4.1.8 <a@b>: Sender address rejected: Domain not found"),
        "mail_domain_unknown",
    );
    check("direct", Step::Mail, reply("550 5.7.23 SPF fail"), "mail_spf");
    check("direct", Step::Mail, reply("451 4.3.0 busy"), "mail_busy");
    check("direct", Step::Mail, reply("550 no"), "mail_refused");
}

#[test]
fn recipients() {
    check("587", Step::Rcpt, reply("554 5.7.1 <x@y>: Relay access denied"), "rcpt_relay_denied_no_login");
    check("587 login", Step::Rcpt, reply("550 relay not permitted"), "rcpt_relay_denied");
    check(
        "587",
        Step::Rcpt,
        reply("550 5.1.1 <x@y>: Recipient address rejected: User unknown"),
        "rcpt_unknown",
    );
    check("direct", Step::Rcpt, reply("550 5.1.1 The email account does not exist"), "rcpt_unknown");
    check("direct", Step::Rcpt, reply("554 5.7.1 Client host blocked using a list"), "rcpt_listed");
    check("direct", Step::Rcpt, reply("450 4.2.0 Greylisted, see later"), "rcpt_later");
    check("direct", Step::Rcpt, reply("452 4.2.2 mailbox full"), "rcpt_full");
    check("direct", Step::Rcpt, reply("550 5.7.9 no"), "rcpt_refused");
    check("direct", Step::Rcpt, Seen::TimedOut, "other_timed_out");
    check("direct", Step::Rcpt, Seen::Broken("closed".into()), "other_broken");
}

fn everything_seen() -> Vec<Seen> {
    let words = || "words".to_owned();
    let mut seen = vec![
        Seen::Good(words()),
        Seen::Skipped,
        Seen::NoSuchHost,
        Seen::DnsTrouble(words()),
        Seen::Refused(words()),
        Seen::TimedOut,
        Seen::Broken(words()),
        Seen::TlsNotOffered,
        Seen::CertificateWrong(words()),
        Seen::TlsFailed(words()),
        Seen::AuthNotOffered(words()),
        Seen::NotSmtp(words()),
    ];
    let lines = [
        "421 x",
        "450 x",
        "451 4.1.8 x",
        "500 x",
        "502 x",
        "530 x",
        "535 x",
        "550 x",
        "554 5.7.1 x",
        "299 x",
        "x",
    ];
    seen.extend(lines.map(reply));
    seen
}

fn requests() -> impl Iterator<Item = ProbeRequest> {
    let ways = ["25", "465", "587", "2525"]
        .into_iter()
        .flat_map(|port| ["", " login", " direct"].map(|rest| format!("{port}{rest}")));
    ways.flat_map(|words| MODES.map(|tls| ProbeRequest { tls, ..request(&words) }))
}

#[test]
fn everything_is_explained() {
    let mut keys = BTreeSet::new();
    for request in requests() {
        for step in STEPS {
            for seen in everything_seen() {
                let fact = StepFact { step, seen };
                let said = explain_step(&fact, &request);
                keys.insert(said.key);
                let texts = [
                    &said.title_ja,
                    &said.title_en,
                    &said.what_ja,
                    &said.what_en,
                    &said.todo_ja,
                    &said.todo_en,
                ];
                assert!(texts.iter().all(|text| !text.contains(['{', '}'])), "{texts:?}");
                assert!(
                    said.what_ja.ends_with(['。', '）']) && said.what_en.ends_with(['.', '?', ')']),
                    "{texts:?}"
                );
                assert_eq!(said.todo_ja.is_empty(), said.ok, "{fact:?} {texts:?}");
                assert_eq!(said.todo_en.is_empty(), said.ok, "{fact:?} {texts:?}");
                assert!(!format!("{said:?}").contains("very secret"));
            }
        }
    }
    assert!(keys.len() > 50, "{}", keys.len());
}

#[test]
fn values_are_only_values() {
    let mut request = request("587");
    request.host = Some(format!("{{port}}\r\n{}", "a".repeat(500)));
    let said = explain_step(&StepFact { step: Step::Dns, seen: Seen::NoSuchHost }, &request);
    assert!(
        said.what_ja.starts_with("「{port}aaa") && said.what_ja.chars().count() < 200,
        "{}",
        said.what_ja
    );
    let fact = StepFact { step: Step::Mail, seen: reply("550 5.7.1 no <b>thanks</b>") };
    assert_eq!(explain_step(&fact, &request).original, "550 5.7.1 no <b>thanks</b>");
}

struct Fixed(Vec<StepFact>);

#[async_trait]
impl RouteProbe for Fixed {
    async fn probe(&self, _: &ProbeRequest) -> Vec<StepFact> {
        self.0.clone()
    }
}

#[tokio::test]
async fn a_walk_comes_with_its_words() {
    let fact = |step, seen| StepFact { step, seen };
    let facts = vec![fact(Step::Dns, Seen::Good("x".into())), fact(Step::Tcp, Seen::TimedOut)];
    let seen = test_route(&Fixed(facts.clone()), &request("direct")).await;
    let keys: Vec<_> = seen.iter().map(|(_, said)| (said.key, said.ok)).collect();
    assert_eq!(keys, [("dns_good", true), ("tcp_port25_direct", false)]);
    assert!(seen.into_iter().map(|(fact, _)| fact).eq(facts));
}
