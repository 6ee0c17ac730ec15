//! Checks the sending domain, the sources and the way out, and says in plain words what to do.

mod check;
mod explain;
pub mod ports;
pub mod probe;
pub mod sending;
pub mod source_care;
pub mod source_health;
mod source_words;

pub use check::{check_domain, test_route};
pub use explain::{StepExplanation, explain_step};
pub use source_health::{domains_not_for, facts_of, look_at_source};
pub use source_words::{FindingWords, Turn, Worth, explain_finding};
