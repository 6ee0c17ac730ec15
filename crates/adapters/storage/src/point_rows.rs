//! How further addresses and telephone numbers lie in their table: reading, adding, and what is known of them.

use std::collections::HashSet;

use audience::{ContactId, ContactPoint, POINTS_MAX, PointDraft, PointKind};

use crate::{
    StorageError,
    error::named,
    search::folded,
    sql::{self, Row, args},
    tx::Tx,
    validity::known_reason,
};

/// The columns [`point_of`] reads; prefix `p`.
pub(crate) const COLUMNS: &str = "p.id, p.contact_id, p.kind, p.value, p.value_key, p.label, p.provider, \
     p.lookalike_of, p.invalid_at, p.invalid_reason, p.removed_at, p.created_at";

/// Reads one from a row with [`COLUMNS`].
pub(crate) fn point_of(row: &Row) -> Result<ContactPoint, StorageError> {
    Ok(ContactPoint {
        id: row.get("id")?,
        contact_id: row.get("contact_id")?,
        draft: PointDraft {
            kind: named("kind of a contact point", &row.get::<String>("kind")?, PointKind::from_name)?,
            value: row.get("value")?,
            value_key: row.get("value_key")?,
            label: row.get("label")?,
            provider: row.get("provider")?,
            lookalike_of: row.get("lookalike_of")?,
        },
        invalid_at: row.get("invalid_at")?,
        invalid_reason: row.get("invalid_reason")?,
        removed_at: row.get("removed_at")?,
        created_at: row.get("created_at")?,
    })
}

/// Those of some contacts, in use or not, by contact and oldest first.
pub(crate) async fn of_contacts(tx: &mut Tx, ids: &[ContactId]) -> Result<Vec<ContactPoint>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {{ROWS}} CROSS JOIN contact_points p WHERE p.contact_id = CAST(j.value AS BIGINT)
         ORDER BY p.contact_id, p.id"
    );
    tx.rows(sql, args![sql::json(ids)]).await?.iter().map(point_of).collect()
}

/// Adds what is there as it is; one that the contact has in use already is left out.
pub(crate) async fn insert(tx: &mut Tx, points: &[ContactPoint]) -> Result<u64, StorageError> {
    if points.is_empty() {
        return Ok(0);
    }
    let rows: Vec<_> = points
        .iter()
        .map(|point| {
            let draft = &point.draft;
            let search = folded(&format!("{}\n{}", draft.value, draft.value_key));
            (
                (point.id, point.contact_id, draft.kind.name(), &draft.value, &draft.value_key, &draft.label),
                (&draft.provider, &draft.lookalike_of, search),
                (point.invalid_at, &point.invalid_reason, point.removed_at, point.created_at),
            )
        })
        .collect();
    tx.execute(
        "INSERT INTO contact_points (id, contact_id, kind, value, value_key, label, provider, lookalike_of,
                search_text, invalid_at, invalid_reason, removed_at, created_at)
         SELECT CAST(j.value->0->>0 AS BIGINT), CAST(j.value->0->>1 AS BIGINT), j.value->0->>2, j.value->0->>3,
                j.value->0->>4, j.value->0->>5, j.value->1->>0, j.value->1->>1, j.value->1->>2,
                CAST(j.value->2->>0 AS BIGINT), j.value->2->>1, CAST(j.value->2->>2 AS BIGINT),
                CAST(j.value->2->>3 AS BIGINT)
         FROM {ROWS} WHERE NOT EXISTS (SELECT 1 FROM contact_points k
             WHERE k.contact_id = CAST(j.value->0->>1 AS BIGINT) AND k.kind = j.value->0->>2
               AND k.value_key = j.value->0->>4 AND k.removed_at IS NULL)",
        args![sql::json(&rows)],
    )
    .await
}

/// A new one that nothing is known about.
pub(crate) fn fresh(tx: &Tx, contact_id: ContactId, draft: &PointDraft, now: i64) -> ContactPoint {
    ContactPoint {
        id: tx.new_id(now),
        contact_id,
        draft: draft.clone(),
        invalid_at: None,
        invalid_reason: None,
        removed_at: None,
        created_at: now,
    }
}

/// Adds to each contact what it has not yet, up to the limit; gives what was added. `preferred` are the keys of what
/// stands in the contact itself.
pub(crate) async fn take_in(
    tx: &mut Tx,
    wanted: &[(ContactId, Vec<String>, &[PointDraft])],
    now: i64,
) -> Result<Vec<ContactPoint>, StorageError> {
    let asked: Vec<ContactId> =
        wanted.iter().filter(|(_, _, more)| !more.is_empty()).map(|(id, ..)| *id).collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let known = of_contacts(tx, &asked).await?;
    let mut new = Vec::new();
    for (id, preferred, more) in wanted {
        let in_use = known.iter().filter(|point| point.contact_id == *id && point.removed_at.is_none());
        let mut keys: HashSet<&str> = in_use.map(|point| point.draft.value_key.as_str()).collect();
        let mut room = POINTS_MAX.saturating_sub(keys.len());
        keys.extend(preferred.iter().map(String::as_str));
        for draft in *more {
            if room > 0 && keys.insert(&draft.value_key) {
                room -= 1;
                new.push(fresh(tx, *id, draft, now));
            }
        }
    }
    insert(tx, &new).await?;
    let ids: Vec<i64> = new.iter().map(|point| point.id).collect();
    apply_known(tx, &ids, now).await?;
    Ok(new)
}

/// Marks those of these further addresses that are known not to work.
pub(crate) async fn apply_known(tx: &mut Tx, ids: &[i64], now: i64) -> Result<(), StorageError> {
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE contact_points SET invalid_at = $2, invalid_reason = known.reason FROM (
             SELECT p.id AS point_id, {} AS reason
             FROM {{ROWS}} JOIN contact_points p ON p.id = CAST(j.value AS BIGINT)
             WHERE p.kind = 'address' AND p.invalid_at IS NULL
         ) AS known WHERE contact_points.id = known.point_id AND known.reason IS NOT NULL",
        known_reason("p.value_key")
    );
    tx.execute(sql, args![sql::json(ids), now]).await?;
    Ok(())
}

/// Takes away further addresses that have become their contacts' preferred ones.
pub(crate) async fn drop_preferred(tx: &mut Tx, contacts: &[ContactId]) -> Result<(), StorageError> {
    if contacts.is_empty() {
        return Ok(());
    }
    let sql = "DELETE FROM contact_points WHERE kind = 'address' AND (contact_id, value_key) IN
                 (SELECT c.id, c.address_key FROM {ROWS} JOIN contacts c ON c.id = CAST(j.value AS BIGINT))";
    tx.execute(sql, args![sql::json(contacts)]).await?;
    Ok(())
}
