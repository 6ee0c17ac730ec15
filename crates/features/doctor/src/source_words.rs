//! Says in plain words what a look at a source showed, whose turn it is, and what to do.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use crate::source_health::Finding;

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// The shop's own.
    Us,
    /// The company that gave the address.
    Line,
    /// The company that keeps the domain's records.
    Dns,
    /// The company of the outgoing server.
    Relay,
    /// Nothing is to be done.
    Nobody,
}

/// What a finding is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// It stands in the way.
    Bad,
    /// Not known.
    Unknown,
    /// As it should be.
    Good,
}

/// A finding in the words of a shop owner.
#[derive(Debug, Clone)]
pub struct FindingWords {
    /// What it is worth.
    pub worth: Worth,
    /// Whose turn it is.
    pub turn: Turn,
    /// What was seen, in Japanese.
    pub what_ja: String,
    /// What was seen, in English.
    pub what_en: String,
    /// What to do, in Japanese; may be empty.
    pub todo_ja: String,
    /// What to do, in English; may be empty.
    pub todo_en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    key: String,
    #[serde(default)]
    ok: bool,
    #[serde(default)]
    unknown: bool,
    turn: Turn,
    what_ja: String,
    what_en: String,
    #[serde(default)]
    todo_ja: String,
    #[serde(default)]
    todo_en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../tables/source_health.toml"))
        .expect("source_health.toml is part of the program and checked by a test")
});

/// Explains a finding; `None` when an older program wrote it and this one does not know it.
#[must_use]
pub fn explain_finding(finding: &Finding) -> Option<FindingWords> {
    let case = TABLE.case.iter().find(|case| case.key == finding.key)?;
    let worth = match (case.ok, case.unknown) {
        (true, _) => Worth::Good,
        (_, true) => Worth::Unknown,
        _ => Worth::Bad,
    };
    let meaning = |ja: bool| {
        let code = finding.listed().map(|(_, code)| code);
        code.map_or_else(String::new, |code| if ja { code.ja.clone() } else { code.en.clone() })
    };
    let (ja, en) = (meaning(true), meaning(false));
    Some(FindingWords {
        worth,
        turn: case.turn,
        what_ja: fill(&case.what_ja, &finding.values, &ja),
        what_en: fill(&case.what_en, &finding.values, &en),
        todo_ja: fill(&case.todo_ja, &finding.values, &ja),
        todo_en: fill(&case.todo_en, &finding.values, &en),
    })
}

/// Puts values into `{name}` places, once: a value is never read as a template again.
fn fill(template: &str, values: &BTreeMap<String, String>, meaning: &str) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else { break };
        let value = if name == "meaning" { meaning } else { values.get(name).map_or("", String::as_str) };
        out.extend(value.chars().filter(|c| !c.is_control()).take(300));
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_whole() {
        for case in &TABLE.case {
            let to_do = case.turn != Turn::Nobody;
            assert_eq!(to_do, !case.todo_ja.is_empty(), "{}", case.key);
            assert_eq!(case.todo_ja.is_empty(), case.todo_en.is_empty(), "{}", case.key);
            assert_eq!(TABLE.case.iter().filter(|other| other.key == case.key).count(), 1);
        }
    }

    #[test]
    fn values_are_not_templates() {
        let values = BTreeMap::from([("ip".to_owned(), "{list}\n".to_owned())]);
        assert_eq!(fill("a {ip} b", &values, ""), "a {list} b");
    }
}
