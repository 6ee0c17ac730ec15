//! The 「届いていない」 desk: who did not get what and why, and the ways to deal with it.

pub(crate) mod correct;
pub(crate) mod handle;
pub(crate) mod list;
pub(crate) mod resend;
pub(crate) mod row;
