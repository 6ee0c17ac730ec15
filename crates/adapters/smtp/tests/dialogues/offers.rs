//! What the client says to servers that offer more: several recipients at once, DSN, size, international headers.

use delivery::{
    hop::TlsMode,
    ports::{MailFacts, Session},
};
use mail::Address;

use crate::{
    peer::Peer,
    talk::{MESSAGE, connect, from, hop, show, show_failure, to, transport},
};

/// One envelope to these people, and the content where somebody is taken.
async fn send(session: &mut dyn Session, locals: &[&str], facts: &MailFacts) -> Vec<String> {
    let all: Vec<Address> = locals.iter().map(|local| to(local)).collect();
    match session.envelope_to_all(&from(), &all, facts).await {
        Err(failure) => vec![format!("{}: {}", show_failure(&failure), failure.detail)],
        Ok(Err(mail)) => vec![format!("mail {}", mail.line())],
        Ok(Ok(replies)) => {
            let mut seen: Vec<String> = replies.iter().map(mail::Reply::line).collect();
            if replies.iter().any(mail::Reply::is_success) {
                seen.push(show(&session.content(MESSAGE).await));
            }
            seen
        }
    }
}

async fn check(dialogue: &'static str, facts: MailFacts, expected: &[&str]) {
    let peer = Peer::start(Box::leak(Box::new([dialogue]))).await;
    let mut session = connect(&transport(), &hop(&peer, TlsMode::None)).await;
    assert_eq!(send(session.as_mut(), &["a", "b", "c"], &facts).await, expected);
    session.quit().await;
    peer.finish().await;
}

#[tokio::test]
async fn several_recipients_one_message() {
    check(
        "S: 220 x
         C: EHLO us.test
         S: 250-x
         S: 250 PIPELINING
         C: MAIL FROM:<b-1@r.us.test>
         C: RCPT TO:<a@docomo.test>
         C: RCPT TO:<b@docomo.test>
         C: RCPT TO:<c@docomo.test>
         S: 250 ok
         S: 250 ok
         S: 550 5.1.1 unknown
         S: 452 4.5.3 too many
         C: DATA
         S: 354 go
         C. Subject: hi||..hello
         S: 250 queued
         C: QUIT",
        MailFacts::default(),
        &["250 ok", "550 5.1.1 unknown", "452 4.5.3 too many", "content 250 queued"],
    )
    .await;
    check(
        "S: 220 x
         C: EHLO us.test
         S: 250 x
         C: MAIL FROM:<b-1@r.us.test>
         S: 250 ok
         C: RCPT TO:<a@docomo.test>
         S: 550 no
         C: RCPT TO:<b@docomo.test>
         S: 421 closing",
        MailFacts::default(),
        &["550 no", "421 closing", "421 closing"],
    )
    .await;
    check(
        "S: 220 x
         C: EHLO us.test
         S: 250-x
         S: 250 PIPELINING
         C: MAIL FROM:<b-1@r.us.test>
         C: RCPT TO:<a@docomo.test>
         C: RCPT TO:<b@docomo.test>
         C: RCPT TO:<c@docomo.test>
         S: 451 not now
         S: 503 what
         S: 503 what
         S: 503 what
         C: QUIT",
        MailFacts::default(),
        &["mail 451 not now"],
    )
    .await;
}

#[tokio::test]
async fn failures_only_are_asked_for() {
    check(
        "S: 220 x
         C: EHLO us.test
         S: 250-x
         S: 250-SIZE 30
         S: 250 DSN
         C: MAIL FROM:<b-1@r.us.test> SIZE=23 RET=HDRS ENVID=b-1
         S: 250 ok
         C: RCPT TO:<a@docomo.test> NOTIFY=FAILURE ORCPT=rfc822;a@docomo.test
         S: 550 no
         C: RCPT TO:<b@docomo.test> NOTIFY=FAILURE ORCPT=rfc822;b@docomo.test
         S: 550 no
         C: RCPT TO:<c@docomo.test> NOTIFY=FAILURE ORCPT=rfc822;c@docomo.test
         S: 550 no
         C: QUIT",
        MailFacts { size: Some(23), ..MailFacts::default() },
        &["550 no", "550 no", "550 no"],
    )
    .await;
}

#[tokio::test]
async fn what_cannot_be_taken_is_not_offered() {
    const SMALL: &str = "S: 220 x\nC: EHLO us.test\nS: 250-x\nS: 250 SIZE 10\ngone";
    let large = MailFacts { size: Some(11), ..MailFacts::default() };
    check(SMALL, large, &["mail TooLarge: the message has 11 bytes, the server takes 10 at most"]).await;
    let utf8 = MailFacts { utf8_headers: true, ..MailFacts::default() };
    check(SMALL, utf8, &["mail NotOffered: the message needs SMTPUTF8, which is not offered"]).await;
    // Where the size is known only when the message is made, it is held back then.
    let late = "S: 220 x
        C: EHLO us.test
        S: 250-x
        S: 250-PIPELINING
        S: 250 SIZE 10
        C: MAIL FROM:<b-1@r.us.test>
        C: RCPT TO:<a@docomo.test>
        C: RCPT TO:<b@docomo.test>
        C: RCPT TO:<c@docomo.test>
        S: 250 ok
        S: 250 ok
        S: 250 ok
        S: 250 ok
        gone";
    check(late, MailFacts::default(), &["250 ok", "250 ok", "250 ok", "data TooLarge"]).await;
}
