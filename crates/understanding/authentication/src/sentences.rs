//! The sentences that say what a record means and what to do, in Japanese and English.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

#[derive(Deserialize)]
struct Sentence {
    ja: String,
    en: String,
}

static SENTENCES: LazyLock<BTreeMap<String, Sentence>> =
    LazyLock::new(|| toml::from_str(include_str!("sentences.toml")).expect("a test reads sentences.toml"));

/// The sentence of that key in Japanese and English, with `{name}` filled in.
pub(crate) fn sentence(key: &str, words: &[(&str, &str)]) -> (String, String) {
    let sentence = &SENTENCES[key];
    let fill = |text: &str| {
        words.iter().fold(text.to_owned(), |text, (name, word)| text.replace(&format!("{{{name}}}"), word))
    };
    (fill(&sentence.ja), fill(&sentence.en))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_sentence() {
        let sources = [
            include_str!("spf_judge.rs"),
            include_str!("dkim.rs"),
            include_str!("dmarc.rs"),
            include_str!("return_path.rs"),
        ];
        let prefixes = ["spf.", "dkim.", "dmarc.", "reports.", "mx.", "dns."];
        let words = sources.iter().flat_map(|source| source.split('"')).collect::<Vec<_>>();
        let is_code = |word: &str| prefixes.iter().any(|prefix| word.starts_with(prefix));
        let said: Vec<&str> = words.into_iter().filter(|word| is_code(word)).collect();
        assert!(said.len() > 40);
        for code in &said {
            assert!(SENTENCES.contains_key(*code), "{code}");
        }
        for key in SENTENCES.keys().filter(|key| !key.starts_with("why.")) {
            assert!(said.contains(&key.as_str()), "nobody says {key}");
        }
    }

    #[test]
    fn every_sentence_is_said_in_both_languages() {
        for (key, sentence) in SENTENCES.iter() {
            assert!(!sentence.ja.is_ascii() && sentence.ja.ends_with(['。', '}', ')']), "{key}");
            assert!(sentence.en.is_ascii() && sentence.en.ends_with(['.', '}', ')']), "{key}");
            let holes = |text: &str| {
                let mut holes: Vec<String> =
                    text.split('{').skip(1).map(|part| part.split('}').next().unwrap().to_owned()).collect();
                holes.sort_unstable();
                holes.dedup();
                holes
            };
            assert_eq!(holes(&sentence.ja), holes(&sentence.en), "{key}");
        }
    }
}
