//! Decides who is left out and why, once for the preview and for the rows themselves, and writes audiences down.

use campaigns::broadcast::{AudienceKind, AudienceMember, AudiencePart, BroadcastId, Purpose, Waterfall};
use delivery::{event, recipient::Lane};

use super::numbers::waterfall_of;
use crate::{
    StorageError, Store,
    error::named,
    events::append_selected,
    ids::KeyRun,
    sql::{Arg, Row, args},
    tx::Tx,
};

/// Why contact `c` gets no mail by herself, as the branches of a CASE, in the order of the waterfall.
pub(crate) fn left_out(purpose: Purpose) -> String {
    let opted_out = match purpose {
        Purpose::Advertising => {
            "WHEN c.status = 'cancelled' THEN 'resigned' WHEN c.opted_out_at IS NOT NULL THEN 'opted_out'
             WHEN c.dm_refused_at IS NOT NULL THEN 'dm_refused'"
        }
        Purpose::Transactional => "",
    };
    format!(
        "WHEN c.address IS NULL THEN 'no_address' {opted_out} WHEN c.invalid_at IS NOT NULL THEN 'address_invalid'
         WHEN c.lookalike_of IS NOT NULL THEN 'lookalike'"
    )
}

/// The shard of recipient `r`: the provider where the address tells it, else what stands behind the last @. A quoted
/// local part may hold an @ too. `isp` is many providers, not one.
pub(crate) const SITE: &str = "CASE WHEN r.provider IN ('', 'isp')
    THEN substr(r.address, length(rtrim(r.address, replace(r.address, '@', ''))) + 1) ELSE r.provider END";

/// Whom a broadcast asks for, and what for.
#[derive(Clone, Copy)]
struct Wanted {
    kind: AudienceKind,
    purpose: Purpose,
}

/// Contact `x` may get it: its address works, and it wants such mail.
fn sendable(purpose: Purpose, x: char) -> String {
    let wants = match purpose {
        Purpose::Advertising => format!(
            "AND {x}.status <> 'cancelled' AND {x}.opted_out_at IS NULL AND {x}.dm_refused_at IS NULL"
        ),
        Purpose::Transactional => String::new(),
    };
    format!(
        "{x}.trashed_at IS NULL AND {x}.address IS NOT NULL AND {x}.invalid_at IS NULL
         AND {x}.lookalike_of IS NULL {wants}"
    )
}

/// `FROM … WHERE …` of the contacts asked for: `$1` is the broadcast, `$2` the largest contact key.
fn asked(wanted: Wanted) -> String {
    match wanted.kind {
        AudienceKind::All => "FROM contacts c WHERE c.id <= $2 AND c.trashed_at IS NULL".to_owned(),
        AudienceKind::Sendable => {
            format!("FROM contacts c WHERE c.id <= $2 AND {}", sendable(wanted.purpose, 'c'))
        }
        AudienceKind::Picked => "FROM broadcast_picks p JOIN contacts c ON c.id = p.contact_id
             WHERE p.broadcast_id = $1 AND c.id <= $2 AND c.trashed_at IS NULL"
            .to_owned(),
    }
}

/// The reason, NULL for those who get the mail. Of several contacts with one address the newest one gets it.
fn withheld(wanted: Wanted) -> String {
    let also_asked = match wanted.kind {
        AudienceKind::All | AudienceKind::Sendable => "",
        AudienceKind::Picked => {
            "AND EXISTS (SELECT 1 FROM broadcast_picks o WHERE o.broadcast_id = $1 AND o.contact_id = d.id)"
        }
    };
    format!(
        "CASE {}
         WHEN EXISTS (SELECT 1 FROM contacts d
                      WHERE d.address_key = c.address_key AND d.id > c.id AND d.id <= $2 AND {} {also_asked})
             THEN 'duplicate' END",
        left_out(wanted.purpose),
        sendable(wanted.purpose, 'd')
    )
}

pub(super) async fn preview(store: &Store, id: BroadcastId) -> Result<Waterfall, StorageError> {
    let row = store.row("SELECT audience, purpose FROM broadcasts WHERE id = $1", args![id]).await?;
    let Some(row) = row else { return Ok(Waterfall::default()) };
    let wanted = wanted_of(&row)?;
    let sql = format!(
        "SELECT a.withheld, COUNT(*) AS contacts FROM (SELECT {} AS withheld {}) AS a GROUP BY a.withheld",
        withheld(wanted),
        asked(wanted)
    );
    waterfall_of(&store.rows(sql, args![id, i64::MAX]).await?)
}

/// The people behind one number of [`preview`].
pub(super) async fn members(
    store: &Store,
    id: BroadcastId,
    part: AudiencePart,
    (offset, limit): (u64, u64),
) -> Result<Vec<AudienceMember>, StorageError> {
    let row = store.row("SELECT audience, purpose FROM broadcasts WHERE id = $1", args![id]).await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let wanted = wanted_of(&row)?;
    let (condition, reason) = match part {
        AudiencePart::Everyone => ("$3 = ''", ""),
        AudiencePart::Remaining => ("a.withheld IS NULL AND $3 = ''", ""),
        AudiencePart::LeftOut(reason) => ("a.withheld = $3", reason.name()),
    };
    let sql = format!(
        "SELECT a.id, a.name, a.address FROM (SELECT c.id, c.name, c.address, {} AS withheld {}) AS a
         WHERE {condition} ORDER BY a.id LIMIT $4 OFFSET $5",
        withheld(wanted),
        asked(wanted)
    );
    let rows = store.rows(sql, args![id, i64::MAX, reason, limit, offset]).await?;
    rows.iter().map(member_of).collect()
}

fn member_of(row: &Row) -> Result<AudienceMember, StorageError> {
    Ok(AudienceMember {
        contact_id: row.get("id")?,
        name: row.get("name")?,
        address: row.get::<Option<String>>("address")?.unwrap_or_default(),
    })
}

fn wanted_of(row: &Row) -> Result<Wanted, StorageError> {
    Ok(Wanted {
        kind: named("audience", &row.get::<String>("audience")?, AudienceKind::from_name)?,
        purpose: named("purpose", &row.get::<String>("purpose")?, Purpose::from_name)?,
    })
}

/// One batch of an audience.
struct Batch {
    broadcast_id: BroadcastId,
    wanted: Wanted,
    after: i64,
    up_to: i64,
    limit: i64,
    keys: KeyRun,
    paused: bool,
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
pub(super) async fn write(tx: &mut Tx, id: BroadcastId, limit: u64, now: i64) -> Result<bool, StorageError> {
    let sql = "SELECT audience, purpose, state, prepared_up_to, audience_up_to FROM broadcasts
               WHERE id = $1 AND NOT prepared AND state IN ('preparing', 'paused') {FOR UPDATE}";
    let Some(row) = tx.row(sql, args![id]).await? else { return Ok(true) };
    let limit = i64::try_from(limit.max(1)).unwrap_or(i64::MAX);
    let batch = Batch {
        broadcast_id: id,
        wanted: wanted_of(&row)?,
        after: row.get("prepared_up_to")?,
        up_to: row.get("audience_up_to")?,
        limit,
        keys: tx.ids.run(now, limit as usize),
        paused: row.get::<String>("state")? == "paused",
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
               WHERE id = $1";
    tx.execute(sql, args![id, cursor, done]).await?;
    Ok(done)
}

async fn insert_recipients(tx: &mut Tx, batch: &Batch) -> Result<u64, StorageError> {
    let sql = format!(
        "INSERT INTO recipients (id, broadcast_id, template_version_id, contact_id, address, provider, state, state_at,
                                 withheld, expires_at, created_at)
         SELECT {key}, b.id, b.template_version_id, a.id, COALESCE(a.address, ''), a.provider,
                CASE WHEN a.withheld IS NULL THEN 'waiting' ELSE 'withheld' END, $5, a.withheld, b.expires_at, $5
         FROM (SELECT c.id, c.address, c.provider, {withheld} AS withheld,
                      row_number() OVER (ORDER BY c.id) - 1 AS n
               {asked} AND c.id > $3 ORDER BY c.id LIMIT $4) AS a
         JOIN broadcasts b ON b.id = $1",
        key = KeyRun::key_sql("$6 + a.n", "$7"),
        withheld = withheld(batch.wanted),
        asked = asked(batch.wanted),
    );
    let arguments = args![
        batch.broadcast_id,
        batch.up_to,
        batch.after,
        batch.limit,
        batch.now,
        batch.keys.first_slot,
        batch.keys.node
    ];
    tx.execute(sql, arguments).await
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
