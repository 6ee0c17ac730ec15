//! What can be set about DNS: whom to ask, how long to wait, how long to remember.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Settings of a [`DnsResolver`](crate::DnsResolver).
#[derive(Debug, Clone)]
pub struct DnsConfig {
    /// Name servers to ask; empty means the system's (`/etc/resolv.conf`).
    pub name_servers: Vec<SocketAddr>,
    /// Whether IPv6 addresses are asked for.
    pub ipv6: bool,
    /// How long one try of one question may take.
    pub timeout: Duration,
    /// Tries of one question.
    pub tries: usize,
    /// How long finding a domain's mail servers may take in all, waiting for a free slot included.
    pub walk_timeout: Duration,
    /// Walks at the same moment.
    pub walks_max: usize,
    /// Whether answers that DANE relies on are validated.
    pub dnssec: Dnssec,
    /// Where the shuffling of equally preferred hosts begins.
    pub seed: u64,
    /// What is remembered and how long.
    pub cache: CacheLimits,
}

/// Where DNSSEC validation begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Dnssec {
    /// Nothing is validated, so there is no DANE.
    #[default]
    Off,
    /// At the root zone's keys, as built in.
    Root,
    /// At the DNSKEY records in this file.
    Anchors(PathBuf),
}

/// Bounds of the cache. A record's own TTL counts within them.
#[derive(Debug, Clone, Copy)]
pub struct CacheLimits {
    /// Domains at most.
    pub entries_max: usize,
    /// A found answer is kept at least this long.
    pub found_min: Duration,
    /// A found answer is kept at most this long.
    pub found_max: Duration,
    /// "There is none" is kept at least this long.
    pub none_min: Duration,
    /// "There is none" is kept at most this long.
    pub none_max: Duration,
    /// Trouble is kept this long, so a dead name server is not asked for every message.
    pub trouble: Duration,
}

impl Default for DnsConfig {
    fn default() -> Self {
        Self {
            name_servers: Vec::new(),
            ipv6: true,
            timeout: Duration::from_secs(5),
            tries: 2,
            walk_timeout: Duration::from_secs(30),
            walks_max: 64,
            dnssec: Dnssec::Off,
            seed: 0,
            cache: CacheLimits::default(),
        }
    }
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self {
            entries_max: 50_000,
            found_min: Duration::from_secs(60),
            found_max: Duration::from_secs(6 * 3600),
            none_min: Duration::from_secs(60),
            none_max: Duration::from_secs(900),
            trouble: Duration::from_secs(15),
        }
    }
}
