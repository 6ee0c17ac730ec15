//! Keeps the sources: how mail leaves, their rest, their warm-up, the pools of the lanes.

use delivery::{
    event,
    recipient::Lane,
    source::{LanePools, Quota, Rest, Source, SourceDraft, SourceId, Way, counts, warm_up},
};
use serde_json::{Value, json};

use crate::{
    StorageError, Store,
    error::{from_json, named},
    events::{NewEvent, append_one},
    sql::{self, Row, args},
    tx::Tx,
};

const COLUMNS: &str = "id, name, way, pool, weight, enabled, quota, curve, curve_from, rest, not_for, standing, checked_at, \
                       created_at";
const LANE_POOLS: &str = "lane_pools";

pub(crate) async fn all(store: &Store) -> Result<Vec<Source>, StorageError> {
    store.read(|tx| Box::pin(read(tx, None))).await
}

pub(crate) async fn one(store: &Store, id: SourceId) -> Result<Option<Source>, StorageError> {
    Ok(store.read(move |tx| Box::pin(read(tx, Some(id)))).await?.pop())
}

async fn read(tx: &mut Tx, id: Option<SourceId>) -> Result<Vec<Source>, StorageError> {
    let sql =
        format!("SELECT {COLUMNS} FROM sources WHERE removed_at IS NULL AND ($1 = 0 OR id = $1) ORDER BY id");
    let rows = tx.rows(sql, args![id.unwrap_or(0)]).await?;
    let mut sources = rows.iter().map(source_of).collect::<Result<Vec<_>, _>>()?;
    let sql = "SELECT source_id, provider_group, step, day, stage, why FROM source_warm_ups
               WHERE ($1 = 0 OR source_id = $1) ORDER BY source_id, provider_group";
    for row in tx.rows(sql, args![id.unwrap_or(0)]).await? {
        let source: SourceId = row.get("source_id")?;
        if let Some(source) = sources.iter_mut().find(|one| one.id == source) {
            source.warm_ups.push(warm_up_of(&row)?);
        }
    }
    // In the order of the curve, which is the order people think in.
    for source in &mut sources {
        let curve = source.draft.curve.as_ref().and_then(|(id, _)| warm_up::curve(id));
        let place = |group: &str| {
            curve.map_or(0, |curve| {
                curve.group.iter().position(|known| known.id == group).unwrap_or(usize::MAX)
            })
        };
        source.warm_ups.sort_by_key(|state| place(&state.group));
    }
    Ok(sources)
}

fn source_of(row: &Row) -> Result<Source, StorageError> {
    let curve: Option<String> = row.get("curve")?;
    let from: Option<i64> = row.get("curve_from")?;
    let rest: Option<String> = row.get("rest")?;
    let draft = SourceDraft {
        name: row.get("name")?,
        way: from_json::<Way>("source", &row.get::<String>("way")?)?,
        pool: row.get("pool")?,
        weight: u32::try_from(row.get::<i64>("weight")?).unwrap_or(1),
        enabled: row.get("enabled")?,
        quota: from_json::<Quota>("quota of a source", &row.get::<String>("quota")?)?,
        curve: curve.zip(from),
    };
    Ok(Source {
        id: row.get("id")?,
        draft,
        warm_ups: Vec::new(),
        rest: rest.map(|rest| from_json::<Rest>("rest of a source", &rest)).transpose()?,
        not_for: from_json("domains of a source", &row.get::<String>("not_for")?)?,
        standing: row.get("standing")?,
        checked_at: row.get("checked_at")?,
        created_at: row.get("created_at")?,
    })
}

fn warm_up_of(row: &Row) -> Result<warm_up::WarmUp, StorageError> {
    let stage = match row.get::<String>("stage")?.as_str() {
        "running" => warm_up::Stage::Running,
        "held" => warm_up::Stage::Held,
        "held_by_hand" => warm_up::Stage::HeldByHand,
        "done" => warm_up::Stage::Done,
        other => return Err(StorageError::Unreadable(format!("stage of a warm-up: {other}"))),
    };
    Ok(warm_up::WarmUp {
        group: row.get("provider_group")?,
        step: u32::try_from(row.get::<i64>("step")?).unwrap_or(0),
        day: row.get("day")?,
        stage,
        why: row.get("why")?,
    })
}

fn stage_name(stage: warm_up::Stage) -> &'static str {
    match stage {
        warm_up::Stage::Running => "running",
        warm_up::Stage::Held => "held",
        warm_up::Stage::HeldByHand => "held_by_hand",
        warm_up::Stage::Done => "done",
    }
}

pub(crate) async fn names(store: &Store) -> Result<Vec<(SourceId, String)>, StorageError> {
    let rows = store.rows("SELECT id, name FROM sources ORDER BY id", args![]).await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("name")?))).collect()
}

/// Adds or changes. A curve that was not followed before begins at its first step.
pub(crate) async fn save(
    tx: &mut Tx,
    id: Option<SourceId>,
    draft: SourceDraft,
    (actor, now): (Option<i64>, i64),
) -> Result<Option<SourceId>, StorageError> {
    let curve = draft.curve.as_ref().map(|(id, _)| id.as_str());
    let from = draft.curve.as_ref().map(|(_, from)| *from);
    let (kind, id, before) = match id {
        Some(id) => {
            let sql = "SELECT curve FROM sources WHERE id = $1 AND removed_at IS NULL {FOR UPDATE}";
            let Some(row) = tx.row(sql, args![id]).await? else { return Ok(None) };
            (event::SOURCE_CHANGED, id, row.get::<Option<String>>("curve")?)
        }
        None => {
            let id = tx.new_id(now);
            tx.execute(
                "INSERT INTO sources (id, name, way, pool, weight, enabled, quota, created_at)
                 VALUES ($1, '', '', '', 1, TRUE, '', $2)",
                args![id, now],
            )
            .await?;
            (event::SOURCE_ADDED, id, None)
        }
    };
    tx.execute(
        "UPDATE sources SET name = $2, way = $3, pool = $4, weight = $5, enabled = $6, quota = $7, curve = $8,
                curve_from = $9 WHERE id = $1",
        args![
            id,
            &draft.name,
            sql::json(&draft.way),
            &draft.pool,
            draft.weight,
            draft.enabled,
            sql::json(&draft.quota),
            curve,
            from
        ],
    )
    .await?;
    if before.as_deref() != curve {
        tx.execute("DELETE FROM source_warm_ups WHERE source_id = $1", args![id]).await?;
        let today = counts::day_of(counts::hour_of(from.unwrap_or(now)));
        for state in curve.and_then(warm_up::curve).map(|curve| curve.begin(today)).unwrap_or_default() {
            keep_warm_up(tx, id, &state).await?;
        }
    }
    wake(tx, now).await?;
    append_one(tx, NewEvent::of(kind).actor(actor).detail(told(id, &draft)), now).await?;
    Ok(Some(id))
}

/// What the history shows of a source: never the login.
fn told(id: SourceId, draft: &SourceDraft) -> Value {
    let way = match &draft.way {
        Way::Direct(direct) => {
            json!({ "kind": "direct", "bind": direct.bind, "helo_name": direct.helo_name })
        }
        Way::SmartHost(host) => {
            json!({ "kind": "smart_host", "host": host.host, "port": host.port, "tls": host.tls })
        }
    };
    json!({
        "source_id": id, "name": draft.name, "way": way, "pool": draft.pool, "weight": draft.weight,
        "enabled": draft.enabled, "quota": draft.quota, "curve": draft.curve.as_ref().map(|(id, _)| id),
    })
}

pub(crate) async fn remove(
    tx: &mut Tx,
    id: SourceId,
    actor: Option<i64>,
    now: i64,
) -> Result<bool, StorageError> {
    let rows = tx.rows("SELECT id, name FROM sources WHERE removed_at IS NULL {FOR UPDATE}", args![]).await?;
    let mut name = None;
    for row in &rows {
        if row.get::<SourceId>("id")? == id {
            name = Some(row.get::<String>("name")?);
        }
    }
    let Some(name) = name else { return Ok(true) };
    if rows.len() == 1 {
        return Ok(false);
    }
    // The login goes with it; the name stays for the attempts that remember it.
    let sql =
        "UPDATE sources SET removed_at = $2, enabled = FALSE, way = '{\"kind\":\"direct\"}' WHERE id = $1";
    tx.execute(sql, args![id, now]).await?;
    tx.execute("DELETE FROM source_warm_ups WHERE source_id = $1", args![id]).await?;
    let detail = json!({ "source_id": id, "name": name });
    append_one(tx, NewEvent::of(event::SOURCE_REMOVED).actor(actor).detail(detail), now).await?;
    Ok(true)
}

pub(crate) async fn rest(
    tx: &mut Tx,
    id: SourceId,
    rest: Rest,
    (actor, now): (Option<i64>, i64),
) -> Result<bool, StorageError> {
    let sql = "SELECT name, rest FROM sources WHERE id = $1 AND removed_at IS NULL {FOR UPDATE}";
    let Some(row) = tx.row(sql, args![id]).await? else { return Ok(false) };
    let known: Option<String> = row.get("rest")?;
    let known = known.map(|rest| from_json::<Rest>("rest of a source", &rest)).transpose()?;
    let end = |rest: &Rest| rest.until.unwrap_or(i64::MAX);
    if known.is_some_and(|known| known.holds(now) && end(&known) >= end(&rest)) {
        return Ok(true);
    }
    tx.execute("UPDATE sources SET rest = $2 WHERE id = $1", args![id, sql::json(&rest)]).await?;
    let detail = json!({
        "source_id": id, "name": row.get::<String>("name")?, "until": rest.until, "reason": rest.reason,
        "sample": rest.sample,
    });
    append_one(tx, NewEvent::of(event::SOURCE_RESTS).actor(actor).detail(detail), now).await?;
    Ok(true)
}

pub(crate) async fn lift(
    tx: &mut Tx,
    id: SourceId,
    actor: Option<i64>,
    now: i64,
) -> Result<(), StorageError> {
    let sql = "UPDATE sources SET rest = NULL WHERE id = $1 AND rest IS NOT NULL";
    if tx.execute(sql, args![id]).await? > 0 {
        wake(tx, now).await?;
        let detail = json!({ "source_id": id });
        append_one(tx, NewEvent::of(event::SOURCE_LIFTED).actor(actor).detail(detail), now).await?;
    }
    Ok(())
}

pub(crate) async fn save_health(
    store: &Store,
    id: SourceId,
    standing: &str,
    (not_for, now): (&[String], i64),
) -> Result<(), StorageError> {
    let sql = "UPDATE sources SET standing = $2, not_for = $3, checked_at = $4 WHERE id = $1";
    store.execute(sql, args![id, standing, sql::json(not_for), now]).await?;
    Ok(())
}

/// What waits for a source is looked at now, not when the rest or the hour would have ended. What waits for servers does
/// not wait for us.
async fn wake(tx: &mut Tx, now: i64) -> Result<(), StorageError> {
    let sql = "UPDATE queue SET due_at = $1, waits = NULL
               WHERE phase = 0 AND due_at > $1 AND waits IS NOT NULL AND waits NOT LIKE '%\"for\":\"servers\"%'";
    tx.execute(sql, args![now]).await?;
    Ok(())
}

async fn keep_warm_up(tx: &mut Tx, id: SourceId, state: &warm_up::WarmUp) -> Result<(), StorageError> {
    tx.execute(
        "INSERT INTO source_warm_ups (source_id, provider_group, step, day, stage, why) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (source_id, provider_group) DO UPDATE SET step = excluded.step, day = excluded.day,
             stage = excluded.stage, why = excluded.why",
        args![id, &state.group, state.step, state.day, stage_name(state.stage), &state.why],
    )
    .await?;
    Ok(())
}

pub(crate) async fn save_warm_up(
    tx: &mut Tx,
    id: SourceId,
    state: warm_up::WarmUp,
    (actor, now): (Option<i64>, i64),
) -> Result<(), StorageError> {
    let sql = "SELECT stage FROM source_warm_ups WHERE source_id = $1 AND provider_group = $2 {FOR UPDATE}";
    let Some(row) = tx.row(sql, args![id, &state.group]).await? else { return Ok(()) };
    let changed = row.get::<String>("stage")? != stage_name(state.stage);
    keep_warm_up(tx, id, &state).await?;
    if changed || actor.is_some() {
        wake(tx, now).await?;
        let detail = json!({
            "source_id": id, "group": state.group, "step": state.step, "stage": stage_name(state.stage),
            "why": state.why,
        });
        append_one(tx, NewEvent::of(event::SOURCE_WARM_UP).actor(actor).detail(detail), now).await?;
    }
    Ok(())
}

pub(crate) async fn lane_pools(store: &Store) -> Result<LanePools, StorageError> {
    let row = store.row("SELECT value FROM settings WHERE name = $1", args![LANE_POOLS]).await?;
    let Some(row) = row else { return Ok(LanePools::default()) };
    let stored: Vec<(String, String)> = from_json("pools of the lanes", &row.get::<String>("value")?)?;
    let known = |(lane, pool): (String, String)| Ok((named("lane", &lane, Lane::from_name)?, pool));
    Ok(LanePools(stored.into_iter().map(known).collect::<Result<_, StorageError>>()?))
}

pub(crate) async fn set_lane_pools(
    tx: &mut Tx,
    pools: LanePools,
    actor: Option<i64>,
    now: i64,
) -> Result<(), StorageError> {
    let stored: Vec<(&str, &str)> = pools.0.iter().map(|(lane, pool)| (lane.name(), pool.as_str())).collect();
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(sql, args![LANE_POOLS, sql::json(&stored)]).await?;
    wake(tx, now).await?;
    let told = NewEvent::of(event::POOLS_CHANGED).actor(actor).detail(json!({ "pools": stored }));
    append_one(tx, told, now).await
}
