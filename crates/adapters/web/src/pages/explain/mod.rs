//! What an error mail means: a page for everybody, with and without a login, that keeps nothing.

pub(crate) mod ask;
mod caller;
pub(crate) mod receive;
mod result;
