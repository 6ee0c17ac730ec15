//! Turns a refusal into a verdict with its evidence, and the verdict into plain Japanese and English.
/// Placeholder removed when the crate lands.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {}
