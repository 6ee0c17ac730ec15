//! Reads the reports mail servers send back: bytes in, facts out, never a failure.
//!
//! Read [`read`](fn@read) first, then [`Report`]. What the facts mean is for others to judge.

mod address_list;
mod auto_reply;
mod date;
mod diagnosis;
mod disposition;
mod dsn;
mod facts;
mod feedback;
mod header;
mod lines;
mod mailbox;
mod merge;
mod mime;
mod notice;
mod original;
mod read;
mod sns;
mod tls;
mod transfer;

pub use facts::{Defect, Kind, OriginalMessage, RecipientReport, Report};
pub use mailbox::messages;
pub use read::read;
pub use tls::{FailureDetail, PolicyPart, TlsReport, date};
