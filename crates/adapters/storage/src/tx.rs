//! A transaction of either engine, and the way statements run in it.

use std::{borrow::Cow, sync::Arc};

use serde::de::DeserializeOwned;
use sqlx::{Postgres, Sqlite, SqlitePool, Transaction, pool::PoolConnection};

use crate::{
    StorageError,
    error::from_json,
    ids::Ids,
    sql::{Arg, Engine, Row, places},
    turns::Turn,
};

/// A transaction. It is committed by [`crate::Store::write`] when the work in it ends well.
pub(crate) struct Tx {
    pub(crate) inner: TxInner,
    pub(crate) ids: Arc<Ids>,
}

/// The transaction of the engine.
pub(crate) enum TxInner {
    /// On SQLite, begun IMMEDIATE when it writes.
    Sqlite(SqliteTx),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

/// A transaction on SQLite. SQLite ends a transaction by itself when the disk is full; sqlx 0.9's own transactions
/// would then count one too many on the connection, and no later one could begin on it.
pub(crate) struct SqliteTx {
    connection: PoolConnection<Sqlite>,
    is_open: bool,
    /// Given up after the connection.
    _turn: Option<Turn>,
}

impl SqliteTx {
    pub(crate) async fn begin(
        pool: &SqlitePool,
        begin: &'static str,
        turn: Option<Turn>,
    ) -> Result<Self, sqlx::Error> {
        let mut tx = Self { connection: pool.acquire().await?, is_open: true, _turn: turn };
        sqlx::query(begin).execute(&mut *tx.connection).await?;
        Ok(tx)
    }

    async fn end(mut self, end: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(end).execute(&mut *self.connection).await?;
        self.is_open = false;
        Ok(())
    }
}

impl Drop for SqliteTx {
    /// What did not end well is not used again; closing it undoes what is open.
    fn drop(&mut self) {
        if self.is_open {
            self.connection.close_on_drop();
        }
    }
}

/// A query of one engine with its arguments bound.
macro_rules! bound {
    ($engine:expr, $sql:expr, $args:expr) => {{
        let mut query = sqlx::query($engine.statement($sql));
        for arg in $args {
            query = match arg {
                $crate::sql::Arg::Int(value) => query.bind(value),
                $crate::sql::Arg::Text(value) => query.bind(value),
                $crate::sql::Arg::Flag(value) => query.bind(value),
                $crate::sql::Arg::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}
pub(crate) use bound;

/// The rows of a row's only column `packed`.
pub(crate) fn unpacked<T: DeserializeOwned>(row: &Row) -> Result<Vec<T>, StorageError> {
    // PostgreSQL packs no rows into NULL.
    let packed: Option<String> = row.get("packed")?;
    packed.map_or_else(|| Ok(Vec::new()), |packed| from_json("packed rows", &packed))
}

impl Tx {
    /// Which database this is.
    pub(crate) fn engine(&self) -> Engine {
        match self.inner {
            TxInner::Sqlite(_) => Engine::Sqlite,
            TxInner::Postgres(_) => Engine::Postgres,
        }
    }

    /// A new key.
    pub(crate) fn new_id(&self, now: i64) -> i64 {
        self.ids.next(now)
    }

    /// Runs a statement; returns how many rows it changed.
    pub(crate) async fn execute(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        args: Vec<Arg>,
    ) -> Result<u64, StorageError> {
        let sql = sql.into();
        Ok(match &mut self.inner {
            TxInner::Sqlite(tx) => {
                bound!(Engine::Sqlite, sql, args).execute(&mut *tx.connection).await?.rows_affected()
            }
            TxInner::Postgres(tx) => {
                bound!(Engine::Postgres, sql, args).execute(&mut **tx).await?.rows_affected()
            }
        })
    }

    /// All rows of a statement.
    pub(crate) async fn rows(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        args: Vec<Arg>,
    ) -> Result<Vec<Row>, StorageError> {
        let sql = sql.into();
        Ok(match &mut self.inner {
            TxInner::Sqlite(tx) => {
                let rows = bound!(Engine::Sqlite, sql, args).fetch_all(&mut *tx.connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            TxInner::Postgres(tx) => {
                let rows = bound!(Engine::Postgres, sql, args).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row of a statement, if there is one.
    pub(crate) async fn row(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        args: Vec<Arg>,
    ) -> Result<Option<Row>, StorageError> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    /// All rows of a statement with one column `packed` (see `{PACKED}`). They come as one text, because a row that comes
    /// by itself costs the engine's thread and ours a hand-over, and each of its columns a copy.
    pub(crate) async fn packed<T: DeserializeOwned>(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        args: Vec<Arg>,
    ) -> Result<Vec<T>, StorageError> {
        self.row(sql, args).await?.map_or_else(|| Ok(Vec::new()), |row| unpacked(&row))
    }

    /// Runs a statement for many rows of the same width: `{VALUES}` in it stands for their arguments; it has no others.
    /// Where a row has many columns this costs half of unrolling JSON.
    pub(crate) async fn execute_rows(
        &mut self,
        sql: &str,
        mut rows: Vec<Vec<Arg>>,
    ) -> Result<(), StorageError> {
        // Few sizes, so that the prepared statements are few; doubling, so that any number of rows takes few of them: each
        // one costs a hand-over to the engine's thread and back.
        const SIZES: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];
        for size in SIZES {
            while rows.len() >= size {
                let places = places(self.engine(), size, rows[0].len());
                let arguments = rows.drain(..size).flatten().collect();
                let text = sql.replace("{VALUES}", &places);
                self.execute(text, arguments).await?;
            }
        }
        Ok(())
    }

    /// Lets no other transaction change this table until this one ends. SQLite has one writer anyway.
    pub(crate) async fn lock_table(&mut self, table: &'static str) -> Result<(), StorageError> {
        if self.engine() == Engine::Postgres {
            self.execute(format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"), Vec::new()).await?;
        }
        Ok(())
    }

    /// Runs a text of several statements without arguments; for migrations.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<(), StorageError> {
        match &mut self.inner {
            TxInner::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut *tx.connection).await.map(drop)?,
            TxInner::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
        }
        Ok(())
    }

    /// Makes it durable.
    pub(crate) async fn commit(self) -> Result<(), StorageError> {
        match self.inner {
            TxInner::Sqlite(tx) => tx.end("COMMIT").await?,
            TxInner::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Undoes it.
    pub(crate) async fn rollback(self) -> Result<(), StorageError> {
        match self.inner {
            TxInner::Sqlite(tx) => tx.end("ROLLBACK").await?,
            TxInner::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}
