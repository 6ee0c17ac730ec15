//! What is taken down of a dialogue: every line with its side, no secret, and what came before a connection stood.

use delivery::{
    hop::{AuthMechanism, HopHost, Login, NextHop, TlsMode},
    ports::Session,
    transcript::{Tape, unpack},
};

use crate::{
    peer::Peer,
    talk::{connect, fail, hop, send_one, transport},
};

/// The lines on a tape without their times.
fn lines(tape: &mut Tape) -> Vec<String> {
    let packed = tape.take_packed("hanako@docomo.test").expect("something was said");
    let lines = unpack(&packed, "hanako@docomo.test", "b-1");
    lines.iter().map(|line| format!("{} {}", line.voice.sign(), line.text)).collect()
}

fn said(session: &mut dyn Session) -> Vec<String> {
    lines(session.tape().expect("it is taken down"))
}

#[tokio::test]
async fn the_opening_and_each_message_are_taken_down_apart() {
    let peer = Peer::start(&["S: 220 mx.test ESMTP
           C: EHLO us.test
           S: 250-mx.test
           S: 250-AUTH PLAIN
           S: 250 SIZE 10000000
           C: AUTH PLAIN AHNob3AAc2VjcmV0
           S: 235 2.7.0 welcome
           C: MAIL FROM:<b-1@r.us.test>
           S: 250 2.1.0 ok
           C: RCPT TO:<hanako@docomo.test>
           S: 250 2.1.5 ok
           C: DATA
           S: 354 go
           C. Subject: hi||..hello
           S: 250 2.0.0 queued as 4F2C81A2B3
           C: MAIL FROM:<b-1@r.us.test>
           S: 250 2.1.0 ok
           C: RCPT TO:<taro@docomo.test>
           S: 550 5.1.1 unknown
           C: QUIT
           S: 221 bye"])
    .await;
    let login = Login { mechanism: AuthMechanism::Plain, name: "shop".into(), password: "secret".into() };
    let hop = NextHop { login: Some(login), ..hop(&peer, TlsMode::Opportunistic) };
    let mut session = connect(&transport(), &hop).await;
    let opening = said(session.as_mut());
    assert_eq!(opening[0], format!("* connect mx.test {}", peer.addr));
    assert_eq!(
        opening[1..],
        [
            "< 220 mx.test ESMTP",
            "> EHLO us.test",
            "< 250-mx.test\n250-AUTH PLAIN\n250 SIZE 10000000",
            "* clear STARTTLS is not offered",
            "> AUTH PLAIN ***",
            "< 235 2.7.0 welcome",
        ]
    );
    assert_eq!(send_one(session.as_mut(), "hanako").await, "content 250 2.0.0 queued as 4F2C81A2B3");
    assert_eq!(
        said(session.as_mut()),
        [
            "> MAIL FROM:<b-1@r.us.test>",
            "< 250 2.1.0 ok",
            "> RCPT TO:<hanako@docomo.test>",
            "< 250 2.1.5 ok",
            "> DATA",
            "< 354 go",
            "* content 23",
            "< 250 2.0.0 queued as 4F2C81A2B3",
        ]
    );
    send_one(session.as_mut(), "taro").await;
    let second = said(session.as_mut());
    assert_eq!(second[2..], ["> RCPT TO:<taro@docomo.test>", "< 550 5.1.1 unknown"]);
    session.quit().await;
    peer.finish().await;
}

#[tokio::test]
async fn a_connection_that_comes_to_nothing_tells_of_every_address() {
    let peer = Peer::start(&["S: 554 5.7.1 go away\nhang"]).await;
    let mut way = hop(&peer, TlsMode::Opportunistic);
    way.hosts.insert(0, HopHost::new("nobody.test", vec!["127.0.0.9".parse().expect("an address")]));
    let mut tape = fail(&transport(), &way).await.said.expect("it is taken down");
    let seen = lines(&mut tape);
    assert!(seen[0].starts_with("* connect nobody.test 127.0.0.9:"), "{seen:?}");
    assert!(seen[1].starts_with("* ended "), "{seen:?}");
    assert_eq!(seen[3..], ["< 554 5.7.1 go away", "* ended 554 5.7.1 go away"]);
}
