//! MAIL FROM: begins a transaction, or says why not.

use super::{
    path,
    session::{Answer, Dialogue, Effect, Incoming, State, done},
};

/// Begins a transaction.
pub(crate) fn mail(dialogue: &mut Dialogue, argument: &str) -> (Answer, Effect) {
    match dialogue.state {
        State::Fresh => return done("503 5.5.1 HELO first\r\n"),
        State::Envelope(_) => return done("503 5.5.1 One MAIL at a time\r\n"),
        State::Ready => {}
    }
    let Some(read) = path::read(argument) else { return done("501 5.1.7 Not an address\r\n") };
    for (name, value) in &read.parameters {
        if let Some(problem) = refuse(name, value, dialogue.limits.message_bytes_max) {
            return done(problem);
        }
    }
    // The reverse path is kept as it came: nothing is ever sent to it, and a bounce with a strange one is a bounce.
    let incoming = Incoming { reverse_path: read.path.to_owned(), recipients: Vec::new() };
    dialogue.state = State::Envelope(incoming);
    done("250 2.1.0 OK\r\n")
}

fn refuse(name: &str, value: &str, message_bytes_max: usize) -> Option<&'static str> {
    match name {
        "SIZE" => match value.parse::<u64>() {
            Ok(size) if size > message_bytes_max as u64 => Some("552 5.3.4 Message too big\r\n"),
            Ok(_) => None,
            Err(_) => Some("501 5.5.4 Wrong argument\r\n"),
        },
        "BODY" if value.eq_ignore_ascii_case("7BIT") || value.eq_ignore_ascii_case("8BITMIME") => None,
        _ => Some("555 5.5.4 Parameter not offered\r\n"),
    }
}
