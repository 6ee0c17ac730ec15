//! Keeps topics and who refuses which.

use async_trait::async_trait;
use audience::{ContactId, OptOutRoute, StoreFailure, Topic, TopicId, TopicRefusal, TopicStore, event};
use serde_json::json;

use crate::{
    StorageError, Store,
    contacts::tell_each,
    error::named,
    events::NewEvent,
    ledger,
    sql::{Row, args},
    tx::Tx,
};

/// Topics of a house; more would be a form nobody reads.
const TOPICS_MAX: i64 = 50;

#[async_trait]
impl TopicStore for Store {
    async fn topics(&self) -> Result<Vec<Topic>, StoreFailure> {
        let sql = "SELECT id, name, description, archived_at FROM topics
                   ORDER BY CASE WHEN archived_at IS NULL THEN 0 ELSE 1 END, position, id";
        let rows = self.rows(sql, args![]).await?;
        Ok(rows.iter().map(topic_of).collect::<Result<_, _>>()?)
    }

    async fn save_topic(
        &self,
        id: Option<TopicId>,
        (name, description): (&str, &str),
        now: i64,
    ) -> Result<Option<TopicId>, StoreFailure> {
        let (name, description) = (name.to_owned(), description.to_owned());
        Ok(self.write(move |tx| Box::pin(save(tx, id, (name, description), now))).await?)
    }

    async fn archive_topic(&self, id: TopicId, archived: bool, now: i64) -> Result<(), StoreFailure> {
        let at = archived.then_some(now);
        self.execute("UPDATE topics SET archived_at = $2 WHERE id = $1", args![id, at]).await?;
        Ok(())
    }

    async fn topic_refusals(&self, id: ContactId) -> Result<Vec<TopicRefusal>, StoreFailure> {
        let sql = "SELECT topic_id, at, route FROM topic_opt_outs WHERE contact_id = $1 ORDER BY topic_id";
        let rows = self.rows(sql, args![id]).await?;
        Ok(rows.iter().map(refusal_of).collect::<Result<_, _>>()?)
    }

    async fn set_topic(
        &self,
        (id, topic_id): (ContactId, TopicId),
        wanted: bool,
        (route, actor): (OptOutRoute, Option<i64>),
        now: i64,
    ) -> Result<(), StoreFailure> {
        let kind = if wanted { event::TOPIC_OPTED_IN } else { event::TOPIC_OPTED_OUT };
        let told =
            NewEvent::of(kind).actor(actor).detail(json!({ "topic_id": topic_id, "route": route.name() }));
        let work = self.write(move |tx| {
            Box::pin(async move {
                let sql = if wanted { OPT_IN } else { OPT_OUT };
                let mut arguments = args![id, topic_id];
                if !wanted {
                    arguments.extend(args![now, route.name()]);
                }
                let rows = tx.rows(sql, arguments).await?;
                if !wanted {
                    let ids = rows.iter().map(|row| row.get("id")).collect::<Result<Vec<i64>, _>>()?;
                    ledger::withdrawn(tx, &ids, Some(topic_id), (route, actor), now).await?;
                }
                tell_each(tx, &rows, &told, now).await
            })
        });
        Ok(work.await?)
    }
}

/// What is known about an address holds for everybody who has it.
const OPT_OUT: &str = "INSERT INTO topic_opt_outs (topic_id, contact_id, at, route)
     SELECT t.id, c.id, $3, $4 FROM topics t JOIN contacts c ON c.id = $1
         OR c.address_key = (SELECT same.address_key FROM contacts AS same WHERE same.id = $1)
     WHERE t.id = $2
     ON CONFLICT (topic_id, contact_id) DO NOTHING RETURNING contact_id AS id";
const OPT_IN: &str = "DELETE FROM topic_opt_outs WHERE topic_id = $2 AND (contact_id = $1 OR contact_id IN
         (SELECT c.id FROM contacts c WHERE c.address_key =
             (SELECT same.address_key FROM contacts AS same WHERE same.id = $1)))
     RETURNING contact_id AS id";

fn topic_of(row: &Row) -> Result<Topic, StorageError> {
    Ok(Topic {
        id: row.get("id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        archived_at: row.get("archived_at")?,
    })
}

fn refusal_of(row: &Row) -> Result<TopicRefusal, StorageError> {
    Ok(TopicRefusal {
        topic_id: row.get("topic_id")?,
        at: row.get("at")?,
        route: named("opt-out route", &row.get::<String>("route")?, OptOutRoute::from_name)?,
    })
}

async fn save(
    tx: &mut Tx,
    id: Option<TopicId>,
    (name, description): (String, String),
    now: i64,
) -> Result<Option<TopicId>, StorageError> {
    tx.lock_table("topics").await?;
    let sql = "SELECT id FROM topics WHERE name = $1 AND id <> $2 AND archived_at IS NULL";
    if tx.row(sql, args![&name, id.unwrap_or(0)]).await?.is_some() {
        return Ok(None);
    }
    if let Some(id) = id {
        let sql = "UPDATE topics SET name = $2, description = $3 WHERE id = $1";
        return Ok((tx.execute(sql, args![id, name, description]).await? > 0).then_some(id));
    }
    let row = tx.row("SELECT COUNT(*) AS topics, COALESCE(MAX(position), 0) AS last FROM topics", args![]);
    let (topics, last): (i64, i64) = match row.await? {
        Some(row) => (row.get("topics")?, row.get("last")?),
        None => (0, 0),
    };
    if topics >= TOPICS_MAX {
        return Ok(None);
    }
    let id = tx.new_id(now);
    let sql = "INSERT INTO topics (id, name, description, position, created_at) VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, args![id, name, description, last + 1, now]).await?;
    Ok(Some(id))
}
