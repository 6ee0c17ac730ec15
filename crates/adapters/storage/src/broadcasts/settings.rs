//! What is decided about audiences: per broadcast, by hand, and for the whole house.

use audience::segment::{Found, RuleProblem, SegmentId};
use campaigns::{
    audience::{AudienceRules, ByHand, FrequencyCap, Frozen, HouseRules},
    broadcast::{AudienceMember, BroadcastId},
    event,
};
use serde_json::json;

use super::{
    asked::{PLAN_COLUMNS, Plan},
    audience::member_of,
};
use crate::{
    StorageError, Store,
    error::from_json,
    events::{NewEvent, append_one},
    segments::{Compiler, PRESENT, known},
    sql::{self, args},
    tx::Tx,
};

const CAP: &str = "frequency_cap";
const HOUSE: &str = "audience_rules";

/// The cap of the house.
pub(super) async fn cap(tx: &mut Tx) -> Result<Option<FrequencyCap>, StorageError> {
    let Some(row) = tx.row("SELECT value FROM settings WHERE name = $1", args![CAP]).await? else {
        return Ok(None);
    };
    let cap: Option<FrequencyCap> = from_json("frequency cap", &row.get::<String>("value")?)?;
    Ok(cap.filter(|cap| cap.is_sound()))
}

/// The rules of the house.
pub(super) async fn house(tx: &mut Tx) -> Result<HouseRules, StorageError> {
    let row = tx.row("SELECT value FROM settings WHERE name = $1", args![HOUSE]).await?;
    row.map_or_else(
        || Ok(HouseRules::default()),
        |row| from_json("audience rules", &row.get::<String>("value")?),
    )
}

pub(super) async fn set_house(
    tx: &mut Tx,
    rules: HouseRules,
    actor: Option<i64>,
    now: i64,
) -> Result<(), StorageError> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(sql, args![HOUSE, sql::json(&rules)]).await?;
    let told = NewEvent::of(event::HOUSE_RULES_CHANGED).actor(actor);
    append_one(tx, told.detail(json!({ "duplicates": rules.duplicates, "consent": rules.consent })), now)
        .await
}

pub(super) async fn set_cap(
    tx: &mut Tx,
    cap: Option<FrequencyCap>,
    actor: Option<i64>,
    now: i64,
) -> Result<(), StorageError> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(sql, args![CAP, sql::json(&cap)]).await?;
    let detail = cap.map_or(json!({}), |cap| json!({ "mails": cap.mails, "days": cap.days }));
    append_one(tx, NewEvent::of(event::CAP_CHANGED).actor(actor).detail(detail), now).await
}

pub(super) async fn rules(store: &Store, id: BroadcastId) -> Result<AudienceRules, StorageError> {
    let row = store.row("SELECT audience_rules FROM broadcasts WHERE id = $1", args![id]).await?;
    let read = |row: sql::Row| from_json("audience of a broadcast", &row.get::<String>("audience_rules")?);
    row.map_or_else(|| Ok(AudienceRules::default()), read)
}

pub(super) async fn set_rules(
    store: &Store,
    id: BroadcastId,
    rules: &AudienceRules,
) -> Result<bool, StorageError> {
    let sql = "UPDATE broadcasts SET audience_rules = $2, topic_id = $3 WHERE id = $1 AND state = 'draft'";
    Ok(store.execute(sql, args![id, sql::json(rules), rules.topic_id]).await? == 1)
}

pub(super) async fn problems(tx: &mut Tx, id: BroadcastId) -> Result<Vec<RuleProblem>, StorageError> {
    let Some(row) = tx.row(plan_sql(""), args![id]).await? else { return Ok(Vec::new()) };
    Ok(Plan::load(tx, &row).await?.problems())
}

/// The row a plan is made of; `$1` is the broadcast.
pub(super) fn plan_sql(more: &str) -> String {
    format!("SELECT {PLAN_COLUMNS} FROM broadcasts b WHERE b.id = $1 {more}")
}

/// Whether the broadcast is a draft; held until the end of the transaction.
pub(super) async fn is_draft(tx: &mut Tx, id: BroadcastId) -> Result<bool, StorageError> {
    let sql = "SELECT id FROM broadcasts WHERE id = $1 AND state = 'draft' {FOR UPDATE}";
    Ok(tx.row(sql, args![id]).await?.is_some())
}

pub(super) async fn exclude(
    tx: &mut Tx,
    id: BroadcastId,
    contact_ids: Vec<i64>,
    out: bool,
) -> Result<bool, StorageError> {
    if !is_draft(tx, id).await? {
        return Ok(false);
    }
    let sql = if out {
        "INSERT INTO broadcast_picks (broadcast_id, contact_id, excluded)
         SELECT $2, c.id, TRUE FROM contacts c WHERE c.id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})
         ON CONFLICT (broadcast_id, contact_id) DO UPDATE SET excluded = TRUE"
    } else {
        "DELETE FROM broadcast_picks WHERE broadcast_id = $2 AND excluded
           AND contact_id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})"
    };
    tx.execute(sql, args![sql::json(&contact_ids), id]).await?;
    Ok(true)
}

pub(super) async fn by_hand(store: &Store, id: BroadcastId) -> Result<ByHand, StorageError> {
    let sql =
        "SELECT p.excluded, COUNT(*) AS people FROM broadcast_picks p JOIN contacts c ON c.id = p.contact_id
               WHERE p.broadcast_id = $1 AND c.trashed_at IS NULL GROUP BY p.excluded";
    let mut found = ByHand::default();
    for row in store.rows(sql, args![id]).await? {
        let people = row.count("people")?;
        if row.get("excluded")? { found.excluded = people } else { found.included = people }
    }
    Ok(found)
}

pub(super) async fn hand_picked(
    store: &Store,
    id: BroadcastId,
    out: bool,
    (offset, limit): (u64, u64),
) -> Result<Vec<AudienceMember>, StorageError> {
    let sql = "SELECT c.id, c.name, c.address FROM broadcast_picks p JOIN contacts c ON c.id = p.contact_id
               WHERE p.broadcast_id = $1 AND p.excluded = $2 AND c.trashed_at IS NULL
               ORDER BY c.id LIMIT $3 OFFSET $4";
    store.rows(sql, args![id, out, limit, offset]).await?.iter().map(member_of).collect()
}

/// Who was put in by hand before is replaced; who was taken out stays out.
pub(super) async fn freeze(
    tx: &mut Tx,
    id: BroadcastId,
    segment: SegmentId,
    now: i64,
) -> Result<Found<u64>, StorageError> {
    let known = known(tx).await?;
    let mut compiler = Compiler::new(&known, tx.engine(), now, args![id]);
    let rule = known.segments.get(&segment).and_then(|segment| segment.rule.as_ref());
    let condition = match rule.map(|rule| compiler.rule(rule)) {
        None => return Ok(Err(vec![RuleProblem { at: Vec::new(), words: audience::segment::no_segment() }])),
        Some(Err(problems)) => return Ok(Err(problems)),
        Some(Ok(condition)) => condition,
    };
    let arguments = compiler.args;
    if !is_draft(tx, id).await? {
        return Ok(Ok(0));
    }
    tx.execute("DELETE FROM broadcast_picks WHERE broadcast_id = $1 AND NOT excluded", args![id]).await?;
    let sql = format!(
        "INSERT INTO broadcast_picks (broadcast_id, contact_id)
         SELECT $1, c.id FROM contacts c WHERE {PRESENT} AND {condition} ORDER BY c.id
         ON CONFLICT (broadcast_id, contact_id) DO NOTHING"
    );
    let people = tx.execute(sql, arguments).await?;
    let row = tx.row("SELECT audience_rules FROM broadcasts WHERE id = $1", args![id]).await?;
    if let Some(row) = row {
        let mut rules: AudienceRules =
            from_json("audience of a broadcast", &row.get::<String>("audience_rules")?)?;
        rules.frozen = Some(Frozen { segment_id: segment, at: now, people });
        let sql = "UPDATE broadcasts SET audience_rules = $2 WHERE id = $1";
        tx.execute(sql, args![id, sql::json(&rules)]).await?;
    }
    Ok(Ok(people))
}
