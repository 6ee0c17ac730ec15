//! The store itself: opens the database, runs transactions to their end, closes.

use std::{
    borrow::Cow,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use delivery::{
    hurry::{Hands, Hurry},
    metrics::QueueNumber,
    pacing::store::ShardCount,
    ports::Record,
};
use tokio::sync::Notify;

use crate::{
    StorageError, checkpoints,
    databases::{ACQUIRE_TIMEOUT, Db},
    ids::Ids,
    lately::Lately,
    migrations,
    segments::Middle,
    sql::{Arg, Engine, Row, args},
    statistics::LookedAt,
    transcripts::{Scripts, Told},
    turns::{Haste, Turn, Turns},
    tx::{SqliteTx, Tx, TxInner, bound},
};

/// Work inside a transaction.
pub(crate) type Work<'t, T> = Pin<Box<dyn Future<Output = Result<T, StorageError>> + Send + 't>>;

/// Everything at rest; every port of the lower layers is implemented for it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
    ids: Arc<Ids>,
    queued: Arc<Notify>,
    started: Arc<Notify>,
    hands: Arc<Mutex<Option<Hands>>>,
    /// What waits by destination, of one broadcast or of all (0), so many destinations.
    pub(crate) waiting: Arc<Lately<(i64, u64), Vec<ShardCount>>>,
    pub(crate) queue_numbers: Arc<Lately<(), Vec<QueueNumber>>>,
    hurry: Arc<Hurry>,
    turns: Arc<Turns>,
    scripts: Arc<Scripts>,
    looked_at: Arc<LookedAt>,
    /// See [`Self::keeping_plans`].
    keeps_plans: bool,
    /// The contact in the middle, for counting in two halves.
    middle: Arc<Mutex<Option<Middle>>>,
}

const BEGIN_KEEPING_PLANS: &str = "BEGIN; SET LOCAL plan_cache_mode = 'auto'";

/// How a change is written.
#[derive(Debug, Clone, Copy)]
struct Writes {
    haste: Haste,
    /// Whether the change is on the disk when the caller is told. PostgreSQL knows no others.
    durably: bool,
}

impl Store {
    /// Opens `sqlite:/path/file.db` (made where it does not exist; its folder must) or
    /// `postgres://name@host/database`, and brings the layout up to date.
    ///
    /// # Errors
    /// The address cannot be used, the database cannot be opened, or it has the layout of another version.
    pub async fn open(url: &str) -> Result<Self, StorageError> {
        let db = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Db::open_sqlite(url).await?,
            Some("postgres" | "postgresql") => Db::open_postgres(url).await?,
            _ => return Err(StorageError::Address("neither sqlite: nor postgres:".to_owned())),
        };
        let ids = Arc::new(Ids::new(i64::from(std::process::id())));
        let store = Self {
            db,
            ids,
            queued: Arc::default(),
            started: Arc::default(),
            hands: Arc::default(),
            hurry: Arc::default(),
            waiting: Arc::default(),
            queue_numbers: Arc::default(),
            turns: Arc::default(),
            scripts: Arc::default(),
            looked_at: Arc::default(),
            keeps_plans: false,
            middle: Arc::default(),
        };
        store.write(|tx| Box::pin(migrations::run(tx))).await?;
        if let Db::Sqlite { keeper, .. } = &store.db {
            tokio::spawn(checkpoints::run(keeper.clone(), Arc::downgrade(&store.turns)));
        }
        let node = store.write(|tx| Box::pin(next_node(tx))).await;
        Ok(match node {
            Ok(node) => Self { ids: Arc::new(Ids::new(node)), ..store },
            // A full disk must not keep the pages from saying that it is full.
            Err(StorageError::Full(_) | StorageError::ReadOnly(_)) => store,
            Err(error) => return Err(error),
        })
    }

    /// What is urgent in this process.
    #[must_use]
    pub fn hurry(&self) -> Arc<Hurry> {
        Arc::clone(&self.hurry)
    }

    /// Rings when this process has queued something else.
    #[must_use]
    pub fn queue_bell(&self) -> Arc<Notify> {
        Arc::clone(&self.queued)
    }

    /// Rings when a broadcast was started here, or goes on.
    #[must_use]
    pub fn broadcast_bell(&self) -> Arc<Notify> {
        Arc::clone(&self.started)
    }

    /// Makes the transcripts of a batch ready to be written with it.
    pub(crate) fn told(&self, records: &[Record], now: i64) -> Arc<Told> {
        Arc::new(self.scripts.ready(records, &self.ids, now))
    }

    /// Notes that they are durable.
    pub(crate) fn told_durably(&self, told: &Told) {
        self.scripts.kept(told);
    }

    pub(crate) fn looked_at(&self) -> &LookedAt {
        &self.looked_at
    }

    /// For the changes that sending is made of: PostgreSQL keeps their plans, as planning them anew took a third of its time.
    /// What these plans rest on is kept true by [`crate::statistics`]; when it changes, PostgreSQL throws the plan away.
    pub(crate) fn keeping_plans(&self) -> Self {
        Self { keeps_plans: true, ..self.clone() }
    }

    pub(crate) fn hold_out(&self, hands: Hands) {
        *self.hands.lock().unwrap_or_else(PoisonError::into_inner) = Some(hands);
    }

    pub(crate) fn hands(&self) -> Option<Hands> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn middle_kept(&self) -> Option<Middle> {
        *self.middle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn keep_middle(&self, middle: Middle) {
        *self.middle.lock().unwrap_or_else(PoisonError::into_inner) = Some(middle);
    }

    /// Waits for what is running and closes every connection.
    pub async fn close(&self) {
        match &self.db {
            Db::Sqlite { writer, readers, keeper, .. } => {
                keeper.close().await;
                readers.close().await;
                writer.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }

    /// True when several nodes may share this store.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.engine() == Engine::Postgres
    }

    pub(crate) fn engine(&self) -> Engine {
        match self.db {
            Db::Sqlite { .. } => Engine::Sqlite,
            Db::Postgres(_) => Engine::Postgres,
        }
    }

    /// One change with its events. It runs in its own task to its end, so a caller that goes away leaves no
    /// transaction open; it is undone when the work fails.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T> + Send + 'static,
    {
        self.transaction(Some(Writes { haste: Haste::Prompt, durably: true }), work).await
    }

    /// As [`Self::write`]; `seen` is called as soon as others can see the change. What hears of it there makes nothing
    /// durable before this change is.
    pub(crate) async fn write_telling<T, F, S>(&self, seen: S, work: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T> + Send + 'static,
        S: FnOnce(&T) + Send + 'static,
    {
        self.transaction_telling(Some(Writes { haste: Haste::Prompt, durably: true }), seen, work).await
    }

    /// As [`Self::write`], for one of many batches: it waits while anybody else has something to write.
    pub(crate) async fn write_masses<T, F>(&self, work: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T> + Send + 'static,
    {
        self.transaction(Some(Writes { haste: Haste::Masses, durably: true }), work).await
    }

    /// As [`Self::write`], for what the next start does without, such as a lease: on SQLite it is durable together with
    /// the next change that is, so it waits for no disk.
    pub(crate) async fn write_lightly<T, F>(&self, haste: Haste, work: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T> + Send + 'static,
    {
        self.transaction(Some(Writes { haste, durably: false }), work).await
    }

    /// Several reads that see the same moment.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T> + Send + 'static,
    {
        self.transaction(None, work).await
    }

    async fn transaction<T, F>(&self, writes: Option<Writes>, work: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T> + Send + 'static,
    {
        self.transaction_telling(writes, |_| (), work).await
    }

    async fn transaction_telling<T, F, S>(
        &self,
        writes: Option<Writes>,
        seen: S,
        work: F,
    ) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T> + Send + 'static,
        S: FnOnce(&T) + Send + 'static,
    {
        let store = self.clone();
        let task = tokio::spawn(async move {
            let _turn = store.turn_beside_the_urgent(writes).await;
            let mut tx = store.begin(writes.map(|writes| writes.haste)).await?;
            let value = match work(&mut tx).await {
                Ok(value) => value,
                Err(error) => {
                    // The first error says more than one of the undoing.
                    let _undone = tx.rollback().await;
                    return Err(error);
                }
            };
            tx.commit().await?;
            seen(&value);
            if writes.is_some_and(|writes| writes.durably) {
                store.on_disk().await?;
            }
            Ok(value)
        });
        match task.await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(StorageError::Lost("the program is ending".to_owned())),
        }
    }

    /// Waits until what was committed is on the disk; on PostgreSQL it is when it is committed.
    async fn on_disk(&self) -> Result<(), StorageError> {
        match &self.db {
            Db::Sqlite { disk, .. } => disk.reached().await,
            Db::Postgres(_) => Ok(()),
        }
    }

    /// PostgreSQL has as many writers as there are connections. While there is something urgent, the batches of this process
    /// are written one after the other, so that they leave it a processor.
    async fn turn_beside_the_urgent(&self, writes: Option<Writes>) -> Option<Turn> {
        let is_batch = writes.is_some_and(|writes| writes.haste == Haste::Masses && writes.durably);
        if self.engine() == Engine::Postgres && is_batch && self.hurry.lately() {
            Some(self.turns.take(Haste::Masses).await)
        } else {
            None
        }
    }

    async fn begin(&self, writes: Option<Haste>) -> Result<Tx, StorageError> {
        while let (Some(Haste::Masses), Some(pause)) = (writes, self.hurry.pause_left()) {
            tokio::time::sleep(pause).await;
        }
        let inner = match (&self.db, writes) {
            (Db::Sqlite { writer, .. }, Some(haste)) => {
                let turn = tokio::time::timeout(ACQUIRE_TIMEOUT, self.turns.take(haste)).await;
                let turn = turn.map_err(|_| sqlx::Error::PoolTimedOut)?;
                TxInner::Sqlite(SqliteTx::begin(writer, "BEGIN IMMEDIATE", Some(turn)).await?)
            }
            (Db::Sqlite { readers, .. }, None) => {
                TxInner::Sqlite(SqliteTx::begin(readers, "BEGIN", None).await?)
            }
            (Db::Postgres(pool), Some(_)) if self.keeps_plans => {
                TxInner::Postgres(pool.begin_with(BEGIN_KEEPING_PLANS).await?)
            }
            (Db::Postgres(pool), Some(_)) => TxInner::Postgres(pool.begin().await?),
            (Db::Postgres(pool), None) => {
                TxInner::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        };
        Ok(Tx { inner, ids: Arc::clone(&self.ids) })
    }

    /// All rows of one statement that only reads.
    pub(crate) async fn rows(
        &self,
        sql: impl Into<Cow<'static, str>>,
        args: Vec<Arg>,
    ) -> Result<Vec<Row>, StorageError> {
        let sql = sql.into();
        Ok(match &self.db {
            Db::Sqlite { readers, .. } => {
                let rows = bound!(Engine::Sqlite, sql, args).fetch_all(readers).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Db::Postgres(pool) => {
                let rows = bound!(Engine::Postgres, sql, args).fetch_all(pool).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row of one statement that only reads.
    pub(crate) async fn row(
        &self,
        sql: impl Into<Cow<'static, str>>,
        args: Vec<Arg>,
    ) -> Result<Option<Row>, StorageError> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    /// One statement that changes something and causes no event; returns how many rows it changed.
    pub(crate) async fn execute(
        &self,
        sql: impl Into<Cow<'static, str>>,
        args: Vec<Arg>,
    ) -> Result<u64, StorageError> {
        let sql = sql.into();
        self.write(move |tx| Box::pin(tx.execute(sql, args))).await
    }

    /// As [`Self::execute`], for one of many batches that the next start does without.
    pub(crate) async fn execute_lightly(
        &self,
        sql: &'static str,
        args: Vec<Arg>,
    ) -> Result<u64, StorageError> {
        self.write_lightly(Haste::Masses, move |tx| Box::pin(tx.execute(sql, args))).await
    }
}

/// Processes that open the same database one after another get different numbers.
async fn next_node(tx: &mut Tx) -> Result<i64, StorageError> {
    let sql = "INSERT INTO settings (name, value) VALUES ('node', '1') ON CONFLICT (name) DO UPDATE \
               SET value = CAST(CAST(settings.value AS BIGINT) + 1 AS TEXT) RETURNING CAST(value AS BIGINT) AS node";
    let row = tx.row(sql, args![]).await?;
    row.map_or(Ok(0), |row| row.get("node"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn opened(folder: &tempfile::TempDir) -> Store {
        Store::open(&format!("sqlite:{}/house.db", folder.path().display())).await.unwrap()
    }

    async fn pragma(store: &Store, sql: &'static str) -> String {
        let work = store.write(move |tx| Box::pin(async move { tx.row(sql, args![]).await }));
        work.await.unwrap().unwrap().get("value").unwrap()
    }

    #[tokio::test]
    async fn a_commit_on_sqlite_is_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(&folder).await;
        // The log itself is brought to the disk by `durable`, a checkpoint by SQLite.
        let normal = "SELECT CAST(synchronous AS TEXT) AS value FROM pragma_synchronous";
        assert_eq!(pragma(&store, normal).await, "1");
        assert_eq!(pragma(&store, "SELECT journal_mode AS value FROM pragma_journal_mode").await, "wal");
        let Db::Sqlite { disk, .. } = &store.db else { panic!("not SQLite") };
        let before = disk.times();
        store.execute("INSERT INTO settings (name, value) VALUES ('a', '1')", args![]).await.unwrap();
        assert_eq!(disk.times(), before + 1);
        store.execute_lightly("DELETE FROM settings WHERE name = 'a'", args![]).await.unwrap();
        assert_eq!(disk.times(), before + 1, "it waits for no disk");
    }

    #[tokio::test]
    async fn a_full_disk_has_a_name_and_undoes_the_change() {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(&folder).await;
        let Db::Sqlite { writer, .. } = &store.db else { panic!("not SQLite") };
        sqlx::query("PRAGMA max_page_count = 1").execute(writer).await.unwrap();
        let write = |bytes: usize| {
            store.execute(
                "INSERT INTO blobs (sha256, bytes) VALUES ($1, $2)",
                args![bytes.to_string(), vec![7_u8; bytes]],
            )
        };
        assert!(matches!(write(1_000_000).await, Err(StorageError::Full(_))));
        let kept = store.rows("SELECT sha256 FROM blobs", args![]).await.unwrap();
        assert!(kept.is_empty());
        sqlx::query("PRAGMA max_page_count = 1000000").execute(writer).await.unwrap();
        assert_eq!(write(1_000_000).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn what_only_reads_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(&folder).await;
        let result = store.rows("DELETE FROM settings", args![]).await;
        assert!(matches!(result, Err(StorageError::ReadOnly(_))));
    }

    #[tokio::test]
    async fn an_error_undoes_everything_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(&folder).await;
        let work = store.write(|tx| {
            Box::pin(async move {
                tx.execute("INSERT INTO settings (name, value) VALUES ('a', 'b')", args![]).await?;
                tx.execute("INSERT INTO settings (name, value) VALUES ('a', 'b')", args![]).await
            })
        });
        assert!(matches!(work.await, Err(StorageError::Taken(_))));
        assert!(store.rows("SELECT name FROM settings WHERE name = 'a'", args![]).await.unwrap().is_empty());
    }
}
