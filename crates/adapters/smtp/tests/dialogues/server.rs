//! What the server takes and keeps.

use reception::Destination;
use smtp::server::{ReceptionConfig, ReceptionLimits, server_tls};
use tokio::net::TcpStream;

use crate::{
    peer::{Certificate, talk, talk_to},
    shelf::{Running, message},
};

fn config() -> ReceptionConfig {
    ReceptionConfig::new("mx.us.test")
}

const HELLO: &str = "S: 220 mx.us.test ESMTP Todoku
    C: HELO mx.docomo.test
    S: 250 mx.us.test
    C: MAIL FROM:<>
    S: 250 2.1.0 OK\n";
const BYE: &str = "C: QUIT\nS: 221 2.0.0 Bye\ngone";

#[tokio::test]
async fn a_bounce_is_kept_before_it_is_acknowledged() {
    let running = Running::start(config()).await;
    let rest = "C: RCPT TO:<b-1@r.us.test>
        S: 250 2.1.5 OK
        C: DATA
        S: 354 End with a dot on a line of its own
        C. Subject: Returned||..dots and more
        S: 250 2.0.0 Kept\n";
    talk_to(running.addr, &format!("{HELLO}{rest}{BYE}")).await;
    let kept = running.finish().await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].reverse_path, "");
    assert_eq!(kept[0].forward_path, "b-1@r.us.test");
    assert_eq!(kept[0].destination, Destination::ReturnPath(1));
    assert_eq!(kept[0].peer, "127.0.0.1 mx.docomo.test");
    assert_eq!(
        String::from_utf8_lossy(&kept[0].raw),
        "Received: from mx.docomo.test ([127.0.0.1])\r\n\tby mx.us.test with SMTP;\r\n\
         \tSat, 22 Nov 2025 00:00:00 +0000\r\nSubject: Returned\r\n\r\n.dots and more\r\n"
    );
}

#[tokio::test]
async fn a_whole_session_in_one_packet() {
    let running = Running::start(config()).await;
    talk_to(
        running.addr,
        r"S: 220 mx.us.test ESMTP Todoku
          C- EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<b-1@r.us.test>\r\nRCPT TO:<x@r.us.test>\r\nRCPT TO:<b-2@r.us.test>\r\nRCPT TO:<B-1@R.us.test>\r\nDATA\r\n
          S: 250-mx.us.test greets x
          S: 250-PIPELINING
          S: 250-SIZE 26214400
          S: 250-8BITMIME
          S: 250 ENHANCEDSTATUSCODES
          S: 250 2.1.0 OK
          S: 250 2.1.5 OK
          S: 550 5.1.1 No such address here
          S: 250 2.1.5 OK
          S: 250 2.1.5 OK
          S: 354 End with a dot on a line of its own
          C- Subject: x\r\n\r\nhi\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nDATA\r\n
          S: 250 2.0.0 Kept
          S: 250 2.1.0 OK
          S: 250 2.1.5 OK
          S: 354 End with a dot on a line of its own
          C- .\r\nQUIT\r\n
          S: 250 2.0.0 Kept
          S: 221 2.0.0 Bye
          gone",
    )
    .await;
    let kept = running.finish().await;
    let seen: Vec<String> = kept.iter().map(|one| format!("{} {}", one.forward_path, message(one))).collect();
    assert_eq!(
        seen,
        [
            "b-1@r.us.test Subject: x\r\n\r\nhi\r\n",
            "b-2@r.us.test Subject: x\r\n\r\nhi\r\n",
            "postmaster@mx.us.test "
        ]
    );
}

#[tokio::test]
async fn a_smuggled_second_message_stays_part_of_the_first() {
    let running = Running::start(config()).await;
    let smuggled = r"x\n.\nMAIL FROM:<evil@x.test>\r\n\n.\r\nDATA\r\n.\nRCPT TO:<b-2@r.us.test>\r\n\r.\r\n";
    let rest = format!(
        "C: RCPT TO:<b-1@r.us.test>
         S: 250 2.1.5 OK
         C: DATA
         S: 354 End with a dot on a line of its own
         C- {smuggled}.\\r\\n
         S: 250 2.0.0 Kept\n"
    );
    talk_to(running.addr, &format!("{HELLO}{rest}{BYE}")).await;
    let kept = running.finish().await;
    assert_eq!(kept.len(), 1);
    assert_eq!(
        message(&kept[0]),
        "x\n.\nMAIL FROM:<evil@x.test>\r\n\n.\r\nDATA\r\n\nRCPT TO:<b-2@r.us.test>\r\n\r.\r\n"
    );
}

#[tokio::test]
async fn what_is_too_big_is_refused_and_the_session_goes_on() {
    let limits = ReceptionLimits { message_bytes_max: 100, ..ReceptionLimits::default() };
    let running = Running::start(ReceptionConfig { limits, ..config() }).await;
    let long = "0123456789".repeat(12);
    let rest = format!(
        "C: RCPT TO:<b-1@r.us.test>
         S: 250 2.1.5 OK
         C: DATA
         S: 354 End with a dot on a line of its own
         C. {long}
         S: 552 5.3.4 Message too big
         C: MAIL FROM:<> SIZE=101
         S: 552 5.3.4 Message too big
         C: MAIL FROM:<> SIZE=100
         S: 250 2.1.0 OK
         C: RCPT TO:<b-1@r.us.test>
         S: 250 2.1.5 OK
         C: DATA
         S: 354 End with a dot on a line of its own
         C. small
         S: 250 2.0.0 Kept\n"
    );
    talk_to(running.addr, &format!("{HELLO}{rest}{BYE}")).await;
    let kept = running.finish().await;
    assert_eq!(kept.iter().map(message).collect::<Vec<_>>(), ["small\r\n"]);
}

#[tokio::test]
async fn starttls() {
    let certificate = Certificate::new("mx.test");
    let (chain, key) = certificate.pem();
    let tls = server_tls(chain.as_bytes(), key.as_bytes()).unwrap();
    let running = Running::start(ReceptionConfig { tls: Some(tls), ..config() }).await;
    let stream = TcpStream::connect(running.addr).await.unwrap();
    talk(
        stream,
        "S: 220 mx.us.test ESMTP Todoku
         C: STARTTLS
         S: 220 2.0.0 Go ahead
         tls
         C: MAIL FROM:<>
         S: 503 5.5.1 HELO first
         C: EHLO x
         S: 250-mx.us.test greets x
         S: 250-PIPELINING
         S: 250-SIZE 26214400
         S: 250-8BITMIME
         S: 250 ENHANCEDSTATUSCODES
         C: STARTTLS
         S: 502 5.5.1 Not offered here
         C: MAIL FROM:<>
         S: 250 2.1.0 OK
         C: RCPT TO:<postmaster>
         S: 250 2.1.5 OK
         C: DATA
         S: 354 End with a dot on a line of its own
         C. hi
         S: 250 2.0.0 Kept",
        &certificate,
    )
    .await;
    let kept = running.finish().await;
    assert!(String::from_utf8_lossy(&kept[0].raw).contains("with ESMTPS;"));
}
