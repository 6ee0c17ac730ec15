//! What can be wrong with a template, said in plain Japanese and English.

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use serde::{Deserialize, Serialize};

/// The part of a template a problem is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The subject line.
    Subject,
    /// The plain text body.
    Text,
    /// The HTML body.
    Html,
}

impl Part {
    /// The lower-case name that is stored and shown in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "text",
            Self::Html => "html",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wrong. [`ProblemKind::name`] is its key in `problems.toml` and in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemKind {
    /// The merge language was not understood; the engine's own words.
    Syntax(String),
    /// A filter, test or function that does not exist.
    UnknownWord(String),
    /// A merge field nobody has.
    UnknownField {
        /// The name as written.
        name: String,
        /// The known field that looks most like it.
        suggestion: Option<String>,
    },
    /// This person has no value for a field and the template gives no `default`.
    MissingValue(String),
    /// A filter cannot work on this person's value; the engine's own words.
    BadValue(String),
    /// The template loops for too long.
    TooMuchWork,
    /// A part, or what comes out of it, is over its size limit (in bytes).
    TooLarge {
        /// The limit that was passed, in bytes.
        limit: usize,
    },
    /// The subject is blank.
    EmptySubject,
    /// There is neither text nor HTML.
    EmptyText,
    /// A line of text is hard to read on a phone (characters).
    LongLine {
        /// The length of the line in characters.
        length: usize,
    },
    /// A broadcast without a way out in its body.
    NoUnsubscribeLink,
    /// `｛｛` typed in full width: it will not be filled in.
    FullWidthBraces,
    /// HTML so large that Gmail cuts it off, in bytes.
    ClippedHtml {
        /// The size of the HTML in bytes.
        size: usize,
    },
    /// Invisible or direction-changing characters in the subject.
    HiddenCharacter,
}

impl ProblemKind {
    /// The stable name of the kind, in snake case.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "syntax",
            Self::UnknownWord(_) => "unknown_word",
            Self::UnknownField { suggestion: Some(_), .. } => "unknown_field_suggestion",
            Self::UnknownField { .. } => "unknown_field",
            Self::MissingValue(_) => "missing_value",
            Self::BadValue(_) => "bad_value",
            Self::TooMuchWork => "too_much_work",
            Self::TooLarge { .. } => "too_large",
            Self::EmptySubject => "empty_subject",
            Self::EmptyText => "empty_text",
            Self::LongLine { .. } => "long_line",
            Self::NoUnsubscribeLink => "no_unsubscribe_link",
            Self::FullWidthBraces => "full_width_braces",
            Self::ClippedHtml { .. } => "clipped_html",
            Self::HiddenCharacter => "hidden_character",
        }
    }

    /// What the sentence names: a field, a number, the engine's words.
    fn words(&self) -> (String, String) {
        match self {
            Self::Syntax(detail) | Self::BadValue(detail) => (detail.clone(), String::new()),
            Self::UnknownWord(name) | Self::MissingValue(name) => (name.clone(), String::new()),
            Self::UnknownField { name, suggestion } => (name.clone(), suggestion.clone().unwrap_or_default()),
            Self::TooLarge { limit: bytes } | Self::ClippedHtml { size: bytes } => {
                ((bytes / 1024).to_string(), String::new())
            }
            Self::LongLine { length } => (length.to_string(), String::new()),
            _ => (String::new(), String::new()),
        }
    }
}

/// One problem, ready to be shown beside the template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}, line {line}: {en}")]
pub struct TemplateProblem {
    /// Where it is.
    pub part: Part,
    /// The line in that part, from 1; 0 when the whole part is meant.
    pub line: usize,
    /// What it is.
    pub kind: ProblemKind,
    /// The sentence in Japanese.
    pub ja: String,
    /// The sentence in English.
    pub en: String,
}

impl TemplateProblem {
    pub(crate) fn new(part: Part, line: usize, kind: ProblemKind) -> Self {
        let (what, other) = kind.words();
        let sentence = &SENTENCES[kind.name()];
        let fill = |text: &str| text.replace("{other}", &other).replace("{what}", &what);
        Self { part, line, ja: fill(&sentence.ja), en: fill(&sentence.en), kind }
    }
}

#[derive(Deserialize)]
struct Sentence {
    ja: String,
    en: String,
}

static SENTENCES: LazyLock<BTreeMap<String, Sentence>> =
    LazyLock::new(|| toml::from_str(include_str!("problems.toml")).expect("a test reads problems.toml"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_sentence() {
        let kinds = [
            ProblemKind::Syntax("w".into()),
            ProblemKind::UnknownWord("w".into()),
            ProblemKind::UnknownField { name: "w".into(), suggestion: None },
            ProblemKind::UnknownField { name: "w".into(), suggestion: Some("o".into()) },
            ProblemKind::MissingValue("w".into()),
            ProblemKind::BadValue("w".into()),
            ProblemKind::TooMuchWork,
            ProblemKind::TooLarge { limit: 2048 },
            ProblemKind::EmptySubject,
            ProblemKind::EmptyText,
            ProblemKind::LongLine { length: 300 },
            ProblemKind::NoUnsubscribeLink,
            ProblemKind::FullWidthBraces,
            ProblemKind::ClippedHtml { size: 4096 },
            ProblemKind::HiddenCharacter,
        ];
        assert_eq!(SENTENCES.len(), kinds.len(), "a sentence that nothing says");
        for kind in kinds {
            let name = kind.name();
            let problem = TemplateProblem::new(Part::Text, 1, kind);
            assert!(!problem.ja.is_ascii() && problem.en.is_ascii(), "{name}");
            assert!(!problem.en.contains("{what}") && !problem.ja.contains("{other}"), "{name}");
        }
    }
}
