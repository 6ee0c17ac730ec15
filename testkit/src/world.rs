//! The simulator and the DNS together, knowing of each other.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use crate::{
    TestkitError,
    dns::{Dns, Zone},
    providers::{Connection, Provider, ProviderBook},
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
    pub async fn start(config: SimulatorConfig) -> Result<Self, TestkitError> {
        Self::start_at(config, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// As [`World::start`], with the DNS at a given address.
    ///
    /// # Errors
    /// See [`Simulator::start`] and [`Dns::start_at`].
    pub async fn start_at(mut config: SimulatorConfig, dns_at: SocketAddr) -> Result<Self, TestkitError> {
        let book = config.book.map_or_else(ProviderBook::shipped, Ok)?;
        let zone = config.zone.map_or_else(|| Zone::of(&book), Ok)?;
        config = SimulatorConfig { book: Some(book), zone: Some(zone.clone()), ..config };
        let simulator = Simulator::start(config).await?;
        let dns = Dns::start_at(zone, dns_at).await?;
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

    /// Who is where, for people: one line for each provider with its address and its domains.
    #[must_use]
    pub fn table(&self) -> String {
        let line = |provider: &Arc<Provider>| {
            let at = match (provider.ip, provider.connection) {
                (Some(ip), connection) if connection != Connection::Refused => ip.to_string(),
                _ => "-".to_owned(),
            };
            format!("{at:<12} {}  {}\n", provider.name, provider.domains.join(" "))
        };
        self.simulator.book().providers().iter().map(line).collect()
    }

    /// Ends both.
    pub async fn stop(self) {
        self.simulator.stop().await;
    }
}
