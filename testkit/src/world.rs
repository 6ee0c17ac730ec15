//! The simulator and the DNS together, knowing of each other.

use std::net::SocketAddr;

use crate::{
    TestkitError,
    dns::{Dns, Zone},
    providers::ProviderBook,
    simulator::{Simulator, SimulatorConfig},
};

/// Providers and the DNS that leads to them. Dropping it ends both.
pub struct World {
    /// The providers.
    pub simulator: Simulator,
    /// The DNS, whose zone can be changed.
    pub dns: Dns,
}

impl World {
    /// Starts both; the zone is made from the providers unless `config.zone` is given.
    ///
    /// # Errors
    /// See [`Simulator::start`] and [`Dns::start`].
    pub async fn start(mut config: SimulatorConfig) -> Result<Self, TestkitError> {
        let book = config.book.map_or_else(ProviderBook::shipped, Ok)?;
        let zone = config.zone.map_or_else(|| Zone::of(&book), Ok)?;
        config = SimulatorConfig { book: Some(book), zone: Some(zone.clone()), ..config };
        let simulator = Simulator::start(config).await?;
        let dns = Dns::start(zone).await?;
        Ok(Self { simulator, dns })
    }

    /// The port that all providers listen on.
    #[must_use]
    pub fn smtp_port(&self) -> u16 {
        self.simulator.port()
    }

    /// Where the DNS answers.
    #[must_use]
    pub fn dns_addr(&self) -> SocketAddr {
        self.dns.addr()
    }

    /// Ends both.
    pub async fn stop(self) {
        self.simulator.stop().await;
    }
}
