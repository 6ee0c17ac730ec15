//! What statements are made of: one text for both engines, typed arguments, rows.

use std::{borrow::Cow, fmt::Write as _};

use serde::Serialize;
use sqlx::{AssertSqlSafe, Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};

use crate::StorageError;

/// Which database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// One file, one writer.
    Sqlite,
    /// A server that many nodes share.
    Postgres,
}

/// The fragments that differ: name, SQLite, PostgreSQL.
///
/// `{ROWS}` unrolls the JSON array `$1` into rows named `j`; read them as `CAST(j.value->>0 AS BIGINT)`.
/// `{PACKED}(a, b){AS PACKED}` is the columns of all rows as one JSON text, for `Tx::packed`.
const FRAGMENTS: [(&str, &str, &str); 10] = [
    ("{ROWS}", "json_each($1) AS j", "jsonb_array_elements($1::jsonb) AS j(value)"),
    ("{PACKED}", "json_group_array(json_array", "CAST(json_agg(json_build_array"),
    ("{AS PACKED}", ") AS packed", ") AS TEXT) AS packed"),
    ("{FOR UPDATE}", "", "FOR UPDATE"),
    ("{FOR SHARE}", "", "FOR SHARE"),
    ("{FOR UPDATE OF c}", "", "FOR UPDATE OF c"),
    ("{FOR UPDATE OF q}", "", "FOR UPDATE OF q"),
    ("{FOR UPDATE OF q, r}", "", "FOR UPDATE OF q, r"),
    ("{SKIP LOCKED}", "", "FOR UPDATE SKIP LOCKED"),
    ("{GREATEST}", "MAX", "GREATEST"),
];

impl Engine {
    /// The statement as this engine wants it. Only fragments are filled in; values are always arguments.
    pub(crate) fn statement(self, text: Cow<'static, str>) -> AssertSqlSafe<Cow<'static, str>> {
        let mut text = text;
        for (name, sqlite, postgres) in FRAGMENTS {
            if text.contains(name) {
                text = Cow::Owned(text.replace(name, if self == Self::Sqlite { sqlite } else { postgres }));
            }
        }
        AssertSqlSafe(text)
    }
}

/// One argument. NULL keeps its type, which PostgreSQL wants to know.
#[derive(Debug, Clone)]
pub(crate) enum Arg {
    /// A number or an instant.
    Int(Option<i64>),
    /// Text, or JSON as text.
    Text(Option<String>),
    /// True or false.
    Flag(bool),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// PostgreSQL keeps no NUL in text; both engines get the replacement character, so both keep the same.
fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

macro_rules! from {
    ($($from:ty => $value:ident $into:expr;)+) => {
        $(impl From<$from> for Arg { fn from($value: $from) -> Self { $into } })+
    };
}

from! {
    i64 => value Arg::Int(Some(value));
    u32 => value Arg::Int(Some(i64::from(value)));
    Option<u16> => value Arg::Int(value.map(i64::from));
    u64 => value Arg::Int(Some(i64::try_from(value).unwrap_or(i64::MAX)));
    Option<i64> => value Arg::Int(value);
    bool => value Arg::Flag(value);
    String => value Arg::Text(Some(without_nul(value)));
    &String => value Arg::Text(Some(without_nul(value.clone())));
    &str => value Arg::Text(Some(without_nul(value.to_owned())));
    Option<String> => value Arg::Text(value.map(without_nul));
    &Option<String> => value Arg::Text(value.clone().map(without_nul));
    Option<&str> => value Arg::Text(value.map(|text| without_nul(text.to_owned())));
    Vec<u8> => value Arg::Bytes(value);
}

/// The arguments of a statement, in order: `args![id, &name, now]`.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Arg::from($value)),*] };
}
pub(crate) use args;

/// A value as JSON text without NUL; for one JSON argument per batch and for JSON columns.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    let text = serde_json::to_string(value).expect("our own values have text keys and finite numbers");
    if text.contains("\\u0000") { json_without_nul(&text) } else { text }
}

fn json_without_nul(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let escape_length = if rest[at + 1..].starts_with('u') { 6 } else { 2 };
        let (before, escape) = rest[..at + escape_length].split_at(at);
        kept.push_str(before);
        kept.push_str(if escape == "\\u0000" { "\\ufffd" } else { escape });
        rest = &rest[at + escape_length..];
    }
    kept + rest
}

/// The places of `rows` rows of `width` arguments each: `($1, $2), ($3, $4)`. SQLite looks the names of arguments up one by
/// one in a list, so there they have none.
pub(crate) fn places(engine: Engine, rows: usize, width: usize) -> String {
    let mut places = String::with_capacity(rows * width * 7);
    for row in 0..rows {
        places.push_str(if row == 0 { "(" } else { "), (" });
        for column in 0..width {
            let comma = if column == 0 { "" } else { ", " };
            // Writing to a text cannot fail.
            let _ = match engine {
                Engine::Sqlite => write!(places, "{comma}?"),
                Engine::Postgres => write!(places, "{comma}${}", 1 + row * width + column),
            };
        }
    }
    places.push(')');
    places
}

/// A row of either engine.
pub(crate) enum Row {
    /// SQLite's.
    Sqlite(SqliteRow),
    /// PostgreSQL's.
    Postgres(PgRow),
}

/// What a cell can hold on both engines.
pub(crate) trait Cell:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Cell for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl Row {
    /// The value of a column: `i64`, `bool`, `String`, `Vec<u8>` or an `Option` of these.
    pub(crate) fn get<T: Cell>(&self, column: &str) -> Result<T, StorageError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// A count or size; never negative.
    pub(crate) fn count(&self, column: &str) -> Result<u64, StorageError> {
        let number: i64 = self.get(column)?;
        u64::try_from(number).map_err(|_| StorageError::Unreadable(format!("{column} {number}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_kept_on_neither_engine() {
        assert_eq!(json(&["a\0b"]), r#"["a\ufffdb"]"#);
        assert_eq!(json(&["\\u0000 \0\n"]), r#"["\\u0000 \ufffd\n"]"#);
        assert!(matches!(Arg::from("a\0"), Arg::Text(Some(text)) if text == "a\u{fffd}"));
    }

    #[test]
    fn arguments_have_places() {
        assert_eq!(places(Engine::Postgres, 2, 2), "($1, $2), ($3, $4)");
        assert_eq!(places(Engine::Sqlite, 2, 2), "(?, ?), (?, ?)");
        assert_eq!(places(Engine::Sqlite, 1, 1), "(?)");
    }

    #[test]
    fn fragments_are_filled_in() {
        let sql = "SELECT id FROM t WHERE id IN (SELECT 1 FROM {ROWS}) {FOR UPDATE}";
        let filled = |engine: Engine| engine.statement(Cow::Borrowed(sql)).0.into_owned();
        assert_eq!(
            filled(Engine::Sqlite),
            "SELECT id FROM t WHERE id IN (SELECT 1 FROM json_each($1) AS j) "
        );
        assert!(filled(Engine::Postgres).ends_with("FOR UPDATE"));
    }
}
