//! Checks the sending domain and the sending route, and says in plain words what to do.

pub mod ports;
pub mod probe;
pub mod sending;
