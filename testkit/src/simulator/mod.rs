//! The simulator: one SMTP server per provider, each on its own loopback address, all on one port.

mod config;
mod listen;
mod memory;
mod shared;
mod tls;

use std::{collections::BTreeMap, net::SocketAddr, ops::Deref, sync::Arc};

pub use config::SimulatorConfig;
pub(crate) use shared::Shared;

use crate::{
    TestkitError,
    providers::{Expected, ProviderBook},
    record::Recorder,
};

/// Running providers. Dropping it ends them.
pub struct Simulator {
    shared: Arc<Shared>,
    port: u16,
    addresses: Vec<SocketAddr>,
}

impl Simulator {
    /// Opens one port on the addresses of all providers and serves on the caller's tokio runtime.
    ///
    /// # Errors
    /// When no port is free on all addresses, the providers are not understood, or the journal cannot be opened.
    pub async fn start(config: SimulatorConfig) -> Result<Self, TestkitError> {
        let port = config.port;
        let shared = Arc::new(Shared::new(config)?);
        let bound = listen::bind(&shared.book, port).await?;
        let addresses = bound.listeners.iter().map(|(_, at, _)| *at).collect();
        for (provider, _, listener) in bound.listeners {
            listen::serve(Arc::clone(&shared), provider, listener);
        }
        Ok(Self { shared, port: bound.port, addresses })
    }

    /// The port that all providers listen on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of all hosts, as PEM. It is made anew at each start, and trusted by nobody who was not told.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.shared.certificate
    }

    /// Every address that is listened on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The address of one provider's server.
    #[must_use]
    pub fn address_of(&self, id: &str) -> Option<SocketAddr> {
        let ip = self.shared.book.by_id(id)?.ip?;
        Some(SocketAddr::new(ip, self.port))
    }

    /// The providers that are simulated.
    #[must_use]
    pub fn book(&self) -> &ProviderBook {
        &self.shared.book
    }

    /// See [`ProviderBook::expected_outcome`].
    #[must_use]
    pub fn expected_outcome(&self, address: &str) -> Option<Expected> {
        self.shared.book.expected_outcome(address)
    }

    /// Where late bounces go from now on: the sending side's SMTP server for its return path.
    pub fn set_dsn_target(&self, target: SocketAddr) {
        self.shared.set_dsn_target(Some(target));
    }

    /// Recipient → messages accepted for it.
    #[must_use]
    pub fn counts_by_recipient(&self) -> BTreeMap<String, u64> {
        self.shared.recorder.counts_by_recipient()
    }

    /// Late bounces that are still on their way.
    #[must_use]
    pub fn bounces_pending(&self) -> usize {
        self.shared.bounces_pending()
    }

    /// Ends all servers and waits for their connections to close.
    pub async fn stop(self) {
        self.shared.cancel.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl Deref for Simulator {
    type Target = Recorder;

    /// Everything that was got and said: [`Recorder::deliveries`], [`Recorder::refusals`], [`Recorder::bounces`].
    fn deref(&self) -> &Recorder {
        &self.shared.recorder
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.shared.cancel.cancel();
    }
}
