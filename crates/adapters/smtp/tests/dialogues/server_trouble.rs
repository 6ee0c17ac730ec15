//! How the server bears peers that break rules, and trouble of its own.

use std::{sync::atomic::Ordering, time::Duration};

use smtp::server::{ReceptionConfig, ReceptionLimits, server_tls};
use tokio::net::TcpStream;

use crate::{
    peer::{Certificate, talk_to},
    shelf::Running,
};

const GREETING: &str = "S: 220 mx.us.test ESMTP Todoku\n";
const CONTENT: &str = "C: HELO x
    S: 250 mx.us.test
    C: MAIL FROM:<>
    S: 250 2.1.0 OK
    C: RCPT TO:<b-1@r.us.test>
    S: 250 2.1.5 OK
    C: DATA
    S: 354 End with a dot on a line of its own\n";

async fn check(limits: ReceptionLimits, dialogue: &str) {
    let running = Running::start(ReceptionConfig { limits, ..ReceptionConfig::new("mx.us.test") }).await;
    talk_to(running.addr, &format!("{GREETING}{dialogue}")).await;
    let kept = running.finish().await;
    assert_eq!(kept.len(), 0, "{dialogue}");
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_acknowledged() {
    let running = Running::start(ReceptionConfig::new("mx.us.test")).await;
    running.shelf.broken.store(true, Ordering::SeqCst);
    let rest = "C. hi\nS: 451 4.3.0 Cannot keep it now\nC: QUIT\nS: 221 2.0.0 Bye";
    talk_to(running.addr, &format!("{GREETING}{CONTENT}{rest}")).await;
    assert_eq!(running.finish().await.len(), 0);
}

#[tokio::test]
async fn a_message_without_its_final_dot_is_not_kept() {
    let usual = ReceptionLimits::default();
    check(usual, &format!("{CONTENT}C- Subject: x\\r\\n\\r\\nhalf a message\\r\\n.\\r")).await;
    check(usual, &format!("{CONTENT}C- Subject: x\\r\\n\\r\\nbare\\n.\\n\nclose")).await;
    check(usual, &format!("{CONTENT}close")).await;
}

#[tokio::test]
async fn slow_peers() {
    let short = Duration::from_millis(150);
    let usual = ReceptionLimits::default();
    check(ReceptionLimits { command: short, ..usual }, "S: 421 4.4.2 Too slow\ngone").await;
    check(
        ReceptionLimits { command: short, ..usual },
        "drip NOOP this line never comes to its end in time\nS: 421 4.4.2 Too slow\nhang",
    )
    .await;
    check(ReceptionLimits { block: short, ..usual }, &format!("{CONTENT}C- half\\r\\n\ngone")).await;
    check(
        ReceptionLimits { message: short, ..usual },
        &format!("{CONTENT}drip a message that comes byte by byte and takes its time\nhang"),
    )
    .await;
}

#[tokio::test]
async fn lines_that_break_the_framing() {
    let limits = ReceptionLimits { line_bytes_max: 100, bad_commands_max: 1, ..ReceptionLimits::default() };
    let long = "x".repeat(200);
    check(limits, &format!("C: NOOP {long}\nS: 500 5.5.2 Line too long\ngone")).await;
    check(
        limits,
        "C- NOOP\\n
         S: 500 5.5.2 Lines must end with CRLF
         C: NOOP
         S: 250 2.0.0 OK
         C- NOOP\\n
         S: 421 4.7.0 Too many wrong commands
         gone",
    )
    .await;
}

#[tokio::test]
async fn too_many_messages_at_once() {
    let limits = ReceptionLimits { receiving_bytes_max: 100_000, ..ReceptionLimits::default() };
    let big = "0123456789".repeat(20_000);
    check(limits, &format!("{CONTENT}C. {big}\nS: 452 4.3.1 Too busy now\nC: QUIT\nS: 221 2.0.0 Bye")).await;
}

#[tokio::test]
async fn far_too_big_is_cut_off() {
    let limits = ReceptionLimits { message_bytes_max: 1000, ..ReceptionLimits::default() };
    let big = "0123456789".repeat(1000);
    check(limits, &format!("{CONTENT}C- {big}\nhang")).await;
}

#[tokio::test]
async fn too_many_connections() {
    let limits = ReceptionLimits { connections_per_ip_max: 1, ..ReceptionLimits::default() };
    let running = Running::start(ReceptionConfig { limits, ..ReceptionConfig::new("mx.us.test") }).await;
    let first = TcpStream::connect(running.addr).await.unwrap();
    let mut greeting = [0; 32];
    first.readable().await.unwrap();
    assert!(first.try_read(&mut greeting).is_ok_and(|length| length > 0));
    talk_to(running.addr, "S: 421 4.7.0 Too many connections, come back later\ngone").await;
    drop(first);
    running.finish().await;
}

#[tokio::test]
async fn commands_sent_before_the_handshake_are_not_believed() {
    let (chain, key) = Certificate::new("mx.test").pem();
    let tls = server_tls(chain.as_bytes(), key.as_bytes()).unwrap();
    let running =
        Running::start(ReceptionConfig { tls: Some(tls), ..ReceptionConfig::new("mx.us.test") }).await;
    let dialogue = "C- STARTTLS\\r\\nMAIL FROM:<>\\r\\n\nS: 220 2.0.0 Go ahead\ngone";
    talk_to(running.addr, &format!("{GREETING}{dialogue}")).await;
    assert_eq!(running.finish().await.len(), 0);
}

#[tokio::test]
async fn keys_that_cannot_be_read() {
    let (chain, key) = Certificate::new("mx.test").pem();
    let other = Certificate::new("other.test").pem().1;
    assert!(server_tls(chain.as_bytes(), key.as_bytes()).is_ok());
    assert!(server_tls(b"no certificate", key.as_bytes()).is_err());
    assert!(server_tls(chain.as_bytes(), b"no key").is_err());
    assert!(server_tls(chain.as_bytes(), other.as_bytes()).is_err());
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let running = Running::start(ReceptionConfig::new("mx.us.test")).await;
    let stop = running.stop.clone();
    let addr = running.addr;
    let talking = tokio::spawn(async move {
        talk_to(addr, &format!("{GREETING}C: NOOP\nS: 250 2.0.0 OK\nC: DATA\nS: 503 5.5.1 MAIL first")).await;
        stop.cancel();
    });
    let idle = format!("{GREETING}S: 421 4.3.2 Closing, come back later\ngone");
    talk_to(addr, &idle).await;
    talking.await.unwrap();
    running.finish().await;
}
