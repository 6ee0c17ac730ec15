//! What the doctor asks of the network.

use async_trait::async_trait;
use authentication::Answer;

use crate::probe::{ProbeRequest, StepFact};

/// DNS as the doctor needs it.
#[async_trait]
pub trait DnsLookup: Send + Sync {
    /// Asks for `TXT`, `MX`, `A`, `AAAA`, `CNAME` or `PTR` of a name, past any cache of ours.
    async fn lookup(&self, name: &str, kind: &str) -> Answer;
}

/// Walks a route.
#[async_trait]
pub trait RouteProbe: Send + Sync {
    /// All steps up to and including the first that failed. Sends no message.
    async fn probe(&self, request: &ProbeRequest) -> Vec<StepFact>;
}
