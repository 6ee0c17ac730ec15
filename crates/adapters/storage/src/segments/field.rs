//! Conditions on the house's own fields, by the values kept for comparing (`field_values`).

use audience::{
    folded,
    segment::{Condition, Kind, Subject, Test, decimal},
};

use crate::search::digits;

use super::{
    compile::{Compiler, Shape, is_text},
    day, leaf,
};

/// A condition on a field.
pub(super) fn condition(compiler: &mut Compiler<'_>, key: &str, kind: Kind, condition: &Condition) -> String {
    if condition.test == Test::Matches {
        return by_pattern(compiler, key, condition);
    }
    if condition.test == Test::AllOf {
        return all_of(compiler, key, condition);
    }
    let (positive, turned) = turned_round(condition.test);
    let value = value_test(compiler, kind, positive, condition);
    let found = contact_with(compiler, key, &value);
    if turned { format!("NOT {found}") } else { found }
}

/// Whether the condition is the set of contacts that have such a value.
pub(super) fn is_set(condition: &Condition) -> bool {
    matches!(condition.of, Subject::Field(_))
        && !matches!(condition.test, Test::Matches | Test::AllOf)
        && !turned_round(condition.test).1
}

/// That set; empty where there is no such field.
pub(super) fn set(compiler: &mut Compiler<'_>, condition: &Condition) -> String {
    let (Subject::Field(key), Some(kind)) = (&condition.of, compiler.known.kind_of(&condition.of)) else {
        return "SELECT id FROM contacts WHERE FALSE".to_owned();
    };
    let value = value_test(compiler, kind, condition.test, condition);
    let field = compiler.arg(key.parse::<i64>().unwrap_or(-1));
    let bounds = compiler.bounds("v.contact_id");
    format!("SELECT v.contact_id FROM field_values v WHERE v.field_id = {field}{bounds} AND {value}")
}

/// The test as it is asked of one value, and whether its answer is turned round.
fn turned_round(test: Test) -> (Test, bool) {
    match test {
        Test::IsNot => (Test::Is, true),
        Test::NotContains => (Test::Contains, true),
        Test::NoneOf => (Test::OneOf, true),
        Test::Empty => (Test::Filled, true),
        Test::No => (Test::Yes, true),
        test => (test, false),
    }
}

/// The contact has a value `v` of the field for which `value` holds.
fn contact_with(compiler: &mut Compiler<'_>, key: &str, value: &str) -> String {
    let field = compiler.arg(key.parse::<i64>().unwrap_or(-1));
    let bounds = compiler.bounds("v.contact_id");
    match compiler.shape() {
        Shape::Set => format!(
            "(c.id IN (SELECT v.contact_id FROM field_values v WHERE v.field_id = {field}{bounds} AND {value}))"
        ),
        Shape::Probe => format!(
            "(EXISTS (SELECT 1 FROM field_values v WHERE v.field_id = {field} AND v.contact_id = c.id AND {value}))"
        ),
    }
}

/// A test of one value `v`.
fn value_test(compiler: &mut Compiler<'_>, kind: Kind, test: Test, condition: &Condition) -> String {
    match (kind, test) {
        (_, Test::Filled) => "TRUE".to_owned(),
        (Kind::Flag, _) => "v.number = 1".to_owned(),
        (Kind::Number, _) => number(compiler, test, condition),
        (Kind::Day, _) => of_day(compiler, condition),
        (kind, _) if is_text(kind) => {
            let values = compared_values(compiler, condition);
            leaf::compared(compiler, "v.text", test, &values)
        }
        _ => "FALSE".to_owned(),
    }
}

/// The values in the form in which the field's own are kept.
fn compared_values(compiler: &Compiler<'_>, condition: &Condition) -> Vec<String> {
    let by_digits = match &condition.of {
        Subject::Field(key) => compiler.known.field(key).is_some_and(|field| field.by_digits),
        _ => false,
    };
    let kept = |value: &str| if by_digits { digits(&folded(value)) } else { folded(value) };
    condition.filled().map(kept).collect()
}

fn number(compiler: &mut Compiler<'_>, test: Test, condition: &Condition) -> String {
    let mut value = |n: usize| {
        let number = decimal(condition.value(n)).unwrap_or_default();
        format!("CAST({} AS DOUBLE PRECISION)", compiler.arg(number.to_string()))
    };
    let sign = match test {
        Test::Less => "<",
        Test::AtMost => "<=",
        Test::More => ">",
        Test::AtLeast => ">=",
        Test::Between => return format!("v.number >= {} AND v.number <= {}", value(0), value(1)),
        _ => "=",
    };
    format!("v.number {sign} {}", value(0))
}

fn of_day(compiler: &mut Compiler<'_>, condition: &Condition) -> String {
    if let Some((first, last)) = day::days_of(condition, compiler.today()) {
        let first = first.map(|day| format!("v.number >= {}", compiler.arg(day)));
        let last = last.map(|day| format!("v.number <= {}", compiler.arg(day)));
        return first.into_iter().chain(last).collect::<Vec<_>>().join(" AND ");
    }
    match condition.test {
        Test::Weekday => {
            let list = day::weekdays(compiler, condition);
            format!("v.number IS NOT NULL AND {} IN {list}", day::weekday_sql("CAST(v.number AS BIGINT)"))
        }
        Test::InMonth => {
            let list = compiler.list(&day::months(condition));
            format!("substr(v.text, 1, 2) IN {list}")
        }
        _ => {
            let list = compiler.list(&day::months_and_days(condition, compiler.today()));
            format!("v.text IN {list}")
        }
    }
}

fn all_of(compiler: &mut Compiler<'_>, key: &str, condition: &Condition) -> String {
    let wanted = compared_values(compiler, condition);
    let each: Vec<String> = wanted
        .into_iter()
        .map(|value| {
            let test = leaf::compared(compiler, "v.text", Test::Is, &[value]);
            contact_with(compiler, key, &test)
        })
        .collect();
    if each.is_empty() { "FALSE".to_owned() } else { format!("({})", each.join(" AND ")) }
}

/// Patterns look at the value as it was written, with its upper and lower case.
fn by_pattern(compiler: &mut Compiler<'_>, key: &str, condition: &Condition) -> String {
    compiler.looks_wide();
    let written = compiler.known.field(key).map(|field| field.column.clone()).unwrap_or_default();
    let name = compiler.arg(written);
    let text = match compiler.engine {
        crate::sql::Engine::Sqlite => format!("COALESCE(c.fields ->> {name}, '')"),
        crate::sql::Engine::Postgres => format!("COALESCE(c.fields::jsonb ->> {name}, '')"),
    };
    leaf::matches(compiler, &text, condition.value(0))
}
