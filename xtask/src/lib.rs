//! The house rules as checks: each finds every place that breaks it and names it, so that mending is quick.

pub mod catalogue;
pub mod dependencies;
pub mod layers;
pub mod licences;
pub mod sources;
mod tree;

pub use tree::root;

/// One place that breaks a rule.
pub type Finding = String;

/// A rule: its name and its check.
pub type Rule = (&'static str, fn() -> anyhow::Result<Vec<Finding>>);

/// All rules.
pub const RULES: &[Rule] = &[
    ("layers: a crate imports only lower layers, never a sibling", layers::check),
    ("files: at most 500 lines", sources::file_lengths),
    ("files: open with one sentence saying what they are for", sources::opening_sentences),
    ("words: nothing unfinished, no banned names", sources::words),
    ("documents: one title each, no machine's paths", sources::documents),
    ("texts: both languages have the same keys", catalogue::same_keys),
    ("texts: every key that is used exists", catalogue::used_keys),
    ("texts: no page text outside the catalogue", catalogue::no_stray_text),
    ("licences: permissive ones only", licences::check),
    ("dependencies: each is used and has its reason", dependencies::check),
];
