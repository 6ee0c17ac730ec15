//! What the client makes of servers that refuse, fall silent, break off or do not speak SMTP.

use std::time::Duration;

use delivery::hop::TlsMode;
use smtp::ClientLimits;

use crate::{
    peer::Peer,
    talk::{check, connect, from, hop, run, show, to, transport, with},
};

const SHORT: Duration = Duration::from_millis(150);

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
    let mut session = connect(&transport(), &hop(&peer, TlsMode::None)).await;
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
    let mut session = connect(&with(limits), &hop(&peer, TlsMode::None)).await;
    session.envelope(&from(), &to("a")).await.unwrap();
    let seen = session.content(&vec![b'x'; 30_000_000]).await;
    assert_eq!(show(&seen), "data TimedOut");
    drop(session);
    peer.finish().await;
}
