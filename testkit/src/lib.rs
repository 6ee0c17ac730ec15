//! A world to test in: providers that behave as the real ones do, and a small DNS.
//!
//! ```no_run
//! # async fn story() -> Result<(), testkit::TestkitError> {
//! use testkit::{SimulatorConfig, World};
//! let world = World::start(SimulatorConfig { time_scale: 0.01, ..Default::default() }).await?;
//! world.dns.add("shop.example", "TXT", "v=spf1 ip4:127.0.0.1 -all")?;
//! // ... send mail to world.smtp_port(), resolving names at world.dns_addr() ...
//! world.simulator.wait_until(|record| record.accepted() >= 10).await;
//! assert_eq!(world.simulator.counts_by_recipient()["hanako@docomo.ne.jp"], 1);
//! # Ok(()) }
//! ```
//!
//! What each provider does stands in `providers.toml`. All its hosts live on loopback addresses, and only the small
//! DNS leads to them.

mod bounce;
mod demo;
mod dns;
mod error;
pub mod peers;
pub mod port;
mod providers;
mod record;
mod session;
mod simulator;
mod world;

pub use demo::{DEMO_DOMAIN, DEMO_SEED, DemoCustomer, DemoKind, demo_csv, demo_csv_cp932, demo_customers};
pub use dns::{Dns, Fault, Zone};
pub use error::TestkitError;
pub use providers::{
    Behaviour, Chosen, Connection, DnsShape, Expected, ExpectedOutcome, Fate, HangUp, Later, Limit, Limits,
    Provider, ProviderBook, Replies, ReplyTemplate, ReplyValues, TlsShape,
};
pub use record::{Delivery, Keep, Recorder, Refusal, SentBounce};
pub use simulator::{Simulator, SimulatorConfig};
pub use world::World;
