//! Decides how fast mail may go where: what shares limits, what waits, and in which order.

mod bucket;
pub mod explain;
pub mod facts;
pub mod flow;
pub(crate) mod flows;
pub mod group;
pub mod hours;
pub mod limits;
pub(crate) mod pacer;
pub mod pack;
pub(crate) mod placing;
pub mod rulebook;
pub mod rules;
pub mod steering;
pub mod store;

use std::sync::Arc;

pub use crate::source::SourceId;

/// What shares limits: one source towards one group of servers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flow {
    /// The way out.
    pub source: SourceId,
    /// A provider's id, else the MX site, else the domain; for a smart host its name and port.
    pub group: String,
}

/// One set of servers within a flow: every connection to it can carry every row that is placed there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Whose limits count.
    pub flow: Arc<Flow>,
    /// The MX hosts, sorted, with commas between; the smart host.
    pub site: Arc<str>,
}
