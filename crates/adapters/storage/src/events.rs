//! Writes down what happened, in the transaction of the change it tells of.

use serde_json::{Value, json};

use crate::{
    StorageError,
    ids::KeyRun,
    sql::{self, Engine, args},
    tx::Tx,
};

/// Something that happened: `NewEvent::of(KIND).contact(id).actor(actor).detail(json!({ … }))`.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent {
    kind: &'static str,
    contact_id: Option<i64>,
    recipient_id: Option<i64>,
    broadcast_id: Option<i64>,
    operator_id: Option<i64>,
    detail: Value,
}

impl NewEvent {
    /// An event of this kind, one of the `event` constants of the crates.
    pub(crate) fn of(kind: &'static str) -> Self {
        Self {
            kind,
            contact_id: None,
            recipient_id: None,
            broadcast_id: None,
            operator_id: None,
            detail: json!({}),
        }
    }

    /// The contact it concerns.
    pub(crate) fn contact(self, id: impl Into<Option<i64>>) -> Self {
        Self { contact_id: id.into(), ..self }
    }

    /// The recipient row it concerns.
    pub(crate) fn recipient(self, id: impl Into<Option<i64>>) -> Self {
        Self { recipient_id: id.into(), ..self }
    }

    /// The broadcast it concerns.
    pub(crate) fn broadcast(self, id: impl Into<Option<i64>>) -> Self {
        Self { broadcast_id: id.into(), ..self }
    }

    /// The operator who did it; `None` for the house itself.
    pub(crate) fn actor(self, id: impl Into<Option<i64>>) -> Self {
        Self { operator_id: id.into(), ..self }
    }

    /// The operator who did it.
    pub(crate) fn operator(&self) -> Option<i64> {
        self.operator_id
    }

    /// One more particular.
    pub(crate) fn more(mut self, name: &str, value: Value) -> Self {
        self.detail[name] = value;
        self
    }

    /// Particulars, a JSON object.
    pub(crate) fn detail(self, detail: Value) -> Self {
        Self { detail, ..self }
    }
}

/// Writes one event.
pub(crate) async fn append_one(tx: &mut Tx, event: NewEvent, now: i64) -> Result<(), StorageError> {
    append(tx, &[event], now).await
}

/// Writes events with one statement; their order is kept.
pub(crate) async fn append(tx: &mut Tx, events: &[NewEvent], now: i64) -> Result<(), StorageError> {
    if events.is_empty() {
        return Ok(());
    }
    let ids = event_ids(tx, events.len(), now).await?;
    let rows = events.iter().zip(ids).map(|(event, id)| {
        let about = (event.contact_id, event.recipient_id, event.broadcast_id, event.operator_id);
        args![id, now, event.kind, about.0, about.1, about.2, about.3, sql::json(&event.detail)]
    });
    let sql = "INSERT INTO events (id, at, kind, contact_id, recipient_id, broadcast_id, operator_id, detail)
         VALUES {VALUES}";
    tx.execute_rows(sql, rows.collect()).await
}

/// Writes one event for each row of `selected`, at most `count`: a SELECT of `n` (0, 1, 2 …), `kind`, `contact_id`,
/// `recipient_id`, `broadcast_id` and `detail`. Its arguments begin at `$4`.
pub(crate) async fn append_selected(
    tx: &mut Tx,
    count: usize,
    now: i64,
    selected: &str,
    more: Vec<sql::Arg>,
) -> Result<(), StorageError> {
    let last = if tx.engine() == Engine::Postgres { 0 } else { last_id(tx).await? };
    let run = tx.ids.run(now.max(KeyRun::moment_after(last)), count);
    let mut arguments = args![now, run.first_slot, run.node];
    arguments.extend(more);
    let key = KeyRun::key_sql("$2 + s.n", "$3");
    let sql = format!(
        "INSERT INTO events (id, at, kind, contact_id, recipient_id, broadcast_id, detail)
         SELECT {key}, $1, s.kind, s.contact_id, s.recipient_id, s.broadcast_id, s.detail FROM ({selected}) AS s"
    );
    tx.execute(sql, arguments).await?;
    Ok(())
}

/// On SQLite the write lock is held, so keys above the largest one are in the order of the commits, whatever the
/// clocks of other processes say. On PostgreSQL readers order by transaction instead (`event_log.rs`).
async fn event_ids(tx: &mut Tx, count: usize, now: i64) -> Result<Vec<i64>, StorageError> {
    let ids = tx.ids.take(now, count);
    if tx.engine() == Engine::Postgres {
        return Ok(ids);
    }
    let last = last_id(tx).await?;
    if ids[0] > last { Ok(ids) } else { Ok((last + 1..=last + count as i64).collect()) }
}

async fn last_id(tx: &mut Tx) -> Result<i64, StorageError> {
    let row = tx.row("SELECT COALESCE(MAX(id), 0) AS last FROM events", args![]).await?;
    row.map_or(Ok(0), |row| row.get("last"))
}
