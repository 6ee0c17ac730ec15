//! The opening line, and the line for those who cannot be let in.

use super::session::Answer;

/// What a connection hears first.
pub(crate) fn greeting(host_name: &str) -> Answer {
    format!("220 {host_name} ESMTP Todoku\r\n").into()
}

/// What a connection hears that is one too many.
pub(crate) const FULL: &str = "421 4.7.0 Too many connections, come back later\r\n";

/// What a session hears when the server stops.
pub(crate) const CLOSING: &str = "421 4.3.2 Closing, come back later\r\n";

/// What a session hears that said nothing for too long.
pub(crate) const IDLE: &str = "421 4.4.2 Too slow\r\n";
