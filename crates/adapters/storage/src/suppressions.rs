//! Keeps the list of addresses and domains nothing is sent to, and says as SQL whether a contact is on it.

use async_trait::async_trait;
use audience::{StoreFailure, Suppression, SuppressionStore, event};
use serde_json::json;

use crate::{
    StorageError, Store,
    conditions::Conditions,
    events::{NewEvent, append_one},
    sql::{self, Row, args},
    tx::Tx,
};

/// The domain of contact `c`'s address with its @; a quoted local part may hold an @ too.
const DOMAIN: &str = "substr(c.address_key, length(rtrim(c.address_key, replace(c.address_key, '@', ''))))";

/// Contact `c` is on the list, by her address or its domain.
pub(crate) fn suppressed() -> String {
    format!("EXISTS (SELECT 1 FROM suppressions s WHERE s.key IN (c.address_key, {DOMAIN}))")
}

/// The same, asked only for what the list holds at this moment; `None` while it is empty.
pub(crate) async fn suppressed_now(tx: &mut Tx) -> Result<Option<String>, StorageError> {
    let sql = "SELECT COUNT(*) AS entries FROM suppressions";
    let entries: i64 = tx.row(sql, args![]).await?.map_or(Ok(0), |row| row.get("entries"))?;
    Ok((entries > 0).then(suppressed))
}

#[async_trait]
impl SuppressionStore for Store {
    async fn suppressions(
        &self,
        search: &str,
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<Suppression>, u64), StoreFailure> {
        let search = search.trim().to_lowercase();
        let work = self.read(move |tx| {
            Box::pin(async move {
                let mut conditions = Conditions::new("TRUE");
                if !search.is_empty() {
                    let place = if tx.engine() == sql::Engine::Sqlite { "instr" } else { "strpos" };
                    conditions.and(&format!("{place}(s.key || ' ' || s.note, $n) > 0"), &search);
                }
                let total = conditions.total(tx, "suppressions s").await?;
                let page = conditions.page("s.added_at DESC, s.key", (offset, limit));
                let sql =
                    format!("SELECT s.key, s.note, s.added_by, s.added_at FROM suppressions s WHERE {page}");
                let rows = tx.rows(sql, conditions.args).await?;
                Ok((rows.iter().map(suppression_of).collect::<Result<_, _>>()?, total))
            })
        });
        Ok(work.await?)
    }

    async fn suppress(
        &self,
        keys: &[String],
        note: &str,
        actor: Option<i64>,
        now: i64,
    ) -> Result<u64, StoreFailure> {
        let (keys, note) = (keys.to_vec(), note.to_owned());
        let work = self.write(move |tx| {
            Box::pin(async move {
                let sql = "INSERT INTO suppressions (key, note, added_by, added_at)
                           SELECT j.value->>0, $2, $3, $4 FROM {ROWS} WHERE TRUE ON CONFLICT (key) DO NOTHING";
                let rows: Vec<[&str; 1]> = keys.iter().map(|key| [key.as_str()]).collect();
                let added = tx.execute(sql, args![sql::json(&rows), &note, actor, now]).await?;
                if added > 0 {
                    let detail = json!({ "keys": keys, "note": note });
                    append_one(tx, NewEvent::of(event::SUPPRESSED).actor(actor).detail(detail), now).await?;
                }
                Ok(added)
            })
        });
        Ok(work.await?)
    }

    async fn lift_suppression(&self, key: &str, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure> {
        let key = key.to_owned();
        let work = self.write(move |tx| {
            Box::pin(async move {
                if tx.execute("DELETE FROM suppressions WHERE key = $1", args![&key]).await? == 0 {
                    return Ok(false);
                }
                let told = NewEvent::of(event::SUPPRESSION_LIFTED).actor(actor);
                append_one(tx, told.detail(json!({ "key": key })), now).await?;
                Ok(true)
            })
        });
        Ok(work.await?)
    }
}

fn suppression_of(row: &Row) -> Result<Suppression, StorageError> {
    Ok(Suppression {
        key: row.get("key")?,
        note: row.get("note")?,
        added_by: row.get("added_by")?,
        added_at: row.get("added_at")?,
    })
}
