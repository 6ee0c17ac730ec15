//! Segments as rows: saving under a name of their own, putting away, what refers to them, and what rules refer to.

use std::collections::BTreeMap;

use audience::{
    Field, FieldKind, event, folded,
    segment::{
        Kind, Known, KnownField, KnownLink, KnownSegment, KnownTopic, Rule, Saved, Segment, SegmentDraft,
        SegmentId, UsedBy,
    },
};
use campaigns::audience::AudienceRules;
use serde_json::json;

use crate::{
    StorageError, Store,
    error::from_json,
    events::{NewEvent, append_one},
    field_values::{FIELD_COLUMNS, field_of},
    sql::{Row, args},
    tx::Tx,
};

const COLUMNS: &str =
    "s.id, s.name, s.rule, s.changed_by, s.created_at, s.updated_at, s.archived_at, s.version";
/// Broadcasts a rule can choose from.
const BROADCASTS_MAX: u32 = 500;
/// Links of these that a rule can be offered.
const LINKS_MAX: u32 = 1_000;

pub(super) async fn list(store: &Store, archived: bool) -> Result<Vec<Segment>, StorageError> {
    let sql =
        format!("SELECT {COLUMNS} FROM segments s WHERE (s.archived_at IS NOT NULL) = $1 ORDER BY s.id");
    let mut found: Vec<Segment> =
        store.rows(sql, args![archived]).await?.iter().map(segment_of).collect::<Result<_, _>>()?;
    // The engines order text differently.
    found.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(found)
}

pub(super) async fn get(store: &Store, id: SegmentId) -> Result<Option<Segment>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM segments s WHERE s.id = $1");
    store.row(sql, args![id]).await?.as_ref().map(segment_of).transpose()
}

fn segment_of(row: &Row) -> Result<Segment, StorageError> {
    Ok(Segment {
        id: row.get("id")?,
        name: row.get("name")?,
        rule: Rule::from_json(&row.get::<String>("rule")?),
        changed_by: row.get("changed_by")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        archived_at: row.get("archived_at")?,
        version: row.get("version")?,
    })
}

/// A new segment, or a change of one, of a version where one was seen.
pub(super) async fn save(
    tx: &mut Tx,
    id: Option<(SegmentId, Option<i64>)>,
    draft: SegmentDraft,
    actor: Option<i64>,
    now: i64,
) -> Result<Saved, StorageError> {
    let name = draft.name.trim();
    let (key, rule) = (folded(name), draft.rule.to_json());
    let (id, what) = match id {
        None => {
            let id = tx.new_id(now);
            let sql = "INSERT INTO segments (id, name, name_key, rule, changed_by, created_at, updated_at)
                       VALUES ($1, $2, $3, $4, $5, $6, $6)";
            tx.execute(sql, args![id, name, key, rule, actor, now]).await?;
            (id, "added")
        }
        Some((id, seen)) => {
            let sql =
                "UPDATE segments SET name = $2, name_key = $3, rule = $4, changed_by = $5, updated_at = $6,
                              version = version + 1
                       WHERE id = $1 AND version = COALESCE(CAST($7 AS BIGINT), version)";
            if tx.execute(sql, args![id, name, key, rule, actor, now, seen]).await? == 0 {
                let row = tx.row("SELECT id FROM segments WHERE id = $1", args![id]).await?;
                return Ok(if row.is_some() { Saved::Overtaken } else { Saved::Gone });
            }
            (id, "changed")
        }
    };
    tell(tx, what, (id, name), actor, now).await?;
    Ok(Saved::Yes(id))
}

pub(super) async fn archive(
    tx: &mut Tx,
    id: SegmentId,
    archived: bool,
    actor: Option<i64>,
    now: i64,
) -> Result<Saved, StorageError> {
    let sql = "UPDATE segments SET archived_at = $2, changed_by = $3 WHERE id = $1 RETURNING name";
    let Some(row) = tx.row(sql, args![id, archived.then_some(now), actor]).await? else {
        return Ok(Saved::Gone);
    };
    let name: String = row.get("name")?;
    tell(tx, if archived { "archived" } else { "brought_back" }, (id, &name), actor, now).await?;
    Ok(Saved::Yes(id))
}

async fn tell(
    tx: &mut Tx,
    what: &str,
    (id, name): (SegmentId, &str),
    actor: Option<i64>,
    now: i64,
) -> Result<(), StorageError> {
    let detail = json!({ "what": what, "segment_id": id, "name": name });
    append_one(tx, NewEvent::of(event::SEGMENT_CHANGED).actor(actor).detail(detail), now).await
}

/// Another segment in use has the name.
pub(super) fn unless_taken(saved: Result<Saved, StorageError>) -> Result<Saved, StorageError> {
    match saved {
        Err(StorageError::Taken(_)) => Ok(Saved::NameTaken),
        other => other,
    }
}

pub(super) async fn used_by(store: &Store, id: SegmentId) -> Result<UsedBy, StorageError> {
    let refers = |segment: &Segment| segment.rule.as_ref().is_some_and(|rule| rule.segments().contains(&id));
    let segments =
        list(store, false).await?.into_iter().filter(refers).map(|one| (one.id, one.name)).collect();
    let sql = "SELECT b.id, b.name, b.audience_rules FROM broadcasts b
               WHERE b.audience = 'conditions' AND b.state IN ('draft', 'preparing') ORDER BY b.id";
    let mut broadcasts = Vec::new();
    for row in store.rows(sql, args![]).await? {
        let rules: AudienceRules =
            from_json("audience of a broadcast", &row.get::<String>("audience_rules")?)?;
        if rules.segment_id == Some(id) {
            broadcasts.push((row.get("id")?, row.get("name")?));
        }
    }
    Ok(UsedBy { segments, broadcasts })
}

/// What rules can refer to.
pub(crate) async fn known(tx: &mut Tx) -> Result<Known, StorageError> {
    let sql = format!("SELECT {FIELD_COLUMNS} FROM contact_fields ORDER BY position, id");
    let rows = tx.rows(sql, args![]).await?;
    let fields = rows.iter().map(|row| field_of(row).map(known_field)).collect::<Result<_, _>>()?;
    let rows = tx.rows("SELECT s.id, s.name, s.rule, s.archived_at FROM segments s", args![]).await?;
    let mut segments = BTreeMap::new();
    for row in &rows {
        let known = KnownSegment {
            name: row.get("name")?,
            rule: Rule::from_json(&row.get::<String>("rule")?),
            archived: row.get::<Option<i64>>("archived_at")?.is_some(),
        };
        segments.insert(row.get("id")?, known);
    }
    let sql = "SELECT b.id, b.name FROM broadcasts b ORDER BY b.id DESC LIMIT $1";
    let rows = tx.rows(sql, args![BROADCASTS_MAX]).await?;
    let broadcasts =
        rows.iter().map(|row| Ok((row.get("id")?, row.get("name")?))).collect::<Result<_, StorageError>>()?;
    Ok(Known { fields, segments, broadcasts, links: links(tx).await?, topics: topics(tx).await? })
}

async fn links(tx: &mut Tx) -> Result<Vec<KnownLink>, StorageError> {
    let sql = "SELECT l.broadcast_id, l.number, l.target FROM links l
               WHERE l.broadcast_id IN (SELECT b.id FROM broadcasts b ORDER BY b.id DESC LIMIT $1)
               ORDER BY l.broadcast_id DESC, l.number LIMIT $2";
    let link = |row: &Row| {
        let number = u32::try_from(row.get::<i64>("number")?).unwrap_or(u32::MAX);
        Ok(KnownLink { broadcast: row.get("broadcast_id")?, number, target: row.get("target")? })
    };
    tx.rows(sql, args![BROADCASTS_MAX, LINKS_MAX]).await?.iter().map(link).collect()
}

async fn topics(tx: &mut Tx) -> Result<Vec<KnownTopic>, StorageError> {
    let rows = tx.rows("SELECT t.id, t.name, t.archived_at FROM topics t ORDER BY t.position, t.id", args![]);
    let topic = |row: &Row| {
        let archived = row.get::<Option<i64>>("archived_at")?.is_some();
        Ok(KnownTopic { id: row.get("id")?, name: row.get("name")?, archived })
    };
    rows.await?.iter().map(topic).collect()
}

fn known_field(field: Field) -> KnownField {
    let kind = match field.kind {
        FieldKind::Number => Kind::Number,
        FieldKind::Date => Kind::Day,
        FieldKind::Choice => Kind::Choice,
        FieldKind::MultiChoice => Kind::Choices,
        FieldKind::Boolean => Kind::Flag,
        FieldKind::Text | FieldKind::Phone | FieldKind::Address | FieldKind::File => Kind::Text,
    };
    KnownField {
        key: field.id.to_string(),
        column: field.key,
        name: field.label,
        kind,
        options: field.choices.into_iter().map(|choice| (choice.clone(), choice)).collect(),
        by_digits: field.kind == FieldKind::Phone,
        deleted: field.archived_at.is_some(),
    }
}
