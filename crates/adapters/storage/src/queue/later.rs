//! Records what a later message told about an attempt: a bounce, or evidence that it arrived.

use bounce::Verdict;
use delivery::{
    event,
    ports::Later,
    recipient::{RecipientId, State},
};
use mail::Reply;
use serde_json::json;

use crate::{
    StorageError,
    error::named,
    events::{NewEvent, append_one},
    replies::stored_text,
    sql::{self, args},
    tx::Tx,
};

/// A reply in an event is for a line on a screen; the whole of it stays with the recipient.
const EVENT_REPLY_CHARS_MAX: usize = 300;

/// What came later is recorded; `arrival_id` is the mail that told of it, where it was one.
pub(crate) async fn record(
    tx: &mut Tx,
    id: RecipientId,
    later: Later,
    arrival_id: Option<i64>,
    now: i64,
) -> Result<bool, StorageError> {
    // The queue row is locked before the recipient, as everywhere, so that two transactions never wait for each other.
    tx.rows("SELECT q.id FROM queue q WHERE q.id = $1 {FOR UPDATE OF q}", args![id]).await?;
    let sql = "SELECT state, contact_id, broadcast_id FROM recipients WHERE id = $1 {FOR UPDATE}";
    let Some(row) = tx.row(sql, args![id]).await? else { return Ok(false) };
    let state = named("state", &row.get::<String>("state")?, State::from_name)?;
    let told = match &later {
        Later::Bounced { verdict, reply } => {
            bounced(tx, id, state, (verdict, reply), (arrival_id, now)).await?
        }
        Later::BouncedAside { verdict, reply, about } => {
            let told = bounced(tx, id, state, (verdict, reply), (arrival_id, now)).await?;
            told.map(|told| told.more("aside", true.into()).more("about", about.clone().into()))
        }
        Later::Evidenced { kind } => evidenced(tx, id, state, kind, (arrival_id, now)).await?,
    };
    let Some(told) = told else { return Ok(false) };
    let told = told.contact(row.get::<i64>("contact_id")?).broadcast(row.get::<i64>("broadcast_id")?);
    append_one(tx, told.recipient(id), now).await?;
    Ok(true)
}

async fn bounced(
    tx: &mut Tx,
    id: RecipientId,
    state: State,
    (verdict, reply): (&Verdict, &Reply),
    (arrival_id, now): (Option<i64>, i64),
) -> Result<Option<NewEvent>, StorageError> {
    if matches!(state, State::Withheld | State::Refused | State::Bounced) {
        return Ok(None);
    }
    tx.execute(
        "UPDATE recipients SET state = 'bounced', state_at = $2, reason = $3, fault = $4, verdict = $5, reply_code = $6,
                reply_text = $7, arrival_id = $8, next_at = NULL
         WHERE id = $1",
        args![
            id,
            now,
            verdict.reason.name(),
            verdict.fault.name(),
            sql::json(verdict),
            (reply.code > 0).then(|| i64::from(reply.code)),
            stored_text(reply),
            arrival_id
        ],
    )
    .await?;
    // A row that is leased now is taken out by the mark or the record that comes next.
    tx.execute("DELETE FROM queue WHERE id = $1 AND phase = 0", args![id]).await?;
    Ok(Some(NewEvent::of(event::BOUNCED).detail(json!({
        "reason": verdict.reason.name(),
        "fault": verdict.fault.name(),
        "reply": reply.line().chars().take(EVENT_REPLY_CHARS_MAX).collect::<String>(),
        "arrival_id": arrival_id,
    }))))
}

/// Evidence lifts what was handed over, and nothing else: a bounce is not undone by an auto-reply.
async fn evidenced(
    tx: &mut Tx,
    id: RecipientId,
    state: State,
    kind: &str,
    (arrival_id, now): (Option<i64>, i64),
) -> Result<Option<NewEvent>, StorageError> {
    if !matches!(state, State::Accepted | State::Doubtful) {
        return Ok(None);
    }
    let sql = "UPDATE recipients SET state = 'evidenced', state_at = $2, arrival_id = COALESCE($3, arrival_id) WHERE id = $1";
    tx.execute(sql, args![id, now, arrival_id]).await?;
    let told = NewEvent::of(event::EVIDENCED).detail(json!({ "kind": kind }));
    Ok(Some(match arrival_id {
        Some(arrival_id) => told.more("arrival_id", arrival_id.into()),
        None => told,
    }))
}
