//! HELO, EHLO and STARTTLS: who the peer is and what it is offered.

use super::session::{Answer, Dialogue, Effect, State, done};

/// Longest name kept of what a peer calls itself.
const NAME_BYTES_MAX: usize = 255;

/// HELO.
pub(crate) fn helo(dialogue: &mut Dialogue, name: &str) -> (Answer, Effect) {
    if !introduce(dialogue, name, false) {
        return done("501 5.5.4 A name is wanted\r\n");
    }
    (format!("250 {}\r\n", dialogue.host_name).into(), Effect::None)
}

/// EHLO, answered with what is offered.
pub(crate) fn ehlo(dialogue: &mut Dialogue, name: &str) -> (Answer, Effect) {
    if !introduce(dialogue, name, true) {
        return done("501 5.5.4 A name is wanted\r\n");
    }
    let starttls = if dialogue.offers_tls { "250-STARTTLS\r\n" } else { "" };
    let answer = format!(
        "250-{} greets {}\r\n250-PIPELINING\r\n250-SIZE {}\r\n250-8BITMIME\r\n{starttls}250 ENHANCEDSTATUSCODES\r\n",
        dialogue.host_name, dialogue.helo, dialogue.limits.message_bytes_max,
    );
    (answer.into(), Effect::None)
}

/// STARTTLS (RFC 3207).
pub(crate) fn starttls(dialogue: &Dialogue) -> (Answer, Effect) {
    if !dialogue.offers_tls {
        return done("502 5.5.1 Not offered here\r\n");
    }
    if matches!(dialogue.state, State::Envelope(_)) {
        return done("503 5.5.1 Not within a transaction\r\n");
    }
    ("220 2.0.0 Go ahead\r\n".into(), Effect::StartTls)
}

fn introduce(dialogue: &mut Dialogue, name: &str, extended: bool) -> bool {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(|b| b.is_ascii_graphic()) {
        return false;
    }
    dialogue.helo = name.to_owned();
    dialogue.extended = extended;
    dialogue.state = State::Ready;
    true
}
