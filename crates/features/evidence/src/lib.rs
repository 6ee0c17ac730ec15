//! Joins everything known about one message or one person into the explained outcome, and keeps the 「届いていない」 desk.

pub mod desk;
pub mod history;
pub mod origin;
pub mod ports;
