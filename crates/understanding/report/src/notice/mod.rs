//! Reads notices that people were meant to read: bounces without a machine-readable part, in any program's style.

mod addresses;
mod cut;
pub(crate) mod html;
pub(crate) mod knowledge;
mod sections;
mod session;

pub(crate) use cut::cut;
pub(crate) use sections::recipients;
pub(crate) use session::Session;
