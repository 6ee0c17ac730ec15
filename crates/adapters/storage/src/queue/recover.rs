//! Gives rows back: those of this life by hand, those of earlier lives when the program starts or a lease ends.

use delivery::{
    event,
    ports::{Postponed, Recovered},
    recipient::{Lane, RecipientId},
};

use super::settle::leave;
use crate::{
    StorageError, Store, broadcasts,
    events::{NewEvent, append},
    sql::{self, Row, args},
    statistics,
    tx::Tx,
};

/// Rows looked at again in one transaction.
const LOOKED_AT: u64 = 2_000;
/// Rows taken back in one transaction.
const BATCH_ROWS: usize = 2_000;
/// A sign of life of this age says nothing any more: its process has no lease left either.
const FORGOTTEN_AFTER_MS: i64 = 24 * 3_600_000;

pub(super) async fn release(
    store: &Store,
    node: &str,
    ids: &[RecipientId],
    due_at: i64,
) -> Result<(), StorageError> {
    let sql = "UPDATE queue SET phase = 0, node = '', lease_until = 0, due_at = $3
               WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS}) AND node = $2 AND phase > 0";
    store.execute_lightly(sql, args![sql::json(ids), node, due_at]).await?;
    Ok(())
}

pub(super) async fn postpone(store: &Store, node: &str, rows: &[Postponed]) -> Result<(), StorageError> {
    let rows: Vec<_> = rows.iter().map(|row| (row.id, row.wait.until, sql::json(&row.wait))).collect();
    let sql = "UPDATE queue SET phase = 0, node = '', lease_until = 0, due_at = CAST(j.value->>1 AS BIGINT),
                      waits = j.value->>2
               FROM {ROWS} WHERE queue.id = CAST(j.value->>0 AS BIGINT) AND queue.node = $2 AND queue.phase > 0";
    store.execute_lightly(sql, args![sql::json(&rows), node]).await?;
    Ok(())
}

pub(super) async fn look_again(store: &Store, now: i64) -> Result<(), StorageError> {
    let sql = "UPDATE queue SET due_at = $1, waits = NULL WHERE id IN (
                   SELECT q.id FROM queue q WHERE q.phase = 0 AND q.waits IS NOT NULL AND q.due_at > $1
                   ORDER BY q.id LIMIT $2)";
    while store.execute_lightly(sql, args![now, LOOKED_AT]).await? == LOOKED_AT {}
    Ok(())
}

pub(super) async fn recover(
    store: &Store,
    node: &str,
    heard_since: i64,
    now: i64,
) -> Result<Recovered, StorageError> {
    let mut found = Recovered::default();
    // On a store that one process owns, every lease that is not ours belongs to the dead.
    let alone = !store.is_shared();
    let own = node.to_owned();
    let heard = store.write(move |tx| Box::pin(hear(tx, own, heard_since, now))).await?;
    let dead = sql::json(&heard.silent.iter().map(|name| [name]).collect::<Vec<_>>());
    loop {
        let theirs = Theirs { alone, spares_own: heard.missed_own, dead: dead.clone() };
        let node = node.to_owned();
        let (batch, last) =
            store.write_masses(move |tx| Box::pin(recover_batch(tx, node, theirs, now))).await?;
        found.requeued += batch.requeued;
        found.resent += batch.resent;
        found.in_doubt += batch.in_doubt;
        if last {
            break;
        }
    }
    broadcasts::finish_interrupted(store, now).await?;
    // Single mails fill the queue too, where a server does not answer.
    statistics::refresh(store).await;
    Ok(found)
}

/// What the signs of life tell.
struct Heard {
    /// Processes whose last one is too old.
    silent: Vec<String>,
    /// Our own last one is too old: the clock jumped ahead, or we were held up.
    missed_own: bool,
}

/// Whose rows are taken back.
struct Theirs {
    /// Everybody's but ours.
    alone: bool,
    /// Ours are not, even if their lease has ended: it ended by a jump of the clock, and we are still at work on them.
    spares_own: bool,
    /// The dead processes' names, as JSON.
    dead: String,
}

/// Notes our sign of life, and looks at those of all.
async fn hear(tx: &mut Tx, node: String, heard_since: i64, now: i64) -> Result<Heard, StorageError> {
    let own = format!("alive:{node}");
    let sql = "SELECT name, CAST(value AS BIGINT) AS heard_at FROM settings WHERE name LIKE 'alive:%'";
    let heard = tx.rows(sql, args![]).await?;
    tx.execute(
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        args![&own, now.to_string()],
    )
    .await?;
    let (mut judges, mut missed_own, mut silent, mut forgotten) = (false, false, Vec::new(), Vec::new());
    for row in &heard {
        let (name, heard_at): (String, i64) = (row.get("name")?, row.get("heard_at")?);
        judges |= name == own && heard_at >= heard_since;
        missed_own |= name == own && heard_at < heard_since;
        if name != own && heard_at < heard_since {
            silent.extend(name.strip_prefix("alive:").map(str::to_owned));
        }
        if heard_at < now - FORGOTTEN_AFTER_MS {
            forgotten.push(name);
        }
    }
    if judges && !forgotten.is_empty() {
        let sql = "DELETE FROM settings WHERE name IN (SELECT j.value->>0 FROM {ROWS})";
        let names: Vec<[&String; 1]> = forgotten.iter().map(|name| [name]).collect();
        tx.execute(sql, args![sql::json(&names)]).await?;
    }
    Ok(Heard { silent: if judges { silent } else { Vec::new() }, missed_own })
}

async fn recover_batch(
    tx: &mut Tx,
    node: String,
    theirs: Theirs,
    now: i64,
) -> Result<(Recovered, bool), StorageError> {
    let rows = tx
        .rows(
            "SELECT q.id, q.lane, q.phase, r.contact_id, r.broadcast_id
             FROM queue q JOIN recipients r ON r.id = q.id
             WHERE q.phase > 0 AND ((q.lease_until < $2 AND NOT ($6 AND q.node = $4)) OR ($3 AND q.node <> $4)
                 OR q.node IN (SELECT j.value->>0 FROM {ROWS}))
             ORDER BY q.id LIMIT $5 {FOR UPDATE OF q, r}",
            args![theirs.dead, now, theirs.alone, node, BATCH_ROWS as i64, theirs.spares_own],
        )
        .await?;
    let mut found = Recovered::default();
    let (mut again, mut in_doubt) = (Vec::new(), Vec::new());
    for row in &rows {
        let committing = row.get::<i64>("phase")? == 2;
        if committing && !Lane::from_rank(row.get("lane")?).resends_in_doubt() {
            found.in_doubt += 1;
            in_doubt.push(row);
            continue;
        }
        again.push(row.get::<i64>("id")?);
        *(if committing { &mut found.resent } else { &mut found.requeued }) += 1;
    }
    if !again.is_empty() {
        let sql = "UPDATE queue SET phase = 0, node = '', lease_until = 0
                   WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})";
        tx.execute(sql, args![sql::json(&again)]).await?;
    }
    doubt(tx, &in_doubt, now).await?;
    Ok((found, rows.len() < BATCH_ROWS))
}

/// Nobody knows whether the message arrived, so nothing is said of it but that.
async fn doubt(tx: &mut Tx, rows: &[&Row], now: i64) -> Result<(), StorageError> {
    let mut ids: Vec<RecipientId> = Vec::with_capacity(rows.len());
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.get("id")?;
        ids.push(id);
        let event = NewEvent::of(event::IN_DOUBT).recipient(id);
        events.push(event.contact(row.get::<i64>("contact_id")?).broadcast(row.get::<i64>("broadcast_id")?));
    }
    if ids.is_empty() {
        return Ok(());
    }
    // A bounce that came meanwhile says more than our doubt.
    let sql = "UPDATE recipients SET state = 'doubtful', state_at = $2, reason = NULL, fault = NULL, verdict = NULL,
                      next_at = NULL
               WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS}) AND state IN ('waiting', 'deferred')";
    tx.execute(sql, args![sql::json(&ids), now]).await?;
    leave(tx, ids).await?;
    append(tx, &events, now).await
}
