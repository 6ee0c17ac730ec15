//! How a simulator is started.

use std::{net::SocketAddr, path::PathBuf};

use crate::{dns::Zone, providers::ProviderBook, record::Keep};

/// How a simulator is started. Take [`Default`] and change what differs.
#[derive(Debug)]
pub struct SimulatorConfig {
    /// The port on every provider's address; 0 = one that is free on all of them.
    pub port: u16,
    /// The providers; `None` = those that come with the simulator.
    pub book: Option<ProviderBook>,
    /// Where late bounces go; without it none are sent.
    pub dsn_target: Option<SocketAddr>,
    /// How much of what arrives is kept.
    pub keep: Keep,
    /// A file that gets one line of JSON for each event.
    pub journal: Option<PathBuf>,
    /// Every wait of the data file (greylisting, late bounces, slowness, the minute of rate limits) is multiplied by
    /// this. 1.0 = as written; 0.0 = no waiting.
    pub time_scale: f64,
    /// Take everything for every domain at once, whatever the data file says: for measurements.
    pub accept_all: bool,
    /// Waiting before every answer, milliseconds, not scaled: a network that is far away.
    pub latency_ms: u64,
    /// The zone in which the domain of `MAIL FROM` is looked up, where a provider demands that.
    pub zone: Option<Zone>,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            port: 0,
            book: None,
            dsn_target: None,
            keep: Keep::Envelopes,
            journal: None,
            time_scale: 1.0,
            accept_all: false,
            latency_ms: 0,
            zone: None,
        }
    }
}
