//! Writes and reads broadcasts themselves, and whom an operator picked for a draft.

use campaigns::{
    broadcast::{AudienceKind, Broadcast, BroadcastDraft, BroadcastId, BroadcastState, Purpose},
    event,
};

use crate::{
    StorageError, Store,
    error::named,
    events::{NewEvent, append_one},
    sql::{self, Row, args},
    tx::Tx,
};

const COLUMNS: &str = "b.id, b.name, b.template_id, b.template_version_id, b.from_name, b.from_address, b.reply_to, \
                       b.audience, b.purpose, b.pool, b.records_clicks, b.state, b.created_by, b.created_at, b.started_at, \
                       b.finished_at";

pub(super) async fn create(
    tx: &mut Tx,
    draft: BroadcastDraft,
    actor: Option<i64>,
    now: i64,
) -> Result<BroadcastId, StorageError> {
    let id = tx.new_id(now);
    tx.execute(
        "INSERT INTO broadcasts (id, name, template_id, from_name, from_address, reply_to, audience, purpose, state,
                                 created_by, created_at, pool, records_clicks)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'draft', $9, $10, $11, $12)",
        args![
            id,
            &draft.name,
            draft.template_id,
            &draft.from_name,
            &draft.from_address,
            &draft.reply_to,
            draft.audience.name(),
            draft.purpose.name(),
            actor,
            now,
            &draft.pool,
            draft.records_clicks
        ],
    )
    .await?;
    append_one(tx, NewEvent::of(event::BROADCAST_CREATED).broadcast(id).actor(actor), now).await?;
    Ok(id)
}

pub(super) async fn update(
    store: &Store,
    id: BroadcastId,
    draft: &BroadcastDraft,
) -> Result<bool, StorageError> {
    let sql =
        "UPDATE broadcasts SET name = $2, template_id = $3, from_name = $4, from_address = $5, reply_to = $6,
                      audience = $7, purpose = $8, pool = $9, records_clicks = $10
               WHERE id = $1 AND state = 'draft'";
    let arguments = args![
        id,
        &draft.name,
        draft.template_id,
        &draft.from_name,
        &draft.from_address,
        &draft.reply_to,
        draft.audience.name(),
        draft.purpose.name(),
        &draft.pool,
        draft.records_clicks
    ];
    Ok(store.execute(sql, arguments).await? == 1)
}

pub(super) async fn get(store: &Store, id: BroadcastId) -> Result<Option<Broadcast>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM broadcasts b WHERE b.id = $1");
    store.row(sql, args![id]).await?.as_ref().map(broadcast_of).transpose()
}

pub(super) async fn list(store: &Store, offset: u64, limit: u64) -> Result<Vec<Broadcast>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM broadcasts b ORDER BY b.id DESC LIMIT $1 OFFSET $2");
    store.rows(sql, args![limit, offset]).await?.iter().map(broadcast_of).collect()
}

fn broadcast_of(row: &Row) -> Result<Broadcast, StorageError> {
    Ok(Broadcast {
        id: row.get("id")?,
        draft: BroadcastDraft {
            name: row.get("name")?,
            purpose: named("purpose", &row.get::<String>("purpose")?, Purpose::from_name)?,
            template_id: row.get("template_id")?,
            from_name: row.get("from_name")?,
            from_address: row.get("from_address")?,
            reply_to: row.get("reply_to")?,
            audience: named("audience", &row.get::<String>("audience")?, AudienceKind::from_name)?,
            pool: row.get("pool")?,
            records_clicks: row.get("records_clicks")?,
        },
        template_version_id: row.get("template_version_id")?,
        state: named("broadcast state", &row.get::<String>("state")?, BroadcastState::from_name)?,
        created_by: row.get("created_by")?,
        created_at: row.get("created_at")?,
        started_at: row.get("started_at")?,
        finished_at: row.get("finished_at")?,
    })
}

pub(super) async fn pick(
    tx: &mut Tx,
    id: BroadcastId,
    contact_ids: Vec<i64>,
    picked: bool,
) -> Result<bool, StorageError> {
    let sql = "SELECT id FROM broadcasts WHERE id = $1 AND state = 'draft' {FOR UPDATE}";
    if tx.row(sql, args![id]).await?.is_none() {
        return Ok(false);
    }
    let sql = if picked {
        "INSERT INTO broadcast_picks (broadcast_id, contact_id)
         SELECT $2, c.id FROM contacts c WHERE c.id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})
         ON CONFLICT (broadcast_id, contact_id) DO UPDATE SET excluded = FALSE"
    } else {
        "DELETE FROM broadcast_picks
         WHERE broadcast_id = $2 AND NOT excluded AND contact_id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})"
    };
    tx.execute(sql, args![sql::json(&contact_ids), id]).await?;
    Ok(true)
}

pub(super) async fn picked(store: &Store, id: BroadcastId, limit: u64) -> Result<Vec<i64>, StorageError> {
    let sql = "SELECT contact_id FROM broadcast_picks WHERE broadcast_id = $1 AND NOT excluded ORDER BY contact_id LIMIT $2";
    store.rows(sql, args![id, limit]).await?.iter().map(|row| row.get("contact_id")).collect()
}
