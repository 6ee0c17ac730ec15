//! Makes, lifts and reads holds.

use delivery::{
    event,
    pacing::store::{Change, Hold, HoldId, NewHold},
};
use serde_json::json;

use crate::{
    StorageError, Store,
    error::from_json,
    events::{NewEvent, append_one},
    sql::{self, Row, args},
    tx::Tx,
};

const COLUMNS: &str =
    "id, source_id, group_name, change, rule, sample, since_at, until_at, made_by, lifted_at, lifted_by";
/// Rows brought back in one transaction after a lift.
const BATCH_ROWS: u64 = 2_000;

pub(super) async fn in_force(store: &Store, now: i64) -> Result<Vec<Hold>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM holds WHERE lifted_at IS NULL AND (until_at IS NULL OR until_at > $1) ORDER BY id"
    );
    store.rows(sql, args![now]).await?.iter().map(hold_of).collect()
}

pub(super) async fn latest(store: &Store, limit: u64) -> Result<Vec<Hold>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM holds ORDER BY id DESC LIMIT $1");
    store.rows(sql, args![limit]).await?.iter().map(hold_of).collect()
}

pub(super) async fn make(
    tx: &mut Tx,
    new: NewHold,
    actor: Option<i64>,
    now: i64,
) -> Result<HoldId, StorageError> {
    let change = sql::json(&new.change);
    let sql = "SELECT id FROM holds WHERE lifted_at IS NULL AND (until_at IS NULL OR until_at > $1) AND rule = $2
                   AND COALESCE(source_id, 0) = COALESCE($3, 0) AND COALESCE(group_name, '') = COALESCE($4, '')
                   AND change = $5 ORDER BY id LIMIT 1 {FOR UPDATE}";
    let known = tx.row(sql, args![now, &new.rule, new.source, new.group.clone(), &change]).await?;
    if let Some(row) = known {
        let id = row.get("id")?;
        tx.execute("UPDATE holds SET until_at = $2 WHERE id = $1", args![id, new.until]).await?;
        return Ok(id);
    }
    let id = tx.new_id(now);
    let sql =
        "INSERT INTO holds (id, source_id, group_name, change, rule, sample, since_at, until_at, made_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let arguments =
        args![id, new.source, new.group.clone(), change, &new.rule, &new.sample, now, new.until, actor];
    tx.execute(sql, arguments).await?;
    let told = json!({
        "hold": id, "source": new.source, "group": new.group, "change": new.change, "rule": new.rule,
        "sample": new.sample, "until": new.until,
    });
    append_one(tx, NewEvent::of(event::HELD).actor(actor).detail(told), now).await?;
    Ok(id)
}

pub(super) async fn lift(
    store: &Store,
    id: HoldId,
    actor: Option<i64>,
    now: i64,
) -> Result<bool, StorageError> {
    let lifted = store.write(move |tx| {
        Box::pin(async move {
            let sql = "UPDATE holds SET lifted_at = $2, lifted_by = $3
                       WHERE id = $1 AND lifted_at IS NULL AND (until_at IS NULL OR until_at > $2)";
            if tx.execute(sql, args![id, now, actor]).await? == 0 {
                return Ok(false);
            }
            append_one(tx, NewEvent::of(event::LIFTED).actor(actor).detail(json!({ "hold": id })), now)
                .await?;
            Ok(true)
        })
    });
    if !lifted.await? {
        return Ok(false);
    }
    bring_back(store, id, now).await?;
    Ok(true)
}

/// What was put off for this hold is due again.
async fn bring_back(store: &Store, id: HoldId, now: i64) -> Result<(), StorageError> {
    let mark = format!("%\"hold\":{id}%");
    let sql = "UPDATE queue SET due_at = $2, waits = NULL WHERE id IN (
                   SELECT q.id FROM queue q WHERE q.phase = 0 AND q.waits LIKE $1 ORDER BY q.id LIMIT $3)";
    while store.execute(sql, args![&mark, now, BATCH_ROWS]).await? == BATCH_ROWS {}
    Ok(())
}

fn hold_of(row: &Row) -> Result<Hold, StorageError> {
    let change: Change = from_json("change", &row.get::<String>("change")?)?;
    Ok(Hold {
        id: row.get("id")?,
        source: row.get("source_id")?,
        group: row.get("group_name")?,
        change,
        rule: row.get("rule")?,
        sample: row.get("sample")?,
        since_at: row.get("since_at")?,
        until: row.get("until_at")?,
        made_by: row.get("made_by")?,
        lifted_at: row.get("lifted_at")?,
        lifted_by: row.get("lifted_by")?,
    })
}
