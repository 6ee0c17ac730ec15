//! Makes attempts and what they became durable, hundreds at a time.

use std::{collections::HashMap, sync::Arc};

use delivery::{
    event,
    outcome::Outcome,
    ports::Record,
    recipient::{Lane, RecipientId, State, WithheldReason},
};
use serde::Deserialize;
use serde_json::json;

use super::settle::{LeftOut, leave, withhold};
use crate::{
    StorageError,
    events::{NewEvent, append},
    replies::stored_text,
    source_counts::Tally,
    sql::{self, Arg, args},
    transcripts::{self, Told},
    tx::Tx,
};

/// A reply in an event is for a line on a screen; the whole of it stays with the attempt.
const EVENT_REPLY_CHARS_MAX: usize = 300;

/// A row that is still ours, as it is stored.
#[derive(Deserialize)]
struct Held {
    id: RecipientId,
    lane: i64,
    state: String,
    contact_id: i64,
    broadcast_id: i64,
    attempts: i64,
    broadcast_state: String,
}

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
    tally: &mut Tally,
    now: i64,
) -> Result<(), StorageError> {
    let ours = facts(tx, &node, &records).await?;
    tally.outcomes(&records);
    transcripts::keep(tx, &told).await?;
    keep_attempts(tx, &records, &told).await?;
    let mut became = Became::default();
    let mut seen = ours;
    for record in &records {
        // A row that is no longer ours, and the second record of one batch for the same row, keep the attempt only.
        if let Some(facts) = seen.remove(&record.id) {
            became.take(record, &facts, now);
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
    let sql = "SELECT {PACKED}(f.id, f.lane, f.state, f.contact_id, f.broadcast_id, f.attempts, f.broadcast_state)
             {AS PACKED} FROM (
             SELECT q.id, q.lane, r.state, r.contact_id, r.broadcast_id, r.attempts, b.state AS broadcast_state
             FROM {ROWS} JOIN queue q ON q.id = CAST(j.value AS BIGINT)
             JOIN recipients r ON r.id = q.id
             JOIN broadcasts b ON b.id = r.broadcast_id
             WHERE q.node = $2 AND q.phase > 0 ORDER BY q.id {FOR UPDATE OF q, r}) AS f";
    let rows: Vec<Held> = tx.packed(sql, args![sql::json(&ids), node]).await?;
    let facts_of = |row: Held| {
        let facts = Facts {
            contact_id: row.contact_id,
            broadcast_id: row.broadcast_id,
            attempts: row.attempts,
            cancelled: Lane::from_rank(row.lane) == Lane::Broadcast && row.broadcast_state == "cancelled",
            settled: State::from_name(&row.state).is_none_or(State::is_settled),
        };
        (row.id, facts)
    };
    Ok(rows.into_iter().map(facts_of).collect())
}

async fn keep_attempts(tx: &mut Tx, records: &[Record], told: &Told) -> Result<(), StorageError> {
    // Second records of one batch for a row follow when the first are there, so that each is numbered behind it.
    let mut rounds: Vec<Vec<Vec<Arg>>> = Vec::new();
    let mut seen: HashMap<RecipientId, usize> = HashMap::with_capacity(records.len());
    for (record, spoken) in records.iter().zip(&told.of) {
        let nth = seen.entry(record.id).or_default();
        if rounds.len() <= *nth {
            rounds.push(Vec::with_capacity(records.len()));
        }
        rounds[*nth].push(kept(record, spoken));
        *nth += 1;
    }
    let sql = "INSERT INTO attempts (recipient_id, number, started_at, ended_at, host, peer_address, tls, stage, reply_code,
                               reply_text, trouble, detail, state, next_at, verdict, assurance, source_id,
                               script_id, opening_id, spoken)
         SELECT v.column1,
                COALESCE((SELECT MAX(a.number) FROM attempts a WHERE a.recipient_id = v.column1), 0) + 1,
                v.column2, v.column3, v.column4, v.column5, v.column6, v.column7, v.column8, v.column9, v.column10,
                v.column11, v.column12, v.column13, v.column14, v.column15, v.column16, v.column17, v.column18, v.column19
         FROM (VALUES {VALUES}) AS v";
    for round in rounds {
        tx.execute_rows(sql, round).await?;
    }
    Ok(())
}

fn kept(record: &Record, (script, opening, own): &(Option<i64>, Option<i64>, Option<String>)) -> Vec<Arg> {
    let Record { id, attempt, outcome, .. } = record;
    let peer = attempt.peer.as_ref();
    args![
        *id,
        attempt.started_at,
        attempt.ended_at,
        peer.map_or("", |peer| peer.host.as_str()),
        peer.map_or("", |peer| peer.address.as_str()),
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
        *script,
        *opening,
        own,
    ]
}

/// What a batch became, to be written with one statement each.
#[derive(Default)]
struct Became {
    reached: Vec<Vec<Arg>>,
    counted: Vec<RecipientId>,
    leaving: Vec<RecipientId>,
    later: Vec<(RecipientId, i64)>,
    left_out: Vec<LeftOut>,
    events: Vec<NewEvent>,
}

impl Became {
    fn take(&mut self, record: &Record, facts: &Facts, now: i64) {
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
        self.reached.push(reached(record, now));
        if outcome.state.is_settled() {
            self.leaving.push(*id);
        } else {
            self.later.push((*id, outcome.next_at.unwrap_or(record.attempt.ended_at)));
        }
        self.events.push(told(record, facts));
    }

    async fn write(self, tx: &mut Tx, now: i64) -> Result<(), StorageError> {
        if !self.reached.is_empty() {
            let sql = "UPDATE recipients SET state = v.column2, state_at = v.column10, reason = v.column3, fault = v.column4,
                        verdict = v.column5, reply_code = v.column6, reply_text = v.column7, next_at = v.column8,
                        source_id = v.column9, attempts = attempts + 1
                 FROM (VALUES {VALUES}) AS v WHERE recipients.id = v.column1";
            tx.execute_rows(sql, self.reached).await?;
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

fn reached(record: &Record, now: i64) -> Vec<Arg> {
    let Outcome { state, next_at, verdict } = &record.outcome;
    let reply = record.attempt.reply.as_ref();
    args![
        record.id,
        state.name(),
        verdict.as_ref().map(|verdict| verdict.reason.name()),
        verdict.as_ref().map(|verdict| verdict.fault.name()),
        verdict.as_ref().map(sql::json),
        reply.map(|reply| reply.code),
        reply.map(stored_text),
        next_at.filter(|_| *state == State::Deferred),
        record.attempt.source,
        now,
    ]
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
