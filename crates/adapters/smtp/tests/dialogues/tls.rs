//! What the client does about TLS and logins.

use delivery::{
    hop::{AuthMechanism, Login, NextHop, TlsMode},
    ports::Transport,
};
use smtp::{ClientLimits, SmtpTransport};

use crate::{
    peer::{Certificate, Peer},
    talk::{connect, fail, hop, show_failure, tls, transport},
};

#[tokio::test]
async fn starttls_taken_without_checking_the_name() {
    let peer = Peer::start(&["S: 220 x
        C: EHLO us.test
        S: 250-x
        S: 250 STARTTLS
        C: STARTTLS
        S: 220 go
        tls
        C: EHLO us.test
        S: 250 x
        C: QUIT"])
    .await;
    let session = connect(&transport(), &hop(&peer, TlsMode::Opportunistic)).await;
    assert!(session.peer().tls.as_ref().unwrap().starts_with("TLSv1.3 TLS13_"), "{:?}", session.peer());
    session.quit().await;
    peer.finish().await;
}

const OFFER: &str = "S: 220 x\nC: EHLO us.test\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\n";
const CLEAR: &str = "S: 220 x\nC: EHLO us.test\nS: 250-x\nS: 250 STARTTLS\nC: QUIT";

#[tokio::test]
async fn broken_tls_goes_on_in_clear_and_is_remembered() {
    for broken in [
        "S: 454 4.7.0 not available\nhang",
        "S: 220 go\nnotls",
        "S: 220 go\nclose",
        "S: 220 go\nS: 250 injected\nhang",
        "close",
    ] {
        let first = Box::leak(format!("{OFFER}{broken}").into_boxed_str());
        let peer = Peer::start(Box::leak(Box::new([&*first, CLEAR, CLEAR]))).await;
        let transport = transport();
        for _ in 0..2 {
            let session = connect(&transport, &hop(&peer, TlsMode::Opportunistic)).await;
            assert_eq!(session.peer().tls, None, "{broken}");
            session.quit().await;
        }
        peer.finish().await;
    }
}

#[tokio::test]
async fn required_tls_is_never_left_out() {
    let check = async |dialogue: &'static str, expected: &str| {
        let peer = Peer::start(Box::leak(Box::new([dialogue]))).await;
        let failure = fail(&transport(), &hop(&peer, TlsMode::StartTls)).await;
        assert_eq!(format!("{}: {}", show_failure(&failure), failure.detail), expected);
        drop(peer);
    };
    check("S: 220 x\nC: EHLO us.test\nS: 250 x\nhang", "tls TlsFailed: STARTTLS is not offered").await;
    check(
        "S: 220 x\nC: EHLO us.test\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 4.7.0 no\nhang",
        "tls TlsFailed 454 4.7.0 no: ",
    )
    .await;
    check(
        "S: 220 x\nC: EHLO us.test\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\ntls\nhang",
        "tls TlsUnproven: certificate: issued by nobody we trust, or self-signed",
    )
    .await;
}

async fn check_auth(mechanism: AuthMechanism, dialogue: &str, expected: &str) {
    let certificate = Certificate::new("mx.test");
    let dialogue = Box::leak(format!("tls\nS: 220 x\nC: EHLO us.test\n{dialogue}").into_boxed_str());
    let peer = Peer::start_with(Box::leak(Box::new([&*dialogue])), &certificate).await;
    let transport = SmtpTransport::new(ClientLimits::default(), tls(&certificate));
    let login = Login { mechanism, name: "shop".to_owned(), password: "secret".to_owned() };
    let hop = NextHop { login: Some(login), ..hop(&peer, TlsMode::Implicit) };
    let seen = match transport.connect(&hop).await {
        Ok(session) => {
            session.quit().await;
            "ready".to_owned()
        }
        Err(failure) => show_failure(&failure),
    };
    assert_eq!(seen, expected);
    peer.finish().await;
}

#[tokio::test]
async fn logins_at_a_smart_host_under_verified_tls() {
    use AuthMechanism::{Any, Login, Plain, XOAuth2};
    check_auth(
        Any,
        "S: 250-x\nS: 250 AUTH LOGIN PLAIN\nC: AUTH PLAIN AHNob3AAc2VjcmV0\nS: 235 2.7.0 welcome\nC: QUIT",
        "ready",
    )
    .await;
    check_auth(
        Plain,
        "S: 250-x\nS: 250 AUTH PLAIN\nC: AUTH PLAIN AHNob3AAc2VjcmV0\nS: 334 \nC: AHNob3AAc2VjcmV0\nS: 235 ok\nC: QUIT",
        "ready",
    )
    .await;
    check_auth(
        Login,
        "S: 250-x\nS: 250 AUTH LOGIN\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: c2hvcA==\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\nS: 235 ok\nC: QUIT",
        "ready",
    )
    .await;
    check_auth(
        Any,
        "S: 250-x\nS: 250 AUTH LOGIN\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: c2hvcA==\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\nS: 535 5.7.8 wrong\nhang",
        "auth AuthRefused 535 5.7.8 wrong",
    )
    .await;
    check_auth(
        XOAuth2,
        "S: 250-x\nS: 250 AUTH XOAUTH2\nC: AUTH XOAUTH2 dXNlcj1zaG9wAWF1dGg9QmVhcmVyIHNlY3JldAEB\nS: 235 ok\nC: QUIT",
        "ready",
    )
    .await;
    check_auth(
        XOAuth2,
        "S: 250-x\nS: 250 AUTH XOAUTH2\nC: AUTH XOAUTH2 dXNlcj1zaG9wAWF1dGg9QmVhcmVyIHNlY3JldAEB\nS: 334 eyJzdGF0dXMiOiI0MDAifQ==\nC:\nS: 535 5.7.8 no\nhang",
        "auth AuthRefused 535 5.7.8 no {\"status\":\"400\"}",
    )
    .await;
    check_auth(Any, "S: 250-x\nS: 250 AUTH CRAM-MD5\nhang", "auth AuthRefused").await;
    check_auth(Any, "S: 250 x\nhang", "auth AuthRefused").await;
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let certificate = Certificate::new("other.test");
    let peer = Peer::start_with(&["tls"], &certificate).await;
    let transport = SmtpTransport::new(ClientLimits::default(), tls(&certificate));
    let failure = fail(&transport, &hop(&peer, TlsMode::Implicit)).await;
    assert_eq!(show_failure(&failure), "tls TlsUnproven");
    assert!(failure.detail.contains("not valid for name"), "{}", failure.detail);
}
