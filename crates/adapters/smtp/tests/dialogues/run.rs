//! What the client says when it has several messages ready for one server.

use delivery::{
    hop::TlsMode,
    ports::{Ready, RunWatch},
    transcript::Tape,
};
use mail::{Reply, Stage};
use smtp::ClientLimits;

use crate::{
    peer::Peer,
    talk::{MESSAGE, connect, from, hop, show_failure, to, transport, with},
};

/// Keeps what it is told; its leave ends after so many answers.
struct Watch {
    seen: Vec<String>,
    holds_for: usize,
}

impl RunWatch for Watch {
    fn told(&mut self, stage: Stage, reply: Reply, tape: &mut Tape) {
        tape.take_packed("");
        self.seen.push(format!("{} {}", stage.name(), reply.line()));
    }

    fn holds(&self) -> bool {
        self.seen.len() < self.holds_for
    }
}

async fn run_for(
    holds_for: usize,
    chunking: bool,
    dialogues: &'static [&'static str],
    locals: &[&str],
    expected: &[&str],
) {
    let peer = Peer::start(dialogues).await;
    let transport = match chunking {
        true => with(ClientLimits::default()),
        false => transport(),
    };
    let mut session = connect(&transport, &hop(&peer, TlsMode::None)).await;
    let return_path = from();
    let addresses: Vec<_> = locals.iter().map(|local| to(local)).collect();
    let ready: Vec<_> =
        addresses.iter().map(|to| Ready { return_path: &return_path, to, bytes: MESSAGE }).collect();
    let mut watch = Watch { seen: Vec::new(), holds_for };
    if let Err(failure) = session.run(&ready, &mut watch).await {
        watch.seen.push(show_failure(&failure));
    }
    assert_eq!(watch.seen, expected);
    session.quit().await;
    peer.finish().await;
}

/// A dialogue that begins with a first envelope to a server that takes several lines at once.
macro_rules! begun {
    ($rest:literal) => {
        concat!(
            "S: 220 mx.test
             C: EHLO us.test
             S: 250-mx.test
             S: 250 PIPELINING
             C: MAIL FROM:<b-1@r.us.test>
             C: RCPT TO:<a@docomo.test>
             C: DATA
             ",
            $rest
        )
    };
}

async fn check(dialogues: &'static [&'static str], locals: &[&str], expected: &[&str]) {
    run_for(usize::MAX, false, dialogues, locals, expected).await;
}

#[tokio::test]
async fn content_and_the_next_envelope_go_together() {
    check(
        &[begun!(
            "alone
           S: 250 ok
           S: 250 ok
           S: 354 go
           C. Subject: hi||..hello
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<b@docomo.test>
           C: DATA
           alone
           S: 250 2.0.0 first
           S: 250 ok
           S: 250 ok
           S: 354 go
           C. Subject: hi||..hello
           alone
           S: 250 2.0.0 second
           C: QUIT
           S: 221 bye"
        )],
        &["a", "b"],
        &["content 250 2.0.0 first", "content 250 2.0.0 second"],
    )
    .await;
}

#[tokio::test]
async fn who_is_refused_stops_nobody_else() {
    check(
        &[begun!(
            "S: 250 ok
           S: 550 5.1.1 unknown
           S: 554 5.5.1 no recipients
           C: RSET
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<b@docomo.test>
           C: DATA
           S: 250 reset
           S: 250 ok
           S: 250 ok
           S: 354 go
           C. Subject: hi||..hello
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<c@docomo.test>
           C: DATA
           S: 550 5.7.1 spam
           S: 250 ok
           S: 550 5.1.1 unknown
           S: 354 go on all the same
           C: .
           S: 554 5.5.1 no recipients
           C: RSET
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<d@docomo.test>
           C: DATA
           S: 250 reset
           S: 451 4.7.1 later
           S: 503 what
           S: 503 what
           C: RSET
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<e@docomo.test>
           C: DATA
           S: 250 reset
           S: 250 ok
           S: 250 ok
           S: 452 4.3.1 full
           C: QUIT"
        )],
        &["a", "b", "c", "d", "e"],
        &[
            "rcpt 550 5.1.1 unknown",
            "content 550 5.7.1 spam",
            "rcpt 550 5.1.1 unknown",
            "mail 451 4.7.1 later",
            "data 452 4.3.1 full",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_server_that_leaves_leaves_the_rest_untouched() {
    let start = begun!(
        "S: 250 ok
           S: 250 ok
           S: 354 go
           C. Subject: hi||..hello
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<b@docomo.test>
           C: DATA"
    );
    let dialogue = |end: &str| -> &'static [&'static str] {
        let dialogue: &'static str = Box::leak(format!("{start}\n{end}").into_boxed_str());
        Box::leak(Box::new([dialogue]))
    };
    let all = ["a", "b", "c"];
    check(dialogue("S: 421 4.3.2 leaving\nclose"), &all, &["content 421 4.3.2 leaving"]).await;
    let said = ["content 250 taken", "mail 421 4.7.0 enough"];
    check(dialogue("S: 250 taken\nS: 421 4.7.0 enough\nclose"), &all, &said).await;
    check(dialogue("S: 250 taken\nclose"), &all, &["content 250 taken", "mail Disconnected"]).await;
    check(dialogue("close"), &all, &["content Disconnected"]).await;
    let said = ["content 250 taken", "rcpt 421 4.7.0 enough"];
    check(dialogue("S: 250 taken\nS: 250 ok\nS: 421 4.7.0 enough\nclose"), &all, &said).await;
    check(
        dialogue("S: 250 taken\nS: 250 ok\nS: 250 ok\nclose"),
        &all,
        &["content 250 taken", "data Disconnected"],
    )
    .await;
}

#[tokio::test]
async fn a_leave_that_ended_hands_over_nothing() {
    let dialogue = &[begun!(
        "S: 250 ok
           S: 250 ok
           S: 354 go
           C. Subject: hi||..hello
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<b@docomo.test>
           C: DATA
           S: 250 taken
           S: 250 ok
           S: 250 ok
           S: 354 go
           gone"
    )];
    run_for(1, false, dialogue, &["a", "b", "c"], &["content 250 taken"]).await;
}

#[tokio::test]
async fn bdat_goes_out_with_the_next_envelope() {
    let dialogue = &["S: 220 mx.test
           C: EHLO us.test
           S: 250-mx.test
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
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<b@docomo.test>
           S: 554 5.7.1 spam
           S: 503 a transaction is open
           S: 503 what
           C: RSET
           C: MAIL FROM:<b-1@r.us.test>
           C: RCPT TO:<b@docomo.test>
           S: 250 reset
           S: 250 ok
           S: 250 ok
           C: BDAT 23 LAST
           C: Subject: hi
           C:
           C: .hello
           S: 250 taken
           C: QUIT"];
    run_for(usize::MAX, true, dialogue, &["a", "b"], &["content 554 5.7.1 spam", "content 250 taken"]).await;
}

#[tokio::test]
async fn one_by_one_where_pipelining_is_not_offered() {
    check(
        &["S: 220 mx.test
           C: EHLO us.test
           S: 250 mx.test
           C: MAIL FROM:<b-1@r.us.test>
           alone
           S: 250 ok
           C: RCPT TO:<a@docomo.test>
           alone
           S: 250 ok
           C: DATA
           S: 354 go
           C. Subject: hi||..hello
           alone
           S: 250 taken
           C: MAIL FROM:<b-1@r.us.test>
           S: 421 4.3.2 leaving
           close"],
        &["a", "b", "c"],
        &["content 250 taken", "mail 421 4.3.2 leaving"],
    )
    .await;
}
