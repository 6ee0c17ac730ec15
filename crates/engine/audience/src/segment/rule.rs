//! The rule of a segment as it is written down: groups of conditions, nested, with a version.

use serde::{Deserialize, Serialize};

use super::subject::Subject;

/// The form this program writes; a rule of a later one is refused, never guessed.
pub const RULE_VERSION: u32 = 1;
/// Groups inside groups, the outermost counted.
pub const DEPTH_MAX: usize = 5;
/// Conditions and groups of one rule.
pub const PARTS_MAX: usize = 100;
/// Values of one condition.
pub const VALUES_MAX: usize = 1_000;
/// Longest value, in characters.
pub const VALUE_CHARS_MAX: usize = 500;

/// Who belongs to a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// [`RULE_VERSION`] of the program that wrote it.
    pub version: u32,
    /// The outermost group.
    pub root: Group,
}

/// Parts that all hold, or one of which holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// How the parts are joined.
    #[serde(default)]
    pub join: Join,
    /// The group holds where its parts do not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub negated: bool,
    /// Conditions and groups, in the order in which they were added.
    #[serde(default)]
    pub parts: Vec<Part>,
}

/// How the parts of a group are joined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// Every part holds.
    #[default]
    All,
    /// At least one part holds.
    Any,
}

/// A condition or a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A group inside the group.
    Group(Group),
    /// One condition.
    Condition(Condition),
}

/// One condition: what it is about, how it is tested, against which values. What the values mean and how many there
/// are is up to the test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What it is about.
    pub of: Subject,
    /// How it is tested.
    pub test: Test,
    /// As typed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl Rule {
    /// A rule without conditions.
    #[must_use]
    pub fn empty() -> Self {
        Self { version: RULE_VERSION, root: Group::default() }
    }

    /// A rule of conditions that all must hold.
    #[must_use]
    pub fn of(conditions: Vec<Condition>) -> Self {
        let parts = conditions.into_iter().map(Part::Condition).collect();
        Self { version: RULE_VERSION, root: Group { parts, ..Group::default() } }
    }

    /// Every condition with its path (the place in each group on the way), in order.
    #[must_use]
    pub fn conditions(&self) -> Vec<(Vec<usize>, &Condition)> {
        let mut found = Vec::new();
        collect(&self.root, &mut Vec::new(), &mut found);
        found
    }

    /// The keys of the segments this one refers to.
    #[must_use]
    pub fn segments(&self) -> Vec<i64> {
        let of_segments = self.conditions().into_iter().filter(|(_, one)| one.of == Subject::Segment);
        let mut keys: Vec<i64> =
            of_segments.filter_map(|(_, one)| one.values.first()?.parse().ok()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The rule as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("text keys and text values can be written")
    }

    /// Reads JSON; `None` when it is no rule this program knows.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|rule: &Self| rule.version <= RULE_VERSION)
    }
}

impl Condition {
    /// A condition.
    #[must_use]
    pub fn new(of: Subject, test: Test, values: &[&str]) -> Self {
        Self { of, test, values: values.iter().map(|value| (*value).to_owned()).collect() }
    }

    /// Value `n`, empty where there is none.
    #[must_use]
    pub fn value(&self, n: usize) -> &str {
        self.values.get(n).map_or("", |value| value.trim())
    }

    /// The values that are not blank.
    pub fn filled(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

fn collect<'r>(group: &'r Group, at: &mut Vec<usize>, found: &mut Vec<(Vec<usize>, &'r Condition)>) {
    for (n, part) in group.parts.iter().enumerate() {
        at.push(n);
        match part {
            Part::Condition(condition) => found.push((at.clone(), condition)),
            Part::Group(inner) => collect(inner, at, found),
        }
        at.pop();
    }
}

macro_rules! tests {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// How a condition is tested. Which tests fit what is in [`super::Kind::tests`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Test {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }

        impl Test {
            /// Every test.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stored name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The test with this stored name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|test| test.name() == name)
            }
        }
    };
}

tests! {
    /// Equals; of a share: lies in it.
    Is = "is",
    /// Does not equal; nothing does not equal anything.
    IsNot = "is_not",
    /// Contains.
    Contains = "contains",
    /// Does not contain.
    NotContains = "not_contains",
    /// Begins with.
    Starts = "starts",
    /// Ends with.
    Ends = "ends",
    /// Is one of; of several choices: has at least one of.
    OneOf = "one_of",
    /// Is none of; of several choices: has none of.
    NoneOf = "none_of",
    /// Has every one of.
    AllOf = "all_of",
    /// Matches a pattern ([`super::pattern`]).
    Matches = "matches",
    /// Is empty.
    Empty = "empty",
    /// Is not empty.
    Filled = "filled",
    /// Is smaller, earlier.
    Less = "less",
    /// Is at most.
    AtMost = "at_most",
    /// Is larger, later.
    More = "more",
    /// Is at least.
    AtLeast = "at_least",
    /// Lies between two, both counted.
    Between = "between",
    /// Was within the past N days, today counted.
    PastDays = "past_days",
    /// Was before the past N days.
    OlderThan = "older_than",
    /// Was N days ago.
    DaysAgo = "days_ago",
    /// Will be in N days.
    DaysAhead = "days_ahead",
    /// Will be within the next N days, today counted.
    NextDays = "next_days",
    /// Lies in this month of this year.
    ThisMonth = "this_month",
    /// Lies in a month of any year.
    InMonth = "in_month",
    /// Its month and day come round in N days.
    Anniversary = "anniversary",
    /// Its month and day come round within the next N days, today counted.
    AnniversaryWithin = "anniversary_within",
    /// Lies on one of these days of the week.
    Weekday = "weekday",
    /// Is yes.
    Yes = "yes",
    /// Is not yes.
    No = "no",
    /// Happened so often, in that time, about that.
    Did = "did",
    /// Did not happen so often.
    DidNot = "did_not",
    /// Was given and is in force.
    Given = "given",
    /// Was not given, or is not in force.
    NotGiven = "not_given",
    /// Was withdrawn and not given since.
    Withdrawn = "withdrawn",
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::subject::{Column, Moment};

    #[test]
    fn a_rule_is_kept_as_it_is() {
        let inner = Group {
            join: Join::Any,
            negated: true,
            parts: vec![
                Part::Condition(Condition::new(Subject::Moment(Moment::Created), Test::PastDays, &["90"])),
                Part::Condition(Condition::new(Subject::Field("都道府県".into()), Test::Empty, &[])),
            ],
        };
        let mut rule = Rule::of(vec![Condition::new(Subject::Column(Column::Name), Test::Contains, &["花"])]);
        rule.root.parts.push(Part::Group(inner));
        let text = rule.to_json();
        assert_eq!(
            text,
            r#"{"version":1,"root":{"join":"all","parts":[{"condition":{"of":"name","test":"contains","values":["花"]}},{"group":{"join":"any","negated":true,"parts":[{"condition":{"of":"created","test":"past_days","values":["90"]}},{"condition":{"of":"field:都道府県","test":"empty"}}]}}]}}"#
        );
        assert_eq!(Rule::from_json(&text), Some(rule.clone()));
        let paths: Vec<_> = rule.conditions().into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, [vec![0], vec![1, 0], vec![1, 1]]);
        assert_eq!(Rule::from_json(&text.replace(":1,", ":2,")), None, "a later version is not guessed");
        assert_eq!(Rule::from_json("{}"), None);
    }

    #[test]
    fn segments_it_refers_to() {
        let inside = |id: &str| Condition::new(Subject::Segment, Test::Is, &[id]);
        assert_eq!(Rule::of(vec![inside("7"), inside("3"), inside("7"), inside("x")]).segments(), [3, 7]);
    }
}
