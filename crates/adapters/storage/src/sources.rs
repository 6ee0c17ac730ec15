//! Keeps what we send as: the sending domains with their keys, the sources, the house's secret.

use async_trait::async_trait;
use delivery::{
    event,
    ports::{SourceStore, StoreFailure},
    recipient::RecipientId,
    source::{
        DomainId, DomainKeys, LanePools, NewDomain, Rest, Route, SendingDomain, Source, SourceDraft,
        SourceId, Way, counts::HourCount, warm_up::WarmUp,
    },
};
use serde_json::{Value, json};

use crate::{
    StorageError, Store,
    error::from_json,
    events::{NewEvent, append_one},
    source_counts, source_rows,
    sql::{self, Row, args},
    tx::Tx,
};

const COLUMNS: &str = "id, name, return_path_domain, keys, created_at, standing, checked_at";
const HOUSE_SECRET: &str = "house_secret";

#[async_trait]
impl SourceStore for Store {
    async fn domains(&self) -> Result<Vec<SendingDomain>, StoreFailure> {
        let rows = self.rows(format!("SELECT {COLUMNS} FROM domains"), args![]).await?;
        let mut domains = rows.iter().map(domain_of).collect::<Result<Vec<_>, _>>()?;
        // The engines order text differently.
        domains.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(domains)
    }

    async fn domain(&self, id: DomainId) -> Result<Option<SendingDomain>, StoreFailure> {
        let row = self.row(format!("SELECT {COLUMNS} FROM domains WHERE id = $1"), args![id]).await?;
        Ok(row.as_ref().map(domain_of).transpose()?)
    }

    async fn domain_by_name(&self, name: &str) -> Result<Option<SendingDomain>, StoreFailure> {
        let sql = format!("SELECT {COLUMNS} FROM domains WHERE name = $1");
        let row = self.row(sql, args![name.to_ascii_lowercase()]).await?;
        Ok(row.as_ref().map(domain_of).transpose()?)
    }

    async fn add_domain(
        &self,
        new: &NewDomain,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Option<DomainId>, StoreFailure> {
        let new = new.clone();
        Ok(self.write(move |tx| Box::pin(async move { add(tx, &new, actor, now).await })).await?)
    }

    async fn remove_domain(&self, id: DomainId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(remove(tx, id, actor, now))).await?)
    }

    async fn save_standing(&self, id: DomainId, standing: &str, now: i64) -> Result<(), StoreFailure> {
        let sql = "UPDATE domains SET standing = $2, checked_at = $3 WHERE id = $1";
        self.execute(sql, args![id, standing, now]).await?;
        Ok(())
    }

    async fn route(&self) -> Result<Route, StoreFailure> {
        let first = source_rows::all(self).await?.into_iter().next();
        Ok(first.map(|source| source.draft.way.route()).unwrap_or_default())
    }

    async fn set_route(&self, route: &Route, actor: Option<i64>, now: i64) -> Result<(), StoreFailure> {
        let Some(first) = source_rows::all(self).await?.into_iter().next() else { return Ok(()) };
        if first.draft.way.route() != *route {
            let draft = SourceDraft { way: Way::of(route), ..first.draft };
            self.save_source(Some(first.id), &draft, actor, now).await?;
        }
        Ok(())
    }

    async fn sources(&self) -> Result<Vec<Source>, StoreFailure> {
        Ok(source_rows::all(self).await?)
    }

    async fn source(&self, id: SourceId) -> Result<Option<Source>, StoreFailure> {
        Ok(source_rows::one(self, id).await?)
    }

    async fn source_names(&self) -> Result<Vec<(SourceId, String)>, StoreFailure> {
        Ok(source_rows::names(self).await?)
    }

    async fn save_source(
        &self,
        id: Option<SourceId>,
        draft: &SourceDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Option<SourceId>, StoreFailure> {
        let draft = draft.clone();
        Ok(self.write(move |tx| Box::pin(source_rows::save(tx, id, draft, (actor, now)))).await?)
    }

    async fn remove_source(&self, id: SourceId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(source_rows::remove(tx, id, actor, now))).await?)
    }

    async fn rest_source(
        &self,
        id: SourceId,
        rest: &Rest,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure> {
        let rest = rest.clone();
        Ok(self.write(move |tx| Box::pin(source_rows::rest(tx, id, rest, (actor, now)))).await?)
    }

    async fn lift_source(&self, id: SourceId, actor: Option<i64>, now: i64) -> Result<(), StoreFailure> {
        Ok(self.write(move |tx| Box::pin(source_rows::lift(tx, id, actor, now))).await?)
    }

    async fn save_source_health(
        &self,
        id: SourceId,
        standing: &str,
        not_for: &[String],
        now: i64,
    ) -> Result<(), StoreFailure> {
        Ok(source_rows::save_health(self, id, standing, (not_for, now)).await?)
    }

    async fn save_warm_up(
        &self,
        id: SourceId,
        state: &WarmUp,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure> {
        let state = state.clone();
        Ok(self.write(move |tx| Box::pin(source_rows::save_warm_up(tx, id, state, (actor, now)))).await?)
    }

    async fn source_counts(&self, since_hour: i64) -> Result<Vec<HourCount>, StoreFailure> {
        Ok(source_counts::since(self, since_hour).await?)
    }

    async fn count_complaint(&self, id: RecipientId, now: i64) -> Result<(), StoreFailure> {
        Ok(self.write(move |tx| Box::pin(source_counts::count_complaint(tx, id, now))).await?)
    }

    async fn lane_pools(&self) -> Result<LanePools, StoreFailure> {
        Ok(source_rows::lane_pools(self).await?)
    }

    async fn set_lane_pools(
        &self,
        pools: &LanePools,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure> {
        let pools = pools.clone();
        Ok(self.write(move |tx| Box::pin(source_rows::set_lane_pools(tx, pools, actor, now))).await?)
    }

    async fn house_secret(&self, fresh: &str) -> Result<String, StoreFailure> {
        let fresh = fresh.to_owned();
        let work = self.write(move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
                tx.execute(sql, args![HOUSE_SECRET, &fresh]).await?;
                let kept = tx.row("SELECT value FROM settings WHERE name = $1", args![HOUSE_SECRET]).await?;
                kept.map_or(Ok(fresh), |row| row.get("value"))
            })
        });
        Ok(work.await?)
    }
}

fn domain_of(row: &Row) -> Result<SendingDomain, StorageError> {
    Ok(SendingDomain {
        id: row.get("id")?,
        name: row.get("name")?,
        return_path_domain: row.get("return_path_domain")?,
        keys: keys_of(&row.get::<String>("keys")?)?,
        created_at: row.get("created_at")?,
        standing: row.get("standing")?,
        checked_at: row.get("checked_at")?,
    })
}

fn keys_text(keys: &DomainKeys) -> String {
    let rsa = json!({
        "selector": keys.rsa_selector, "private": keys.rsa_private, "public": keys.rsa_public
    });
    let ed25519 = json!({
        "selector": keys.ed25519_selector, "private": keys.ed25519_private, "public": keys.ed25519_public
    });
    sql::json(&json!({ "rsa": rsa, "ed25519": ed25519 }))
}

fn keys_of(text: &str) -> Result<DomainKeys, StorageError> {
    let keys: Value = from_json("keys of a domain", text)?;
    let part = |algorithm: &str, name: &str| {
        let text = keys[algorithm][name].as_str();
        text.map(str::to_owned)
            .ok_or_else(|| StorageError::Unreadable(format!("keys of a domain: {algorithm} {name}")))
    };
    Ok(DomainKeys {
        rsa_selector: part("rsa", "selector")?,
        rsa_private: part("rsa", "private")?,
        rsa_public: part("rsa", "public")?,
        ed25519_selector: part("ed25519", "selector")?,
        ed25519_private: part("ed25519", "private")?,
        ed25519_public: part("ed25519", "public")?,
    })
}

async fn add(
    tx: &mut Tx,
    new: &NewDomain,
    actor: Option<i64>,
    now: i64,
) -> Result<Option<DomainId>, StorageError> {
    let id = tx.new_id(now);
    let name = new.name.to_ascii_lowercase();
    let sql =
        "INSERT INTO domains (id, name, return_path_domain, keys, created_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (name) DO NOTHING";
    let added = tx.execute(sql, args![id, &name, &new.return_path_domain, keys_text(&new.keys), now]);
    if added.await? == 0 {
        return Ok(None);
    }
    let detail = json!({ "domain_id": id, "name": name });
    append_one(tx, NewEvent::of(event::DOMAIN_ADDED).actor(actor).detail(detail), now).await?;
    Ok(Some(id))
}

async fn remove(tx: &mut Tx, id: DomainId, actor: Option<i64>, now: i64) -> Result<bool, StorageError> {
    let sql = "SELECT name FROM domains WHERE id = $1 {FOR UPDATE}";
    let Some(row) = tx.row(sql, args![id]).await? else { return Ok(true) };
    let name: String = row.get("name")?;
    if sends_as(tx, &name).await? {
        return Ok(false);
    }
    tx.execute("DELETE FROM domains WHERE id = $1", args![id]).await?;
    let detail = json!({ "domain_id": id, "name": name });
    append_one(tx, NewEvent::of(event::DOMAIN_REMOVED).actor(actor).detail(detail), now).await?;
    Ok(true)
}

/// Whether something that is still to be sent has this domain in From. Resends keep a finished broadcast busy.
async fn sends_as(tx: &mut Tx, name: &str) -> Result<bool, StorageError> {
    let sql = "SELECT DISTINCT b.from_address FROM broadcasts b
               WHERE b.state IN ('preparing', 'running', 'paused')
                  OR EXISTS (SELECT 1 FROM queue q WHERE q.broadcast_id = b.id)";
    for row in tx.rows(sql, args![]).await? {
        let from: String = row.get("from_address")?;
        if from.rsplit_once('@').is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(name)) {
            return Ok(true);
        }
    }
    Ok(false)
}
