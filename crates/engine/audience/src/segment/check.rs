//! Finds everything that keeps a rule from being asked, each as a sentence; a rule with a problem finds nobody.

use super::{
    day,
    known::Known,
    pattern,
    rule::{Condition, DEPTH_MAX, Group, PARTS_MAX, Part, RULE_VERSION, Rule, VALUE_CHARS_MAX, VALUES_MAX},
    sentence::{subject_name, words},
    subject::{DAYS_MAX, Kind, Subject, TIMES_MAX, Validity, Value, Values},
};
use crate::{ConsentBasis, ContactStatus, Sentence, Standing};

/// Something that keeps a rule from being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleProblem {
    /// Where: the place in each group on the way; empty for the rule as a whole.
    pub at: Vec<usize>,
    /// What is wrong and what to do.
    pub words: Sentence,
}

/// How deep segments may refer to segments.
pub const REFERENCES_MAX: usize = 5;

/// Every problem of a rule. `own` is the segment the rule belongs to, which nothing it refers to may refer to.
#[must_use]
pub fn problems(rule: &Rule, known: &Known, own: Option<i64>) -> Vec<RuleProblem> {
    let mut checker = Checker { known, found: Vec::new() };
    if rule.version > RULE_VERSION {
        checker.tell(&[], "version", &[]);
        return checker.found;
    }
    checker.group(&rule.root, &mut Vec::new());
    let parts = count(&rule.root);
    if parts > PARTS_MAX {
        checker.tell(&[], "too_many_parts", &[("limit", &PARTS_MAX.to_string())]);
    }
    checker.references(rule, &mut own.into_iter().collect());
    checker.found
}

struct Checker<'k> {
    known: &'k Known,
    found: Vec<RuleProblem>,
}

fn count(group: &Group) -> usize {
    let of = |part: &Part| match part {
        Part::Group(inner) => 1 + count(inner),
        Part::Condition(_) => 1,
    };
    group.parts.iter().map(of).sum()
}

impl Checker<'_> {
    fn tell(&mut self, at: &[usize], key: &str, values: &[(&str, &str)]) {
        self.found.push(RuleProblem { at: at.to_vec(), words: words("problem", key, values) });
    }

    fn group(&mut self, group: &Group, at: &mut Vec<usize>) {
        if at.len() >= DEPTH_MAX {
            return self.tell(at, "too_deep", &[("limit", &DEPTH_MAX.to_string())]);
        }
        if group.parts.is_empty() {
            self.tell(at, if at.is_empty() { "no_conditions" } else { "empty_group" }, &[]);
        }
        for (n, part) in group.parts.iter().enumerate() {
            at.push(n);
            match part {
                Part::Group(inner) => self.group(inner, at),
                Part::Condition(condition) => self.condition(condition, at),
            }
            at.pop();
        }
    }

    fn condition(&mut self, condition: &Condition, at: &[usize]) {
        let Some(kind) = self.kind_of(condition, at) else { return };
        let name = subject_name(&condition.of, self.known);
        let Some(values) = kind.values(condition.test) else {
            return self.tell_about(at, "wrong_test", &name, "");
        };
        if condition.values.len() > VALUES_MAX {
            return self.tell(at, "too_many_values", &[("limit", &VALUES_MAX.to_string())]);
        }
        if condition.values.iter().any(|value| value.chars().count() > VALUE_CHARS_MAX) {
            return self.tell(at, "value_long", &[("limit", &VALUE_CHARS_MAX.to_string())]);
        }
        match values {
            Values::Each(wanted) => {
                for (n, wanted) in wanted.iter().enumerate() {
                    if let Some(key) = self.fault(*wanted, condition.value(n), &condition.of) {
                        self.tell_about(at, key, &name, condition.value(n));
                    }
                }
            }
            Values::Some(wanted) => self.several(condition, wanted, &name, at),
        }
        if let Some(key) = order_fault(kind, condition) {
            self.tell_about(at, key, &name, "");
        }
    }

    fn several(&mut self, condition: &Condition, wanted: Value, name: &Sentence, at: &[usize]) {
        let takes_blank = wanted == Value::Provider;
        let given: Vec<&str> = condition.values.iter().map(|value| value.trim()).collect();
        let given: Vec<&str> = given.into_iter().filter(|value| takes_blank || !value.is_empty()).collect();
        if given.is_empty() {
            return self.tell_about(at, "value_missing", name, "");
        }
        for value in given {
            if let Some(key) = self.fault(wanted, value, &condition.of) {
                return self.tell_about(at, key, name, value);
            }
        }
    }

    /// The kind of what a condition is about, or the problem that there is none.
    fn kind_of(&mut self, condition: &Condition, at: &[usize]) -> Option<Kind> {
        let kind = self.known.kind_of(&condition.of);
        if kind.is_none() {
            let name = subject_name(&condition.of, self.known);
            let key = match &condition.of {
                Subject::Field(_) => "field_gone",
                _ => "subject_unknown",
            };
            self.tell_about(at, key, &name, "");
        }
        kind
    }

    fn tell_about(&mut self, at: &[usize], key: &str, name: &Sentence, value: &str) {
        let words = Sentence {
            ja: words("problem", key, &[("of", &name.ja), ("value", value)]).ja,
            en: words("problem", key, &[("of", &name.en), ("value", value)]).en,
        };
        self.found.push(RuleProblem { at: at.to_vec(), words });
    }

    /// What is wrong with one value, as the key of a sentence.
    fn fault(&self, wanted: Value, value: &str, of: &Subject) -> Option<&'static str> {
        let number = |least: u32, most: u32| {
            let fits = value.parse::<u32>().is_ok_and(|number| (least..=most).contains(&number));
            (!fits).then_some(())
        };
        if value.is_empty() {
            let may_be =
                [Value::DayOrNone, Value::DaysOrNone, Value::Broadcast, Value::Provider, Value::Basis]
                    .into_iter()
                    .chain([Value::Topic, Value::Link, Value::WordsOrNone]);
            return if may_be.into_iter().any(|one| one == wanted) { None } else { Some("value_missing") };
        }
        match wanted {
            Value::Words | Value::WordsOrNone | Value::Lot => None,
            Value::Pattern => pattern::compiled(value).err(),
            Value::Number => decimal(value).is_none().then_some("not_a_number"),
            Value::Day | Value::DayOrNone => day::read(value).is_none().then_some("not_a_day"),
            Value::Days => number(0, DAYS_MAX).map(|()| "not_days"),
            Value::DaysOrNone => number(1, DAYS_MAX).map(|()| "not_days"),
            Value::Month => number(1, 12).map(|()| "not_a_month"),
            Value::Weekday => number(1, 7).map(|()| "not_a_weekday"),
            Value::Percent => number(0, 100).map(|()| "not_a_percent"),
            Value::Times => number(1, TIMES_MAX).map(|()| "not_times"),
            Value::Standing => Standing::from_name(value).is_none().then_some("value_unknown"),
            Value::Status => ContactStatus::from_name(value).is_none().then_some("value_unknown"),
            Value::Validity => Validity::from_name(value).is_none().then_some("value_unknown"),
            Value::Basis => ConsentBasis::from_name(value).is_none().then_some("value_unknown"),
            Value::Topic => self.known.topic(value).is_none().then_some("topic_gone"),
            Value::Provider => addressing::provider_by_id(value).is_none().then_some("value_unknown"),
            Value::Option => self.option_fault(of, value),
            Value::Segment => self.segment_fault(value),
            Value::Broadcast => value.parse::<i64>().is_err().then_some("value_unknown"),
            Value::Link => link_of(value).is_none().then_some("value_unknown"),
        }
    }

    fn option_fault(&self, of: &Subject, value: &str) -> Option<&'static str> {
        let Subject::Field(key) = of else { return Some("value_unknown") };
        let known = self.known.field(key)?.options.iter().any(|(stored, _)| stored == value);
        (!known).then_some("option_gone")
    }

    fn segment_fault(&self, value: &str) -> Option<&'static str> {
        let segment = value.parse().ok().and_then(|id: i64| self.known.segments.get(&id));
        match segment {
            None => Some("segment_gone"),
            Some(segment) if segment.archived => Some("segment_archived"),
            Some(_) => None,
        }
    }

    /// Follows segments to segments: no circle, not too deep, and whatever they refer to must hold too.
    fn references(&mut self, rule: &Rule, way: &mut Vec<i64>) {
        for (at, condition) in rule.conditions() {
            let (Subject::Segment, Ok(id)) = (&condition.of, condition.value(0).parse::<i64>()) else {
                continue;
            };
            let Some(segment) = self.known.segments.get(&id) else { continue };
            let name = segment.name.clone();
            let named = [("value", name.as_str())];
            if way.contains(&id) {
                self.tell(&at, "segment_circle", &named);
                continue;
            }
            if way.len() >= REFERENCES_MAX {
                self.tell(&at, "segment_deep", &named);
                continue;
            }
            let Some(inner) = segment.rule.clone() else {
                self.tell(&at, "segment_broken", &named);
                continue;
            };
            way.push(id);
            let mut inside = Checker { known: self.known, found: Vec::new() };
            inside.group(&inner.root, &mut Vec::new());
            inside.references(&inner, way);
            way.pop();
            if let Some(first) = inside.found.first() {
                let why = &first.words;
                let told = words("problem", "segment_broken", &named);
                let joined =
                    Sentence { ja: format!("{}{}", told.ja, why.ja), en: format!("{} {}", told.en, why.en) };
                self.found.push(RuleProblem { at: at.clone(), words: joined });
            }
        }
    }
}

/// What is wrong between the values of one condition.
fn order_fault(kind: Kind, condition: &Condition) -> Option<&'static str> {
    use super::rule::Test;
    let days = |n| day::read(condition.value(n));
    let wrong = match (kind, condition.test) {
        (Kind::Day | Kind::Moment, Test::Between) => days(0)? > days(1)?,
        (Kind::Number, Test::Between) => {
            let number = |n| decimal(condition.value(n));
            number(0)?.total_cmp(&number(1)?).is_gt()
        }
        (Kind::Deed | Kind::Clicked, _) if days(2).zip(days(3)).is_some_and(|(from, until)| from > until) => {
            true
        }
        (Kind::Clicked, _) => {
            let (broadcast, _) = link_of(condition.value(5))?;
            let elsewhere = condition.value(4).parse::<i64>().is_ok_and(|chosen| chosen != broadcast);
            return elsewhere.then_some("link_elsewhere");
        }
        (Kind::Consent, _) => days(1)? > days(2)?,
        (Kind::Share, _) => {
            condition.value(0).parse::<u32>().ok()? >= condition.value(1).parse::<u32>().ok()?
        }
        _ => false,
    };
    wrong.then_some("wrong_order")
}

/// The broadcast and the number of a link, as [`Value::Link`] has it.
#[must_use]
pub fn link_of(value: &str) -> Option<(i64, u32)> {
    let (broadcast, number) = value.split_once(':')?;
    Some((broadcast.parse().ok()?, number.parse().ok()?))
}

/// A decimal number as people type it: width and grouping commas do not matter.
#[must_use]
pub fn decimal(text: &str) -> Option<f64> {
    let plain: String = addressing::to_half_width(text.trim()).chars().filter(|c| *c != ',').collect();
    let digits = plain.strip_prefix('-').unwrap_or(&plain);
    let written = digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && digits.chars().any(|c| c.is_ascii_digit())
        && digits.len() <= 30;
    if written { plain.parse().ok() } else { None }
}
