//! Answers DNS questions with a cache that never mistakes trouble for an answer.
//!
//! [`DnsResolver`] is a stub resolver: it asks the name servers of [`DnsConfig`] and believes their `NXDOMAIN` and
//! "no such record", and nothing else. Timeouts, refusals and server failures are trouble, which is always temporary.

mod ask;
mod cache;
mod config;
mod lookup;
mod mx;
mod policy;
mod resolver;
mod shuffle;
mod validate;

pub use config::{CacheLimits, DnsConfig, Dnssec};
pub use resolver::DnsResolver;

/// Why no resolver could be made.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// The system's resolver configuration cannot be read.
    #[error("cannot read the system's name servers: {0}")]
    SystemConfig(String),
    /// The file of trust anchors cannot be read.
    #[error("cannot read the DNSSEC trust anchors in {0}: {1}")]
    TrustAnchor(String, String),
    /// The resolver could not be set up.
    #[error("cannot set up the resolver: {0}")]
    Setup(String),
}
