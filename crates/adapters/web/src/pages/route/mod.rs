//! The sending route: to each recipient's server, or through one of somebody's; and the walk that tests it.

mod entry;
pub(crate) mod show;
pub(crate) mod test;
