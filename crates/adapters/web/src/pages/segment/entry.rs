//! What the builder's form holds: the rule as it was typed, and which row to add or take away.

use audience::segment::{
    Condition, DEPTH_MAX, Group, Join, Known, PARTS_MAX, Part, RULE_VERSION, Rule, Subject, Test, Value,
    Values,
};

/// The fields of the form in the order in which they stand on the page.
pub(super) type Fields = Vec<(String, String)>;

/// Longest name of a segment, in characters.
pub(super) const NAME_CHARS_MAX: usize = 100;

/// The form, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The name as typed.
    pub(super) name: String,
    /// The rule as typed; it may have problems.
    pub(super) rule: Rule,
    /// Which button was pressed: `save`, `confirm`, `show`, `add 0.1`, `group 0.1`, `remove 0.1`.
    pub(super) go: String,
    /// The version of the segment the operator has seen; 0 for a new one.
    pub(super) seen: i64,
}

/// A path as it stands in names: `0.2.1`, empty for the outermost group.
pub(super) fn path_name(path: &[usize]) -> String {
    path.iter().map(usize::to_string).collect::<Vec<_>>().join(".")
}

fn path_of(name: &str) -> Option<Vec<usize>> {
    if name.is_empty() {
        return Some(Vec::new());
    }
    name.split('.').map(|n| n.parse().ok().filter(|n| *n < 10_000)).collect()
}

impl Entry {
    /// Reads the form; what does not fit together is made to fit, so that the page can be shown again.
    pub(super) fn read(fields: &Fields, known: &Known) -> Self {
        let one = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let root = group(fields, known, &[]);
        let mut entry = Self {
            name: one("name").unwrap_or_default().chars().filter(|c| !c.is_control()).collect(),
            rule: Rule { version: RULE_VERSION, root },
            go: one("go").unwrap_or_default(),
            seen: one("version").and_then(|seen| seen.parse().ok()).unwrap_or(0),
        };
        entry.act();
        entry
    }

    /// Adds or takes away what a button says.
    fn act(&mut self) {
        let Some((verb, place)) = self.go.split_once(' ') else { return };
        let Some(path) = path_of(place) else { return };
        match verb {
            "add" | "group" => {
                let part = if verb == "add" { first_condition() } else { Part::Group(Group::default()) };
                if let Some(group) = group_at(&mut self.rule.root, &path) {
                    group.parts.truncate(PARTS_MAX);
                    group.parts.push(part);
                }
                if verb == "group"
                    && let Some(Part::Group(inner)) =
                        group_at(&mut self.rule.root, &path).and_then(|group| group.parts.last_mut())
                {
                    inner.join = Join::Any;
                    inner.parts.push(first_condition());
                }
            }
            "remove" => {
                let Some((last, before)) = path.split_last() else { return };
                let group = group_at(&mut self.rule.root, before);
                if let Some(group) = group.filter(|group| *last < group.parts.len()) {
                    group.parts.remove(*last);
                }
            }
            _ => {}
        }
    }
}

/// What a new row asks first.
pub(super) fn first_condition() -> Part {
    Part::Condition(Condition::new(Subject::from("name".to_owned()), Test::Contains, &[""]))
}

fn group_at<'g>(root: &'g mut Group, path: &[usize]) -> Option<&'g mut Group> {
    let mut here = root;
    for n in path {
        match here.parts.get_mut(*n)? {
            Part::Group(inner) => here = inner,
            Part::Condition(_) => return None,
        }
    }
    Some(here)
}

fn group(fields: &Fields, known: &Known, at: &[usize]) -> Group {
    let name = path_name(at);
    let value = |kind: &str| {
        let key = format!("{kind}-{name}");
        fields.iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str())
    };
    let mut parts = Vec::new();
    if at.len() < DEPTH_MAX {
        for n in children(fields, at) {
            let path: Vec<usize> = at.iter().copied().chain([n]).collect();
            let of = format!("of-{}", path_name(&path));
            match fields.iter().find(|(key, _)| *key == of) {
                Some((_, word)) => parts.push(Part::Condition(condition(fields, known, &path, word))),
                None => parts.push(Part::Group(group(fields, known, &path))),
            }
        }
    }
    Group {
        join: if value("join") == Some("any") { Join::Any } else { Join::All },
        negated: value("not").is_some(),
        parts,
    }
}

/// The places of a group's parts, in order.
fn children(fields: &Fields, at: &[usize]) -> Vec<usize> {
    let mut found: Vec<usize> = fields
        .iter()
        .filter_map(|(key, _)| {
            let path = path_of(key.strip_prefix("of-").or_else(|| key.strip_prefix("join-"))?)?;
            (path.len() == at.len() + 1 && path.starts_with(at)).then(|| path[at.len()])
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(PARTS_MAX + 1);
    found
}

fn condition(fields: &Fields, known: &Known, path: &[usize], word: &str) -> Condition {
    let name = path_name(path);
    let of = Subject::from(word.to_owned());
    let test_key = format!("test-{name}");
    let typed = fields.iter().find(|(key, _)| *key == test_key).and_then(|(_, test)| Test::from_name(test));
    let kind = known.kind_of(&of);
    let fits = |test: &Test| kind.is_none_or(|kind| kind.tests().contains(test));
    let first = kind.and_then(|kind| kind.tests().first().copied()).unwrap_or(Test::Is);
    let test = typed.filter(fits).unwrap_or(first);
    let value_key = format!("v-{name}");
    let given = fields.iter().filter(|(key, _)| *key == value_key).map(|(_, value)| value.clone());
    let values = match kind.and_then(|kind| kind.values(test)) {
        // Several texts are typed one to a line.
        Some(Values::Some(Value::Words)) => {
            given.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
        }
        Some(Values::Each(wanted)) => {
            let mut values: Vec<String> = given.take(wanted.len()).collect();
            values.resize(wanted.len(), String::new());
            fill_in(wanted, &mut values);
            values
        }
        _ => given.collect(),
    };
    Condition { of, test, values }
}

/// What a person would type anyway: once, a lot's name, all of it.
fn fill_in(wanted: &[Value], values: &mut [String]) {
    for (n, wanted) in wanted.iter().enumerate() {
        if !values[n].trim().is_empty() {
            continue;
        }
        match wanted {
            Value::Times => values[n] = "1".to_owned(),
            Value::Percent => values[n] = if n == 0 { "0" } else { "10" }.to_owned(),
            Value::Lot => values[n] = "A".to_owned(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Entry {
        let fields: Fields = serde_html_form::from_str(form).unwrap();
        Entry::read(&fields, &Known::default())
    }

    fn shape(group: &Group) -> String {
        let parts: Vec<String> = group
            .parts
            .iter()
            .map(|part| match part {
                Part::Group(inner) => shape(inner),
                Part::Condition(one) => {
                    format!("{}:{}:{}", one.of.word(), one.test.name(), one.values.join(","))
                }
            })
            .collect();
        let not = if group.negated { "not " } else { "" };
        format!("{not}{:?}({})", group.join, parts.join(" "))
    }

    #[test]
    fn forms() {
        let check = |form: &str, expected: &str| assert_eq!(shape(&read(form).rule.root), expected, "{form}");
        check("", "All()");
        check("join-=any&of-0=name&test-0=is&v-0=a", "Any(name:is:a)");
        check("of-0=name&test-0=one_of&v-0=a%0D%0Ab", "All(name:one_of:a,b)");
        check("of-0=created&test-0=is_not&v-0=3", "All(created:past_days:3)");
        check("of-0=deed:accepted&test-0=did&v-0=&v-0=90", "All(deed:accepted:did:1,90,,,)");
        check("of-0=share", "All(share:is:0,10,A)");
        check("of-2=name&v-2=c&of-10=kana&v-10=d&go=remove+0", "All(kana:contains:d)");
        check(
            "of-0=name&v-0=a&join-1=any&not-1=1&of-1.0=kana&v-1.0=b",
            "All(name:contains:a not Any(kana:contains:b))",
        );
        check("of-0=name&v-0=a&go=add+", "All(name:contains:a name:contains:)");
        check("of-0=name&v-0=a&go=group+", "All(name:contains:a Any(name:contains:))");
        check("of-0=name&v-0=a&go=add+7", "All(name:contains:a)");
        check("of-x=name&go=remove+", "All()");
    }

    #[test]
    fn depth_ends() {
        let deep =
            "join-0=any&join-0.0=any&join-0.0.0=any&join-0.0.0.0=any&join-0.0.0.0.0=any&of-0.0.0.0.0.0=name";
        let mut group = read(deep).rule.root;
        let mut depth = 1;
        while let Some(Part::Group(inner)) = group.parts.pop() {
            group = inner;
            depth += 1;
        }
        assert_eq!(depth, DEPTH_MAX + 1);
    }
}
