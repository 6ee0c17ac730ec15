//! The nouns of mail as the RFCs name them, with their grammar and nothing else: no IO, no clock, no policy.
//!
//! Read [`Address`] first, then [`Envelope`], then [`Reply`] with its [`EnhancedStatus`].

mod address;
mod envelope;
mod reply;
mod stage;
mod status;

pub use address::{Address, AddressError};
pub use envelope::{Envelope, ReversePath};
pub use reply::{Reply, ReplyDefect};
pub use stage::Stage;
pub use status::EnhancedStatus;

/// The header field in our own mails that names the recipient row with the token of its Message-ID, for servers that
/// give back the header without the Message-ID.
pub const TRACE_FIELD: &str = "X-Todoku-Trace";
