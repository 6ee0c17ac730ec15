//! Recording that a link of a broadcast was followed: by a person, or by a machine that looks at mails.

mod desk;
mod machine;
mod store;

pub use desk::{ClickDesk, Followed};
pub use machine::{Asked, Sign, Together, together};
pub use store::{Click, ClickStore, Clicker, Clicks, LinkCount, LinkTarget, WhoFilter};

/// Clicks of one kind on one link of one message on one day are counted up to here; more says nothing.
pub const TIMES_MAX: u32 = 1_000;
