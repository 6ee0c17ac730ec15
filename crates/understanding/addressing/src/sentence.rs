//! The sentences a reading speaks in, kept in `tables/sentences.toml` and filled in here.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;

use crate::reading::{Note, NoteKind, Suggestion, SuggestionStrength};

/// How much a note weighs in the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Info,
    Warning,
    Rejected,
}

#[derive(Deserialize)]
struct Sentence {
    level: Level,
    ja: String,
    en: String,
}

#[derive(Deserialize)]
struct Pair {
    ja: String,
    en: String,
}

#[derive(Deserialize)]
struct Sentences {
    note: HashMap<NoteKind, Sentence>,
    suggestion: HashMap<SuggestionStrength, Pair>,
    suggestion_or: Pair,
    guide: Pair,
}

static SENTENCES: LazyLock<Sentences> = LazyLock::new(|| {
    toml::from_str(include_str!("../tables/sentences.toml"))
        .expect("sentences.toml is part of the program and checked by a test")
});

/// Longest piece of somebody's input that is repeated inside a sentence, in characters.
const QUOTE_CHARS_MAX: usize = 80;

fn sentence(kind: NoteKind) -> &'static Sentence {
    SENTENCES.note.get(&kind).expect("a test asks every kind for its sentence")
}

pub(crate) fn level(kind: NoteKind) -> Level {
    sentence(kind).level
}

pub(crate) fn note(kind: NoteKind, values: &[(&str, &str)]) -> Note {
    let sentence = sentence(kind);
    Note { kind, ja: fill(&sentence.ja, values), en: fill(&sentence.en, values) }
}

pub(crate) fn suggestion(strength: SuggestionStrength, address: String, or: Option<&str>) -> Suggestion {
    let pair = SENTENCES.suggestion.get(&strength).expect("a test asks every strength for its sentence");
    let mut ja = fill(&pair.ja, &[("address", &address)]);
    let mut en = fill(&pair.en, &[("address", &address)]);
    if let Some(or) = or {
        ja.push_str(&fill(&SENTENCES.suggestion_or.ja, &[("address", or)]));
        en.push(' ');
        en.push_str(&fill(&SENTENCES.suggestion_or.en, &[("address", or)]));
    }
    Suggestion { address, strength, ja, en }
}

/// Words for "our domain" in a guide, Japanese and English.
pub(crate) fn guide_domain() -> (&'static str, &'static str) {
    (&SENTENCES.guide.ja, &SENTENCES.guide.en)
}

/// Puts values into `{name}` places, once: a value is never read as a template again.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        let value = values.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value);
        out.extend(value.chars().filter(|c| !c.is_control()).take(QUOTE_CHARS_MAX));
        if value.chars().nth(QUOTE_CHARS_MAX).is_some() {
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

    fn check(template: &str, expected: &str) {
        assert_eq!(fill(template, &[("domain", "{address}"), ("long", &"あ".repeat(100))]), expected);
    }

    #[test]
    fn filling() {
        check("a {domain} b", "a {address} b");
        check("{unknown}x", "x");
        check("open { end", "open { end");
        check("{long}", &format!("{}…", "あ".repeat(80)));
    }

    fn places(template: &str) -> Vec<&str> {
        let known = ["character", "domain", "meant", "number"];
        let mut places: Vec<_> =
            known.into_iter().filter(|name| template.contains(&format!("{{{name}}}"))).collect();
        places.sort_unstable();
        assert_eq!(places.len(), template.matches('{').count(), "unknown or repeated place: {template}");
        places
    }

    #[test]
    fn every_kind_has_its_sentence() {
        for kind in NoteKind::ALL {
            let sentence = sentence(*kind);
            assert!(sentence.ja.ends_with('。') && sentence.en.ends_with('.'), "{kind:?}");
            assert_eq!(places(&sentence.ja), places(&sentence.en), "{kind:?}");
        }
        assert_eq!(NoteKind::ALL.len(), SENTENCES.note.len(), "a kind is missing in NoteKind::ALL");
        for strength in SuggestionStrength::ALL {
            assert!(suggestion(*strength, "a@b.example".into(), None).ja.contains("a@b.example"));
        }
    }
}
