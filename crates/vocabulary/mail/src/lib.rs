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
