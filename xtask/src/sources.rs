//! Rules about source files and documents that need no parser: lengths, opening sentences, words.

use std::path::Path;

use crate::{
    Finding,
    tree::{files, read},
};

/// Longest source file in lines. Tables of knowledge are data files and may be longer.
const LINES_MAX: usize = 500;
/// Names that say nothing about what is inside.
const BANNED_FILE_NAMES: [&str; 6] = ["utils", "common", "helpers", "manager", "misc", "data"];

/// No source file over the limit.
///
/// # Errors
/// When a file cannot be read.
pub fn file_lengths() -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in files(&[".rs", ".ts", ".js", ".mjs", ".css", ".sql", ".sh"])? {
        let lines = read(&path)?.lines().count();
        if lines > LINES_MAX {
            findings.push(format!("{}: {lines} lines", path.display()));
        }
    }
    Ok(findings)
}

/// Every Rust file opens with `//!` and a sentence.
///
/// # Errors
/// When a file cannot be read.
pub fn opening_sentences() -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in files(&[".rs"])? {
        let text = read(&path)?;
        let opening = text.lines().next().unwrap_or_default();
        let says_something = opening.strip_prefix("//! ").is_some_and(|sentence| sentence.trim().len() > 10);
        if !says_something {
            findings.push(format!("{}: {opening}", path.display()));
        }
    }
    Ok(findings)
}

/// Nothing unfinished, and no module named after nothing.
///
/// # Errors
/// When a file cannot be read.
pub fn words() -> anyhow::Result<Vec<Finding>> {
    // Put together here, so that this file does not find itself.
    let unfinished = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("dbg", "!("),
    ];
    let mut findings = Vec::new();
    for path in files(&[".rs", ".js", ".mjs", ".css", ".sql", ".sh"])? {
        if has_banned_name(&path) {
            findings.push(format!("{}: the name says nothing", path.display()));
        }
        for (n, line) in read(&path)?.lines().enumerate() {
            if unfinished.iter().any(|word| has_word(line, word)) {
                findings.push(format!("{}:{}: {}", path.display(), n + 1, line.trim()));
            }
        }
    }
    Ok(findings)
}

/// Every document has one title, and no file names a place on one machine.
///
/// # Errors
/// When a file cannot be read.
pub fn documents() -> anyhow::Result<Vec<Finding>> {
    let machine = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    let mut findings = Vec::new();
    for path in files(&[".md"])? {
        let titles = titles(&read(&path)?);
        if titles != 1 {
            findings.push(format!("{}: {titles} titles", path.display()));
        }
    }
    for path in files(&[".md", ".rs", ".toml", ".sh", ".ftl", ".mjs", ".js"])? {
        for (n, line) in read(&path)?.lines().enumerate() {
            if machine.iter().any(|place| line.contains(place)) {
                findings.push(format!("{}:{}: {}", path.display(), n + 1, line.trim()));
            }
        }
    }
    Ok(findings)
}

fn titles(markdown: &str) -> usize {
    let mut in_code = false;
    markdown
        .lines()
        .filter(|line| {
            if line.starts_with("```") {
                in_code = !in_code;
            }
            !in_code && line.starts_with("# ")
        })
        .count()
}

fn has_banned_name(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    BANNED_FILE_NAMES.contains(&stem) || BANNED_FILE_NAMES.contains(&folder)
}

/// `word` stands in `line` and is not part of a longer word (the Todoku in all capitals is no unfinished work).
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !joins(before) && (word.ends_with('(') || !joins(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_alone() {
        let word = concat!("TO", "DO");
        assert!(has_word(&format!("// {word}: later"), word));
        assert!(!has_word(&format!("{word}KU_CONFIG"), word));
        assert!(!has_word("nothing here", word));
    }

    #[test]
    fn titles_outside_code() {
        assert_eq!(titles("# One\n## two\n```\n# not a title\n```\n"), 1);
    }
}
