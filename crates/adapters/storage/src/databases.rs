//! Opens the database of either engine with the connections it needs.

use std::{str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{StorageError, durable::LogOnDisk};

/// How long one waits for the writer or for a connection.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a PostgreSQL server may take to answer at the start.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long SQLite waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(15);
const SQLITE_READERS_MAX: u32 = 4;
const POSTGRES_CONNECTIONS_MAX: u32 = 12;

/// The database with its connections.
#[derive(Debug, Clone)]
pub(crate) enum Db {
    /// One connection writes, others read beside it, one keeps the log short.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        keeper: SqlitePool,
        disk: LogOnDisk,
    },
    Postgres(PgPool),
}

impl Db {
    pub(crate) async fn open_sqlite(url: &str) -> Result<Self, StorageError> {
        let parsed = SqliteConnectOptions::from_str(url)?;
        if parsed.get_filename().to_string_lossy().contains(":memory:") || url.contains(":memory:") {
            return Err(StorageError::Address("sqlite: needs the path of a file".to_owned()));
        }
        let disk = LogOnDisk::of(parsed.get_filename())
            .map_err(|error| StorageError::CannotOpen(error.to_string()))?;
        let options = parsed
            .create_if_missing(true)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(false)
            .statement_cache_capacity(250)
            // Rows of a batch wait here instead of waking the reader fifty at a time.
            .row_buffer_size(1000)
            .with_regexp()
            .pragma("temp_store", "memory")
            // 160 MB: the log is kept much shorter from beside, see `checkpoints`.
            .pragma("wal_autocheckpoint", "40000")
            .disable_statement_logging();
        let writing = options
            .clone()
            .pragma("cache_size", "-16000")
            .journal_mode(SqliteJournalMode::Wal)
            // A commit leaves its pages in the log; that they reach the disk is waited for in `durable`.
            .synchronous(SqliteSynchronous::Normal);
        let keeper = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(writing.clone());
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(writing)
            .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS_MAX)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .max_lifetime(None)
            .connect_lazy_with(
                // A reader forgets its pages whenever something was written, so it gains nothing by many.
                options.pragma("cache_size", "-4000").pragma("query_only", "on"),
            );
        Ok(Self::Sqlite { writer, readers, keeper, disk })
    }

    pub(crate) async fn open_postgres(url: &str) -> Result<Self, StorageError> {
        let options = PgConnectOptions::from_str(url)?
            .application_name("todoku")
            .options([
                ("idle_in_transaction_session_timeout", "60s"),
                ("lock_timeout", "30s"),
                // The same question about other days or other people can need another plan.
                ("plan_cache_mode", "force_custom_plan"),
            ])
            .disable_statement_logging();
        // The pool would try again and again and in the end only say that it waited too long.
        let first = tokio::time::timeout(OPEN_TIMEOUT, options.connect());
        let first = first.await.map_err(|_| StorageError::CannotOpen("no answer".to_owned()))?;
        match first.map_err(StorageError::from) {
            Ok(connection) => connection.close().await?,
            Err(StorageError::Lost(text)) => return Err(StorageError::CannotOpen(text)),
            Err(error) => return Err(error),
        }
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS_MAX)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(options);
        Ok(Self::Postgres(pool))
    }
}
