//! Leases due rows at a cost that does not grow with the queue.
//!
//! A stream is one broadcast's rows in one lane. Streams are looked up by stepping through an index, so that one that is
//! held costs nothing however many rows it has. Of each stream a window at the front is read in order,
//! [`WINDOW_PER_LIMIT`] times the rows wanted, and no site gets more than its share of it. Where slow sites fill that
//! window, the rows behind them are found by site: an index that begins with the site steps from one site to the next,
//! [`SITES_MAX`] at most, from a place that changes with every claim.

use std::collections::HashMap;

use delivery::{ports::ClaimRequest, recipient::Lane};
use serde::Deserialize;

use crate::{
    StorageError, Store,
    sql::{self, args},
    tx::Tx,
};

const WINDOW_PER_LIMIT: u64 = 4;
const WINDOW_MIN: u64 = 1_000;
/// Streams of one lane that are looked at in one claim.
const STREAMS_MAX: u64 = 64;
/// Sites that are looked at in one claim behind a full window.
const SITES_MAX: u64 = 512;
/// Sites that rows are taken of, one statement each.
const SITES_TAKEN_MAX: usize = 64;
/// Rows that may be leased.
const READY: &str = "FROM queue WHERE lane = $1 AND broadcast_id = $2 AND phase = 0 AND NOT paused";

/// A row that is ours now.
#[derive(Deserialize)]
pub(super) struct Leased {
    pub(super) id: i64,
    pub(super) lane: i64,
    pub(super) site: String,
    pub(super) due_at: i64,
}

/// One broadcast's rows in one lane.
#[derive(Clone, Copy)]
struct Stream {
    lane: i64,
    broadcast_id: i64,
    /// The larger, the sooner within its lane.
    priority: i64,
    /// Rows it may have now.
    room: u32,
}

pub(super) async fn lease(tx: &mut Tx, request: ClaimRequest) -> Result<Vec<Leased>, StorageError> {
    let mut streams = due_streams(tx, &request).await?;
    // Streams of one rank share what there is; which of them comes first changes with every claim.
    let turn = |stream: &Stream| stream.broadcast_id.wrapping_mul(31).wrapping_add(request.now) & 0x3f;
    streams.sort_by_key(|stream| (stream.lane, -stream.priority, turn(stream)));
    let mut leased = Vec::new();
    for peers in streams.chunk_by_mut(|one, other| (one.lane, one.priority) == (other.lane, other.priority)) {
        // Twice, because what one of them does not need is the others'.
        for _ in 0..2 {
            share(tx, &request, peers, &mut leased).await?;
        }
    }
    Ok(leased)
}

async fn share(
    tx: &mut Tx,
    request: &ClaimRequest,
    peers: &mut [Stream],
    leased: &mut Vec<Leased>,
) -> Result<(), StorageError> {
    let count = peers.len();
    for (n, stream) in peers.iter_mut().enumerate() {
        let left = request.limit.saturating_sub(u32::try_from(leased.len()).unwrap_or(u32::MAX));
        let wanted = left.div_ceil(u32::try_from(count - n).unwrap_or(1)).min(stream.room);
        if wanted == 0 {
            continue;
        }
        let before = leased.len();
        lease_stream(tx, request, (*stream, wanted), leased).await?;
        let got = u32::try_from(leased.len() - before).unwrap_or(u32::MAX);
        // Who did not use its share has nothing more to give.
        stream.room = if got < wanted { 0 } else { stream.room - got };
    }
    Ok(())
}

/// The streams with something due that may be sent, a step of the index each.
async fn due_streams(tx: &mut Tx, request: &ClaimRequest) -> Result<Vec<Stream>, StorageError> {
    let steps = request.lanes.iter().map(|lane| {
        let ready = format!("FROM queue WHERE lane = {} AND phase = 0 AND NOT paused", lane.rank());
        format!(
            "s{0} (stream, nth) AS (
                 SELECT MIN(broadcast_id), 1 {ready}
                 UNION ALL
                 SELECT (SELECT MIN(broadcast_id) {ready} AND broadcast_id > s{0}.stream), nth + 1 FROM s{0}
                 WHERE stream IS NOT NULL AND nth < $2
             )",
            lane.rank()
        )
    });
    let found = request.lanes.iter().map(|lane| {
        format!(
            "SELECT CAST({0} AS BIGINT) AS lane, stream FROM s{0} WHERE stream IS NOT NULL AND (
                 SELECT MIN(due_at) FROM queue
                 WHERE lane = {0} AND broadcast_id = s{0}.stream AND phase = 0 AND NOT paused) <= $1",
            lane.rank()
        )
    });
    let sql = format!(
        "WITH RECURSIVE {} {}",
        steps.collect::<Vec<_>>().join(", "),
        found.collect::<Vec<_>>().join(" UNION ALL ")
    );
    let rows = tx.rows(sql, args![request.now, STREAMS_MAX]).await?;
    let mut streams = Vec::with_capacity(rows.len());
    for row in &rows {
        let (lane, broadcast_id) = (row.get("lane")?, row.get("stream")?);
        let own_run = Lane::from_rank(lane) == Lane::Broadcast;
        let pace = request.paces.iter().find(|pace| own_run && pace.broadcast_id == broadcast_id);
        let room = pace.and_then(|pace| pace.room).unwrap_or(u32::MAX);
        let priority = pace.map_or(0, |pace| pace.priority);
        streams.push(Stream { lane, broadcast_id, priority, room });
    }
    streams.retain(|stream| stream.room > 0);
    Ok(streams)
}

/// Leases rows of one stream, from the window at its front and from behind it.
async fn lease_stream(
    tx: &mut Tx,
    request: &ClaimRequest,
    (stream, wanted): (Stream, u32),
    leased: &mut Vec<Leased>,
) -> Result<(), StorageError> {
    let window = (u64::from(wanted) * WINDOW_PER_LIMIT).max(WINDOW_MIN);
    let full: Vec<[&str; 1]> = full_sites(request, stream.lane).map(|site| [site]).collect();
    // They are checked again under their lock: another node may have taken them in between.
    let sql = "SELECT {PACKED}(p.id, p.lane, p.site, p.due_at){AS PACKED} FROM (
             SELECT id, lane, site, due_at FROM queue WHERE phase = 0 AND id IN (
                 SELECT id FROM (
                     SELECT id, due_at, row_number() OVER (PARTITION BY site ORDER BY due_at, id) AS nth
                     FROM (SELECT id, due_at, site FROM queue
                           WHERE lane = $6 AND broadcast_id = $7 AND phase = 0 AND NOT paused AND due_at <= $2
                           ORDER BY due_at, id LIMIT $3) AS w
                     WHERE site NOT IN (SELECT j.value->>0 FROM {ROWS})
                 ) AS fair WHERE nth <= $4 ORDER BY due_at, id LIMIT $5
             ) {SKIP LOCKED}
         ) AS p";
    let arguments = args![
        sql::json(&full),
        request.now,
        window,
        request.per_site,
        wanted,
        stream.lane,
        stream.broadcast_id
    ];
    let rows: Vec<Leased> = tx.packed(sql, arguments).await?;
    take(tx, request, &rows).await?;
    let first = leased.len();
    let taken = rows.len() as u64;
    leased.extend(rows);
    if taken < u64::from(wanted) && is_clogged(tx, stream, window - taken.min(window), request.now).await? {
        lease_behind(tx, request, (stream, wanted), leased, first).await?;
    }
    Ok(())
}

fn full_sites(request: &ClaimRequest, lane: i64) -> impl Iterator<Item = &str> {
    request.full_sites.iter().filter(move |(_, from)| from.rank() <= lane).map(|(site, _)| site.as_str())
}

/// True when the window did not reach the end of what is due: `rest` or more rows are still there.
async fn is_clogged(tx: &mut Tx, stream: Stream, rest: u64, now: i64) -> Result<bool, StorageError> {
    let sql = format!("SELECT id {READY} AND due_at <= $3 ORDER BY due_at, id LIMIT 1 OFFSET $4");
    let arguments = args![stream.lane, stream.broadcast_id, now, rest.saturating_sub(1)];
    Ok(tx.row(sql, arguments).await?.is_some())
}

async fn lease_behind(
    tx: &mut Tx,
    request: &ClaimRequest,
    (stream, wanted): (Stream, u32),
    leased: &mut Vec<Leased>,
    first: usize,
) -> Result<(), StorageError> {
    let mut had: HashMap<String, u32> = HashMap::new();
    for row in &leased[first..] {
        *had.entry(row.site.clone()).or_default() += 1;
    }
    let mut sites = due_sites(tx, stream, request.now).await?;
    sites.retain(|site| {
        !full_sites(request, stream.lane).any(|full| full == site)
            && had.get(site).is_none_or(|n| *n < request.per_site)
    });
    for site in sites.into_iter().take(SITES_TAKEN_MAX) {
        let room = wanted.saturating_sub(u32::try_from(leased.len() - first).unwrap_or(u32::MAX));
        let share = request.per_site - had.get(&site).copied().unwrap_or(0);
        if room == 0 {
            break;
        }
        let sql = format!(
            "SELECT {{PACKED}}(p.id, p.lane, p.site, p.due_at){{AS PACKED}} FROM (
                 SELECT id, lane, site, due_at {READY} AND site = $3 AND due_at <= $4 ORDER BY due_at, id LIMIT $5
                 {{SKIP LOCKED}}
             ) AS p"
        );
        let arguments = args![stream.lane, stream.broadcast_id, &site, request.now, share.min(room)];
        let rows: Vec<Leased> = tx.packed(sql, arguments).await?;
        take(tx, request, &rows).await?;
        leased.extend(rows);
    }
    Ok(())
}

/// Makes rows that are locked ours.
async fn take(tx: &mut Tx, request: &ClaimRequest, rows: &[Leased]) -> Result<(), StorageError> {
    if !rows.is_empty() {
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let sql = "UPDATE queue SET phase = 1, node = $2, lease_until = $3
                   WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})";
        tx.execute(sql, args![sql::json(&ids), &request.node, request.lease_until]).await?;
    }
    Ok(())
}

/// Sites with something due in this stream, beginning at the site of a row anywhere in the queue.
async fn due_sites(tx: &mut Tx, stream: Stream, now: i64) -> Result<Vec<String>, StorageError> {
    let start = site_anywhere(tx, now).await?;
    let mut sites = sites_between(tx, stream, now, (&start, None)).await?;
    sites.extend(sites_between(tx, stream, now, ("", Some(&start))).await?);
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
    stream: Stream,
    now: i64,
    (from, to): (&str, Option<&str>),
) -> Result<Vec<String>, StorageError> {
    let end = if to.is_some() { "AND site < $4" } else { "AND $4 = ''" };
    let sql = format!(
        "WITH RECURSIVE sites (site, nth) AS (
             SELECT MIN(site), 1 {READY} AND site >= $3 {end}
             UNION ALL
             SELECT (SELECT MIN(site) {READY} AND site > sites.site {end}), nth + 1 FROM sites
             WHERE site IS NOT NULL AND nth < $5
         )
         SELECT site FROM sites WHERE site IS NOT NULL
             AND (SELECT MIN(due_at) {READY} AND queue.site = sites.site) <= $6"
    );
    let arguments = args![stream.lane, stream.broadcast_id, from, to.unwrap_or(""), SITES_MAX, now];
    let rows = tx.rows(sql, arguments).await?;
    rows.iter().map(|row| row.get("site")).collect()
}

/// When the next row that may be claimed is due: the front of each stream is looked at, not its rows.
pub(super) async fn next_due_at(store: &Store) -> Result<Option<i64>, StorageError> {
    let sql = "WITH RECURSIVE lanes (lane) AS (
                   SELECT 0 UNION ALL SELECT lane + 1 FROM lanes WHERE lane < $1
               ), streams (lane, stream) AS (
                   SELECT lane, (SELECT MIN(broadcast_id) FROM queue
                                 WHERE queue.lane = lanes.lane AND phase = 0 AND NOT paused) FROM lanes
                   UNION ALL
                   SELECT lane, (SELECT MIN(broadcast_id) FROM queue
                                 WHERE queue.lane = streams.lane AND phase = 0 AND NOT paused
                                     AND broadcast_id > streams.stream)
                   FROM streams WHERE stream IS NOT NULL
               )
               SELECT MIN(due_at) AS due_at FROM (
                   SELECT (SELECT MIN(due_at) FROM queue WHERE queue.lane = streams.lane
                               AND broadcast_id = streams.stream AND phase = 0 AND NOT paused) AS due_at
                   FROM streams WHERE stream IS NOT NULL) AS fronts";
    let last_lane = Lane::ALL.iter().map(|lane| lane.rank()).max().unwrap_or(0);
    store.row(sql, args![last_lane]).await?.map_or(Ok(None), |row| row.get("due_at"))
}
