//! Turns a refusal into a verdict with its evidence, and the verdict into plain Japanese and English.
//!
//! Read [`understand`](fn@understand) first. The knowledge is data: `rules/*.toml` for what servers say, `reasons.toml` and
//! `explanations.toml` for what people read.

mod catalogue;
mod error;
mod explain;
mod reason;
mod rules;
mod understand;
mod verdict;

pub use error::RuleError;
pub use explain::{Explanation, Turn, explain};
pub use reason::Reason;
pub use understand::{Refusal, known, rule_pack, understand};
pub use verdict::{Fault, Permanence, Verdict, is_hard};
