//! Keeps what we send as: the sending domains with their keys, the route, the house's secret.

use async_trait::async_trait;
use delivery::{
    event,
    ports::{SourceStore, StoreFailure},
    source::{DomainId, DomainKeys, NewDomain, Route, SendingDomain},
};
use serde_json::{Value, json};

use crate::{
    StorageError, Store,
    error::from_json,
    events::{NewEvent, append_one},
    sql::{self, Row, args},
    tx::Tx,
};

const COLUMNS: &str = "id, name, return_path_domain, keys, created_at, standing, checked_at";
const ROUTE: &str = "route";
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
        let row = self.row("SELECT value FROM settings WHERE name = $1", args![ROUTE]).await?;
        let Some(row) = row else { return Ok(Route::default()) };
        Ok(from_json("route", &row.get::<String>("value")?)?)
    }

    async fn set_route(&self, route: &Route, actor: Option<i64>, now: i64) -> Result<(), StoreFailure> {
        let stored = sql::json(route);
        let told = NewEvent::of(event::ROUTE_CHANGED).actor(actor).detail(route_detail(route));
        let work = self.write(move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO settings (name, value) VALUES ($1, $2)
                           ON CONFLICT (name) DO UPDATE SET value = excluded.value";
                tx.execute(sql, args![ROUTE, stored]).await?;
                append_one(tx, told, now).await
            })
        });
        Ok(work.await?)
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

/// What the history shows of a route: never the login.
fn route_detail(route: &Route) -> Value {
    match route {
        Route::Direct => json!({ "kind": "direct" }),
        Route::SmartHost(host) => {
            json!({ "kind": "smart_host", "host": host.host, "port": host.port, "tls": host.tls })
        }
    }
}
