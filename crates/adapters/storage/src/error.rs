//! Says what kept the store from doing its work, so that a page can say it in a sentence.

use sqlx::error::{DatabaseError, ErrorKind};

/// Why the store could not be asked. Ports box it; callers get it back by downcasting.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The storage address names neither SQLite nor PostgreSQL, or cannot be read.
    #[error("the storage address cannot be used: {0}")]
    Address(String),
    /// The database file or server cannot be reached or opened.
    #[error("the database cannot be opened: {0}")]
    CannotOpen(String),
    /// No room left on the disk.
    #[error("the disk of the database is full: {0}")]
    Full(String),
    /// The database refuses every change.
    #[error("the database is read-only: {0}")]
    ReadOnly(String),
    /// Others held the database for too long; the same request may succeed later.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The connection broke, or the disk answers with errors.
    #[error("the connection to the database was lost: {0}")]
    Lost(String),
    /// The database refuses our name, password or rights.
    #[error("the database refuses access: {0}")]
    Denied(String),
    /// The file is no database, or is damaged.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// A newer version of this program has used this database, or an unreleased one with another layout.
    #[error("the database has another layout: {0}")]
    Layout(String),
    /// A row with this key exists already.
    #[error("there is such a row already: {0}")]
    Taken(String),
    /// There is no row with this key.
    #[error("there is no such row: {0}")]
    Gone(String),
    /// A stored value is not what this program wrote.
    #[error("a stored value cannot be read: {0}")]
    Unreadable(String),
    /// Anything else: a mistake in this program.
    #[error("the database refuses the request: {0}")]
    Refused(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        let text = error.to_string();
        match &error {
            sqlx::Error::Database(database) => match kind_of(database.as_ref()) {
                Some(kind) => kind(text),
                None => Self::Refused(error),
            },
            sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Self::Lost(text),
            sqlx::Error::Tls(_) => Self::CannotOpen(text),
            sqlx::Error::PoolTimedOut => Self::Busy(text),
            sqlx::Error::Configuration(_) => Self::Address(text),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Unreadable(text),
            _ => Self::Refused(error),
        }
    }
}

type Kind = fn(String) -> StorageError;

/// SQLite codes are numbers (the primary one in the low byte), PostgreSQL's SQLSTATE has five characters.
fn kind_of(error: &dyn DatabaseError) -> Option<Kind> {
    let code = error.code()?;
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => sqlite_kind(number, error.kind()),
        _ => postgres_kind(&code),
    }
}

fn sqlite_kind(code: u32, kind: ErrorKind) -> Option<Kind> {
    const UNABLE_TO_GET_READ_LOCK: u32 = 8 | (7 << 8);
    match (code, code & 0xff) {
        (UNABLE_TO_GET_READ_LOCK, _) => Some(StorageError::CannotOpen),
        (_, 5 | 6) => Some(StorageError::Busy),
        (_, 8) => Some(StorageError::ReadOnly),
        (_, 10) => Some(StorageError::Lost),
        (_, 11 | 26) => Some(StorageError::Damaged),
        (_, 13) => Some(StorageError::Full),
        (_, 14) => Some(StorageError::CannotOpen),
        (_, 3 | 23) => Some(StorageError::Denied),
        (_, 19) if kind == ErrorKind::UniqueViolation => Some(StorageError::Taken),
        _ => None,
    }
}

fn postgres_kind(state: &str) -> Option<Kind> {
    match state {
        "53100" => Some(StorageError::Full),
        "25006" => Some(StorageError::ReadOnly),
        "40001" | "40P01" | "55P03" | "53300" | "57014" => Some(StorageError::Busy),
        "25P03" | "57P01" | "57P02" | "58030" => Some(StorageError::Lost),
        "57P03" | "3D000" => Some(StorageError::CannotOpen),
        "28000" | "28P01" | "42501" => Some(StorageError::Denied),
        "XX001" | "XX002" => Some(StorageError::Damaged),
        "23505" => Some(StorageError::Taken),
        _ if state.starts_with("08") => Some(StorageError::Lost),
        _ => None,
    }
}

/// Turns a stored text into the value it names.
pub(crate) fn named<T>(what: &str, text: &str, from_name: fn(&str) -> Option<T>) -> Result<T, StorageError> {
    from_name(text).ok_or_else(|| StorageError::Unreadable(format!("{what} {text:?}")))
}

/// Reads a stored JSON text.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, StorageError> {
    serde_json::from_str(text).map_err(|error| StorageError::Unreadable(format!("{what}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(state: &str, expected: &str) {
        let kind = postgres_kind(state).map(|kind| format!("{:?}", kind(String::new())));
        assert_eq!(kind.as_deref().unwrap_or("none"), expected, "{state}");
    }

    #[test]
    fn postgres_states_get_a_name() {
        check("53100", "Full(\"\")");
        check("25006", "ReadOnly(\"\")");
        check("40P01", "Busy(\"\")");
        check("08006", "Lost(\"\")");
        check("42601", "none");
    }
}
