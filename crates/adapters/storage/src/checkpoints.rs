//! Moves what was written from SQLite's log into its file, beside the writer: a commit that had to do it would keep
//! everybody waiting for the disk.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use sqlx::{Row, SqlitePool};

use crate::turns::{Haste, Turns};

/// How often it is looked; what is written in between goes into the file once, however often it changed.
const PAUSE: Duration = Duration::from_secs(1);
/// Pages in the log from which on the writer waits until the last of them are in the file, so that the log begins anew.
/// By then nearly all of them are.
const BEGIN_ANEW_PAGES: i64 = 8_000;
/// So few pages are moved before anybody minds.
const FEW_PAGES: i64 = 200;
/// A disk that never comes to few is not tried more often.
const ROUNDS_MAX: usize = 5;

/// Runs until the store is closed or gone.
pub(crate) async fn run(keeper: SqlitePool, turns: Weak<Turns>) {
    let mut seen = 0;
    loop {
        tokio::time::sleep(PAUSE).await;
        let Some(turns) = turns.upgrade() else { return };
        let given = turns.given();
        if keeper.is_closed() {
            return;
        }
        if given == seen {
            continue;
        }
        seen = given;
        if let Err(error) = checkpoint(&keeper, &turns).await {
            // The writer does it itself when the log grows.
            tracing::debug!(%error, "the log could not be moved into the file");
        }
    }
}

async fn checkpoint(keeper: &SqlitePool, turns: &Arc<Turns>) -> Result<(), sqlx::Error> {
    let mut moved = move_pages(keeper).await?;
    if moved.log < BEGIN_ANEW_PAGES {
        return Ok(());
    }
    // What came meanwhile is less each time.
    for _ in 0..ROUNDS_MAX {
        let before = moved;
        moved = move_pages(keeper).await?;
        if moved.log - before.done < FEW_PAGES {
            break;
        }
    }
    let _turn = turns.take(Haste::Masses).await;
    move_pages(keeper).await?;
    Ok(())
}

/// Pages in the log.
#[derive(Clone, Copy)]
struct Moved {
    /// All.
    log: i64,
    /// Those that are in the file too.
    done: i64,
}

/// Moves what no reader needs in the log any more, without waiting for anybody.
async fn move_pages(keeper: &SqlitePool) -> Result<Moved, sqlx::Error> {
    let row = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(keeper).await?;
    Ok(Moved { log: row.try_get(1)?, done: row.try_get(2)? })
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};

    use super::*;

    #[tokio::test]
    async fn the_log_begins_anew_while_the_writer_stays() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("house.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("wal_autocheckpoint", "0");
        let pool = || SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options.clone());
        let (writer, keeper) = (pool(), pool());
        sqlx::query("CREATE TABLE t (bytes BLOB)").execute(&writer).await.unwrap();
        let turns = Arc::new(Turns::default());
        let write = || sqlx::query("INSERT INTO t VALUES (zeroblob(40000000))").execute(&writer);
        write().await.unwrap();
        let size = || std::fs::metadata(folder.path().join("house.db-wal")).unwrap().len();
        let grown = size();
        assert!(grown > 40_000_000);
        checkpoint(&keeper, &turns).await.unwrap();
        write().await.unwrap();
        assert!(size() < grown + 1_000_000, "the second write found the log empty");
        assert_eq!(turns.given(), 1);
    }
}
