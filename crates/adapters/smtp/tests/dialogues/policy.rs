//! What a session proves under each policy, and when it is not made at all.

use std::sync::{Arc, Mutex};

use authentication::Tlsa;
use delivery::{
    hop::{NextHop, TlsMode},
    ports::Transport,
    tls::{Basis, Demand, HostPolicy, TlsObserver, TlsSession},
};
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::CertificateDer;
use smtp::{ClientLimits, SmtpTransport};

use crate::{
    peer::{Certificate, Peer},
    talk::{hop, show_failure, tls},
};

const GOOD: &str = "S: 220 x\nC: EHLO us.test\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\ntls\n\
                    C: EHLO us.test\nS: 250 x\nC: QUIT";
const REFUSED: &str =
    "S: 220 x\nC: EHLO us.test\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\ntls\ngone";
const CLEAR: &str = "S: 220 x\nC: EHLO us.test\nS: 250 x\nC: QUIT";
const NO_TLS: &str = "S: 220 x\nC: EHLO us.test\nS: 250 x\ngone";
const BROKEN: &str = "S: 220 x\nC: EHLO us.test\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nnotls";

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl TlsObserver for Notes {
    fn note(&self, session: TlsSession) {
        self.0.lock().expect("no test panics while it writes").push(session.result.name().to_owned());
    }
}

/// The server shows `shown`; the client trusts `trusted` and follows `policy`.
async fn check(
    dialogues: &'static [&'static str],
    (shown, trusted): (&Certificate, &Certificate),
    (demand, basis): (Demand, Basis),
    expected: &str,
) {
    let peer = Peer::start_with(dialogues, shown).await;
    let notes = Arc::new(Notes::default());
    let transport = SmtpTransport::new(ClientLimits::default(), tls(trusted)).observed(notes.clone());
    let mut hop: NextHop = hop(&peer, TlsMode::Opportunistic);
    hop.hosts[0].policy = HostPolicy { demand, basis, domain: "shop.test".to_owned(), outside_policy: false };
    let seen = match transport.connect(&hop).await {
        Ok(session) => {
            let seen = session.peer().assurance.to_string();
            session.quit().await;
            seen
        }
        Err(failure) => format!("{}: {}", show_failure(&failure), failure.detail),
    };
    let notes = notes.0.lock().expect("no test panics while it writes").join(" ");
    let seen = format!("{seen} [{notes}]");
    let (begin, end) = expected.split_once('…').unwrap_or((expected, expected));
    assert!(seen.starts_with(begin) && seen.ends_with(end), "{seen}\n{expected}");
    peer.finish().await;
}

fn tlsa(start: [u8; 3], data: &[u8]) -> Demand {
    Demand::Dane(vec![Tlsa::read(&[&start[..], data].concat()).0.expect("a good record")])
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    let hash = aws_lc_rs::default_provider().cipher_suites.into_iter().find_map(|suite| match suite {
        rustls::SupportedCipherSuite::Tls13(suite) if suite.common.hash_provider.output_len() == 32 => {
            Some(suite.common.hash_provider.hash(bytes).as_ref().to_vec())
        }
        _ => None,
    });
    hash.expect("SHA-256 is there")
}

#[tokio::test]
async fn without_a_policy() {
    let (mx, other) = (Certificate::new("mx.test"), Certificate::new("other.test"));
    let nobody = || (Demand::Opportunistic, Basis::Nobody);
    check(&[GOOD], (&mx, &mx), nobody(), "opportunistic pkix [success]").await;
    check(&[GOOD], (&mx, &other), nobody(), "opportunistic unverified:issued by nobody…[success]").await;
    check(
        &[GOOD],
        (&other, &other),
        nobody(),
        "opportunistic unverified:certificate not valid for…[success]",
    )
    .await;
    let clear = "opportunistic clear:STARTTLS is not offered [starttls-not-supported]";
    check(&[CLEAR], (&mx, &mx), nobody(), clear).await;
    check(&[BROKEN, CLEAR], (&mx, &mx), nobody(), "opportunistic clear:…[validation-failure]").await;
}

#[tokio::test]
async fn encryption_demanded() {
    let (mx, other) = (Certificate::new("mx.test"), Certificate::new("other.test"));
    let owner = || (Demand::Encrypted, Basis::Owner);
    check(&[GOOD], (&mx, &other), owner(), "owner unverified:…[success]").await;
    let refused = "tls TlsFailed: STARTTLS is not offered [starttls-not-supported]";
    check(&[NO_TLS], (&mx, &mx), owner(), refused).await;
    check(&[BROKEN], (&mx, &mx), owner(), "tls TlsFailed: …[validation-failure]").await;
}

#[tokio::test]
async fn mta_sts() {
    let (mx, other) = (Certificate::new("mx.test"), Certificate::new("other.test"));
    let basis = |enforce| Basis::MtaSts { id: "7".to_owned(), enforce };
    let enforced = || (Demand::Verified, basis(true));
    check(&[GOOD], (&mx, &mx), enforced(), "mta-sts:7 pkix [success]").await;
    check(&[REFUSED], (&mx, &other), enforced(), "tls TlsUnproven: …[certificate-not-trusted]").await;
    check(&[REFUSED], (&other, &other), enforced(), "tls TlsUnproven: …[certificate-host-mismatch]").await;
    check(&[NO_TLS], (&mx, &mx), enforced(), "tls TlsFailed: …[starttls-not-supported]").await;
    let tested = || (Demand::Opportunistic, basis(false));
    check(&[GOOD], (&mx, &mx), tested(), "mta-sts-testing:7 pkix [success]").await;
    check(&[GOOD], (&mx, &other), tested(), "mta-sts-testing:7 unverified:…[certificate-not-trusted]").await;
    check(&[CLEAR], (&mx, &mx), tested(), "mta-sts-testing:7 clear:…[starttls-not-supported]").await;
}

#[tokio::test]
async fn dane() {
    let (mx, other) = (Certificate::new("mx.test"), Certificate::new("other.test"));
    let whole = mx.chain[0].as_ref();
    let key = authentication::public_key_of(whole).expect("a certificate has a key");
    let by = |demand| (demand, Basis::Dane);
    for demand in [
        tlsa([3, 0, 0], whole),
        tlsa([3, 1, 0], key),
        tlsa([3, 0, 1], &sha256(whole)),
        tlsa([3, 1, 1], &sha256(key)),
    ] {
        // Nobody we trust issued it, and the name would not matter either.
        check(&[GOOD], (&mx, &other), by(demand), "dane dane-ee [success]").await;
    }
    let wrong = tlsa([3, 1, 1], &sha256(other.chain[0].as_ref()));
    check(
        &[REFUSED],
        (&mx, &mx),
        by(wrong),
        "tls TlsUnproven: certificate: it is none of…[validation-failure]",
    )
    .await;
    let none = tlsa([3, 1, 1], &sha256(key));
    check(&[NO_TLS], (&mx, &mx), by(none), "tls TlsFailed: …[starttls-not-supported]").await;
}

#[tokio::test]
async fn an_authority_named_by_dane() {
    let check_issued = async |name: &str, record: fn(&CertificateDer<'_>) -> Demand, expected: &str| {
        let (issued, authority) = Certificate::issued(name);
        let dialogue = if expected.starts_with("dane") { [GOOD] } else { [REFUSED] };
        let stranger = Certificate::new("other.test");
        let dialogue = Box::leak(Box::new(dialogue));
        check(dialogue, (&issued, &stranger), (record(&authority), Basis::Dane), expected).await;
    };
    let digest = |authority: &CertificateDer<'_>| tlsa([2, 0, 1], &sha256(authority));
    let whole = |authority: &CertificateDer<'_>| tlsa([2, 0, 0], authority);
    check_issued("mx.test", digest, "dane dane-ta [success]").await;
    check_issued("mx.test", whole, "dane dane-ta [success]").await;
    check_issued("shop.test", digest, "dane dane-ta [success]").await;
    check_issued("other.test", digest, "tls TlsUnproven: …[certificate-host-mismatch]").await;
}
