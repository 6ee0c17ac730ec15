//! Decides who is left out and why, once for the preview and for the rows themselves, and writes audiences down.

use campaigns::broadcast::{AudienceMember, AudiencePart, BroadcastId, Waterfall};
use delivery::{event, recipient::Lane};

use super::{
    asked::{PLAN_COLUMNS, Plan},
    numbers::waterfall_of,
    settings::plan_sql,
};
use crate::{
    StorageError,
    events::append_selected,
    ids::KeyRun,
    sql::{Arg, Engine, Row, args},
    tx::Tx,
};

/// The shard of recipient `r`: the provider where the address tells it, else what stands behind the last @. A quoted
/// local part may hold an @ too. `isp` is many providers, not one.
pub(crate) const SITE: &str = "CASE WHEN r.provider IN ('', 'isp')
    THEN substr(r.address, length(rtrim(r.address, replace(r.address, '@', ''))) + 1) ELSE r.provider END";

pub(super) async fn preview(tx: &mut Tx, id: BroadcastId, now: i64) -> Result<Waterfall, StorageError> {
    let Some(row) = tx.row(plan_sql(""), args![id]).await? else { return Ok(Waterfall::default()) };
    let plan = Plan::load(tx, &row).await?;
    let asking = plan.asking(tx, false, now, plan.first_args());
    let sql = format!(
        "SELECT a.withheld, COUNT(*) AS contacts
         FROM (SELECT {} AS withheld FROM contacts c WHERE {}) AS a GROUP BY a.withheld",
        asking.withheld, asking.asked
    );
    waterfall_of(&tx.rows(sql, asking.args).await?)
}

/// How many of those who remain have no consent on record.
pub(super) async fn unrecorded(tx: &mut Tx, id: BroadcastId, now: i64) -> Result<u64, StorageError> {
    let Some(row) = tx.row(plan_sql(""), args![id]).await? else { return Ok(0) };
    let plan = Plan::load(tx, &row).await?;
    let asking = plan.asking(tx, false, now, plan.first_args());
    // Consent is looked at first: where it is on record, nobody has to ask for anything else.
    let sql = format!(
        "SELECT COUNT(*) AS contacts FROM (SELECT {} AS withheld FROM contacts c WHERE {} AND NOT {}) AS a
         WHERE a.withheld IS NULL",
        asking.withheld, asking.asked, asking.recorded
    );
    tx.row(sql, asking.args).await?.map_or(Ok(0), |row| row.count("contacts"))
}

/// The people behind one number of [`preview`].
pub(super) async fn members(
    tx: &mut Tx,
    id: BroadcastId,
    part: AudiencePart,
    (offset, limit): (u64, u64),
    now: i64,
) -> Result<Vec<AudienceMember>, StorageError> {
    let Some(row) = tx.row(plan_sql(""), args![id]).await? else { return Ok(Vec::new()) };
    let plan = Plan::load(tx, &row).await?;
    let (condition, reason) = match part {
        AudiencePart::Everyone => ("$3 = ''", ""),
        AudiencePart::Remaining => ("a.withheld IS NULL AND $3 = ''", ""),
        AudiencePart::Unrecorded => ("a.withheld IS NULL AND a.unrecorded = 1 AND $3 = ''", ""),
        AudiencePart::LeftOut(reason) => ("a.withheld = $3", reason.name()),
    };
    let mut first = plan.first_args();
    first.extend(args![reason, limit, offset]);
    let asking = plan.asking(tx, false, now, first);
    let sql = format!(
        "SELECT a.id, a.name, a.address
         FROM (SELECT c.id, c.name, c.address, {} AS withheld, CASE WHEN {} THEN 0 ELSE 1 END AS unrecorded
               FROM contacts c WHERE {}) AS a
         WHERE {condition} ORDER BY a.id LIMIT $4 OFFSET $5",
        asking.withheld, asking.recorded, asking.asked
    );
    tx.rows(sql, asking.args).await?.iter().map(member_of).collect()
}

/// A person of an audience, from a row of `id`, `name`, `address`.
pub(super) fn member_of(row: &Row) -> Result<AudienceMember, StorageError> {
    Ok(AudienceMember {
        contact_id: row.get("id")?,
        name: row.get("name")?,
        address: row.get::<Option<String>>("address")?.unwrap_or_default(),
    })
}

/// One batch of an audience.
struct Batch {
    broadcast_id: BroadcastId,
    plan: Plan,
    after: i64,
    up_to: i64,
    limit: i64,
    keys: KeyRun,
    paused: bool,
    /// Days that are relative to today mean the day of the start, for everybody alike.
    started_at: i64,
    now: i64,
}

impl Batch {
    fn first_key(&self) -> i64 {
        self.keys.key_of(self.keys.first_slot)
    }

    fn last_key(&self) -> i64 {
        self.keys.key_of(self.keys.first_slot + self.limit - 1)
    }
}

/// `true` when nobody is left to write down.
///
/// The broadcast itself is locked at the end only, and for no longer than a commit takes: whoever sends its messages holds
/// it meanwhile. Nodes that prepare the same broadcast wait for each other.
///
/// # Errors
/// [`StorageError::Gone`] when somebody paused, resumed or cancelled it meanwhile: nothing was written, try again.
pub(super) async fn write(tx: &mut Tx, id: BroadcastId, limit: u64, now: i64) -> Result<bool, StorageError> {
    if tx.engine() == Engine::Postgres {
        tx.execute("SELECT pg_advisory_xact_lock($1)", args![id]).await?;
    }
    let sql = format!(
        "SELECT {PLAN_COLUMNS}, b.state, b.prepared_up_to, b.audience_up_to FROM broadcasts b
         WHERE b.id = $1 AND NOT b.prepared AND b.state IN ('preparing', 'paused')"
    );
    let Some(row) = tx.row(sql, args![id]).await? else { return Ok(true) };
    let state: String = row.get("state")?;
    let limit = i64::try_from(limit.max(1)).unwrap_or(i64::MAX);
    let batch = Batch {
        broadcast_id: id,
        plan: Plan::load(tx, &row).await?,
        started_at: row.get::<Option<i64>>("started_at")?.unwrap_or(now),
        after: row.get("prepared_up_to")?,
        up_to: row.get("audience_up_to")?,
        limit,
        keys: tx.ids.run(now, limit as usize),
        paused: state == "paused",
        now,
    };
    let written = insert_recipients(tx, &batch).await?;
    let done = written < limit as u64;
    let mut cursor = batch.after;
    if written > 0 {
        insert_queue(tx, &batch).await?;
        tell(tx, &batch).await?;
        cursor = last_contact(tx, &batch).await?;
    }
    // A paused broadcast remembers that it is prepared and stays paused.
    let sql = "UPDATE broadcasts SET prepared_up_to = $2, prepared = $3,
                      state = CASE WHEN $3 AND state = 'preparing' THEN 'running' ELSE state END
               WHERE id = $1 AND state = $4";
    match tx.execute(sql, args![id, cursor, done, state]).await? {
        0 => Err(StorageError::Gone("the broadcast as it was".to_owned())),
        _ => Ok(done),
    }
}

async fn insert_recipients(tx: &mut Tx, batch: &Batch) -> Result<u64, StorageError> {
    let arguments = args![
        batch.broadcast_id,
        batch.up_to,
        batch.after,
        batch.limit,
        batch.now,
        batch.keys.first_slot,
        batch.keys.node
    ];
    let asking = batch.plan.asking(tx, true, batch.started_at, arguments);
    let sql = format!(
        "INSERT INTO recipients (id, broadcast_id, template_version_id, contact_id, address, provider, state, state_at,
                                 withheld, expires_at, created_at)
         SELECT {key}, b.id, b.template_version_id, a.id, COALESCE(a.address, ''), a.provider,
                CASE WHEN a.withheld IS NULL THEN 'waiting' ELSE 'withheld' END, $5, a.withheld, b.expires_at, $5
         FROM (SELECT c.id, c.address, c.provider, {withheld} AS withheld,
                      row_number() OVER (ORDER BY c.id) - 1 AS n
               FROM contacts c WHERE {asked} AND c.id > $3 ORDER BY c.id LIMIT $4) AS a
         JOIN broadcasts b ON b.id = $1",
        key = KeyRun::key_sql("$6 + a.n", "$7"),
        withheld = asking.withheld,
        asked = asking.asked,
    );
    tx.execute(sql, asking.args).await
}

/// The rows of this batch: all that this process made within its keys. Takes three arguments from `$first` on.
/// The broadcast is left out on purpose: its index would lead through all of its rows, batch after batch.
fn written(first: usize) -> String {
    let node = KeyRun::node_sql("r.id", &format!("${}", first + 2));
    format!("FROM recipients r WHERE r.id BETWEEN ${first} AND ${} AND {node}", first + 1)
}

fn written_args(batch: &Batch) -> Vec<Arg> {
    args![batch.first_key(), batch.last_key(), batch.keys.node]
}

async fn insert_queue(tx: &mut Tx, batch: &Batch) -> Result<(), StorageError> {
    let sql = format!(
        "INSERT INTO queue (id, broadcast_id, lane, site, due_at, paused)
         SELECT r.id, r.broadcast_id, $4, {SITE}, $5, $6 {} AND r.withheld IS NULL ORDER BY r.id",
        written(1)
    );
    let mut arguments = written_args(batch);
    arguments.extend(args![Lane::Broadcast.rank(), batch.now, batch.paused]);
    tx.execute(sql, arguments).await?;
    Ok(())
}

async fn last_contact(tx: &mut Tx, batch: &Batch) -> Result<i64, StorageError> {
    let sql = format!("SELECT MAX(r.contact_id) AS last {}", written(1));
    tx.row(sql, written_args(batch)).await?.map_or(Ok(batch.after), |row| row.get("last"))
}

async fn tell(tx: &mut Tx, batch: &Batch) -> Result<(), StorageError> {
    let (queued, withheld) = (event::QUEUED, event::WITHHELD);
    let selected = format!(
        "SELECT row_number() OVER (ORDER BY r.id) - 1 AS n,
                CASE WHEN r.withheld IS NULL THEN '{queued}' ELSE '{withheld}' END AS kind,
                r.contact_id, r.id AS recipient_id, r.broadcast_id,
                CASE WHEN r.withheld IS NULL THEN '{{}}' ELSE '{{\"reason\":\"' || r.withheld || '\"}}' END AS detail {}",
        written(4)
    );
    append_selected(tx, batch.limit as usize, batch.now, &selected, written_args(batch)).await
}
