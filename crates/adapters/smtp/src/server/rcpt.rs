//! RCPT TO: only addresses of ours are taken, so nothing is ever relayed.

use ::mail::Address;
use reception::{Destination, StoreFailure};

use super::{
    path,
    session::{Answer, Dialogue, Effect, State, done, too_much},
};

/// Checks the grammar; whose address it is must be asked.
pub(crate) fn rcpt(dialogue: &mut Dialogue, argument: &str) -> (Answer, Effect) {
    let State::Envelope(incoming) = &dialogue.state else { return done("503 5.5.1 MAIL first\r\n") };
    if incoming.recipients.len() >= dialogue.limits.recipients_max {
        return done("452 4.5.3 Too many recipients\r\n");
    }
    let Some(read) = path::read(argument) else { return done("501 5.1.3 Not an address\r\n") };
    if !read.parameters.is_empty() {
        return done("555 5.5.4 Parameter not offered\r\n");
    }
    // A bare postmaster must be understood (RFC 5321 section 4.1.1.3).
    let address = match read.path.eq_ignore_ascii_case("postmaster") {
        true => Address::new("postmaster", &dialogue.host_name),
        false => Address::parse(read.path),
    };
    match address {
        Ok(address) => ("".into(), Effect::Ask(address)),
        Err(_) => done("501 5.1.3 Not an address\r\n"),
    }
}

impl Dialogue {
    /// Takes the answer to [`Effect::Ask`].
    pub(crate) fn answered(
        &mut self,
        address: &Address,
        answer: Result<Option<Destination>, StoreFailure>,
    ) -> (Answer, Effect) {
        let State::Envelope(incoming) = &mut self.state else { return done("503 5.5.1 MAIL first\r\n") };
        match answer {
            Ok(Some(destination)) => {
                // The same address twice is still one recipient.
                if incoming.recipients.iter().all(|(known, _)| known.key() != address.key()) {
                    incoming.recipients.push((address.clone(), destination));
                }
                done("250 2.1.5 OK\r\n")
            }
            Ok(None) => {
                self.refused_recipients += 1;
                if self.refused_recipients > self.limits.refused_recipients_max {
                    return too_much("421 4.7.0 Too many unknown recipients\r\n");
                }
                done("550 5.1.1 No such address here\r\n")
            }
            Err(error) => {
                tracing::error!(%error, "cannot ask whose address a recipient is; the peer will come again");
                done("451 4.3.0 Cannot look that up now\r\n")
            }
        }
    }
}
