//! Keeps what PostgreSQL knows of the queue near what is there.
//!
//! It plans by the number of rows a table had when it last looked. The queue is empty most of the time, so that is what it
//! mostly finds, and a minute can pass until it looks again. A broadcast that begins meanwhile would be sent by plans that
//! expect one row and read the whole queue for it, once for each row. So who fills the queue, or the contacts, has them looked at.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    StorageError, Store,
    sql::{self, Engine, args},
    turns::Haste,
};

/// Rows of which PostgreSQL should know after the first step of an audience.
const KNOWN_MIN: i64 = 100;
/// Pages that are read whole as quickly as by any plan.
const PAGES_MIN: i64 = 4;
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

/// The tables that are joined when a message is sent.
const TABLES: [&str; 5] = ["queue", "recipients", "contacts", "suppressions", "topic_opt_outs"];

/// Has the tables looked at that PostgreSQL takes for empty, or that have doubled since. Where that fails, sending is
/// only slower.
pub(crate) async fn refresh(store: &Store) {
    if store.engine() == Engine::Sqlite || !store.looked_at().is_due() {
        return;
    }
    if let Err(error) = look(store).await {
        tracing::warn!(%error, "PostgreSQL was not told how long its tables are");
    }
}

async fn look(store: &Store) -> Result<(), StorageError> {
    let sql = "SELECT j.value->>0 AS name FROM {ROWS} JOIN pg_class c ON c.oid = to_regclass(j.value->>0)
               CROSS JOIN (SELECT CAST(current_setting('block_size') AS BIGINT) AS size) AS page
               WHERE pg_relation_size(c.oid) > $3 * page.size
                   AND (c.reltuples < CAST($2 AS BIGINT) OR pg_relation_size(c.oid) > 2 * c.relpages * page.size)";
    let tables = sql::json(&TABLES.map(|table| [table]));
    for row in store.rows(sql, args![tables, KNOWN_MIN, PAGES_MIN]).await? {
        // Whoever is looking already is enough.
        let sql = format!("ANALYZE (SKIP_LOCKED) {}", row.get::<String>("name")?);
        store.write_lightly(Haste::Masses, move |tx| Box::pin(tx.execute(sql, args![]))).await?;
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
