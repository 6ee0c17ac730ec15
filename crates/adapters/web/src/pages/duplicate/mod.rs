//! Several entries of one person: found by their address, made into one by hand or by rules, and apart again.

pub(crate) mod list;
pub(crate) mod merge;
