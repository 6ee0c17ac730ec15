//! Lets reactions read every event once, in order, however late its transaction ended.

use async_trait::async_trait;
use evidence::{
    history::Event,
    ports::{EventLog, StoreFailure},
};
use serde::Deserialize;

use crate::{
    StorageError, Store,
    error::from_json,
    sql::{Engine, args},
    tx::{Tx, unpacked},
};

/// On SQLite keys rise with the commits (`events.rs`), so the key is the cursor.
const UNREAD_SQLITE: &str = "WHERE e.id > COALESCE((SELECT event_id FROM cursors WHERE reader = $1), 0)
                             ORDER BY e.id LIMIT $2";

/// On PostgreSQL transactions overlap. A transaction is read when every older one has ended: then nothing can
/// appear before the cursor (transaction, key) any more.
const UNREAD_POSTGRES: &str =
    "WHERE (e.tx, e.id) > (COALESCE((SELECT tx FROM cursors WHERE reader = $1), -9223372036854775808),
                           COALESCE((SELECT event_id FROM cursors WHERE reader = $1), 0))
       AND e.tx < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)
     ORDER BY e.tx, e.id LIMIT $2";

/// An event as it is packed.
#[derive(Deserialize)]
struct Unread(i64, i64, String, Option<i64>, Option<i64>, Option<i64>, Option<i64>, String);

impl Unread {
    fn event(self) -> Result<Event, StorageError> {
        let Self(id, at, kind, contact_id, recipient_id, broadcast_id, operator_id, detail) = self;
        let detail = from_json("detail of an event", &detail)?;
        Ok(Event { id, at, kind, contact_id, recipient_id, broadcast_id, operator_id, detail })
    }
}

#[async_trait]
impl EventLog for Store {
    async fn unread(&self, reader: &str, limit: u64) -> Result<Vec<Event>, StoreFailure> {
        let condition = match self.engine() {
            Engine::Sqlite => UNREAD_SQLITE,
            Engine::Postgres => UNREAD_POSTGRES,
        };
        let sql = format!(
            "SELECT {{PACKED}}(e.id, e.at, e.kind, e.contact_id, e.recipient_id, e.broadcast_id, e.operator_id, e.detail)
             {{AS PACKED}} FROM (SELECT e.* FROM events e {condition}) AS e"
        );
        let row = self.row(sql, args![reader, limit]).await?;
        let packed: Vec<Unread> = row.map_or_else(|| Ok(Vec::new()), |row| unpacked(&row))?;
        Ok(packed.into_iter().map(Unread::event).collect::<Result<_, _>>()?)
    }

    async fn read_up_to(&self, reader: &str, event_id: i64) -> Result<(), StoreFailure> {
        let sql = "INSERT INTO cursors (reader, event_id, tx) SELECT $1, id, tx FROM events WHERE id = $2
                   ON CONFLICT (reader) DO UPDATE SET event_id = excluded.event_id, tx = excluded.tx
                   WHERE (excluded.tx, excluded.event_id) > (cursors.tx, cursors.event_id)";
        // Events that are read again are nothing new to their readers.
        self.execute_lightly(sql, args![reader, event_id]).await?;
        Ok(())
    }
}

/// A dump that was restored on another PostgreSQL server carries transaction numbers of the old one; new events
/// would stand before them and never be read. They are moved below every new number, in their order.
pub(crate) async fn heal_after_restore(tx: &mut Tx) -> Result<(), StorageError> {
    if tx.engine() == Engine::Sqlite {
        return Ok(());
    }
    let sql = "SELECT newest FROM (SELECT MAX(tx) AS newest FROM events) AS known
               WHERE newest >= CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)";
    let Some(row) = tx.row(sql, args![]).await? else { return Ok(()) };
    let newest: i64 = row.get("newest")?;
    tx.execute("UPDATE events SET tx = tx - $1 - 1", args![newest]).await?;
    tx.execute("UPDATE cursors SET tx = tx - $1 - 1", args![newest]).await?;
    Ok(())
}
