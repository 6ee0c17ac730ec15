//! Says a rule as one sentence, in Japanese and English, so that what was built can be read back.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use super::{
    check::link_of,
    known::Known,
    rule::{Condition, Group, Join, Part, Rule, Test},
    subject::{Kind, Subject},
};
use crate::Sentence;

/// Values a sentence names before it only counts them.
const LISTED_MAX: usize = 5;
/// Longest value inside a sentence, in characters.
const QUOTE_CHARS_MAX: usize = 40;

/// A text in both languages, in Japanese also as it stands before another clause.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    ja: String,
    #[serde(default)]
    and: String,
    en: String,
}

type Table = BTreeMap<String, Words>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    join: Table,
    subject: Table,
    standing: Table,
    status: Table,
    validity: Table,
    basis: Table,
    other: Table,
    weekday: Table,
    month: Table,
    test: Table,
    clause: BTreeMap<String, Table>,
    deed: Table,
    when: Table,
    problem: Table,
}

static FILE: LazyLock<File> = LazyLock::new(|| {
    toml::from_str(include_str!("../../tables/segment.toml"))
        .expect("segment.toml is part of the program and checked by a test")
});

/// Three forms of one clause: before a noun, before another clause, English.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Clause {
    ja: String,
    and: String,
    en: String,
}

/// The whole rule: 「『都道府県』が『東京都』で、過去90日に…人」.
#[must_use]
pub fn sentence(rule: &Rule, known: &Known) -> Sentence {
    whole(&rule.root, known)
}

/// One condition alone: 「『都道府県』が『東京都』の人」.
#[must_use]
pub fn condition_sentence(condition: &Condition, known: &Known) -> Sentence {
    people(&[clause_of(condition, known)])
}

/// What a condition is about, by its name.
#[must_use]
pub fn subject_name(subject: &Subject, known: &Known) -> Sentence {
    if let Subject::Field(key) = subject {
        return match known.field(key) {
            Some(field) => both(&cut(&field.name)),
            None => words("subject", "gone", &[]),
        };
    }
    if let Subject::Unknown(word) = subject {
        return words("subject", "unknown", &[("v", word)]);
    }
    words("subject", &subject.word(), &[])
}

/// A test's short name for this kind, as the builder offers it.
#[must_use]
pub fn test_name(kind: Kind, test: Test) -> Sentence {
    let day = matches!(kind, Kind::Day | Kind::Moment);
    let group = if day { "day" } else { kind.name() };
    let own = format!("{group}.{}", test.name());
    let key = if FILE.test.contains_key(&own) { own.as_str() } else { test.name() };
    words("test", key, &[])
}

/// The words of a weekday (1 is Monday), a month, a standing or a provider id; the value itself where there are none.
#[must_use]
pub fn value_name(kind: Kind, test: Test, value: &str) -> Sentence {
    let table = match (kind, test) {
        (_, Test::Weekday) => &FILE.weekday,
        (_, Test::InMonth) => &FILE.month,
        (Kind::Standing, _) => &FILE.standing,
        (Kind::Status, _) => &FILE.status,
        (Kind::Validity, _) => &FILE.validity,
        (Kind::Consent, _) => &FILE.basis,
        (Kind::Provider, _) => {
            return match addressing::provider_by_id(value) {
                Some(provider) => Sentence { ja: provider.name_ja.clone(), en: provider.name_en.clone() },
                None if value.is_empty() => words("other", "provider", &[]),
                None => both(value),
            };
        }
        _ => return both(value),
    };
    table
        .get(value)
        .map_or_else(|| both(value), |words| Sentence { ja: words.ja.clone(), en: words.en.clone() })
}

/// What stands in the way of reading a stored rule at all.
#[must_use]
pub fn unreadable() -> Sentence {
    words("problem", "unreadable", &[])
}

/// A sending that asks for the people of a segment has none.
#[must_use]
pub fn no_segment() -> Sentence {
    words("problem", "no_segment", &[])
}

/// A sentence of the file with its places filled, the same values in both languages.
pub(super) fn words(table: &str, key: &str, values: &[(&str, &str)]) -> Sentence {
    let tables = match table {
        "join" => &FILE.join,
        "subject" => &FILE.subject,
        "test" => &FILE.test,
        "deed" => &FILE.deed,
        "when" => &FILE.when,
        "problem" => &FILE.problem,
        "basis" => &FILE.basis,
        _ => &FILE.other,
    };
    let Some(found) = tables.get(key) else { return both(key) };
    Sentence { ja: put(&found.ja, values), en: put(&found.en, values) }
}

fn both(text: &str) -> Sentence {
    Sentence { ja: text.to_owned(), en: text.to_owned() }
}

fn cut(text: &str) -> String {
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(QUOTE_CHARS_MAX).collect();
    if text.chars().nth(QUOTE_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// Puts values into `{name}` places, once.
fn put(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        match values.iter().find(|(key, _)| *key == name) {
            Some((_, value)) => out.push_str(value),
            None => out.push_str(&format!("{{{name}}}")),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn whole(group: &Group, known: &Known) -> Sentence {
    let plain = unnegated(group, known);
    if group.negated {
        let (ja, en) = (&plain.ja, &plain.en);
        return Sentence {
            ja: words("join", "not", &[("inside", ja)]).ja,
            en: words("join", "not", &[("inside", en)]).en,
        };
    }
    plain
}

fn unnegated(group: &Group, known: &Known) -> Sentence {
    let clauses: Vec<Clause> = group.parts.iter().map(|part| part_clause(part, known)).collect();
    match (group.join, clauses.len()) {
        (_, 0) => words("join", "everyone", &[]),
        (Join::All, _) | (_, 1) => people(&clauses),
        (Join::Any, _) => {
            let each: Vec<Sentence> = clauses.iter().map(|one| people(std::slice::from_ref(one))).collect();
            let or = words("join", "or", &[]);
            let ja: Vec<&str> = each.iter().map(|one| one.ja.as_str()).collect();
            let en: Vec<&str> = each.iter().map(|one| one.en.as_str()).collect();
            Sentence { ja: ja.join(&or.ja), en: en.join(&or.en) }
        }
    }
}

fn part_clause(part: &Part, known: &Known) -> Clause {
    match part {
        Part::Condition(condition) => clause_of(condition, known),
        Part::Group(group) => {
            let inside = unnegated(group, known);
            let found = &FILE.join[if group.negated { "group_not" } else { "group" }];
            let ja = |text: &str| put(text, &[("inside", &inside.ja)]);
            Clause { ja: ja(&found.ja), and: ja(&found.and), en: put(&found.en, &[("inside", &inside.en)]) }
        }
    }
}

/// Clauses that all hold, with the noun behind them.
fn people(clauses: &[Clause]) -> Sentence {
    let joined = words("join", "and", &[]);
    let mut ja: Vec<&str> = clauses.iter().map(|clause| clause.and.as_str()).collect();
    if let (Some(last), Some(clause)) = (ja.last_mut(), clauses.last()) {
        *last = &clause.ja;
    }
    let en: Vec<&str> = clauses.iter().map(|clause| clause.en.as_str()).collect();
    Sentence {
        ja: words("join", "people", &[("clauses", &ja.join(&joined.ja))]).ja,
        en: words("join", "people", &[("clauses", &en.join(&joined.en))]).en,
    }
}

fn clause_of(condition: &Condition, known: &Known) -> Clause {
    let Some(kind) = known.kind_of(&condition.of) else {
        let name = subject_name(&condition.of, known);
        return filled("any", "filled", &[("of", name)]);
    };
    match kind {
        Kind::Deed | Kind::Clicked => return deed_clause(condition, known),
        Kind::Consent => return consent_clause(condition, known),
        Kind::Segment => {
            let found = condition.value(0).parse().ok().and_then(|id: i64| known.segments.get(&id));
            let name = found.map_or_else(|| words("other", "segment_gone", &[]), |one| both(&one.name));
            return filled("segment", condition.test.name(), &[("v", quoted(&name))]);
        }
        Kind::Share => {
            let values = [
                ("v", both(condition.value(0))),
                ("w", both(condition.value(1))),
                ("x", quoted(&both(condition.value(2)))),
            ];
            return filled("share", condition.test.name(), &values);
        }
        _ => {}
    }
    let name = subject_name(&condition.of, known);
    let of = if matches!(condition.of, Subject::Field(_)) { quoted(&name) } else { name };
    let is_zero = condition.value(0) == "0";
    let key = match condition.test {
        Test::Anniversary if is_zero => "anniversary_today",
        Test::DaysAgo | Test::DaysAhead if is_zero => {
            return filled("day", "is", &[("of", of), ("v", words("other", "today", &[]))]);
        }
        test => test.name(),
    };
    let shown = |n: usize| {
        let value = both(&cut(condition.value(n)));
        if kind == Kind::Text { quoted(&value) } else { value }
    };
    let values = [
        ("of", of),
        ("v", shown(0)),
        ("w", shown(1)),
        ("n", both(condition.value(0))),
        ("list", listed(condition, kind, known)),
    ];
    filled(clause_group(kind, key), key, &values)
}

fn clause_group(kind: Kind, key: &str) -> &'static str {
    let group = match kind {
        Kind::Day | Kind::Moment => "day",
        Kind::Choices => "choices",
        Kind::Standing | Kind::Status => "standing",
        Kind::Provider => "provider",
        Kind::Validity => "validity",
        _ => "any",
    };
    if FILE.clause[group].contains_key(key) { group } else { "any" }
}

fn listed(condition: &Condition, kind: Kind, known: &Known) -> Sentence {
    let values: Vec<&str> = condition.values.iter().map(|value| value.trim()).collect();
    let name = |value: &&str| {
        let options = match &condition.of {
            Subject::Field(key) => known.field(key).map(|field| field.options.as_slice()),
            _ => None,
        };
        let option = options.and_then(|options| options.iter().find(|(stored, _)| stored == value));
        let plain = option
            .map_or_else(|| value_name(kind, condition.test, &cut(value)), |(_, words)| both(&cut(words)));
        if matches!(kind, Kind::Text | Kind::Choice | Kind::Choices) { quoted(&plain) } else { plain }
    };
    let shown: Vec<Sentence> = values.iter().take(LISTED_MAX).map(name).collect();
    let joint = words("join", if condition.test == Test::AllOf { "list_and" } else { "list_or" }, &[]);
    let ja: Vec<&str> = shown.iter().map(|one| one.ja.as_str()).collect();
    let en: Vec<&str> = shown.iter().map(|one| one.en.as_str()).collect();
    let more = if values.len() > LISTED_MAX {
        words("join", "list_more", &[("n", &values.len().to_string())])
    } else {
        both("")
    };
    Sentence { ja: ja.join(&joint.ja) + &more.ja, en: en.join(&joint.en) + &more.en }
}

fn quoted(name: &Sentence) -> Sentence {
    Sentence {
        ja: words("join", "quoted", &[("v", &name.ja)]).ja,
        en: words("join", "quoted", &[("v", &name.en)]).en,
    }
}

fn filled(group: &str, key: &str, values: &[(&str, Sentence)]) -> Clause {
    let Some(found) = FILE.clause.get(group).and_then(|table| table.get(key)) else {
        return Clause { ja: key.to_owned(), and: key.to_owned(), en: key.to_owned() };
    };
    let ja: Vec<(&str, &str)> = values.iter().map(|(name, words)| (*name, words.ja.as_str())).collect();
    let en: Vec<(&str, &str)> = values.iter().map(|(name, words)| (*name, words.en.as_str())).collect();
    Clause { ja: put(&found.ja, &ja), and: put(&found.and, &ja), en: put(&found.en, &en) }
}

/// From one day until another, either of which may be left open; `None` when both are.
fn between(from: &str, until: &str) -> Option<Sentence> {
    Some(match (from.is_empty(), until.is_empty()) {
        (false, false) => words("when", "between", &[("v", from), ("w", until)]),
        (false, true) => words("when", "since", &[("v", from)]),
        (true, false) => words("when", "until", &[("w", until)]),
        (true, true) => return None,
    })
}

/// Agreed to advertising or not: to which topic, since when, on which basis.
fn consent_clause(condition: &Condition, known: &Known) -> Clause {
    let about = match condition.value(0) {
        "" => both(""),
        key => {
            let name =
                known.topic(key).map_or_else(|| words("other", "topic_gone", &[]), |name| both(&cut(name)));
            let name = quoted(&name);
            Sentence {
                ja: words("when", "topic", &[("v", &name.ja)]).ja,
                en: words("when", "topic", &[("v", &name.en)]).en,
            }
        }
    };
    let basis = match condition.value(3) {
        "" => words("other", "any_basis", &[]),
        basis => words("basis", basis, &[]),
    };
    let when = between(condition.value(1), condition.value(2)).unwrap_or_else(|| both(""));
    filled("consent", condition.test.name(), &[("when", when), ("about", about), ("basis", basis)])
}

fn deed_clause(condition: &Condition, known: &Known) -> Clause {
    let Subject::Deed(deed) = &condition.of else { return Clause::default() };
    let when = match condition.value(1) {
        "" => between(condition.value(2), condition.value(3)).unwrap_or_else(|| words("when", "ever", &[])),
        days => words("when", "days", &[("n", days)]),
    };
    let times = match condition.value(0) {
        "" | "1" => both(""),
        times => words("when", "times", &[("n", times)]),
    };
    let about = match condition.value(4) {
        "" => both(""),
        key => match known.broadcast(key) {
            Some(name) => {
                let name = quoted(&both(&cut(name)));
                let said = |name: &str| words("when", "about", &[("v", name)]);
                Sentence { ja: said(&name.ja).ja, en: said(&name.en).en }
            }
            None => words("when", "about_gone", &[]),
        },
    };
    let found = &FILE.deed[deed.name()];
    let link = link_words(condition, known);
    let in_ja = [("about", about.ja.as_str()), ("link", link.ja.as_str())];
    let in_en = [("about", about.en.as_str()), ("link", link.en.as_str())];
    let said = Sentence { ja: put(&found.ja, &in_ja), en: put(&found.en, &in_en) };
    let and = both(&put(&found.and, &in_ja));
    let values = [("when", when), ("times", times), ("deed", said), ("deed_and", and)];
    filled("deed", condition.test.name(), &values)
}

/// Which link: any, one of them, those whose target contains some words.
fn link_words(condition: &Condition, known: &Known) -> Sentence {
    let target = link_of(condition.value(5)).map(|link| known.link(link).map(cut));
    let key = match (&target, condition.value(6)) {
        (None, "") => "link",
        (None, _) => "link_with",
        (Some(Some(_)), "") => "link_one",
        (Some(Some(_)), _) => "link_one_with",
        (Some(None), _) => "link_gone",
    };
    let target = quoted(&both(&target.flatten().unwrap_or_default()));
    let with = quoted(&both(&cut(condition.value(6))));
    Sentence {
        ja: words("when", key, &[("v", &target.ja), ("w", &with.ja)]).ja,
        en: words("when", key, &[("v", &target.en), ("w", &with.en)]).en,
    }
}
