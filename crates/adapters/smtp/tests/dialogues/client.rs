//! What the client says when all goes its way, and when single recipients are refused.

use delivery::hop::TlsMode;
use mail::ReversePath;
use smtp::ClientLimits;

use crate::{
    peer::Peer,
    talk::{check, connect, hop, run, send_one, show, to, transport, with},
};

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
    let mut session = connect(&transport(), &hop(&peer, TlsMode::None)).await;
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
