//! Keeps the owner's limits, what is stopped or slowed, and what processes are doing; finds what waits.

mod acts;
mod holds;

use async_trait::async_trait;
use delivery::{
    event,
    pacing::{
        facts::FlowFacts,
        hours::{BroadcastPace, Hours},
        limits::LimitSet,
        rulebook::Overrides,
        store::{Hold, HoldId, NewHold, PacingStore, Queued, Scope, ShardCount, Standing, Told},
    },
    ports::StoreFailure,
    recipient::RecipientId,
};
use serde_json::json;

use crate::{
    StorageError, Store,
    error::from_json,
    events::{NewEvent, append_one},
    sql::{self, Row, args},
    turns::Haste,
};

/// The hours in which advertising may leave.
const ADVERTISING_HOURS: &str = "advertising_hours";
/// How long what a dead process told is kept.
const TOLD_KEPT_MS: i64 = 86_400_000;

#[async_trait]
impl PacingStore for Store {
    async fn standing(&self, now: i64) -> Result<Standing, StoreFailure> {
        Ok(Standing {
            owner: owner_limits(self).await?,
            holds: holds::in_force(self, now).await?,
            paces: paces(self).await?,
        })
    }

    async fn set_limits(
        &self,
        group: &str,
        limits: &LimitSet,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure> {
        let (group, stored, empty) = (group.to_owned(), sql::json(limits), limits.is_empty());
        let told = json!({ "group": group, "limits": limits });
        let work = self.write(move |tx| {
            Box::pin(async move {
                if empty {
                    tx.execute("DELETE FROM pacing_limits WHERE group_name = $1", args![&group]).await?;
                } else {
                    let sql = "INSERT INTO pacing_limits (group_name, limits, set_by, set_at) VALUES ($1, $2, $3, $4)
                               ON CONFLICT (group_name) DO UPDATE SET limits = excluded.limits,
                                   set_by = excluded.set_by, set_at = excluded.set_at";
                    tx.execute(sql, args![&group, stored, actor, now]).await?;
                }
                append_one(tx, NewEvent::of(event::LIMITS_CHANGED).actor(actor).detail(told), now).await
            })
        });
        Ok(work.await?)
    }

    async fn hold(&self, new: &NewHold, actor: Option<i64>, now: i64) -> Result<HoldId, StoreFailure> {
        let new = new.clone();
        Ok(self.write(move |tx| Box::pin(holds::make(tx, new, actor, now))).await?)
    }

    async fn lift(&self, id: HoldId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure> {
        Ok(holds::lift(self, id, actor, now).await?)
    }

    async fn holds(&self, limit: u64) -> Result<Vec<Hold>, StoreFailure> {
        Ok(holds::latest(self, limit).await?)
    }

    async fn tell(&self, told: &Told) -> Result<(), StoreFailure> {
        let (node, at, flows) = (told.node.clone(), told.at, sql::json(&told.flows));
        let work = self.write_lightly(Haste::Masses, move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO pacing_told (node, at, flows) VALUES ($1, $2, $3)
                           ON CONFLICT (node) DO UPDATE SET at = excluded.at, flows = excluded.flows";
                tx.execute(sql, args![&node, at, flows]).await?;
                tx.execute("DELETE FROM pacing_told WHERE at < $1", args![at - TOLD_KEPT_MS]).await?;
                Ok(())
            })
        });
        Ok(work.await?)
    }

    async fn told(&self, heard_since: i64) -> Result<Vec<Told>, StoreFailure> {
        let sql = "SELECT node, at, flows FROM pacing_told WHERE at >= $1 ORDER BY node";
        let rows = self.rows(sql, args![heard_since]).await?;
        Ok(rows.iter().map(told_of).collect::<Result<_, _>>()?)
    }

    async fn waiting(
        &self,
        broadcast: Option<i64>,
        now: i64,
        limit: u64,
    ) -> Result<Vec<ShardCount>, StoreFailure> {
        let sql = "SELECT q.site, COUNT(*) AS all_rows,
                          SUM(CASE WHEN q.phase = 0 AND NOT q.paused AND q.due_at <= $1 THEN 1 ELSE 0 END) AS due,
                          SUM(CASE WHEN q.phase > 0 THEN 1 ELSE 0 END) AS leased,
                          SUM(CASE WHEN q.phase = 0 AND q.waits IS NOT NULL THEN 1 ELSE 0 END) AS put_off,
                          SUM(CASE WHEN q.paused THEN 1 ELSE 0 END) AS paused,
                          MIN(CASE WHEN q.phase = 0 AND NOT q.paused AND q.due_at > $1 THEN q.due_at END) AS next_at
                   FROM queue q WHERE $3 = 0 OR (q.broadcast_id = $3 AND q.lane = 3)
                   GROUP BY q.site ORDER BY all_rows DESC, q.site LIMIT $2";
        let id = broadcast.unwrap_or(0);
        let counted = async { self.rows(sql, args![now, limit, id]).await?.iter().map(count_of).collect() };
        Ok(self.waiting.ask((id, limit), counted).await?)
    }

    async fn queued(&self, id: RecipientId) -> Result<Option<Queued>, StoreFailure> {
        let sql = "SELECT q.id, q.broadcast_id, q.lane, q.site, q.due_at, q.phase, q.node, q.paused, q.waits, r.expires_at
                   FROM queue q JOIN recipients r ON r.id = q.id WHERE q.id = $1";
        Ok(self.row(sql, args![id]).await?.map(|row| queued_of(&row)).transpose()?)
    }

    async fn rows(
        &self,
        scope: &Scope,
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<(Queued, String)>, u64), StoreFailure> {
        Ok(acts::rows(self, scope, (offset, limit)).await?)
    }

    async fn pace(&self, broadcast_id: i64) -> Result<BroadcastPace, StoreFailure> {
        let sql = "SELECT id, pace, purpose FROM broadcasts WHERE id = $1";
        let house = house_hours(self).await?;
        let row = self.row(sql, args![broadcast_id]).await?;
        let pace = row.map(|row| pace_of(&row, house)).transpose()?.unwrap_or_default();
        Ok(BroadcastPace { broadcast_id, ..pace })
    }

    async fn count(&self, scope: &Scope) -> Result<u64, StoreFailure> {
        Ok(acts::count(self, scope).await?)
    }

    async fn try_now(&self, scope: &Scope, actor: Option<i64>, now: i64) -> Result<u64, StoreFailure> {
        let found = acts::try_now(self, scope, actor, now).await?;
        self.waiting.forget().await;
        Ok(found)
    }

    async fn give_up(
        &self,
        scope: &Scope,
        reason: &str,
        actor: Option<i64>,
        now: i64,
    ) -> Result<u64, StoreFailure> {
        let found = acts::give_up(self, scope, reason, actor, now).await?;
        self.waiting.forget().await;
        Ok(found)
    }

    async fn advertising_hours(&self) -> Result<Option<Hours>, StoreFailure> {
        Ok(house_hours(self).await?)
    }

    async fn set_advertising_hours(
        &self,
        hours: Option<Hours>,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure> {
        let told = json!({ "advertising_hours": hours });
        let work = self.write(move |tx| {
            Box::pin(async move {
                tx.execute("DELETE FROM settings WHERE name = $1", args![ADVERTISING_HOURS]).await?;
                if let Some(hours) = hours {
                    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2)";
                    tx.execute(sql, args![ADVERTISING_HOURS, hours.to_string()]).await?;
                }
                append_one(tx, NewEvent::of(event::PACE_CHANGED).actor(actor).detail(told), now).await
            })
        });
        Ok(work.await?)
    }

    async fn set_pace(&self, pace: &BroadcastPace, actor: Option<i64>, now: i64) -> Result<(), StoreFailure> {
        let id = pace.broadcast_id;
        let usual =
            BroadcastPace { broadcast_id: id, house_hours: pace.house_hours, ..BroadcastPace::default() };
        let stored = (*pace != usual).then(|| sql::json(pace));
        let told = json!({ "pace": pace });
        let work = self.write(move |tx| {
            Box::pin(async move {
                tx.execute("UPDATE broadcasts SET pace = $2 WHERE id = $1", args![id, stored]).await?;
                append_one(tx, NewEvent::of(event::PACE_CHANGED).broadcast(id).actor(actor).detail(told), now)
                    .await
            })
        });
        Ok(work.await?)
    }
}

async fn owner_limits(store: &Store) -> Result<Overrides, StorageError> {
    let rows =
        store.rows("SELECT group_name, limits FROM pacing_limits ORDER BY group_name", args![]).await?;
    let limits = rows
        .iter()
        .map(|row| Ok((row.get("group_name")?, from_json("limits", &row.get::<String>("limits")?)?)));
    limits.collect()
}

async fn paces(store: &Store) -> Result<Vec<BroadcastPace>, StorageError> {
    let house = house_hours(store).await?;
    let sql = "SELECT id, pace, purpose FROM broadcasts
               WHERE (pace IS NOT NULL OR (purpose = 'advertising' AND $1)) AND state IN ('preparing', 'running')";
    let rows = store.rows(sql, args![house.is_some()]).await?;
    rows.iter().map(|row| pace_of(row, house)).collect()
}

/// A broadcast's pace, with the house's hours where it is advertising.
fn pace_of(row: &Row, house: Option<Hours>) -> Result<BroadcastPace, StorageError> {
    let stored: Option<String> = row.get("pace")?;
    let pace: BroadcastPace = stored.map(|pace| from_json("pace", &pace)).transpose()?.unwrap_or_default();
    let house_hours = house.filter(|_| row.get::<String>("purpose").is_ok_and(|name| name == "advertising"));
    Ok(BroadcastPace { broadcast_id: row.get("id")?, house_hours, ..pace })
}

async fn house_hours(store: &Store) -> Result<Option<Hours>, StorageError> {
    let row = store.row("SELECT value FROM settings WHERE name = $1", args![ADVERTISING_HOURS]).await?;
    let Some(text) = row.map(|row| row.get::<String>("value")).transpose()? else { return Ok(None) };
    Hours::read(&text).map(Some).map_err(|why| StorageError::Unreadable(format!("advertising hours: {why}")))
}

fn told_of(row: &Row) -> Result<Told, StorageError> {
    let flows: Vec<FlowFacts> = from_json("flows", &row.get::<String>("flows")?)?;
    Ok(Told { node: row.get("node")?, at: row.get("at")?, flows })
}

fn count_of(row: &Row) -> Result<ShardCount, StorageError> {
    Ok(ShardCount {
        shard: row.get("site")?,
        rows: row.count("all_rows")?,
        due: row.count("due")?,
        leased: row.count("leased")?,
        put_off: row.count("put_off")?,
        paused: row.count("paused")?,
        next_at: row.get("next_at")?,
    })
}

fn queued_of(row: &Row) -> Result<Queued, StorageError> {
    let waits: Option<String> = row.get("waits")?;
    Ok(Queued {
        id: row.get("id")?,
        broadcast_id: row.get("broadcast_id")?,
        lane: row.get("lane")?,
        shard: row.get("site")?,
        due_at: row.get("due_at")?,
        expires_at: row.get("expires_at")?,
        node: Some(row.get::<String>("node")?).filter(|node| !node.is_empty()),
        paused: row.get("paused")?,
        waits: waits.map(|waits| from_json("wait", &waits)).transpose()?,
    })
}
