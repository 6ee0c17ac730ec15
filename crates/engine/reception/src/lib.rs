//! Keeps what arrived before it is acknowledged, then recognises what it is.
//!
//! The raw message is stored and committed first, then the sender's server gets its 250; reading comes later, by a
//! reaction, and can be done again.

mod arrival;
mod judge;
mod pasted;
mod ports;
mod recognise;

pub use arrival::{Arrival, ArrivalId, ArrivalKind, Destination, Joined, JoinedBy, NewArrival};
pub use judge::{Judged, judge};
pub use pasted::{Pasted, read_pasted};
pub use ports::{ArrivalStore, ReturnPaths, StoreFailure};
pub use recognise::{Finding, Recognised, recognise};

/// Names of the events this crate's store methods write.
pub mod event {
    /// A message arrived and is kept; the detail holds `arrival_id`.
    pub const ARRIVED: &str = "arrival.kept";
    /// It was read; the detail holds `arrival_id`, `kind`, and where it was joined to a message of ours how
    /// (`joined_by`) and how sure that is (`joined_confidence`).
    pub const RECOGNISED: &str = "arrival.recognised";
}
