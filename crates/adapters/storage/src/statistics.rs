//! Keeps what PostgreSQL knows of the queue near what is there.
//!
//! It plans by the number of rows a table had when it last looked. The queue is empty most of the time, so that is what it
//! mostly finds, and a minute can pass until it looks again. A broadcast that begins meanwhile would be sent by plans that
//! expect one row and read the whole queue for it, once for each row. So who fills the queue has it looked at.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    StorageError, Store,
    sql::{Engine, args},
};

/// Rows of which PostgreSQL should know after the first step of an audience.
const KNOWN_MIN: i64 = 100;
/// The least time between two looks; one takes up to 0.1 s of a processor.
const PAUSE: Duration = Duration::from_secs(1);

/// When this process last had a look taken.
#[derive(Debug, Default)]
pub(crate) struct LookedAt(Mutex<Option<Instant>>);

impl LookedAt {
    /// Whether it is time again; then it counts as done.
    fn is_due(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| last.elapsed() >= PAUSE);
        if due {
            *last = Some(Instant::now());
        }
        due
    }
}

/// Has the tables of the queue looked at where PostgreSQL takes them for empty, or they have doubled since.
pub(crate) async fn refresh(store: &Store) -> Result<(), StorageError> {
    if store.engine() == Engine::Sqlite || !store.looked_at().is_due() {
        return Ok(());
    }
    let sql = "SELECT CAST(relname AS TEXT) AS name FROM pg_class
               WHERE oid IN (to_regclass('queue'), to_regclass('recipients'))
                   AND (reltuples < CAST($1 AS BIGINT)
                        OR pg_relation_size(oid) > 2 * relpages * CAST(current_setting('block_size') AS BIGINT))";
    for row in store.rows(sql, args![KNOWN_MIN]).await? {
        // Who is looking already is enough.
        let sql = match row.get::<String>("name")?.as_str() {
            "queue" => "ANALYZE (SKIP_LOCKED) queue",
            _ => "ANALYZE (SKIP_LOCKED) recipients",
        };
        store.execute_lightly(sql, args![]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_taken_at_once_and_not_again() {
        let looked_at = LookedAt::default();
        assert!(looked_at.is_due());
        assert!(!looked_at.is_due());
    }
}
