//! The server that takes bounces and role mail. It never relays and never sends mail back.
//!
//! [`ReceptionServer`] listens; `connection` reads and writes; what is said is decided by `session` and one file per
//! state (`greeting`, `ehlo`, `mail`, `rcpt`, `transfer`), all pure: a line in, a reply and an effect out.

mod admission;
mod command;
mod config;
mod connection;
mod content;
mod ehlo;
mod greeting;
mod listener;
mod mail;
mod path;
mod rcpt;
mod receive;
mod received;
mod session;
mod transfer;

pub use config::{Clock, ReceptionConfig, ReceptionLimits, server_tls};
pub(crate) use content::Content;
pub use listener::ReceptionServer;
pub(crate) use received::{Trace, line as received_line};
pub(crate) use session::{Answer, Dialogue, Effect};
