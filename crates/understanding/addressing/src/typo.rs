//! Guesses which domain was meant: known look-alikes, known slips, mistyped endings, one wrong letter.

use std::{collections::HashMap, sync::LazyLock};

use mail::Address;
use serde::Deserialize;

use crate::{
    clean::push_once,
    provider::provider_of,
    reading::{Note, NoteKind, SuggestionStrength},
};

/// What was probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Guess {
    pub(crate) meant: String,
    /// A second possibility.
    pub(crate) or: Option<String>,
    pub(crate) strength: SuggestionStrength,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Meant {
    One(String),
    Either([String; 2]),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Live {
    meant: Option<String>,
}

#[derive(Deserialize)]
struct Nearby {
    domains: Vec<String>,
}

#[derive(Deserialize)]
struct Local {
    no_reply: Vec<String>,
    role: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    hostile: HashMap<String, Meant>,
    reported: HashMap<String, Meant>,
    pattern: HashMap<String, Meant>,
    live: HashMap<String, Live>,
    ending: HashMap<String, String>,
    lookalike: HashMap<char, char>,
    local: Local,
    nearby: Nearby,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../tables/typos.toml"))
        .expect("typos.toml is part of the program and checked by a test")
});

/// Notes and the guess for a readable address. `typed` is the domain before it became ASCII.
pub(crate) fn look(address: &Address, typed: &str, notes: &mut Vec<Note>) -> Option<Guess> {
    let domain = address.domain();
    role(address.local(), notes);
    if let Some(live) = TABLE.live.get(domain) {
        if let Some(meant) = &live.meant {
            push_once(notes, NoteKind::LiveDomain, &[("domain", domain), ("meant", meant)]);
        }
        return None;
    }
    if provider_of(domain).is_some() {
        return None;
    }
    let guess = guess(domain, typed)?;
    let kind = match guess.strength {
        SuggestionStrength::Hostile => NoteKind::Hostile,
        _ => NoteKind::Typo,
    };
    push_once(notes, kind, &[("domain", domain), ("meant", &guess.meant)]);
    Some(guess)
}

fn guess(domain: &str, typed: &str) -> Option<Guess> {
    use SuggestionStrength::{Distance, Hostile, Pattern, Reported};
    for (table, strength) in
        [(&TABLE.hostile, Hostile), (&TABLE.reported, Reported), (&TABLE.pattern, Pattern)]
    {
        if let Some(meant) = table.get(domain) {
            return Some(listed(meant, strength));
        }
    }
    if let Some(meant) = lookalike(typed) {
        return Some(Guess { meant, or: None, strength: Hostile });
    }
    if let Some(meant) = nearby(domain) {
        return Some(Guess { meant: meant.to_owned(), or: None, strength: Distance });
    }
    let meant = ending(domain)?;
    Some(Guess { meant, or: None, strength: Pattern })
}

fn listed(meant: &Meant, strength: SuggestionStrength) -> Guess {
    let (meant, or) = match meant {
        Meant::One(domain) => (domain.clone(), None),
        Meant::Either([domain, or]) => (domain.clone(), Some(or.clone())),
    };
    Guess { meant, or, strength }
}

fn role(local: &str, notes: &mut Vec<Note>) {
    let is = |names: &[String]| names.iter().any(|name| name.eq_ignore_ascii_case(local));
    if is(&TABLE.local.no_reply) {
        push_once(notes, NoteKind::NoReply, &[]);
    } else if is(&TABLE.local.role) {
        push_once(notes, NoteKind::RoleAddress, &[]);
    }
}

/// A provider's domain spelled with letters of another script.
fn lookalike(typed: &str) -> Option<String> {
    if typed.is_ascii() {
        return None;
    }
    let plain: String = typed
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| TABLE.lookalike.get(&c).copied().unwrap_or(c))
        .collect();
    provider_of(&plain).map(|_| plain)
}

fn ending(domain: &str) -> Option<String> {
    let dot = domain.rfind('.')?;
    let ending = TABLE.ending.get(&domain[dot..])?;
    Some(format!("{}{ending}", &domain[..dot]))
}

/// The big provider whose domain is one slip away: a letter wrong, missing, too many, or two swapped.
pub(crate) fn nearby(domain: &str) -> Option<&'static str> {
    let near = |meant: &&String| one_slip(domain.as_bytes(), meant.as_bytes());
    TABLE.nearby.domains.iter().find(near).map(String::as_str)
}

/// The provider domain that this is, or begins with, when the dots are left out: `gmailcom`, `docomo`.
pub(crate) fn without_dots(domain: &str) -> Option<&'static str> {
    let same = |meant: &&String| {
        meant.bytes().filter(|b| *b != b'.').eq(domain.bytes()) || meant.split('.').next() == Some(domain)
    };
    TABLE.nearby.domains.iter().find(same).map(String::as_str)
}

/// A text that holds a stand-in for the @, or ends with a provider's domain, with the @ put in.
pub(crate) fn missing_at(text: &str) -> Option<String> {
    for stand_in in
        ["(at)", "[at]", "{at}", "<at>", "(a)", "アットマーク", "アット", "あっと", "★", "☆", "◎", "●", "■"]
    {
        if let Some((local, domain)) = text.split_once(stand_in) {
            return Some(format!("{}@{}", local.trim_end(), domain.trim_start()));
        }
    }
    let longest =
        TABLE.nearby.domains.iter().filter(|domain| ends_with(text, domain)).max_by_key(|d| d.len())?;
    let local = text[..text.len() - longest.len()].trim_end_matches(['.', '[', '`', ' ', ',']);
    (!local.is_empty()).then(|| format!("{local}@{longest}"))
}

fn ends_with(text: &str, domain: &str) -> bool {
    let start = text.len().checked_sub(domain.len());
    start.is_some_and(|start| text.as_bytes()[start..].eq_ignore_ascii_case(domain.as_bytes()))
}

/// True when exactly one insertion, deletion, substitution or swap of neighbours lies between the two
/// (Damerau's distance of one).
fn one_slip(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let Some(at) = (0..short.len()).find(|n| short[*n] != long[*n]) else {
        return long.len() > short.len();
    };
    if long.len() > short.len() {
        return short[at..] == long[at + 1..];
    }
    let swapped = at + 1 < short.len()
        && short[at] == long[at + 1]
        && short[at + 1] == long[at]
        && short[at + 2..] == long[at + 2..];
    swapped || short[at + 1..] == long[at + 1..]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn check(a: &str, b: &str, expected: bool) {
        assert_eq!(one_slip(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
        assert_eq!(one_slip(b.as_bytes(), a.as_bytes()), expected, "{b} {a}");
    }

    #[test]
    fn slips() {
        check("gmail.com", "gmial.com", true);
        check("gmail.com", "gmal.com", true);
        check("gmail.com", "gmaill.com", true);
        check("gmail.com", "gmail.co", true);
        check("gmail.com", "gmail.cmo", true);
        check("gmail.com", "hmail.com", true);
        check("gmail.com", "mgial.com", false);
        check("gmail.com", "gmail.c", false);
        check("gmail.com", "gmail.com", false);
        check("", "a", true);
        check("", "", false);
    }

    fn targets(table: &'static HashMap<String, Meant>) -> impl Iterator<Item = (&'static str, &'static str)> {
        table.iter().flat_map(|(typo, meant)| match meant {
            Meant::One(domain) => vec![(typo.as_str(), domain.as_str())],
            Meant::Either(domains) => domains.iter().map(|domain| (typo.as_str(), domain.as_str())).collect(),
        })
    }

    #[test]
    fn table_is_whole() {
        let tables = [&TABLE.hostile, &TABLE.reported, &TABLE.pattern];
        let mut seen = HashSet::new();
        for (typo, meant) in tables.into_iter().flat_map(targets) {
            assert!(provider_of(meant).is_some(), "{meant} is no provider's domain");
            assert!(provider_of(typo).is_none() && !TABLE.live.contains_key(typo), "{typo} is real");
            assert!(mail::Address::new("a", typo).is_ok_and(|a| a.domain() == typo), "{typo}");
            seen.insert(typo);
        }
        assert_eq!(seen.len(), tables.iter().map(|table| table.len()).sum::<usize>(), "a typo stands twice");
        let live = TABLE.live.values().filter_map(|live| live.meant.as_deref());
        for domain in live.chain(TABLE.nearby.domains.iter().map(String::as_str)) {
            assert!(provider_of(domain).is_some(), "{domain} is no provider's domain");
        }
        for (typo, meant) in &TABLE.ending {
            assert!(typo.rfind('.') == Some(0) && meant.starts_with('.') && typo != meant, "{typo}");
        }
        for (foreign, latin) in &TABLE.lookalike {
            assert!(!foreign.is_ascii() && latin.is_ascii_lowercase(), "{foreign}");
        }
    }
}
