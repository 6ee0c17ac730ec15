//! The last check before a message is handed over, and the durable mark that it is being handed over.

use std::collections::HashMap;

use campaigns::broadcast::Purpose;
use delivery::{
    ports::{CommitMark, Grant},
    recipient::{Lane, RecipientId, State, WithheldReason},
};
use mail::Address;

use super::settle::{LeftOut, leave, withhold};
use crate::{
    StorageError,
    error::named,
    source_counts::{Gate, Tally},
    sql::{self, Engine, Row, args},
    suppressions::suppressed,
    tx::Tx,
};

/// A row being handed over stays ours for longer than the final dot may take (10 minutes, RFC 5321 section
/// 4.5.3.2.6).
const COMMIT_LEASE_MS: i64 = 15 * 60_000;

/// A row that nothing speaks against, which is nearly every row: it needs no second look. Every reason that
/// [`check`] knows has its condition here; what is in doubt is left to [`check`].
const PLAIN: &str = "r.state IN ('waiting', 'deferred') AND b.state NOT IN ('cancelled', 'paused')
    AND c.trashed_at IS NULL AND c.opted_out_at IS NULL AND c.dm_refused_at IS NULL AND c.status <> 'cancelled'
    AND c.address_key IS NOT NULL AND c.address = r.address AND c.invalid_at IS NULL";

/// Contact `c` refused the topic broadcast `b` is about.
const TOPIC_REFUSED: &str =
    "EXISTS (SELECT 1 FROM topic_opt_outs o WHERE o.topic_id = b.topic_id AND o.contact_id = c.id)";

/// What the last check says of a row that is still ours.
#[derive(Clone, Copy)]
enum Check {
    Go,
    Stop {
        contact_id: i64,
        broadcast_id: i64,
        reason: WithheldReason,
    },
    Wait,
    /// A bounce came while the row was ours: nothing is left to do.
    Settled,
}

/// The broadcasts of the rows are held, see [`hold_broadcasts`].
pub(super) async fn mark(
    tx: &mut Tx,
    node: String,
    marks: Vec<CommitMark>,
    tally: &mut Tally,
    now: i64,
) -> Result<Vec<Grant>, StorageError> {
    let ids: Vec<RecipientId> = marks.iter().map(|mark| mark.id).collect();
    let mut ours = checked(tx, &node, &ids).await?;
    let mut decided = Decided { gate: Gate::open(tx, &marks).await?, ..Decided::default() };
    let grants = marks.into_iter().map(|mark| {
        // A second mark for the same row finds nothing and is lost.
        let Some(check) = ours.remove(&mark.id) else { return Grant::Lost };
        decided.take(mark, check)
    });
    let grants = grants.collect();
    decided.write(tx, tally, now).await?;
    Ok(grants)
}

/// Until the end of this transaction nobody pauses, resumes or cancels the broadcasts of these rows, so that a row put
/// back as paused is not missed by a resume. Taken before the rows, as in `broadcasts/control.rs`.
pub(super) async fn hold_broadcasts(tx: &mut Tx, ids: &[RecipientId]) -> Result<(), StorageError> {
    if tx.engine() == Engine::Postgres {
        let sql = "SELECT b.id FROM broadcasts b WHERE b.id IN (
                       SELECT q.broadcast_id FROM {ROWS} JOIN queue q ON q.id = CAST(j.value AS BIGINT))
                   ORDER BY b.id FOR SHARE";
        tx.rows(sql, args![sql::json(ids)]).await?;
    }
    Ok(())
}

async fn checked(
    tx: &mut Tx,
    node: &str,
    ids: &[RecipientId],
) -> Result<HashMap<RecipientId, Check>, StorageError> {
    let sql = format!(
        "SELECT {{PACKED}}(p.plain_id){{AS PACKED}} FROM (
         SELECT CASE WHEN {PLAIN} AND (b.topic_id IS NULL OR NOT {TOPIC_REFUSED}) AND NOT {suppressed}
                THEN q.id ELSE -q.id END AS plain_id
         FROM {{ROWS}} JOIN queue q ON q.id = CAST(j.value AS BIGINT)
         JOIN recipients r ON r.id = q.id
         JOIN broadcasts b ON b.id = r.broadcast_id
         LEFT JOIN contacts c ON c.id = r.contact_id
         WHERE q.node = $2 AND q.phase = 1 ORDER BY q.id {{FOR UPDATE OF q, r}}) AS p",
        suppressed = suppressed()
    );
    let rows: Vec<[RecipientId; 1]> = tx.packed(sql, args![sql::json(ids), node]).await?;
    let mut found = HashMap::with_capacity(rows.len());
    let mut special: Vec<RecipientId> = Vec::new();
    for [id] in rows {
        if id > 0 {
            found.insert(id, Check::Go);
        } else {
            special.push(-id);
        }
    }
    if !special.is_empty() {
        look_closer(tx, &special, &mut found).await?;
    }
    Ok(found)
}

/// The rows are locked already.
async fn look_closer(
    tx: &mut Tx,
    ids: &[RecipientId],
    found: &mut HashMap<RecipientId, Check>,
) -> Result<(), StorageError> {
    let sql = format!(
        "SELECT q.id, q.lane, r.state, r.address, r.contact_id, r.broadcast_id, b.state AS broadcast_state,
                    b.purpose, {TOPIC_REFUSED} AS topic_refused, {} AS suppressed,
                    c.id AS contact, c.address_key, c.opted_out_at, c.invalid_at,
                    c.dm_refused_at, c.trashed_at, c.status
             FROM {{ROWS}} JOIN queue q ON q.id = CAST(j.value AS BIGINT)
             JOIN recipients r ON r.id = q.id
             JOIN broadcasts b ON b.id = r.broadcast_id
             LEFT JOIN contacts c ON c.id = r.contact_id",
        suppressed()
    );
    let rows = tx.rows(sql, args![sql::json(ids)]).await?;
    for row in &rows {
        found.insert(row.get("id")?, check(row)?);
    }
    Ok(())
}

/// The order in which reasons count: what the operator decided, what the customer decided, what is true of her.
fn check(row: &Row) -> Result<Check, StorageError> {
    let state: String = row.get("state")?;
    if State::from_name(&state).is_none_or(State::is_settled) {
        return Ok(Check::Settled);
    }
    let (contact_id, broadcast_id) = (row.get("contact_id")?, row.get("broadcast_id")?);
    let stop = |reason| Ok(Check::Stop { contact_id, broadcast_id, reason });
    let own_run = Lane::from_rank(row.get("lane")?) == Lane::Broadcast;
    match row.get::<String>("broadcast_state")?.as_str() {
        "cancelled" if own_run => return stop(WithheldReason::Cancelled),
        "paused" => return Ok(Check::Wait),
        _ => {}
    }
    if row.get::<Option<i64>>("contact")?.is_none() || row.get::<Option<i64>>("trashed_at")?.is_some() {
        return stop(WithheldReason::Changed);
    }
    let purpose = named("purpose", &row.get::<String>("purpose")?, Purpose::from_name)?;
    let advertises = purpose == Purpose::Advertising;
    if advertises && row.get::<Option<i64>>("opted_out_at")?.is_some() {
        return stop(WithheldReason::OptedOut);
    }
    if advertises && row.get::<bool>("topic_refused")? {
        return stop(WithheldReason::TopicRefused);
    }
    if advertises && row.get::<Option<i64>>("dm_refused_at")?.is_some() {
        return stop(WithheldReason::DmRefused);
    }
    if advertises && row.get::<String>("status")? == "cancelled" {
        return stop(WithheldReason::Resigned);
    }
    let queued_for = Address::parse(&row.get::<String>("address")?).ok().map(|address| address.key());
    if row.get::<Option<String>>("address_key")? != queued_for {
        return stop(WithheldReason::Changed);
    }
    if row.get::<Option<i64>>("invalid_at")?.is_some() {
        return stop(WithheldReason::AddressInvalid);
    }
    if row.get::<bool>("suppressed")? {
        return stop(WithheldReason::Suppressed);
    }
    Ok(Check::Go)
}

/// What a batch of marks became, to be written with one statement each.
#[derive(Default)]
struct Decided {
    proceeding: Vec<RecipientId>,
    values: Vec<(RecipientId, String)>,
    waiting: Vec<RecipientId>,
    left_out: Vec<LeftOut>,
    settled: Vec<RecipientId>,
    gate: Gate,
}

impl Decided {
    fn take(&mut self, mark: CommitMark, check: Check) -> Grant {
        match check {
            Check::Go if !self.gate.has_room(&mark) => Grant::Full,
            Check::Go => {
                self.gate.pass(&mark);
                self.proceeding.push(mark.id);
                self.values.extend(mark.values.map(|values| (mark.id, sql::json(&values))));
                Grant::Proceed
            }
            Check::Wait => {
                self.waiting.push(mark.id);
                Grant::Paused
            }
            Check::Stop { contact_id, broadcast_id, reason } => {
                self.left_out.push(LeftOut { id: mark.id, contact_id, broadcast_id, reason });
                Grant::Withheld(reason)
            }
            Check::Settled => {
                self.settled.push(mark.id);
                Grant::Lost
            }
        }
    }

    async fn write(self, tx: &mut Tx, tally: &mut Tally, now: i64) -> Result<(), StorageError> {
        if !self.proceeding.is_empty() {
            let sql = "UPDATE queue SET phase = 2, lease_until = {GREATEST}(lease_until, $2)
                       WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})";
            tx.execute(sql, args![sql::json(&self.proceeding), now + COMMIT_LEASE_MS]).await?;
        }
        if !self.values.is_empty() {
            let sql = "UPDATE recipients SET vals = v.column2 FROM (VALUES {VALUES}) AS v
                       WHERE recipients.id = v.column1 AND vals IS NULL";
            let rows = self.values.into_iter().map(|(id, values)| args![id, values]).collect();
            tx.execute_rows(sql, rows).await?;
        }
        if !self.waiting.is_empty() {
            let sql = "UPDATE queue SET phase = 0, node = '', lease_until = 0, paused = TRUE
                       WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})";
            tx.execute(sql, args![sql::json(&self.waiting)]).await?;
        }
        self.gate.close(tally);
        leave(tx, self.settled).await?;
        withhold(tx, &self.left_out, now).await
    }
}
