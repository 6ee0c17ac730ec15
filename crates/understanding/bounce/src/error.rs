//! What can be wrong with the rule files; found by the tests, never in a running program.

/// A mistake in the knowledge files.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The file is not the TOML that is expected.
    #[error("{file}: {source}")]
    Toml {
        /// Which file.
        file: &'static str,
        /// What the reader said.
        source: Box<toml::de::Error>,
    },
    /// A rule says something that has no meaning.
    #[error("rule {rule}: {what}")]
    Rule {
        /// The id of the rule.
        rule: String,
        /// What is wrong.
        what: String,
    },
}
