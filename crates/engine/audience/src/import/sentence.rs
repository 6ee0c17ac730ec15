//! The sentences of an import in Japanese and English, kept in `tables/sentences.toml`.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sentence {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    row: BTreeMap<String, Sentence>,
    reason_column: Sentence,
    failure: BTreeMap<String, Sentence>,
    problem: BTreeMap<String, Sentence>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../../tables/sentences.toml"))
        .expect("sentences.toml is part of the program and checked by a test")
});

/// Longest piece of somebody's input that is repeated inside a sentence, in characters.
const QUOTE_CHARS_MAX: usize = 80;
/// Longest sentence inside a sentence, in characters.
const WHY_CHARS_MAX: usize = 600;

/// What a failed import says for itself; none for a key that [`crate::ImportJob::failure`] does not have.
#[must_use]
pub fn failure_sentence(key: &str) -> Option<&'static Sentence> {
    TABLE.failure.get(key)
}

/// The header of the column of reasons.
pub(crate) fn reason_column() -> &'static Sentence {
    &TABLE.reason_column
}

/// What a preview points out.
pub(crate) fn problem(key: &str) -> Sentence {
    TABLE.problem[key].clone()
}

/// Why a row is not taken in. Values are pairs of name and text, the same in both languages.
pub(crate) fn row(key: &str, values: &[(&str, &str)]) -> Sentence {
    let sentence = &TABLE.row[key];
    Sentence { ja: fill(&sentence.ja, values), en: fill(&sentence.en, values) }
}

/// Puts values into `{name}` places, once: a value is never read as a template again.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else { break };
        let value = values.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value);
        let most = if name == "why" { WHY_CHARS_MAX } else { QUOTE_CHARS_MAX };
        out.extend(value.chars().filter(|c| !c.is_control()).take(most));
        if value.chars().nth(most).is_some() {
            out.push('…');
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::charset::Charset;

    #[test]
    fn every_sentence_fits_the_old_encodings() {
        let all = TABLE.row.values().chain(TABLE.failure.values()).chain(TABLE.problem.values());
        for sentence in all.chain([&TABLE.reason_column]) {
            for label in ["Shift_JIS", "EUC-JP"] {
                let (encoding, text) = (Charset::named(label).unwrap(), &sentence.ja);
                let mut back = String::new();
                encoding.decoder().decode(&encoding.encode(text), true, &mut back);
                assert_eq!(&back, text);
            }
            assert!(sentence.en.is_ascii(), "{}", sentence.en);
            assert_eq!(sentence.ja.matches('{').count(), sentence.en.matches('{').count(), "{}", sentence.ja);
        }
    }

    #[test]
    fn filling() {
        assert_eq!(fill("a {x} b {y}", &[("x", "{y}"), ("y", "1\r\n2")]), "a {y} b 12");
        assert_eq!(fill("{x}", &[("x", &"あ".repeat(90))]), format!("{}…", "あ".repeat(80)));
        assert_eq!(fill("{gone}.", &[]), ".");
    }
}
