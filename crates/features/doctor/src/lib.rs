//! Checks the sending domain and the sending route, and says in plain words what to do.

mod check;
mod explain;
pub mod ports;
pub mod probe;
pub mod sending;

pub use check::{check_domain, test_route};
pub use explain::{StepExplanation, explain_step};
