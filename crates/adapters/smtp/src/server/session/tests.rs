//! Plays written dialogues against the state machine alone.

use super::*;

/// Plays `C:` lines and compares every reply; a question about an address is answered by its local part.
fn check(limits: ReceptionLimits, script: &str) {
    let mut dialogue = Dialogue::new("mx.us.test", true, limits);
    let mut pending = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(said) = line.strip_prefix("C: ") {
            assert_eq!(pending, "", "unchecked reply before {line}");
            pending = turn(&mut dialogue, said);
        } else {
            let wanted = line.strip_prefix("S: ").unwrap();
            let (first, rest) = pending.split_once('\n').unwrap_or((&pending, ""));
            assert_eq!(first, wanted, "in {script}");
            pending = rest.to_owned();
        }
    }
    assert_eq!(pending, "", "unchecked reply at the end of {script}");
}

fn turn(dialogue: &mut Dialogue, said: &str) -> String {
    let (answer, effect) = dialogue.step(said.as_bytes());
    let (answer, effect) = match effect {
        Effect::Ask(address) => dialogue.answered(&address, known(&address)),
        effect => (answer, effect),
    };
    let effect = match effect {
        Effect::None => "",
        Effect::ReadContent(_) => "[content]",
        Effect::StartTls => "[tls]",
        Effect::Close => "[close]",
        Effect::Ask(_) => "[ask]",
    };
    format!("{}{effect}", answer.replace("\r\n", "\n")).trim_end().to_owned()
}

fn known(address: &Address) -> Result<Option<Destination>, reception::StoreFailure> {
    match address.local() {
        "b-1" => Ok(Some(Destination::ReturnPath(1))),
        "postmaster" => Ok(Some(Destination::Role)),
        "broken" => Err("the store is gone".into()),
        _ => Ok(None),
    }
}

fn check_usual(script: &str) {
    check(ReceptionLimits::default(), script);
}

#[test]
fn a_bounce_is_taken() {
    check_usual(
        "C: EHLO mx.docomo.test
         S: 250-mx.us.test greets mx.docomo.test
         S: 250-PIPELINING
         S: 250-SIZE 26214400
         S: 250-8BITMIME
         S: 250-STARTTLS
         S: 250 ENHANCEDSTATUSCODES
         C: MAIL FROM:<> SIZE=1000 BODY=8BITMIME
         S: 250 2.1.0 OK
         C: RCPT TO:<b-1@r.us.test>
         S: 250 2.1.5 OK
         C: DATA
         S: 354 End with a dot on a line of its own
         S: [content]",
    );
}

#[test]
fn recipients() {
    check_usual(
        "C: HELO x
         S: 250 mx.us.test
         C: MAIL FROM:<a@b.test>
         S: 250 2.1.0 OK
         C: RCPT TO:<hanako@docomo.test>
         S: 550 5.1.1 No such address here
         C: RCPT TO:<broken@r.us.test>
         S: 451 4.3.0 Cannot look that up now
         C: RCPT TO:<PostMaster>
         S: 250 2.1.5 OK
         C: RCPT TO:<@relay.test:b-1@r.us.test>
         S: 250 2.1.5 OK
         C: RCPT TO:<b-1@r.us.test> NOTIFY=NEVER
         S: 555 5.5.4 Parameter not offered
         C: RCPT TO:<花子@r.us.test>
         S: 501 5.1.3 Not an address
         C: RCPT TO:<>
         S: 501 5.1.3 Not an address
         C: RCPT TO:b-1@r.us.test
         S: 501 5.1.3 Not an address",
    );
}

#[test]
fn order_matters() {
    check_usual(
        "C: MAIL FROM:<>
         S: 503 5.5.1 HELO first
         C: RCPT TO:<b-1@r.us.test>
         S: 503 5.5.1 MAIL first
         C: DATA
         S: 503 5.5.1 MAIL first
         C: HELO
         S: 501 5.5.4 A name is wanted
         C: HELO x
         S: 250 mx.us.test
         C: MAIL FROM:<>
         S: 250 2.1.0 OK
         C: MAIL FROM:<>
         S: 503 5.5.1 One MAIL at a time
         C: DATA
         S: 554 5.5.1 No valid recipients
         C: RSET
         S: 250 2.0.0 Reset
         C: RCPT TO:<b-1@r.us.test>
         S: 503 5.5.1 MAIL first
         C: MAIL FROM:<>
         S: 250 2.1.0 OK
         C: HELO y
         S: 250 mx.us.test
         C: MAIL FROM:<x@y.test>
         S: 250 2.1.0 OK
         C: STARTTLS
         S: 503 5.5.1 Not within a transaction",
    );
}

#[test]
fn mail_parameters() {
    check_usual(
        "C: HELO x
         S: 250 mx.us.test
         C: MAIL FROM:<> SIZE=26214401
         S: 552 5.3.4 Message too big
         C: MAIL FROM:<> SIZE=many
         S: 501 5.5.4 Wrong argument
         C: MAIL FROM:<> BODY=BINARYMIME
         S: 555 5.5.4 Parameter not offered
         C: MAIL FROM:<> SMTPUTF8
         S: 555 5.5.4 Parameter not offered
         C: MAIL FROM:<a@b.test
         S: 501 5.1.7 Not an address
         C: MAIL FROM:<strange address@b.test>
         S: 501 5.1.7 Not an address
         C: MAIL FROM:<strange..address.@b.test> BODY=7BIT
         S: 250 2.1.0 OK",
    );
}

#[test]
fn small_talk() {
    check_usual(
        "C: NOOP
         S: 250 2.0.0 OK
         C: VRFY root
         S: 252 2.1.5 Send the mail and see
         C: EXPN staff
         S: 502 5.5.1 Not offered here
         C: AUTH PLAIN AAAA
         S: 502 5.5.1 Not offered here
         C: STARTTLS
         S: 220 2.0.0 Go ahead
         S: [tls]
         C: QUIT
         S: 221 2.0.0 Bye
         S: [close]",
    );
}

#[test]
fn limits() {
    let limits = ReceptionLimits {
        bad_commands_max: 2,
        commands_max: 6,
        refused_recipients_max: 1,
        recipients_max: 1,
        ..ReceptionLimits::default()
    };
    check(
        limits,
        "C: GET / HTTP/1.1
         S: 500 5.5.2 Not understood
         C: Host: mx
         S: 500 5.5.2 Not understood
         C: Accept: x
         S: 421 4.7.0 Too many wrong commands
         S: [close]",
    );
    let noops = "C: NOOP\nS: 250 2.0.0 OK\n".repeat(6);
    check(limits, &format!("{noops}C: NOOP\nS: 421 4.7.0 Too many commands\nS: [close]"));
    check(
        limits,
        "C: HELO x
         S: 250 mx.us.test
         C: MAIL FROM:<>
         S: 250 2.1.0 OK
         C: RCPT TO:<x@r.us.test>
         S: 550 5.1.1 No such address here
         C: RCPT TO:<y@r.us.test>
         S: 421 4.7.0 Too many unknown recipients
         S: [close]",
    );
    check(
        limits,
        "C: HELO x
         S: 250 mx.us.test
         C: MAIL FROM:<>
         S: 250 2.1.0 OK
         C: RCPT TO:<b-1@r.us.test>
         S: 250 2.1.5 OK
         C: RCPT TO:<b-1@r.us.test>
         S: 452 4.5.3 Too many recipients",
    );
}
