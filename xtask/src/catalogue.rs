//! Every text a person sees stands in the catalogue, in Japanese and in English.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use fluent_syntax::{ast, parser};

use crate::{
    Finding,
    tree::{files, read},
};

const LOCALES: &str = "crates/adapters/web/locales/";
const PAGES: &str = "crates/adapters/web/src/";

/// A key with the variables its text uses.
type Keys = BTreeMap<String, BTreeSet<String>>;

/// Both languages have the same files, keys and variables.
///
/// # Errors
/// When a file cannot be read.
pub fn same_keys() -> anyhow::Result<Vec<Finding>> {
    let (ja, en) = (catalogue("ja")?, catalogue("en")?);
    let mut findings = Vec::new();
    let names: BTreeSet<_> = ja.keys().chain(en.keys()).collect();
    for name in names {
        match (ja.get(name), en.get(name)) {
            (Some(ja), Some(en)) if ja == en => {}
            (Some(_), Some(_)) => findings.push(format!("{name}: the variables differ")),
            (Some(_), None) => findings.push(format!("{name}: no English text")),
            _ => findings.push(format!("{name}: no Japanese text")),
        }
    }
    Ok(findings)
}

/// Every key written out in the pages' sources exists, and every key is named somewhere in them.
///
/// # Errors
/// When a file cannot be read.
pub fn used_keys() -> anyhow::Result<Vec<Finding>> {
    let known = catalogue("ja")?;
    let mut findings = Vec::new();
    let mut sources = String::new();
    for path in page_sources()? {
        let text = read(&path)?;
        for key in keys_in(&text) {
            if !known.contains_key(key) {
                findings.push(format!("{}: {key}", path.display()));
            }
        }
        sources.push_str(&text);
    }
    for name in known.keys() {
        if !is_named(name, &sources) {
            findings.push(format!("{name}: never used"));
        }
    }
    Ok(findings)
}

/// No Japanese in the pages' sources outside comments and tests.
///
/// # Errors
/// When a file cannot be read.
pub fn no_stray_text() -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in page_sources()? {
        let text = read(&path)?;
        let live = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (n, line) in live.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if code.chars().any(is_japanese) {
                findings.push(format!("{}:{}: {}", path.display(), n + 1, line.trim()));
            }
        }
    }
    Ok(findings)
}

fn page_sources() -> anyhow::Result<Vec<PathBuf>> {
    let all = files(&[".rs"])?;
    let is_test = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem == "tests");
    Ok(all.into_iter().filter(|path| path.starts_with(PAGES) && !is_test(path)).collect())
}

fn catalogue(language: &str) -> anyhow::Result<Keys> {
    let mut keys = Keys::new();
    for path in files(&[".ftl"])? {
        if !path.starts_with(format!("{LOCALES}{language}")) {
            continue;
        }
        let text = read(&path)?;
        let resource = parser::parse(text.as_str())
            .map_err(|(_, errors)| anyhow::anyhow!("{}: {errors:?}", path.display()))?;
        for entry in &resource.body {
            if let ast::Entry::Message(message) = entry {
                let written = message.value.iter().map(|value| format!("{value:?}")).collect::<String>();
                let name = message.id.name;
                let was = keys.insert(name.to_owned(), variables(&written));
                // The later one would be shown in the other's place.
                anyhow::ensure!(was.is_none(), "{}: {name} stands twice in this language", path.display());
            }
        }
    }
    Ok(keys)
}

/// Variable names in the debug form of a pattern.
fn variables(written: &str) -> BTreeSet<String> {
    let mark = "VariableReference { id: Identifier { name: \"";
    written
        .match_indices(mark)
        .filter_map(|(at, _)| written[at + mark.len()..].split('"').next())
        .map(str::to_owned)
        .collect()
}

/// Literal keys in `t!(say, "key"…)`.
fn keys_in(source: &str) -> Vec<&str> {
    source
        .match_indices("t!(")
        // `format!(` and `assert!(` end in the same letters.
        .filter(|(at, _)| !source[..*at].ends_with(char::is_alphanumeric))
        .filter_map(|(at, _)| {
            let rest = source[at + 3..].split_once(',')?.1.trim_start();
            rest.strip_prefix('"')?.split('"').next()
        })
        .filter(|key| !key.contains('{'))
        .collect()
}

/// The key stands in the sources whole, or its beginning does as the start of a key that is put together
/// (`format!("state-{}")`).
fn is_named(key: &str, sources: &str) -> bool {
    if sources.contains(&format!("\"{key}\"")) {
        return true;
    }
    key.match_indices('-').any(|(at, _)| sources.contains(&format!("\"{}{{", &key[..=at])))
}

fn is_japanese(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ff01}'..='\u{ff60}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_calls() {
        let source = r#"t!(say, "a-b") t!(visit.say, "c", n = 1) t!(say, &format!("x-{}", y)) t!(say, key) format!(x, "no")"#;
        assert_eq!(keys_in(source), ["a-b", "c"]);
    }

    #[test]
    fn keys_put_together() {
        assert!(is_named("state-waiting", r#"format!("state-{}", name)"#));
        assert!(!is_named("other-waiting", r#"format!("state-{}", name)"#));
    }
}
