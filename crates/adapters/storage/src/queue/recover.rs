//! Gives rows back: those of this life by hand, those of earlier lives when the program starts or a lease ends.

use delivery::{
    event,
    ports::Recovered,
    recipient::{Lane, RecipientId},
};

use super::settle::leave;
use crate::{
    StorageError, Store, broadcasts,
    events::{NewEvent, append},
    sql::{self, Row, args},
    tx::Tx,
};

/// Rows taken back in one transaction.
const BATCH_ROWS: usize = 2_000;

pub(super) async fn release(
    store: &Store,
    node: &str,
    ids: &[RecipientId],
    due_at: i64,
) -> Result<(), StorageError> {
    let sql = "UPDATE queue SET phase = 0, node = '', lease_until = 0, due_at = $3
               WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS}) AND node = $2 AND phase > 0";
    store.execute(sql, args![sql::json(ids), node, due_at]).await?;
    Ok(())
}

pub(super) async fn recover(store: &Store, node: &str, now: i64) -> Result<Recovered, StorageError> {
    let mut found = Recovered::default();
    loop {
        let node = node.to_owned();
        // On a store that one process owns, every lease that is not ours belongs to the dead.
        let alone = !store.is_shared();
        let (batch, last) = store.write(move |tx| Box::pin(recover_batch(tx, node, alone, now))).await?;
        found.requeued += batch.requeued;
        found.resent += batch.resent;
        found.in_doubt += batch.in_doubt;
        if last {
            break;
        }
    }
    broadcasts::finish_interrupted(store, now).await?;
    Ok(found)
}

async fn recover_batch(
    tx: &mut Tx,
    node: String,
    alone: bool,
    now: i64,
) -> Result<(Recovered, bool), StorageError> {
    let rows = tx
        .rows(
            "SELECT q.id, q.lane, q.phase, r.contact_id, r.broadcast_id
             FROM queue q JOIN recipients r ON r.id = q.id
             WHERE q.phase > 0 AND (q.lease_until < $1 OR ($2 AND q.node <> $3))
             ORDER BY q.id LIMIT $4 {FOR UPDATE OF q, r}",
            args![now, alone, node, BATCH_ROWS as i64],
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
