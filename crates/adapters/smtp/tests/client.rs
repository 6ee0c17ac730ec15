//! What the client says to servers of every kind, and what it makes of their answers.

mod support;

use std::{net::IpAddr, time::Duration};

use delivery::{
    attempt::Failure,
    hop::{AuthMechanism, HopHost, Login, NextHop, TlsMode},
    ports::{Session, Transport},
};
use mail::{Address, Reply, ReversePath, Stage};
use smtp::{ClientLimits, ClientTls, Roots, SmtpTransport};
use support::{Certificate, Peer};

const MESSAGE: &[u8] = b"Subject: hi\r\n\r\n.hello\r\n";
const SHORT: Duration = Duration::from_millis(150);

fn transport() -> SmtpTransport {
    with(ClientLimits { chunking: false, ..ClientLimits::default() })
}

fn with(limits: ClientLimits) -> SmtpTransport {
    let roots = Roots { bundled: true, system: false, extra: Vec::new() };
    SmtpTransport::new(limits, ClientTls::new(&roots).unwrap())
}

fn hop(peer: &Peer, tls: TlsMode) -> NextHop {
    let host = HopHost { name: "mx.test".to_owned(), addresses: vec![peer.addr.ip()] };
    NextHop { hosts: vec![host], port: peer.addr.port(), tls, login: None, helo_name: "us.test".to_owned() }
}

fn from() -> ReversePath {
    ReversePath::Path(Address::parse("b-1@r.us.test").unwrap())
}

fn to(local: &str) -> Address {
    Address::new(local, "docomo.test").unwrap()
}

fn show(result: &Result<(Stage, Reply), Failure>) -> String {
    match result {
        Ok((stage, reply)) => format!("{} {}", stage.name(), reply.line()),
        Err(failure) => show_failure(failure),
    }
}

fn show_failure(failure: &Failure) -> String {
    let said = failure.reply.as_ref().map(|reply| format!(" {}", reply.line())).unwrap_or_default();
    format!("{} {:?}{said}", failure.stage.name(), failure.trouble)
}

/// One message, as far as it comes; the last thing seen.
async fn send_one(session: &mut dyn Session, local: &str) -> String {
    let envelope = session.envelope(&from(), &to(local)).await;
    match &envelope {
        Ok((Stage::Rcpt, reply)) if reply.is_success() => show(&session.content(MESSAGE).await),
        _ => show(&envelope),
    }
}

/// Connects and sends to each of `locals`, then quits.
async fn run(transport: &SmtpTransport, hop: &NextHop, locals: &[&str]) -> Vec<String> {
    let mut session = match transport.connect(hop).await {
        Ok(session) => session,
        Err(failure) => return vec![show_failure(&failure)],
    };
    let mut seen = Vec::new();
    for local in locals {
        seen.push(send_one(session.as_mut(), local).await);
    }
    session.quit().await;
    seen
}

async fn check(dialogues: &'static [&'static str], locals: &[&str], expected: &[&str]) {
    let peer = Peer::start(dialogues).await;
    assert_eq!(run(&transport(), &hop(&peer, TlsMode::Opportunistic), locals).await, expected);
    peer.finish().await;
}

#[tokio::test]
async fn one_message() {
    check(
        &["S: 220 mx.test ESMTP
           C: EHLO us.test
           S: 250 mx.test
           C: MAIL FROM:<b-1@r.us.test>
           alone
           S: 250 2.1.0 ok
           C: RCPT TO:<hanako@docomo.test>
           S: 250 2.1.5 ok
           C: DATA
           S: 354 go
           C. Subject: hi||..hello
           S: 250 2.0.0 queued
           C: QUIT
           S: 221 bye"],
        &["hanako"],
        &["content 250 2.0.0 queued"],
    )
    .await;
}

#[tokio::test]
async fn pipelining_and_reuse_after_refusals() {
    check(
        &["S: 220-mx.test
           S: 220 ESMTP
           C: EHLO us.test
           S: 250-mx.test
           S: 250-SIZE 1000
           S: 250 PIPELINING
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<a@docomo.test>
           S: 250 ok
           S: 550 5.1.1 unknown
           C: RSET
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<\"b..c\"@docomo.test>
           S: 250 reset
           S: 250 ok
           S: 250 ok
           C: DATA
           S: 354 go
           C. Subject: hi||..hello
           S: 250 queued
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<d@docomo.test>
           S: 451 4.7.1 not now
           S: 503 5.5.1 need MAIL
           C: RSET
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<e@docomo.test>
           S: 250 reset
           S: 250 ok
           S: 250 ok
           C: DATA
           S: 554 5.7.1 no
           C: RSET
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<f@docomo.test>
           S: 250 reset
           S: 250 ok
           S: 250 ok
           C: DATA
           S: 354 go
           C. Subject: hi||..hello
           S: 550 User unknown
           C: QUIT
           S: 221 bye"],
        &["a", "b..c", "d", "e", "f"],
        &[
            "rcpt 550 5.1.1 unknown",
            "content 250 queued",
            "mail 451 4.7.1 not now",
            "data 554 5.7.1 no",
            "content 550 User unknown",
        ],
    )
    .await;
}

#[tokio::test]
async fn an_envelope_without_content_is_reset() {
    let peer = Peer::start(&["S: 220 mx.test
        C: EHLO us.test
        S: 250 mx.test
        C: MAIL FROM:<>
        S: 250 ok
        C: RCPT TO:<a@docomo.test>
        S: 250 ok
        C: RSET
        S: 250 ok
        C: MAIL FROM:<b-1@r.us.test>
        S: 250 ok
        C: RCPT TO:<b@docomo.test>
        S: 550 no
        C: QUIT"])
    .await;
    let mut session = transport().connect(&hop(&peer, TlsMode::None)).await.ok().unwrap();
    assert_eq!(show(&session.envelope(&ReversePath::Null, &to("a")).await), "rcpt 250 ok");
    assert_eq!(send_one(session.as_mut(), "b").await, "rcpt 550 no");
    session.quit().await;
    peer.finish().await;
}

#[tokio::test]
async fn helo_where_ehlo_is_unknown() {
    check(
        &["S: 220 old.test
           C: EHLO us.test
           S: 502 what
           C: HELO us.test
           S: 250 old.test
           C: MAIL FROM:<b-1@r.us.test>
           S: 550 5.7.1 no
           C: QUIT"],
        &["a"],
        &["mail 550 5.7.1 no"],
    )
    .await;
}

#[tokio::test]
async fn refused_before_the_first_message() {
    check(&["S: 554 5.7.1 you are listed\nclose"], &[], &["greeting Refused 554 5.7.1 you are listed"]).await;
    check(&["S: 421 4.7.0 busy\nclose"], &[], &["greeting Refused 421 4.7.0 busy"]).await;
    check(&["S: 220 x\nC: EHLO us.test\nS: 421 later\nclose"], &[], &["ehlo Refused 421 later"]).await;
    check(
        &["S: 220 x\nC: EHLO us.test\nS: 550 5.7.1 bad name\nclose"],
        &[],
        &["ehlo Refused 550 5.7.1 bad name"],
    )
    .await;
    check(&["close"], &[], &["greeting Disconnected"]).await;
    check(&["S- 22\nclose"], &[], &["greeting Disconnected"]).await;
}

#[tokio::test]
async fn peers_that_do_not_speak_smtp() {
    check(&["S: HTTP/1.1 400 Bad Request\nhang"], &[], &["greeting NotSmtp"]).await;
    check(&["S: SSH-2.0-OpenSSH_9.2\nhang"], &[], &["greeting NotSmtp"]).await;
    check(&["S: 354 go on\nhang"], &[], &["greeting NotSmtp"]).await;
    check(&["S: 220-a\nS: 250 b\nhang"], &[], &["greeting NotSmtp"]).await;
    check(&["S: 220 x\nC: EHLO us.test\nS: 250-x\nS: 550 y\nhang"], &[], &["ehlo NotSmtp"]).await;
    let endless = Box::leak(format!("S- {}\nhang", "2".repeat(5000)).into_boxed_str());
    check(Box::leak(Box::new([&*endless])), &[], &["greeting NotSmtp"]).await;
    let long = Box::leak(format!("{}hang", "S: 220-welcome\n".repeat(101)).into_boxed_str());
    check(Box::leak(Box::new([&*long])), &[], &["greeting NotSmtp"]).await;
}

const UP_TO_RCPT: &str = "S: 220 x
    C: EHLO us.test
    S: 250-x
    S: 250 PIPELINING
    C: MAIL FROM:<b-1@r.us.test>
    C: RCPT TO:<a@docomo.test>\n";

async fn check_after_rcpt(rest: &str, expected: &[&str]) {
    let dialogue = Box::leak(format!("{UP_TO_RCPT}{rest}").into_boxed_str());
    check(Box::leak(Box::new([&*dialogue])), &["a", "b"], expected).await;
}

#[tokio::test]
async fn a_421_ends_the_session_wherever_it_comes() {
    check_after_rcpt("S: 421 4.3.2 going down\nclose", &["mail 421 4.3.2 going down", "mail Disconnected"])
        .await;
    check_after_rcpt("S: 250 ok\nS: 421 going down\nclose", &["rcpt 421 going down", "mail Disconnected"])
        .await;
    check_after_rcpt(
        "S: 250 ok\nS: 250 ok\nC: DATA\nS: 421 going down\nclose",
        &["data 421 going down", "mail Disconnected"],
    )
    .await;
    check_after_rcpt(
        "S: 250 ok\nS: 250 ok\nC: DATA\nS: 354 go\nC. Subject: hi||..hello\nS: 421 going down\nclose",
        &["content 421 going down", "mail Disconnected"],
    )
    .await;
    check_after_rcpt(
        "S: 250 ok\nS: 250 ok\nC: DATA\nS: 354 go\nC. Subject: hi||..hello\nS: 250 ok\nS: 421 idle\nclose",
        &["content 250 ok", "mail Disconnected 421 idle"],
    )
    .await;
}

#[tokio::test]
async fn disconnects() {
    check_after_rcpt("close", &["mail Disconnected", "mail Disconnected"]).await;
    check_after_rcpt("S: 550 no\nclose", &["mail 550 no", "mail Disconnected"]).await;
    check_after_rcpt("S: 250 ok\nclose", &["rcpt Disconnected", "mail Disconnected"]).await;
    check_after_rcpt("S: 250 ok\nS: 250 ok\nC: DATA\nclose", &["data Disconnected", "mail Disconnected"])
        .await;
    check_after_rcpt(
        "S: 250 ok\nS: 250 ok\nC: DATA\nS: 354 go\nC. Subject: hi||..hello\nclose",
        &["content Disconnected", "mail Disconnected"],
    )
    .await;
}

#[tokio::test]
async fn a_refusal_in_the_middle_of_the_content_is_heard() {
    let peer = Peer::start(&["S: 220 x
        C: EHLO us.test
        S: 250 x
        C: MAIL FROM:<b-1@r.us.test>
        S: 250 ok
        C: RCPT TO:<a@docomo.test>
        S: 250 ok
        C: DATA
        S: 354 go
        S: 552 5.3.4 too big
        close"])
    .await;
    let mut session = transport().connect(&hop(&peer, TlsMode::None)).await.ok().unwrap();
    session.envelope(&from(), &to("a")).await.unwrap();
    let big = b"0123456789012345678901234567890123456789012345678901234567890123456789\r\n".repeat(400_000);
    assert_eq!(show(&session.content(&big).await), "content 552 5.3.4 too big");
    peer.finish().await;
}

#[tokio::test]
async fn silence_in_each_state() {
    let limits = ClientLimits::default();
    for (limits, dialogue, expected) in [
        (ClientLimits { greeting: SHORT, ..limits }, "hang", "greeting TimedOut"),
        (
            ClientLimits { greeting: SHORT, ..limits },
            "drip 220 a very slow server that never ends its line",
            "greeting TimedOut",
        ),
        (ClientLimits { setup: SHORT, ..limits }, "hang", "greeting TimedOut"),
        (ClientLimits { ehlo: SHORT, ..limits }, "S: 220 x\nC: EHLO us.test\nhang", "ehlo TimedOut"),
        (ClientLimits { mail: SHORT, ..limits }, "hang", "mail TimedOut"),
        (
            ClientLimits { mail: SHORT, ..limits },
            "drip 250 a very slow server that never ends its line",
            "mail TimedOut",
        ),
        (ClientLimits { rcpt: SHORT, ..limits }, "S: 250 ok\nhang", "rcpt TimedOut"),
        (ClientLimits { data: SHORT, ..limits }, "S: 250 ok\nS: 250 ok\nC: DATA\nhang", "data TimedOut"),
        (
            ClientLimits { final_dot: SHORT, ..limits },
            "S: 250 ok\nS: 250 ok\nC: DATA\nS: 354 go\nC. Subject: hi||..hello\nhang",
            "content TimedOut",
        ),
    ] {
        let before = if expected.starts_with('g') || expected.starts_with('e') { "" } else { UP_TO_RCPT };
        let dialogue = Box::leak(format!("{before}{dialogue}").into_boxed_str());
        let peer = Peer::start(Box::leak(Box::new([&*dialogue]))).await;
        let seen = run(&with(limits), &hop(&peer, TlsMode::Opportunistic), &["a"]).await;
        assert_eq!(seen, [expected], "{dialogue}");
        peer.finish().await;
    }
}

#[tokio::test]
async fn a_peer_that_takes_content_too_slowly_is_left() {
    let peer = Peer::start(&["S: 220 x
        C: EHLO us.test
        S: 250 x
        C: MAIL FROM:<b-1@r.us.test>
        S: 250 ok
        C: RCPT TO:<a@docomo.test>
        S: 250 ok
        C: DATA
        S: 354 go
        drip a peer that is busy with saying something else and reads nothing"])
    .await;
    let limits = ClientLimits { block: SHORT, chunking: false, ..ClientLimits::default() };
    let mut session = with(limits).connect(&hop(&peer, TlsMode::None)).await.ok().unwrap();
    session.envelope(&from(), &to("a")).await.unwrap();
    let seen = session.content(&vec![b'x'; 30_000_000]).await;
    assert_eq!(show(&seen), "content TimedOut");
    drop(session);
    peer.finish().await;
}

#[tokio::test]
async fn bdat_where_it_is_offered() {
    let peer = Peer::start(&["S: 220 x
        C: EHLO us.test
        S: 250-x
        S: 250-CHUNKING
        S: 250 PIPELINING
        C: MAIL FROM:<b-1@r.us.test>
        C: RCPT TO:<a@docomo.test>
        S: 250 ok
        S: 250 ok
        C: BDAT 23 LAST
        C: Subject: hi
        C:
        C: .hello
        S: 250 2.0.0 queued
        C: QUIT"])
    .await;
    let seen = run(&with(ClientLimits::default()), &hop(&peer, TlsMode::None), &["a"]).await;
    assert_eq!(seen, ["content 250 2.0.0 queued"]);
    peer.finish().await;
}

#[tokio::test]
async fn the_next_host_is_tried() {
    let peer = Peer::start(&[
        "S: 554 5.7.1 go away",
        "S: 220 x
         C: EHLO us.test
         S: 250 x
         C: QUIT",
    ])
    .await;
    let mut hop = hop(&peer, TlsMode::None);
    let unused: IpAddr = "127.255.255.254".parse().unwrap();
    hop.hosts[0].addresses.insert(0, unused);
    hop.hosts.push(HopHost { name: "mx2.test".to_owned(), addresses: vec![peer.addr.ip()] });
    let session = transport().connect(&hop).await.ok().unwrap();
    assert_eq!(session.peer().host, "mx2.test");
    session.quit().await;
    peer.finish().await;
}

#[tokio::test]
async fn a_failure_tells_of_the_ones_before_it() {
    let peer = Peer::start(&["S: 554 5.7.1 you are listed\nclose"]).await;
    let mut hop = hop(&peer, TlsMode::None);
    let unused: IpAddr = "127.255.255.254".parse().unwrap();
    hop.hosts[0].addresses.push(unused);
    let failure = transport().connect(&hop).await.err().unwrap();
    assert_eq!(show_failure(&failure), "connect Refused");
    assert!(failure.detail.contains("554 5.7.1 you are listed"), "{}", failure.detail);
    assert_eq!(failure.peer.unwrap().address, format!("127.255.255.254:{}", peer.addr.port()));
    peer.finish().await;
}

#[tokio::test]
async fn no_address() {
    let hop = NextHop {
        hosts: Vec::new(),
        port: 25,
        tls: TlsMode::None,
        login: None,
        helo_name: "us.test".to_owned(),
    };
    assert_eq!(show_failure(&transport().connect(&hop).await.err().unwrap()), "dns DnsTrouble");
}

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
    let session = transport().connect(&hop(&peer, TlsMode::Opportunistic)).await.ok().unwrap();
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
            let session = transport.connect(&hop(&peer, TlsMode::Opportunistic)).await.ok().unwrap();
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
        let failure = transport().connect(&hop(&peer, TlsMode::StartTls)).await.err().unwrap();
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
        "tls TlsFailed: certificate: issued by nobody we trust, or self-signed",
    )
    .await;
}

async fn check_auth(mechanism: AuthMechanism, dialogue: &str, expected: &str) {
    let certificate = Certificate::new("mx.test");
    let dialogue = Box::leak(format!("tls\nS: 220 x\nC: EHLO us.test\n{dialogue}").into_boxed_str());
    let peer = Peer::start_with(Box::leak(Box::new([&*dialogue])), &certificate).await;
    let roots = Roots { bundled: false, system: false, extra: certificate.chain.clone() };
    let transport = SmtpTransport::new(ClientLimits::default(), ClientTls::new(&roots).unwrap());
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
    use AuthMechanism::{Any, Login, Plain};
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
    check_auth(Any, "S: 250-x\nS: 250 AUTH CRAM-MD5\nhang", "auth AuthRefused").await;
    check_auth(Any, "S: 250 x\nhang", "auth AuthRefused").await;
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let certificate = Certificate::new("other.test");
    let peer = Peer::start_with(&["tls"], &certificate).await;
    let roots = Roots { bundled: false, system: false, extra: certificate.chain.clone() };
    let transport = SmtpTransport::new(ClientLimits::default(), ClientTls::new(&roots).unwrap());
    let failure = transport.connect(&hop(&peer, TlsMode::Implicit)).await.err().unwrap();
    assert_eq!(show_failure(&failure), "tls TlsFailed");
    assert!(failure.detail.contains("not valid for name"), "{}", failure.detail);
}
