//! Starts, pauses, resumes, cancels and ends runs. The state changes first, in a moment; the rows follow in small
//! transactions, so that nobody waits long for the writer, and whatever is claimed meanwhile is stopped by the last
//! check before it is handed over.

use campaigns::{broadcast::BroadcastId, event};
use delivery::recipient::WithheldReason;

use super::{asked::Plan, settings::plan_sql};
use crate::{
    StorageError, Store,
    events::{NewEvent, append, append_one},
    queue::settle::{LeftOut, withhold},
    sql::{self, args},
    tx::Tx,
};

/// Queue rows changed in one transaction.
const BATCH_ROWS: i64 = 2_000;
/// The phase of a row whose message is being handed over.
const COMMITTING: i64 = 2;

pub(super) async fn start(
    tx: &mut Tx,
    id: BroadcastId,
    expires_at: i64,
    actor: Option<i64>,
    now: i64,
) -> Result<bool, StorageError> {
    let sql = "UPDATE broadcasts SET state = 'preparing', started_at = $2, expires_at = $3, prepared_up_to = 0,
                      audience_up_to = (SELECT COALESCE(MAX(c.id), 0) FROM contacts c),
                      template_version_id = (SELECT t.version_id FROM templates t WHERE t.id = broadcasts.template_id)
               WHERE id = $1 AND state = 'draft'
                 AND EXISTS (SELECT 1 FROM templates t WHERE t.id = broadcasts.template_id)";
    if tx.execute(sql, args![id, now, expires_at]).await? == 0 {
        return Ok(false);
    }
    if let Some(row) = tx.row(plan_sql(""), args![id]).await? {
        let rules = Plan::load(tx, &row).await?.fixed();
        tx.execute("UPDATE broadcasts SET audience_rules = $2 WHERE id = $1", args![id, sql::json(&rules)])
            .await?;
    }
    append_one(tx, NewEvent::of(event::BROADCAST_STARTED).broadcast(id).actor(actor), now).await?;
    Ok(true)
}

/// A paused one is written down to its end as well, so that resuming it later is quick.
pub(super) async fn preparing(store: &Store) -> Result<Vec<BroadcastId>, StorageError> {
    let sql = "SELECT id FROM broadcasts WHERE state IN ('preparing', 'paused') AND NOT prepared ORDER BY id";
    store.rows(sql, args![]).await?.iter().map(|row| row.get("id")).collect()
}

pub(super) async fn pause(
    store: &Store,
    id: BroadcastId,
    actor: Option<i64>,
    now: i64,
) -> Result<bool, StorageError> {
    let sql = "UPDATE broadcasts SET state = 'paused', catching_up = TRUE
               WHERE id = $1 AND state IN ('preparing', 'running')";
    if !change(store, (sql, event::BROADCAST_PAUSED), id, actor, now).await? {
        return Ok(false);
    }
    follow(set_paused(store.clone(), id, true)).await;
    Ok(true)
}

pub(super) async fn resume(
    store: &Store,
    id: BroadcastId,
    actor: Option<i64>,
    now: i64,
) -> Result<bool, StorageError> {
    let sql = "UPDATE broadcasts SET state = CASE WHEN prepared THEN 'running' ELSE 'preparing' END,
                      catching_up = TRUE
               WHERE id = $1 AND state = 'paused'";
    if !change(store, (sql, event::BROADCAST_RESUMED), id, actor, now).await? {
        return Ok(false);
    }
    follow(set_paused(store.clone(), id, false)).await;
    Ok(true)
}

pub(super) async fn cancel(
    store: &Store,
    id: BroadcastId,
    actor: Option<i64>,
    now: i64,
) -> Result<bool, StorageError> {
    let sql = "UPDATE broadcasts SET state = 'cancelled', finished_at = $2, catching_up = TRUE
               WHERE id = $1 AND state IN ('draft', 'preparing', 'running', 'paused')";
    if !change(store, (sql, event::BROADCAST_CANCELLED), id, actor, now).await? {
        return Ok(false);
    }
    follow(withhold_rest(store.clone(), id, now)).await;
    Ok(true)
}

/// Changes the state with `sql` (`$1` the broadcast, `$2` now) and tells it with an event of `kind`.
async fn change(
    store: &Store,
    (sql, kind): (&'static str, &'static str),
    id: BroadcastId,
    actor: Option<i64>,
    now: i64,
) -> Result<bool, StorageError> {
    let work = store.write(move |tx| {
        Box::pin(async move {
            if tx.execute(sql, args![id, now]).await? == 0 {
                return Ok(false);
            }
            append_one(tx, NewEvent::of(kind).broadcast(id).actor(actor), now).await?;
            Ok(true)
        })
    });
    work.await
}

/// The rows of a large run take their time; they go on when nobody waits for the answer any more. The decision is
/// durable already, so rows that cannot follow now are no failure: [`finish_interrupted`] takes them up.
async fn follow<F>(rows: F)
where
    F: Future<Output = Result<(), StorageError>> + Send + 'static,
{
    match tokio::spawn(rows).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the rows of a broadcast follow its state later"),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => tracing::warn!(%error, "the rows of a broadcast follow its state later"),
    }
}

async fn set_paused(store: Store, id: BroadcastId, paused: bool) -> Result<(), StorageError> {
    let mut after = Some(0);
    while let Some(cursor) = after {
        after = store.write(move |tx| Box::pin(set_paused_batch(tx, id, paused, cursor))).await?;
    }
    let sql = "UPDATE broadcasts SET catching_up = FALSE WHERE id = $1 AND (state = 'paused') = $2";
    store.execute(sql, args![id, paused]).await?;
    Ok(())
}

/// The flag is set on leased rows too, so that it is right when they come back. `None` when nothing is left, also
/// because an operator has changed her mind.
async fn set_paused_batch(
    tx: &mut Tx,
    id: BroadcastId,
    paused: bool,
    cursor: i64,
) -> Result<Option<i64>, StorageError> {
    let sql = "SELECT id FROM broadcasts WHERE id = $1 AND (state = 'paused') = $2 {FOR UPDATE}";
    if tx.row(sql, args![id, paused]).await?.is_none() {
        return Ok(None);
    }
    let sql = "SELECT q.id FROM queue q WHERE q.id > $1 AND q.broadcast_id = $2 AND q.paused <> $3
               ORDER BY q.id LIMIT $4 {FOR UPDATE OF q}";
    let rows = tx.rows(sql, args![cursor, id, paused, BATCH_ROWS]).await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.get("id")).collect::<Result<_, _>>()?;
    let sql = "UPDATE queue SET paused = $2 WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})";
    tx.execute(sql, args![sql::json(&ids), paused]).await?;
    Ok(ids.last().copied().filter(|_| ids.len() as i64 == BATCH_ROWS))
}

async fn withhold_rest(store: Store, id: BroadcastId, now: i64) -> Result<(), StorageError> {
    let mut after = Some(0);
    while let Some(cursor) = after {
        after = store.write(move |tx| Box::pin(withhold_batch(tx, id, cursor, now))).await?;
    }
    store.execute("UPDATE broadcasts SET catching_up = FALSE WHERE id = $1", args![id]).await?;
    Ok(())
}

/// What is being handed over goes on; should it come back, it must not wait for a resume that never comes.
async fn withhold_batch(
    tx: &mut Tx,
    broadcast_id: BroadcastId,
    cursor: i64,
    now: i64,
) -> Result<Option<i64>, StorageError> {
    let sql = "SELECT q.id, q.phase, r.contact_id FROM queue q JOIN recipients r ON r.id = q.id
               WHERE q.id > $1 AND q.broadcast_id = $2 ORDER BY q.id LIMIT $3 {FOR UPDATE OF q, r}";
    let rows = tx.rows(sql, args![cursor, broadcast_id, BATCH_ROWS]).await?;
    let (mut left_out, mut leaving) = (Vec::with_capacity(rows.len()), Vec::new());
    let mut last = None;
    for row in &rows {
        let (id, contact_id) = (row.get("id")?, row.get("contact_id")?);
        last = Some(id);
        if row.get::<i64>("phase")? < COMMITTING {
            left_out.push(LeftOut { id, contact_id, broadcast_id, reason: WithheldReason::Cancelled });
        } else {
            leaving.push(id);
        }
    }
    withhold(tx, &left_out, now).await?;
    let sql = "UPDATE queue SET paused = FALSE WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})";
    tx.execute(sql, args![sql::json(&leaving)]).await?;
    Ok(last.filter(|_| rows.len() as i64 == BATCH_ROWS))
}

/// Goes on where a crash cut off the rows of a pause, a resume or a cancel.
pub(crate) async fn finish_interrupted(store: &Store, now: i64) -> Result<(), StorageError> {
    for row in store.rows("SELECT id, state FROM broadcasts WHERE catching_up", args![]).await? {
        let id = row.get("id")?;
        match row.get::<String>("state")?.as_str() {
            "cancelled" => withhold_rest(store.clone(), id, now).await?,
            state => set_paused(store.clone(), id, state == "paused").await?,
        }
    }
    Ok(())
}

pub(super) async fn finish_idle(tx: &mut Tx, now: i64) -> Result<Vec<BroadcastId>, StorageError> {
    let sql = "UPDATE broadcasts SET state = 'finished', finished_at = $1
               WHERE state = 'running' AND prepared AND NOT EXISTS (
                   SELECT 1 FROM recipients r
                   WHERE r.broadcast_id = broadcasts.id AND r.state IN ('waiting', 'deferred'))
               RETURNING id";
    let rows = tx.rows(sql, args![now]).await?;
    let ids: Vec<BroadcastId> = rows.iter().map(|row| row.get("id")).collect::<Result<_, _>>()?;
    let events: Vec<_> =
        ids.iter().map(|id| NewEvent::of(event::BROADCAST_FINISHED).broadcast(*id)).collect();
    append(tx, &events, now).await?;
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run in this state whose one row was left as it was by a crash; what becomes of the row.
    async fn check(state: &'static str, row_paused: bool, expected: (&str, Option<bool>)) {
        let folder = tempfile::tempdir().expect("a temp folder");
        let url = format!("sqlite:{}/house.db", folder.path().display());
        let store = Store::open(&url).await.expect("the store opens");
        let run = "INSERT INTO broadcasts (id, name, template_id, from_name, from_address, reply_to, audience, state,
                                           prepared, catching_up, created_at)
                   VALUES (1, '', 1, '', '', '', 'all', $1, TRUE, TRUE, 1)";
        let person = "INSERT INTO recipients (id, broadcast_id, template_version_id, contact_id, address, provider, state,
                                              state_at, expires_at, created_at)
                      VALUES (7, 1, 1, 1, 'a@x.example', '', 'waiting', 1, 1, 1)";
        let queued = "INSERT INTO queue (id, broadcast_id, lane, site, due_at, paused)
                      VALUES (7, 1, 3, 'x.example', 1, $1)";
        for (sql, arguments) in [(run, args![state]), (person, args![]), (queued, args![row_paused])] {
            store.execute(sql, arguments).await.expect("the row is new");
        }
        finish_interrupted(&store, 9).await.expect("the store works");
        let sql = "SELECT r.state, q.paused, b.catching_up FROM recipients r JOIN broadcasts b ON b.id = r.broadcast_id
                   LEFT JOIN queue q ON q.id = r.id";
        let row = store.row(sql, args![]).await.expect("the store works").expect("the recipient");
        let seen: String = row.get("state").expect("a state");
        let paused: Option<bool> = row.get("paused").expect("a flag or no row");
        assert_eq!((seen.as_str(), paused), expected, "{state}");
        assert!(!row.get::<bool>("catching_up").expect("a flag"), "{state}");
        store.close().await;
    }

    #[tokio::test]
    async fn what_a_crash_cut_off_is_finished() {
        check("running", true, ("waiting", Some(false))).await;
        check("preparing", true, ("waiting", Some(false))).await;
        check("paused", false, ("waiting", Some(true))).await;
        check("cancelled", true, ("withheld", None)).await;
    }
}
