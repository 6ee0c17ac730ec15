//! Conditions on what stands in the contact's own row: texts, standing, provider, and the lot.

use audience::{
    Standing,
    segment::{Column, Condition, Moment, Test, Validity, compiled_pattern},
};
use aws_lc_rs::digest::{SHA256, digest};

use super::compile::Compiler;
use crate::contacts::standing_condition;

/// The text column; never NULL.
pub(super) fn column(column: Column) -> &'static str {
    match column {
        Column::Name => "c.name",
        Column::Kana => "c.kana",
        Column::Address => "COALESCE(c.address, '')",
        Column::Phone => "c.phone",
        Column::Company => "c.company",
        Column::CustomerNumber => "c.external_id",
        Column::Note => "c.note",
    }
}

/// The column of an instant.
pub(super) fn moment(moment: Moment) -> &'static str {
    match moment {
        Moment::Created => "c.created_at",
        Moment::Updated => "c.updated_at",
        Moment::OptedOut => "c.opted_out_at",
        Moment::Invalid => "c.invalid_at",
    }
}

/// A test of a text that is never NULL; upper and lower case of ASCII alike on both databases.
pub(super) fn text(compiler: &mut Compiler<'_>, column: &str, condition: &Condition) -> String {
    match condition.test {
        Test::Empty => return format!("{column} = ''"),
        Test::Filled => return format!("{column} <> ''"),
        Test::Matches => return matches(compiler, column, condition.value(0)),
        _ => {}
    }
    let folded = folded(compiler, column);
    let values: Vec<String> = condition.filled().map(str::to_ascii_lowercase).collect();
    compared(compiler, &folded, condition.test, &values)
}

/// A text with ASCII in lower case.
pub(super) fn folded(compiler: &Compiler<'_>, column: &str) -> String {
    match compiler.engine {
        crate::sql::Engine::Sqlite => format!("lower({column})"),
        crate::sql::Engine::Postgres => format!("lower({column} COLLATE \"C\")"),
    }
}

/// A test of an expression against values that were folded in the same way.
pub(super) fn compared(compiler: &mut Compiler<'_>, text: &str, test: Test, values: &[String]) -> String {
    let first = values.first().cloned().unwrap_or_default();
    match test {
        Test::OneOf | Test::NoneOf if values.len() != 1 => {
            let list = compiler.list(values);
            let found = format!("{text} IN {list}");
            if test == Test::NoneOf { format!("NOT {found}") } else { found }
        }
        Test::IsNot | Test::NoneOf => format!("{text} <> {}", compiler.arg(first)),
        Test::Contains => found_in(compiler, text, first),
        Test::NotContains => format!("NOT {}", found_in(compiler, text, first)),
        Test::Starts => {
            let value = compiler.arg(first);
            format!("substr({text}, 1, length({value})) = {value}")
        }
        Test::Ends => {
            let value = compiler.arg(first);
            match compiler.engine {
                crate::sql::Engine::Sqlite => format!("substr({text}, -length({value})) = {value}"),
                crate::sql::Engine::Postgres => format!("right({text}, length({value})) = {value}"),
            }
        }
        _ => format!("{text} = {}", compiler.arg(first)),
    }
}

fn found_in(compiler: &mut Compiler<'_>, text: &str, value: String) -> String {
    let value = compiler.arg(value);
    let position = compiler.pick("instr", "strpos");
    format!("({position}({text}, {value}) > 0)")
}

/// A pattern, in the small language that both databases understand alike.
pub(super) fn matches(compiler: &mut Compiler<'_>, text: &str, pattern: &str) -> String {
    let Ok(pattern) = compiled_pattern(pattern) else { return "FALSE".to_owned() };
    let pattern = compiler.arg(pattern);
    let sign = compiler.pick("REGEXP", "~");
    format!("({text} {sign} {pattern})")
}

/// One of several standings.
pub(super) fn standing(condition: &Condition) -> String {
    let wanted = condition.filled().filter_map(Standing::from_name);
    let each: Vec<String> = wanted.map(|one| format!("({})", standing_condition(one))).collect();
    let found = if each.is_empty() { "(FALSE)".to_owned() } else { format!("({})", each.join(" OR ")) };
    if condition.test == Test::NoneOf { format!("NOT {found}") } else { found }
}

/// One of several states of the address.
pub(super) fn validity(condition: &Condition) -> String {
    let state = |one| match one {
        Validity::Works => "(c.address_key IS NOT NULL AND c.invalid_at IS NULL AND c.lookalike_of IS NULL)",
        Validity::Invalid => "(c.address_key IS NOT NULL AND c.invalid_at IS NOT NULL)",
        Validity::Lookalike => {
            "(c.address_key IS NOT NULL AND c.invalid_at IS NULL AND c.lookalike_of IS NOT NULL)"
        }
        Validity::Missing => "c.address_key IS NULL",
    };
    let each: Vec<&str> = condition.filled().filter_map(Validity::from_name).map(state).collect();
    let found = if each.is_empty() { "(FALSE)".to_owned() } else { format!("({})", each.join(" OR ")) };
    if condition.test == Test::NoneOf { format!("NOT {found}") } else { found }
}

/// One of several statuses.
pub(super) fn status(compiler: &mut Compiler<'_>, condition: &Condition) -> String {
    let wanted: Vec<String> = condition.filled().map(str::to_owned).collect();
    let found = compared(compiler, "c.status", Test::OneOf, &wanted);
    if condition.test == Test::NoneOf { format!("NOT ({found})") } else { found }
}

/// Advertising is wanted, or not.
pub(super) fn permission(condition: &Condition) -> String {
    let refused = if condition.test == Test::No { "IS NOT NULL" } else { "IS NULL" };
    format!("c.dm_refused_at {refused}")
}

/// One of several providers; an empty id means every other one, for those who have an address.
pub(super) fn provider(compiler: &mut Compiler<'_>, condition: &Condition) -> String {
    let mut each = Vec::new();
    let named: Vec<String> = condition.filled().map(str::to_owned).collect();
    if !named.is_empty() {
        each.push(compared(compiler, "c.provider", Test::OneOf, &named));
    }
    if condition.values.iter().any(|value| value.trim().is_empty()) {
        each.push("(c.provider = '' AND c.address IS NOT NULL)".to_owned());
    }
    let found = format!("({})", each.join(" OR "));
    if condition.test == Test::NoneOf { format!("NOT {found}") } else { found }
}

/// Primes below 2^30 and 2^31: sums stay below 2^31 and products below 2^62, so neither database overflows.
const FIRST_PRIME: i64 = 1_073_741_789;
const SECOND_PRIME: i64 = 1_073_741_783;
const LAST_PRIME: i64 = 2_147_483_629;
/// Parts of a lot, a hundredth of a percent each.
const PARTS: i64 = 10_000;

/// A lot: the contact's key and the lot's name always give the same number from 0 to 9,999.
pub(super) fn share(compiler: &mut Compiler<'_>, condition: &Condition) -> String {
    let hash = digest(&SHA256, condition.value(2).as_bytes());
    let salt = |at: usize| {
        let bytes = &hash.as_ref()[at..at + 4];
        bytes.iter().fold(0_i64, |number, byte| (number << 8) | i64::from(*byte)) % FIRST_PRIME
    };
    let percent = |n: usize| condition.value(n).parse::<i64>().unwrap_or(0) * (PARTS / 100);
    let (first, second) = (compiler.arg(salt(0)), compiler.arg(salt(4)));
    let (from, until) = (compiler.arg(percent(0)), compiler.arg(percent(1)));
    let drawn = format!(
        "(((c.id % {FIRST_PRIME} + {first}) * (c.id % {SECOND_PRIME} + {second})) % {LAST_PRIME} % {PARTS})"
    );
    let found = format!("({drawn} >= {from} AND {drawn} < {until})");
    if condition.test == Test::IsNot { format!("NOT {found}") } else { found }
}
