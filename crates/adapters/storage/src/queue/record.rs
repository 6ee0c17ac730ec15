//! Makes attempts and what they became durable, hundreds at a time.

use std::{collections::HashMap, sync::Arc};

use delivery::{
    event,
    outcome::Outcome,
    ports::Record,
    recipient::{Lane, RecipientId, State, WithheldReason},
    source::SourceId,
};
use serde::Serialize;
use serde_json::json;

use super::settle::{LeftOut, leave, withhold};
use crate::{
    StorageError,
    events::{NewEvent, append},
    replies::stored_text,
    source_counts::count_outcomes,
    sql::{self, args},
    transcripts::{self, Told},
    tx::Tx,
};

/// A reply in an event is for a line on a screen; the whole of it stays with the attempt.
const EVENT_REPLY_CHARS_MAX: usize = 300;

/// What is true of a row that is still ours.
struct Facts {
    contact_id: i64,
    broadcast_id: i64,
    attempts: i64,
    cancelled: bool,
    settled: bool,
}

pub(super) async fn record(
    tx: &mut Tx,
    node: String,
    (records, told): (Vec<Record>, Arc<Told>),
    now: i64,
) -> Result<(), StorageError> {
    let ours = facts(tx, &node, &records).await?;
    count_outcomes(tx, &records, now).await?;
    transcripts::keep(tx, &told).await?;
    keep_attempts(tx, &records, &told).await?;
    let mut became = Became::default();
    let mut seen = ours;
    for record in &records {
        // A row that is no longer ours, and the second record of one batch for the same row, keep the attempt only.
        if let Some(facts) = seen.remove(&record.id) {
            became.take(record, &facts);
        }
    }
    became.write(tx, now).await
}

async fn facts(
    tx: &mut Tx,
    node: &str,
    records: &[Record],
) -> Result<HashMap<RecipientId, Facts>, StorageError> {
    let ids: Vec<RecipientId> = records.iter().map(|record| record.id).collect();
    let rows = tx
        .rows(
            "SELECT q.id, q.lane, r.state, r.contact_id, r.broadcast_id, r.attempts, b.state AS broadcast_state
             FROM {ROWS} JOIN queue q ON q.id = CAST(j.value AS BIGINT)
             JOIN recipients r ON r.id = q.id
             JOIN broadcasts b ON b.id = r.broadcast_id
             WHERE q.node = $2 AND q.phase > 0 ORDER BY q.id {FOR UPDATE OF q, r}",
            args![sql::json(&ids), node],
        )
        .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let own_run = Lane::from_rank(row.get("lane")?) == Lane::Broadcast;
        let facts = Facts {
            contact_id: row.get("contact_id")?,
            broadcast_id: row.get("broadcast_id")?,
            attempts: row.get("attempts")?,
            cancelled: own_run && row.get::<String>("broadcast_state")? == "cancelled",
            settled: State::from_name(&row.get::<String>("state")?).is_none_or(State::is_settled),
        };
        found.insert(row.get("id")?, facts);
    }
    Ok(found)
}

/// One row of the attempts table, as JSON.
#[derive(Serialize)]
struct Kept<'a>(
    RecipientId,
    usize,
    i64,
    i64,
    &'a str,
    &'a str,
    Option<&'a str>,
    &'static str,
    Option<u16>,
    Option<String>,
    Option<&'static str>,
    &'a str,
    &'static str,
    Option<i64>,
    Option<String>,
    Option<String>,
    SourceId,
    &'a (Option<i64>, Option<i64>, Option<String>),
);

async fn keep_attempts(tx: &mut Tx, records: &[Record], told: &Told) -> Result<(), StorageError> {
    let mut seen: HashMap<RecipientId, usize> = HashMap::with_capacity(records.len());
    let kept: Vec<Kept<'_>> = records
        .iter()
        .zip(&told.of)
        .map(|(record, spoken)| {
            let nth = seen.entry(record.id).or_default();
            *nth += 1;
            kept(record, *nth, spoken)
        })
        .collect();
    tx.execute(
        "INSERT INTO attempts (recipient_id, number, started_at, ended_at, host, peer_address, tls, stage, reply_code,
                               reply_text, trouble, detail, state, next_at, verdict, assurance, source_id,
                               script_id, opening_id, spoken)
         SELECT CAST(j.value->>0 AS BIGINT),
                COALESCE((SELECT MAX(a.number) FROM attempts a WHERE a.recipient_id = CAST(j.value->>0 AS BIGINT)), 0)
                    + CAST(j.value->>1 AS BIGINT),
                CAST(j.value->>2 AS BIGINT), CAST(j.value->>3 AS BIGINT), j.value->>4, j.value->>5, j.value->>6,
                j.value->>7, CAST(j.value->>8 AS BIGINT), j.value->>9, j.value->>10, j.value->>11, j.value->>12,
                CAST(j.value->>13 AS BIGINT), j.value->>14, j.value->>15, CAST(j.value->>16 AS BIGINT),
                CAST(j.value->17->>0 AS BIGINT), CAST(j.value->17->>1 AS BIGINT), j.value->17->>2
         FROM {ROWS}",
        args![sql::json(&kept)],
    )
    .await?;
    Ok(())
}

fn kept<'a>(
    record: &'a Record,
    nth: usize,
    spoken: &'a (Option<i64>, Option<i64>, Option<String>),
) -> Kept<'a> {
    let Record { id, attempt, outcome, .. } = record;
    let peer = attempt.peer.as_ref();
    Kept(
        *id,
        nth,
        attempt.started_at,
        attempt.ended_at,
        peer.map_or("", |peer| &peer.host),
        peer.map_or("", |peer| &peer.address),
        peer.and_then(|peer| peer.tls.as_deref()),
        attempt.stage.name(),
        attempt.reply.as_ref().map(|reply| reply.code),
        attempt.reply.as_ref().map(stored_text),
        attempt.trouble.map(delivery::attempt::Trouble::name),
        &attempt.detail,
        outcome.state.name(),
        outcome.next_at,
        outcome.verdict.as_ref().map(sql::json),
        peer.map(|peer| peer.assurance.to_string()),
        attempt.source,
        spoken,
    )
}

/// What a recipient came to, as JSON.
#[derive(Serialize)]
struct Reached(
    RecipientId,
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
    Option<String>,
    Option<u16>,
    Option<String>,
    Option<i64>,
    SourceId,
);

/// What a batch became, to be written with one statement each.
#[derive(Default)]
struct Became {
    reached: Vec<Reached>,
    counted: Vec<RecipientId>,
    leaving: Vec<RecipientId>,
    later: Vec<(RecipientId, i64)>,
    left_out: Vec<LeftOut>,
    events: Vec<NewEvent>,
}

impl Became {
    fn take(&mut self, record: &Record, facts: &Facts) {
        let Record { id, outcome, .. } = record;
        if facts.settled {
            // A bounce of an earlier try came while this one ran. It stays: better to ask once too often.
            self.counted.push(*id);
            self.leaving.push(*id);
            return;
        }
        if outcome.state == State::Deferred && facts.cancelled {
            let Facts { contact_id, broadcast_id, .. } = *facts;
            self.counted.push(*id);
            self.left_out.push(LeftOut {
                id: *id,
                contact_id,
                broadcast_id,
                reason: WithheldReason::Cancelled,
            });
            return;
        }
        self.reached.push(reached(record));
        if outcome.state.is_settled() {
            self.leaving.push(*id);
        } else {
            self.later.push((*id, outcome.next_at.unwrap_or(record.attempt.ended_at)));
        }
        self.events.push(told(record, facts));
    }

    async fn write(self, tx: &mut Tx, now: i64) -> Result<(), StorageError> {
        if !self.reached.is_empty() {
            tx.execute(
                "UPDATE recipients SET state = j.value->>1, state_at = $2, reason = j.value->>2, fault = j.value->>3,
                        verdict = j.value->>4, reply_code = CAST(j.value->>5 AS BIGINT), reply_text = j.value->>6,
                        next_at = CAST(j.value->>7 AS BIGINT), source_id = CAST(j.value->>8 AS BIGINT),
                        attempts = attempts + 1
                 FROM {ROWS} WHERE recipients.id = CAST(j.value->>0 AS BIGINT)",
                args![sql::json(&self.reached), now],
            )
            .await?;
        }
        if !self.counted.is_empty() {
            let sql = "UPDATE recipients SET attempts = attempts + 1
                       WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})";
            tx.execute(sql, args![sql::json(&self.counted)]).await?;
        }
        if !self.later.is_empty() {
            let sql =
                "UPDATE queue SET phase = 0, node = '', lease_until = 0, waits = NULL, due_at = CAST(j.value->>1 AS BIGINT)
                       FROM {ROWS} WHERE queue.id = CAST(j.value->>0 AS BIGINT)";
            tx.execute(sql, args![sql::json(&self.later)]).await?;
        }
        leave(tx, self.leaving).await?;
        withhold(tx, &self.left_out, now).await?;
        append(tx, &self.events, now).await
    }
}

fn reached(record: &Record) -> Reached {
    let Outcome { state, next_at, verdict } = &record.outcome;
    let reply = record.attempt.reply.as_ref();
    Reached(
        record.id,
        state.name(),
        verdict.as_ref().map(|verdict| verdict.reason.name()),
        verdict.as_ref().map(|verdict| verdict.fault.name()),
        verdict.as_ref().map(sql::json),
        reply.map(|reply| reply.code),
        reply.map(stored_text),
        next_at.filter(|_| *state == State::Deferred),
        record.attempt.source,
    )
}

fn told(record: &Record, facts: &Facts) -> NewEvent {
    let Record { id, attempt, outcome, .. } = record;
    let kind = match outcome.state {
        State::Accepted => event::ACCEPTED,
        State::Deferred => event::DEFERRED,
        State::Doubtful => event::IN_DOUBT,
        _ => event::REFUSED,
    };
    let mut detail = json!({ "attempt": facts.attempts + 1 });
    if let Some(reply) = &attempt.reply {
        detail["reply"] = reply.line().chars().take(EVENT_REPLY_CHARS_MAX).collect::<String>().into();
    }
    if let Some(trouble) = attempt.trouble {
        detail["trouble"] = trouble.name().into();
    }
    if let Some(verdict) = &outcome.verdict {
        detail["reason"] = verdict.reason.name().into();
        detail["fault"] = verdict.fault.name().into();
    }
    if let Some(next_at) = outcome.next_at {
        detail["next_at"] = next_at.into();
    }
    NewEvent::of(kind).contact(facts.contact_id).recipient(*id).broadcast(facts.broadcast_id).detail(detail)
}
