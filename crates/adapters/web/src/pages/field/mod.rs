//! The shop's own fields: added, renamed, put away and back, and given another kind after a trial.

pub(crate) mod act;
pub(crate) mod edit;
pub(crate) mod list;
pub(crate) mod retype;
