//! Leases due rows at a cost that does not grow with the queue.
//!
//! First a window at the front of each lane is read in order, [`WINDOW_PER_LIMIT`] times the rows wanted, and no site
//! gets more than its share of it. Where slow sites fill that window, the rows behind them are found by site:
//! an index that begins with the site steps from one site to the next, [`SITES_MAX`] at most, from a place that changes
//! with every claim.

use std::collections::{BTreeMap, HashMap};

use bounce::Reason;
use delivery::{
    ports::{ClaimRequest, Claimed},
    recipient::Lane,
};

use crate::{
    StorageError, Store,
    error::from_json,
    sql::{self, Arg, Row, args},
    tx::Tx,
};

const WINDOW_PER_LIMIT: u64 = 4;
const WINDOW_MIN: u64 = 1_000;
/// Sites that are looked at in one claim behind a full window.
const SITES_MAX: u64 = 512;
/// Sites that rows are taken of, one statement each.
const SITES_TAKEN_MAX: usize = 64;

/// A row that is ours now.
struct Leased {
    id: i64,
    lane: i64,
    site: String,
    due_at: i64,
}

/// One `SELECT` for each lane, of the rows that could be claimed.
fn of_each_lane(select: &str, rest: &str) -> String {
    let lanes = Lane::ALL.iter().map(|lane| {
        let rank = lane.rank();
        format!("SELECT * FROM ({select} FROM queue WHERE lane = {rank} AND phase = 0 AND NOT paused {rest}) AS l{rank}")
    });
    lanes.collect::<Vec<_>>().join(" UNION ALL ")
}

fn window_sql() -> String {
    let window =
        of_each_lane("SELECT id, lane, due_at, site", "AND due_at <= $4 ORDER BY due_at, id LIMIT $5");
    // Materialised, so that rows are picked and locked once whatever the plan. They are checked again under their lock:
    // another node may have taken them in between.
    format!(
        "WITH picked AS MATERIALIZED (
             SELECT id FROM queue WHERE phase = 0 AND id IN (
                 SELECT id FROM (
                     SELECT id, lane, due_at,
                            row_number() OVER (PARTITION BY site ORDER BY lane, due_at, id) AS nth
                     FROM ({window}) AS w WHERE site NOT IN (SELECT j.value->>0 FROM {{ROWS}})
                 ) AS fair WHERE nth <= $6 ORDER BY lane, due_at, id LIMIT $7
             ) {{SKIP LOCKED}}
         )
         UPDATE queue SET phase = 1, node = $2, lease_until = $3 WHERE id IN (SELECT id FROM picked)
         RETURNING id, lane, site, due_at"
    )
}

pub(super) async fn claim(store: &Store, request: &ClaimRequest) -> Result<Vec<Claimed>, StorageError> {
    let wanted = request.clone();
    let mut leased = store.write(move |tx| Box::pin(lease(tx, wanted))).await?;
    leased.sort_unstable_by_key(|row| (row.lane, row.due_at, row.id));
    with_contacts(store, leased).await
}

async fn lease(tx: &mut Tx, request: ClaimRequest) -> Result<Vec<Leased>, StorageError> {
    let window = (u64::from(request.limit) * WINDOW_PER_LIMIT).max(WINDOW_MIN);
    let full: Vec<[&String; 1]> = request.full_sites.iter().map(|site| [site]).collect();
    let arguments = args![
        sql::json(&full),
        &request.node,
        request.lease_until,
        request.now,
        window,
        request.per_site,
        request.limit
    ];
    let rows = tx.rows(window_sql(), arguments).await?;
    let mut leased = rows.iter().map(leased_of).collect::<Result<Vec<_>, _>>()?;
    for lane in Lane::ALL.iter().map(|lane| lane.rank()) {
        let taken = leased.iter().filter(|row| row.lane == lane).count() as u64;
        if (leased.len() as u64) < u64::from(request.limit)
            && is_clogged(tx, lane, window - taken.min(window), request.now).await?
        {
            lease_behind(tx, &request, lane, &mut leased).await?;
        }
    }
    Ok(leased)
}

/// True when the window did not reach the end of what is due: `rest` or more rows are still there.
async fn is_clogged(tx: &mut Tx, lane: i64, rest: u64, now: i64) -> Result<bool, StorageError> {
    let sql = "SELECT id FROM queue WHERE lane = $1 AND phase = 0 AND NOT paused AND due_at <= $2
               ORDER BY due_at, id LIMIT 1 OFFSET $3";
    Ok(tx.row(sql, args![lane, now, rest.saturating_sub(1)]).await?.is_some())
}

async fn lease_behind(
    tx: &mut Tx,
    request: &ClaimRequest,
    lane: i64,
    leased: &mut Vec<Leased>,
) -> Result<(), StorageError> {
    let mut had: HashMap<String, u32> = HashMap::new();
    for row in leased.iter() {
        *had.entry(row.site.clone()).or_default() += 1;
    }
    let mut sites = due_sites(tx, lane, request.now).await?;
    sites.retain(|site| {
        !request.full_sites.contains(site) && had.get(site).is_none_or(|n| *n < request.per_site)
    });
    for site in sites.into_iter().take(SITES_TAKEN_MAX) {
        let room = request.limit.saturating_sub(u32::try_from(leased.len()).unwrap_or(u32::MAX));
        let share = request.per_site - had.get(&site).copied().unwrap_or(0);
        if room == 0 {
            break;
        }
        let rows = tx
            .rows(
                "WITH picked AS MATERIALIZED (
                     SELECT id FROM queue WHERE lane = $3 AND site = $4 AND phase = 0 AND NOT paused AND due_at <= $5
                     ORDER BY due_at, id LIMIT $6 {SKIP LOCKED}
                 )
                 UPDATE queue SET phase = 1, node = $1, lease_until = $2 WHERE id IN (SELECT id FROM picked)
                 RETURNING id, lane, site, due_at",
                args![&request.node, request.lease_until, lane, &site, request.now, share.min(room)],
            )
            .await?;
        for row in &rows {
            leased.push(leased_of(row)?);
        }
    }
    Ok(())
}

/// Sites with something due in this lane, beginning at the site of a row anywhere in the queue.
async fn due_sites(tx: &mut Tx, lane: i64, now: i64) -> Result<Vec<String>, StorageError> {
    let start = site_anywhere(tx, now).await?;
    let mut sites = sites_between(tx, lane, now, (&start, None)).await?;
    sites.extend(sites_between(tx, lane, now, ("", Some(&start))).await?);
    Ok(sites)
}

async fn site_anywhere(tx: &mut Tx, now: i64) -> Result<String, StorageError> {
    // The two ends are asked for one by one: only so do both engines read them off the index.
    let sql = "SELECT COALESCE((SELECT site FROM queue WHERE id >= (
                   SELECT ends.low + CAST((ends.high - ends.low) * ($1 / 1000.0) AS BIGINT)
                   FROM (SELECT (SELECT MIN(id) FROM queue) AS low, (SELECT MAX(id) FROM queue) AS high) AS ends
               ) ORDER BY id LIMIT 1), '') AS site";
    // Any number that differs from claim to claim will do; a multiplicative hash spreads neighbouring milliseconds.
    let thousandth = now.wrapping_mul(0x9E37_79B9).rem_euclid(1_000);
    tx.row(sql, args![thousandth]).await?.map_or(Ok(String::new()), |row| row.get("site"))
}

/// Steps from site to site through the index; a step costs the same however many rows a site has.
async fn sites_between(
    tx: &mut Tx,
    lane: i64,
    now: i64,
    (from, to): (&str, Option<&str>),
) -> Result<Vec<String>, StorageError> {
    const READY: &str = "FROM queue WHERE lane = $1 AND phase = 0 AND NOT paused";
    let end = if to.is_some() { "AND site < $3" } else { "AND $3 = ''" };
    let sql = format!(
        "WITH RECURSIVE sites (site, nth) AS (
             SELECT MIN(site), 1 {READY} AND site >= $2 {end}
             UNION ALL
             SELECT (SELECT MIN(site) {READY} AND site > sites.site {end}), nth + 1 FROM sites
             WHERE site IS NOT NULL AND nth < $4
         )
         SELECT site FROM sites WHERE site IS NOT NULL
             AND (SELECT MIN(due_at) {READY} AND queue.site = sites.site) <= $5"
    );
    let rows = tx.rows(sql, args![lane, from, to.unwrap_or(""), SITES_MAX, now]).await?;
    rows.iter().map(|row| row.get("site")).collect()
}

fn leased_of(row: &Row) -> Result<Leased, StorageError> {
    Ok(Leased {
        id: row.get("id")?,
        lane: row.get("lane")?,
        site: row.get("site")?,
        due_at: row.get("due_at")?,
    })
}

/// Joins what the message is made of. Outside the transaction, so that others can write meanwhile.
async fn with_contacts(store: &Store, leased: Vec<Leased>) -> Result<Vec<Claimed>, StorageError> {
    if leased.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = leased.iter().map(|row| row.id).collect();
    let rows = store
        .rows(
            "SELECT r.id, r.broadcast_id, r.template_version_id, r.contact_id, r.address, r.provider, r.attempts,
                    r.created_at, r.expires_at, r.vals, r.source_id, r.reason, b.from_address, b.pool, c.name, c.kana, c.address AS contact_address, c.phone,
                    c.company, c.external_id, c.fields
             FROM {ROWS} JOIN recipients r ON r.id = CAST(j.value AS BIGINT)
             LEFT JOIN broadcasts b ON b.id = r.broadcast_id
             LEFT JOIN contacts c ON c.id = r.contact_id",
            args![sql::json(&ids)],
        )
        .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        found.insert(row.get::<i64>("id")?, row);
    }
    leased.into_iter().filter_map(|lease| found.get(&lease.id).map(|row| claimed_of(lease, row))).collect()
}

fn claimed_of(lease: Leased, row: &Row) -> Result<Claimed, StorageError> {
    let kept: Option<String> = row.get("vals")?;
    let values = match &kept {
        Some(values) => from_json("merge values", values)?,
        None => contact_values(row)?,
    };
    let from: String = row.get::<Option<String>>("from_address")?.unwrap_or_default();
    let reason: Option<String> = row.get("reason")?;
    let greylisted = reason.as_deref() == Some(Reason::Greylisted.name());
    Ok(Claimed {
        id: lease.id,
        broadcast_id: Some(row.get("broadcast_id")?),
        template_version_id: row.get("template_version_id")?,
        contact_id: row.get("contact_id")?,
        lane: Lane::from_rank(lease.lane),
        to: row.get("address")?,
        site: lease.site,
        provider: row.get("provider")?,
        attempts: u32::try_from(row.get::<i64>("attempts")?).unwrap_or(u32::MAX),
        queued_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        values,
        values_fixed: kept.is_some(),
        from_domain: from.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default(),
        pool: row.get("pool")?,
        sticky_source: row.get::<Option<i64>>("source_id")?.filter(|_| greylisted),
    })
}

/// The fields a template may use; a column of the shop's file never hides one of ours. Empty when the contact is gone.
fn contact_values(row: &Row) -> Result<BTreeMap<String, String>, StorageError> {
    const OURS: [(&str, &str); 6] = [
        ("name", "name"),
        ("kana", "kana"),
        ("address", "contact_address"),
        ("phone", "phone"),
        ("company", "company"),
        ("customer_number", "external_id"),
    ];
    let Some(fields) = row.get::<Option<String>>("fields")? else { return Ok(BTreeMap::new()) };
    let mut values: BTreeMap<String, String> = from_json("contact fields", &fields)?;
    for (field, column) in OURS {
        values.insert(field.to_owned(), row.get::<Option<String>>(column)?.unwrap_or_default());
    }
    Ok(values)
}

/// When the next row that may be claimed is due.
pub(super) async fn next_due_at(store: &Store) -> Result<Option<i64>, StorageError> {
    let sql = format!(
        "SELECT MIN(due_at) AS due_at FROM ({}) AS firsts",
        of_each_lane("SELECT MIN(due_at) AS due_at", "")
    );
    let none: Vec<Arg> = args![];
    store.row(sql, none).await?.map_or(Ok(None), |row| row.get("due_at"))
}
