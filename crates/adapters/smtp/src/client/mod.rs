//! The client: how delivery hands messages over.
//!
//! `transport` walks hosts and addresses, `dialogue` speaks up to a ready session, `session` sends messages,
//! `proof` says what a certificate proves, `connection` moves bytes and keeps the time.

mod auth;
mod broken;
mod connection;
pub(crate) mod dialogue;
mod dots;
mod envelope;
mod extensions;
pub(crate) mod halt;
mod heard;
mod limits;
pub(crate) mod proof;
mod replies;
mod run;
mod session;
mod tls;
pub(crate) mod transport;

#[cfg(test)]
pub(crate) use dots::{missing_line_end, stuff};
pub(crate) use extensions::Extensions;
pub use limits::ClientLimits;
pub(crate) use replies::take_reply;
pub use tls::{ClientTls, Roots};
pub use transport::SmtpTransport;
