//! Answers DNS questions with a cache that never mistakes trouble for an answer.
//!
//! [`DnsResolver`] is a stub resolver: it asks the name servers of [`DnsConfig`] and believes their `NXDOMAIN` and
//! "no such record", and nothing else. Timeouts, refusals and server failures are trouble, which is always temporary.

mod ask;
mod cache;
mod config;
mod lookup;
mod mx;
mod resolver;
mod shuffle;

pub use config::{CacheLimits, DnsConfig};
pub use resolver::DnsResolver;

/// Why no resolver could be made.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// The system's resolver configuration cannot be read.
    #[error("cannot read the system's name servers: {0}")]
    SystemConfig(String),
    /// The resolver could not be set up.
    #[error("cannot set up the resolver: {0}")]
    Setup(String),
}
