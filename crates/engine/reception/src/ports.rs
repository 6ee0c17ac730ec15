//! What reception asks of the rest of the house. Each store method is one transaction, with the events it causes.

use async_trait::async_trait;

use crate::{Arrival, ArrivalId, ArrivalKind, Destination, Joined, NewArrival};

/// The store could not be asked.
pub type StoreFailure = Box<dyn std::error::Error + Send + Sync>;

/// Arrivals at rest.
#[async_trait]
pub trait ArrivalStore: Send + Sync {
    /// Keeps a message; when this returns it is durable, and only then may it be acknowledged.
    async fn keep(&self, new: &NewArrival, now: i64) -> Result<ArrivalId, StoreFailure>;
    /// One arrival.
    async fn get(&self, id: ArrivalId) -> Result<Option<Arrival>, StoreFailure>;
    /// The bytes.
    async fn raw(&self, id: ArrivalId) -> Result<Option<Vec<u8>>, StoreFailure>;
    /// Notes what it is, and which message it is about.
    async fn recognise(
        &self,
        id: ArrivalId,
        kind: ArrivalKind,
        joined: Option<Joined>,
        now: i64,
    ) -> Result<(), StoreFailure>;
}

/// Which addresses are ours.
#[async_trait]
pub trait ReturnPaths: Send + Sync {
    /// What an address stands for; `None` is refused with 550, so we never relay and never send backscatter.
    async fn destination(&self, address: &mail::Address) -> Result<Option<Destination>, StoreFailure>;
}
