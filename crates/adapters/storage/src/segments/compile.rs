//! Turns the rule of a segment into one SQL condition on a contact `c`. Every value is an argument; what stands in the
//! text are our own fragments only.

use audience::segment::{
    Condition, Day, Deed, Group, Join, Kind, Known, Moment, Part, Rule, RuleProblem, Subject, Test, day_of,
    problems,
};

use super::{consent, day, deed, field, leaf};
use crate::sql::{Arg, Engine, args, json};

/// How a condition on another table is written. Both mean the same; one is quick for many contacts, the other for few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The set of contacts first, then the contact in it.
    Set,
    /// The contact first, then its rows.
    Probe,
}

/// So many values of a condition are arguments of their own.
const FEW: usize = 16;

/// Puts one statement together.
pub(crate) struct Compiler<'k> {
    /// What the rule refers to.
    pub(crate) known: &'k Known,
    /// The database that is asked.
    pub(crate) engine: Engine,
    /// Now.
    pub(crate) now: i64,
    /// The arguments so far; `$1` is the first.
    pub(crate) args: Vec<Arg>,
    shape: Shape,
    /// Only contacts with keys above `$1` up to `$2` are asked about.
    in_part: bool,
    /// Nothing outside the narrow index of contacts was looked at so far.
    narrow: bool,
}

impl<'k> Compiler<'k> {
    /// Begins behind arguments that are there already.
    pub(crate) fn new(known: &'k Known, engine: Engine, now: i64, args: Vec<Arg>) -> Self {
        Self { known, engine, now, args, shape: Shape::Set, in_part: false, narrow: true }
    }

    /// For contacts with keys above the first argument up to the second.
    pub(crate) fn in_part(known: &'k Known, engine: Engine, now: i64) -> Self {
        let mut compiler = Self::new(known, engine, now, args![i64::MIN, i64::MAX]);
        compiler.in_part = true;
        compiler
    }

    /// The same for few contacts.
    pub(crate) fn probing(known: &'k Known, engine: Engine, now: i64, args: Vec<Arg>) -> Self {
        Self { known, engine, now, args, shape: Shape::Probe, in_part: false, narrow: true }
    }

    /// The condition for a whole rule, or everything that keeps it from being asked.
    pub(crate) fn rule(&mut self, rule: &Rule) -> Result<String, Vec<RuleProblem>> {
        let found = problems(rule, self.known, None);
        if found.is_empty() { Ok(self.group(&rule.root)) } else { Err(found) }
    }

    /// A group whose parts have no problem.
    pub(crate) fn group(&mut self, group: &Group) -> String {
        let (merged, sets) = self.merged(group);
        let others = group.parts.iter().enumerate().filter(|(n, _)| !merged.contains(n));
        let others: Vec<String> = others.map(|(_, part)| self.part_of(part, group)).collect();
        let parts: Vec<String> = sets.into_iter().chain(others).collect();
        let joint = if group.join == Join::All { " AND " } else { " OR " };
        let joined = format!("({})", parts.join(joint));
        if group.negated { format!("NOT {joined}") } else { joined }
    }

    /// On SQLite, conditions on fields that all must hold become one set: values lie in the order of contacts, so they
    /// are merged as they are read. Gives the places that are dealt with.
    fn merged(&mut self, group: &Group) -> (Vec<usize>, Option<String>) {
        if self.engine != Engine::Sqlite || self.shape != Shape::Set || group.join != Join::All {
            return (Vec::new(), None);
        }
        let known = self.known;
        let is_set = |part: &Part| match part {
            Part::Condition(one) => known.kind_of(&one.of).is_some() && field::is_set(one),
            Part::Group(_) => false,
        };
        let places: Vec<usize> = (0..group.parts.len()).filter(|n| is_set(&group.parts[*n])).collect();
        if places.len() < 2 {
            return (Vec::new(), None);
        }
        let mut sets = Vec::new();
        for n in &places {
            if let Part::Condition(one) = &group.parts[*n] {
                sets.push(field::set(self, one));
            }
        }
        let merged = format!("(c.id IN (SELECT * FROM ({} ORDER BY 1)))", sets.join(" INTERSECT "));
        (places, Some(merged))
    }

    fn part_of(&mut self, part: &Part, within: &Group) -> String {
        match part {
            Part::Group(inner) => self.group(inner),
            Part::Condition(condition) => {
                let outer = self.shape;
                // SQLite walks contacts and their mails side by side. PostgreSQL joins them as it likes, unless it has to
                // count: then few contacts are looked at one by one, and many all at once.
                // Few people follow links, so on SQLite the set of them is quicker than looking at everybody.
                let few = matches!(condition.of, Subject::Deed(Deed::Clicked));
                let probes = if self.engine == Engine::Sqlite { !few } else { self.narrows(within) };
                if matches!(condition.of, Subject::Deed(_)) && probes {
                    self.shape = Shape::Probe;
                }
                let text = self.condition(condition);
                self.shape = outer;
                text
            }
        }
    }

    /// Whether a group has a condition that usually leaves few contacts.
    fn narrows(&self, group: &Group) -> bool {
        let narrow = |part: &Part| match part {
            Part::Group(_) => false,
            Part::Condition(one) => {
                let positive =
                    !matches!(one.test, Test::IsNot | Test::NotContains | Test::NoneOf | Test::Empty);
                positive
                    && !matches!(
                        one.of,
                        Subject::Deed(_)
                            | Subject::Standing
                            | Subject::Permission
                            | Subject::Validity
                            | Subject::Consent
                            | Subject::Segment
                    )
            }
        };
        group.join == Join::All && group.parts.iter().any(narrow)
    }

    /// One condition without problems; never NULL, so that NOT turns it round.
    pub(crate) fn condition(&mut self, condition: &Condition) -> String {
        match (&condition.of, self.known.kind_of(&condition.of)) {
            (Subject::Column(column), _) => {
                self.looks_wide();
                leaf::text(self, leaf::column(*column), condition)
            }
            (Subject::Moment(moment), _) => {
                if *moment == Moment::Updated {
                    self.looks_wide();
                }
                day::moment(self, leaf::moment(*moment), condition)
            }
            (Subject::Field(key), Some(kind)) => field::condition(self, key, kind, condition),
            (Subject::Deed(what), _) => self.deed(*what, condition),
            (Subject::Standing, _) => leaf::standing(condition),
            (Subject::Status, _) => leaf::status(self, condition),
            (Subject::Permission, _) => leaf::permission(condition),
            (Subject::Provider, _) => leaf::provider(self, condition),
            (Subject::Consent, _) => consent::condition(self, condition),
            (Subject::Validity, _) => leaf::validity(condition),
            (Subject::Segment, _) => self.segment(condition),
            (Subject::Share, _) => leaf::share(self, condition),
            // Refused by the check before; nobody belongs to what is not known.
            (Subject::Field(_) | Subject::Unknown(_), _) => "FALSE".to_owned(),
        }
    }

    fn deed(&mut self, what: Deed, condition: &Condition) -> String {
        let found = deed::rows(self, what, condition);
        let did = found.condition(self);
        if condition.test == Test::DidNot { format!("NOT {did}") } else { did }
    }

    fn segment(&mut self, condition: &Condition) -> String {
        let known = self.known;
        let named = condition.value(0).parse().ok().and_then(|id: i64| known.segments.get(&id));
        let inside = match named.and_then(|segment| segment.rule.as_ref()) {
            Some(rule) => self.group(&rule.root),
            None => return "FALSE".to_owned(),
        };
        if condition.test == Test::IsNot { format!("NOT {inside}") } else { inside }
    }

    /// The place of a new argument: `$7`.
    pub(crate) fn arg(&mut self, value: impl Into<Arg>) -> String {
        self.args.push(value.into());
        format!("${}", self.args.len())
    }

    /// The texts of a new argument, as what stands behind IN. A few are arguments of their own: that is a quicker test.
    pub(crate) fn list(&mut self, values: &[String]) -> String {
        if (1..=FEW).contains(&values.len()) {
            let places: Vec<String> = values.iter().map(|value| self.arg(value.as_str())).collect();
            return format!("({})", places.join(", "));
        }
        let place = self.arg(json(values));
        match self.engine {
            Engine::Sqlite => format!("(SELECT value FROM json_each({place}))"),
            Engine::Postgres => format!("(SELECT jsonb_array_elements_text({place}::jsonb))"),
        }
    }

    /// Bounds the keys in `column` where only a part of the contacts is asked about.
    pub(crate) fn bounds(&self, column: &str) -> String {
        if self.in_part { format!(" AND {column} > $1 AND {column} <= $2") } else { String::new() }
    }

    /// Notes that the condition looks at what the narrow index does not have.
    pub(crate) fn looks_wide(&mut self) {
        self.narrow = false;
    }

    /// Whether the narrow index has all that was looked at.
    pub(crate) fn is_narrow(&self) -> bool {
        self.narrow
    }

    /// Which of the two ways.
    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// The day it is in Japan.
    pub(crate) fn today(&self) -> Day {
        day_of(self.now)
    }

    /// Whichever of two texts this database wants.
    pub(crate) fn pick<'a>(&self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        if self.engine == Engine::Sqlite { sqlite } else { postgres }
    }
}

/// Whether the kind is compared as folded text.
pub(super) fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Choice | Kind::Choices)
}
