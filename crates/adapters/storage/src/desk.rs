//! Keeps the 「届いていない」 desk: rows that need somebody, by reason, and who has dealt with them.

use async_trait::async_trait;
use delivery::{
    event,
    recipient::{RecipientId, State},
};
use evidence::{
    desk::{Activity, DeskFilter, DeskGroup, DeskRow},
    origin,
    ports::{DeskStore, StoreFailure},
};
use serde_json::json;

use crate::{
    StorageError, Store,
    conditions::Conditions,
    error::named,
    events::{NewEvent, append},
    history::verdict_of,
    replies::line_of,
    sql::{self, Row, args},
    tx::Tx,
};

/// The states of [`State::needs_somebody`], in the words of the index `recipients_on_desk`.
const ON_DESK: &str = "r.state IN ('refused', 'bounced', 'doubtful')";

#[async_trait]
impl DeskStore for Store {
    async fn rows(
        &self,
        filter: &DeskFilter,
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<DeskRow>, u64), StoreFailure> {
        let filter = filter.clone();
        Ok(self.read(move |tx| Box::pin(rows(tx, filter, (offset, limit)))).await?)
    }

    async fn open_count(&self) -> Result<u64, StoreFailure> {
        let sql =
            format!("SELECT COUNT(*) AS open FROM recipients r WHERE {ON_DESK} AND r.handled_at IS NULL");
        Ok(self.row(sql, args![]).await?.map_or(Ok(0), |row| row.count("open"))?)
    }

    async fn groups(&self, limit: u64) -> Result<Vec<DeskGroup>, StoreFailure> {
        let sql = format!(
            "SELECT r.state, COALESCE(r.reason, '') AS reason, COALESCE(r.fault, '') AS fault, r.provider,
                    COUNT(*) AS recipients, MAX(r.state_at) AS newest_at
             FROM recipients r WHERE {ON_DESK} AND r.handled_at IS NULL
             GROUP BY r.state, COALESCE(r.reason, ''), COALESCE(r.fault, ''), r.provider
             ORDER BY recipients DESC, newest_at DESC LIMIT $1"
        );
        let rows = self.rows(sql, args![limit]).await?;
        Ok(rows.iter().map(group_of).collect::<Result<_, _>>()?)
    }

    async fn handle(
        &self,
        ids: &[RecipientId],
        note: &str,
        actor: Option<i64>,
        now: i64,
    ) -> Result<u64, StoreFailure> {
        let (ids, note) = (sql::json(ids), note.to_owned());
        Ok(self.write(move |tx| Box::pin(handle(tx, ids, note, actor, now))).await?)
    }

    async fn unhandle(&self, ids: &[RecipientId], actor: Option<i64>, now: i64) -> Result<u64, StoreFailure> {
        let ids = sql::json(ids);
        Ok(self.write(move |tx| Box::pin(unhandle(tx, ids, actor, now))).await?)
    }

    async fn activity(&self, since: i64) -> Result<Activity, StoreFailure> {
        let sql =
            "SELECT r.state, COUNT(*) AS messages FROM recipients r WHERE r.state_at >= $1 GROUP BY r.state";
        let mut by_state = Vec::new();
        for row in self.rows(sql, args![since]).await? {
            by_state.push((state_of(&row)?, row.count("messages")?));
        }
        by_state.sort_unstable_by_key(|(state, _)| *state);
        Ok(Activity { by_state })
    }
}

async fn rows(
    tx: &mut Tx,
    filter: DeskFilter,
    (offset, limit): (u64, u64),
) -> Result<(Vec<DeskRow>, u64), StorageError> {
    let mut conditions = conditions(&filter);
    let from = "recipients r LEFT JOIN contacts c ON c.id = r.contact_id";
    let total = conditions.total(tx, from).await?;
    let page = conditions.page("r.state_at DESC, r.id DESC", (offset, limit));
    let sql = format!(
        "SELECT r.id, r.contact_id, c.name AS contact_name, c.phone, r.address, r.provider, r.broadcast_id,
                b.name AS broadcast_name, r.state, r.state_at, r.verdict, r.reply_code, r.reply_text, r.handled_at
         FROM (SELECT r.id FROM {from} WHERE {page}) AS p JOIN recipients r ON r.id = p.id
         JOIN broadcasts b ON b.id = r.broadcast_id LEFT JOIN contacts c ON c.id = r.contact_id
         ORDER BY r.state_at DESC, r.id DESC"
    );
    let found = tx.rows(sql, conditions.args).await?;
    Ok((found.iter().map(row_of).collect::<Result<_, _>>()?, total))
}

fn conditions(filter: &DeskFilter) -> Conditions {
    let mut conditions = Conditions::new(ON_DESK);
    if !filter.include_handled {
        conditions.also("r.handled_at IS NULL");
    }
    if let Some(broadcast_id) = filter.broadcast_id {
        conditions.and("r.broadcast_id = $n", broadcast_id);
    }
    if let Some(reason) = &filter.reason {
        // A group without a verdict has the empty reason.
        conditions.and("COALESCE(r.reason, '') = $n", reason);
    }
    if let Some(provider) = &filter.provider {
        conditions.and("r.provider = $n", provider);
    }
    if let Some(state) = filter.state {
        conditions.and("r.state = $n", state.name());
    }
    if !filter.search.trim().is_empty() {
        let subject = "(SELECT v.subject FROM template_versions v WHERE v.id = r.template_version_id)";
        conditions.search_or(&["r.address", subject], &filter.search, by_code(filter.search.trim()));
    }
    conditions
}

/// Rows that have the delivery code somebody typed.
fn by_code(text: &str) -> Vec<String> {
    let Some(meaning) = origin::meaning(text) else { return Vec::new() };
    let reasons: Vec<String> = meaning.reasons.iter().map(|reason| format!("'{}'", reason.name())).collect();
    let mut either = vec![format!("r.reason IN ({})", reasons.join(", "))];
    either.extend(meaning.is_later.then(|| "r.state = 'bounced'".to_owned()));
    either
}

fn state_of(row: &Row) -> Result<State, StorageError> {
    named("state", &row.get::<String>("state")?, State::from_name)
}

fn row_of(row: &Row) -> Result<DeskRow, StorageError> {
    Ok(DeskRow {
        id: row.get("id")?,
        contact_id: row.get("contact_id")?,
        contact_name: row.get::<Option<String>>("contact_name")?.unwrap_or_default(),
        phone: row.get::<Option<String>>("phone")?.unwrap_or_default(),
        address: row.get("address")?,
        provider: row.get("provider")?,
        broadcast_id: row.get("broadcast_id")?,
        broadcast_name: row.get("broadcast_name")?,
        state: state_of(row)?,
        state_at: row.get("state_at")?,
        verdict: verdict_of(row)?,
        reply: line_of(row.get("reply_code")?, row.get("reply_text")?),
        handled_at: row.get("handled_at")?,
    })
}

fn group_of(row: &Row) -> Result<DeskGroup, StorageError> {
    Ok(DeskGroup {
        state: state_of(row)?,
        reason: row.get("reason")?,
        fault: row.get("fault")?,
        provider: row.get("provider")?,
        recipients: row.count("recipients")?,
        newest_at: row.get("newest_at")?,
    })
}

async fn handle(
    tx: &mut Tx,
    ids: String,
    note: String,
    actor: Option<i64>,
    now: i64,
) -> Result<u64, StorageError> {
    let sql = "UPDATE recipients SET handled_at = $2, handled_note = $3
               WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})
                 AND state IN ('refused', 'bounced', 'doubtful') AND handled_at IS NULL
               RETURNING id, contact_id, broadcast_id";
    let rows = tx.rows(sql, args![ids, now, &note]).await?;
    let events = told(&rows, || NewEvent::of(event::HANDLED).actor(actor).detail(json!({ "note": note })))?;
    append(tx, &events, now).await?;
    Ok(rows.len() as u64)
}

async fn unhandle(tx: &mut Tx, ids: String, actor: Option<i64>, now: i64) -> Result<u64, StorageError> {
    let sql = "UPDATE recipients SET handled_at = NULL, handled_note = ''
               WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS}) AND handled_at IS NOT NULL
               RETURNING id, contact_id, broadcast_id";
    let rows = tx.rows(sql, args![ids]).await?;
    let events = told(&rows, || NewEvent::of(event::REOPENED).actor(actor))?;
    append(tx, &events, now).await?;
    Ok(rows.len() as u64)
}

/// An event for each row.
fn told(rows: &[Row], new: impl Fn() -> NewEvent) -> Result<Vec<NewEvent>, StorageError> {
    let of_row = |row: &Row| {
        let event = new().contact(row.get::<i64>("contact_id")?).recipient(row.get::<i64>("id")?);
        Ok(event.broadcast(row.get::<i64>("broadcast_id")?))
    };
    rows.iter().map(of_row).collect()
}
