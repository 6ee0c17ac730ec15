//! The book of providers: read from data, asked by domain and local part.

mod book;
mod expected;
mod model;
mod reply;

pub use book::{Chosen, ProviderBook};
pub use expected::{Expected, ExpectedOutcome};
pub use model::{
    Behaviour, Connection, DnsShape, Fate, HangUp, Later, Limit, Limits, Provider, Replies, TlsShape,
};
pub use reply::{ReplyTemplate, ReplyValues};
