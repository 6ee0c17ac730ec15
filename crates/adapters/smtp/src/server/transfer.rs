//! DATA, and what is said when the content has come.

use super::session::{Answer, Dialogue, Effect, State, done};

/// What became of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Became {
    /// Durable.
    Kept,
    /// It could not be made durable.
    NotKept,
    /// Over the size limit.
    TooBig,
    /// Too many messages are on their way in.
    NoRoom,
}

/// Asks for the content when there is a recipient for it.
pub(crate) fn transfer(dialogue: &mut Dialogue) -> (Answer, Effect) {
    match std::mem::replace(&mut dialogue.state, State::Ready) {
        State::Envelope(incoming) if !incoming.recipients.is_empty() => {
            ("354 End with a dot on a line of its own\r\n".into(), Effect::ReadContent(incoming))
        }
        State::Envelope(incoming) => {
            dialogue.state = State::Envelope(incoming);
            done("554 5.5.1 No valid recipients\r\n")
        }
        other => {
            dialogue.state = other;
            done("503 5.5.1 MAIL first\r\n")
        }
    }
}

/// The reply to the final dot.
pub(crate) fn answer(became: Became) -> &'static str {
    match became {
        Became::Kept => "250 2.0.0 Kept\r\n",
        Became::NotKept => "451 4.3.0 Cannot keep it now\r\n",
        Became::TooBig => "552 5.3.4 Message too big\r\n",
        Became::NoRoom => "452 4.3.1 Too busy now\r\n",
    }
}
