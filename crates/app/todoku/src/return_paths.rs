//! Which forward paths are ours: return paths we signed, and the role addresses every mail domain must have.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use delivery::{ports::SourceStore, verp::Seal};
use reception::{Destination, ReturnPaths, StoreFailure};

/// How long the list of our domains is used before it is read again.
const DOMAINS_FRESH_MS: i64 = 5_000;

/// Answers from the signature and the list of sending domains.
pub struct OurPaths {
    sources: Arc<dyn SourceStore>,
    seal: Seal,
    clock: delivery::recorder::Clock,
    domains: Mutex<(i64, Arc<Vec<String>>)>,
}

impl OurPaths {
    /// `house_secret` is the one the return paths were signed with.
    #[must_use]
    pub fn new(sources: Arc<dyn SourceStore>, house_secret: &str, clock: delivery::recorder::Clock) -> Self {
        let seal = Seal::return_paths(house_secret);
        Self { sources, seal, clock, domains: Mutex::new((i64::MIN / 2, Arc::default())) }
    }

    async fn domains(&self) -> Result<Arc<Vec<String>>, StoreFailure> {
        let now = (self.clock)();
        let (read_at, known) = self.domains.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if (now - read_at).abs() < DOMAINS_FRESH_MS {
            return Ok(known);
        }
        let domains = self.sources.domains().await?;
        let names = domains.into_iter().flat_map(|domain| [domain.return_path_domain, domain.name]).collect();
        let names = Arc::new(names);
        *self.domains.lock().unwrap_or_else(PoisonError::into_inner) = (now, Arc::clone(&names));
        Ok(names)
    }
}

#[async_trait]
impl ReturnPaths for OurPaths {
    async fn destination(&self, address: &mail::Address) -> Result<Option<Destination>, StoreFailure> {
        if !self.domains().await?.iter().any(|name| name == address.domain()) {
            return Ok(None);
        }
        if let Some(recipient_id) = self.seal.read(address.local()) {
            return Ok(Some(Destination::ReturnPath(recipient_id)));
        }
        let is_role = ["postmaster", "abuse"].iter().any(|role| address.local().eq_ignore_ascii_case(role));
        Ok(is_role.then_some(Destination::Role))
    }
}
