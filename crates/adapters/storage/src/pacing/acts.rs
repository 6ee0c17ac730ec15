//! What operators do to everything that waits at a provider, by a source or of a broadcast, in small transactions.

use bounce::Verdict;
use delivery::{
    event, outcome,
    pacing::store::{Queued, Scope},
    recipient::Lane,
};
use serde_json::json;

use super::queued_of;
use crate::{
    StorageError, Store,
    events::{NewEvent, append, append_one},
    queue::settle::leave,
    sql::{self, Arg, args},
    tx::Tx,
};

/// Rows changed in one transaction.
const BATCH_ROWS: u64 = 1_000;

/// The rows of `queue q` that nobody has in hand; `$1` is what the scope is of.
fn rows_of(scope: &Scope) -> (String, Arg) {
    let (condition, of) = condition_of(scope);
    (format!("FROM queue q WHERE q.phase = 0 AND {condition}"), of)
}

fn condition_of(scope: &Scope) -> (String, Arg) {
    match scope {
        Scope::Shard(shard) => ("q.site = $1".to_owned(), Arg::from(shard.as_str())),
        Scope::Source(id) => (
            "EXISTS (SELECT 1 FROM recipients r WHERE r.id = q.id AND r.source_id = $1)".to_owned(),
            Arg::from(*id),
        ),
        Scope::Broadcast(id) => {
            (format!("q.broadcast_id = $1 AND q.lane = {}", Lane::Broadcast.rank()), Arg::from(*id))
        }
    }
}

pub(super) async fn rows(
    store: &Store,
    scope: &Scope,
    (offset, limit): (u64, u64),
) -> Result<(Vec<(Queued, String)>, u64), StorageError> {
    let (condition, of) = condition_of(scope);
    let sql = format!("SELECT COUNT(*) AS found FROM queue q WHERE {condition}");
    let total = store.row(sql, vec![of.clone()]).await?.map_or(Ok(0), |row| row.count("found"))?;
    let sql = format!(
        "SELECT q.id, q.broadcast_id, q.lane, q.site, q.due_at, q.phase, q.node, q.paused, q.waits, p.address, p.expires_at
         FROM queue q JOIN recipients p ON p.id = q.id WHERE {condition} ORDER BY q.due_at, q.id LIMIT $2 OFFSET $3"
    );
    let mut arguments = vec![of];
    arguments.extend(args![limit, offset]);
    let found = store.rows(sql, arguments).await?;
    let rows = found.iter().map(|row| Ok((queued_of(row)?, row.get("address")?)));
    Ok((rows.collect::<Result<_, StorageError>>()?, total))
}

pub(super) async fn count(store: &Store, scope: &Scope) -> Result<u64, StorageError> {
    let (rows, of) = rows_of(scope);
    let row = store.row(format!("SELECT COUNT(*) AS found {rows}"), vec![of]).await?;
    row.map_or(Ok(0), |row| row.count("found"))
}

pub(super) async fn try_now(
    store: &Store,
    scope: &Scope,
    actor: Option<i64>,
    now: i64,
) -> Result<u64, StorageError> {
    let (mut done, mut after) = (0, 0);
    loop {
        let (rows, of) = rows_of(scope);
        let batch = store.write_masses(move |tx| Box::pin(try_batch(tx, rows, of, (after, now)))).await?;
        done += batch.len() as u64;
        match batch.last() {
            Some(last) if batch.len() as u64 == BATCH_ROWS => after = *last,
            _ => break,
        }
    }
    tell(store, event::TRIED_NOW, (scope, json!({ "scope": scope, "rows": done })), actor, now).await?;
    Ok(done)
}

async fn try_batch(
    tx: &mut Tx,
    rows: String,
    of: Arg,
    (after, now): (i64, i64),
) -> Result<Vec<i64>, StorageError> {
    let sql = format!(
        "SELECT q.id {rows} AND q.id > $2 AND q.due_at > $3 ORDER BY q.id LIMIT $4 {{FOR UPDATE OF q}}"
    );
    let mut arguments = vec![of];
    arguments.extend(args![after, now, BATCH_ROWS]);
    let found = tx.rows(sql, arguments).await?;
    let ids: Vec<i64> = found.iter().map(|row| row.get("id")).collect::<Result<_, _>>()?;
    let sql =
        "UPDATE queue SET due_at = $2, waits = NULL WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})";
    tx.execute(sql, args![sql::json(&ids), now]).await?;
    let sql = "UPDATE recipients SET next_at = $2 WHERE next_at IS NOT NULL
                   AND id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})";
    tx.execute(sql, args![sql::json(&ids), now]).await?;
    Ok(ids)
}

pub(super) async fn give_up(
    store: &Store,
    scope: &Scope,
    reason: &str,
    actor: Option<i64>,
    now: i64,
) -> Result<u64, StorageError> {
    let (mut done, mut after) = (0, 0);
    loop {
        let (rows, of) = rows_of(scope);
        let verdict = outcome::given_up(reason);
        let batch = store
            .write_masses(move |tx| Box::pin(give_up_batch(tx, (rows, of), verdict, actor, (after, now))))
            .await?;
        done += batch.len() as u64;
        match batch.last() {
            Some(last) if batch.len() as u64 == BATCH_ROWS => after = *last,
            _ => break,
        }
    }
    tell(
        store,
        event::GIVEN_UP,
        (scope, json!({ "scope": scope, "rows": done, "reason": reason })),
        actor,
        now,
    )
    .await?;
    Ok(done)
}

async fn give_up_batch(
    tx: &mut Tx,
    (rows, of): (String, Arg),
    verdict: Verdict,
    actor: Option<i64>,
    (after, now): (i64, i64),
) -> Result<Vec<i64>, StorageError> {
    let sql = format!("SELECT q.id {rows} AND q.id > $2 ORDER BY q.id LIMIT $3 {{FOR UPDATE OF q}}");
    let mut arguments = vec![of];
    arguments.extend(args![after, BATCH_ROWS]);
    let found = tx.rows(sql, arguments).await?;
    let ids: Vec<i64> = found.iter().map(|row| row.get("id")).collect::<Result<_, _>>()?;
    let sql = "UPDATE recipients SET state = 'refused', state_at = $2, reason = $3, fault = $4, verdict = $5,
                      next_at = NULL
               WHERE state IN ('waiting', 'deferred') AND id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})
               RETURNING id, contact_id, broadcast_id";
    let (why, fault) = (verdict.reason.name(), verdict.fault.name());
    let changed = tx.rows(sql, args![sql::json(&ids), now, why, fault, sql::json(&verdict)]).await?;
    leave(tx, ids.clone()).await?;
    let mut events = Vec::with_capacity(changed.len());
    for row in &changed {
        let (id, contact, broadcast): (i64, i64, i64) =
            (row.get("id")?, row.get("contact_id")?, row.get("broadcast_id")?);
        let detail = json!({ "reason": why, "fault": fault, "given_up": verdict.evidence });
        let told = NewEvent::of(event::REFUSED).contact(contact).recipient(id).broadcast(broadcast);
        events.push(told.actor(actor).detail(detail));
    }
    append(tx, &events, now).await?;
    Ok(ids)
}

async fn tell(
    store: &Store,
    kind: &'static str,
    (scope, detail): (&Scope, serde_json::Value),
    actor: Option<i64>,
    now: i64,
) -> Result<(), StorageError> {
    let broadcast = match scope {
        Scope::Broadcast(id) => Some(*id),
        _ => None,
    };
    let told = NewEvent::of(kind).broadcast(broadcast).actor(actor).detail(detail);
    store.write(move |tx| Box::pin(async move { append_one(tx, told, now).await })).await
}
