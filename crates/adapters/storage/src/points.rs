//! Keeps the further addresses and telephone numbers of contacts, and which of them is preferred.

use std::collections::HashSet;

use async_trait::async_trait;
use audience::{
    BY_HAND, ContactId, ContactPoint, POINT_KEPT_MS, POINTS_MAX, PointDraft, PointId, PointKind,
    PointOutcome, PointStore, StoreFailure, event, label_of,
};
use serde_json::json;

use crate::{
    StorageError, Store,
    contacts::tell_each,
    events::{NewEvent, append_one},
    point_rows::{COLUMNS, apply_known, fresh, insert, of_contacts, point_of},
    prefer,
    sql::{self, args},
    tx::Tx,
    validity,
};

/// The operator and the instant.
type By = (Option<i64>, i64);

#[async_trait]
impl PointStore for Store {
    async fn points(&self, id: ContactId) -> Result<Vec<ContactPoint>, StoreFailure> {
        let work = self.read(move |tx| Box::pin(async move { beside_preferred(tx, &[id]).await }));
        let mut points = work.await?;
        points.sort_by_key(|point| (point.removed_at.is_some(), point.id));
        Ok(points)
    }

    async fn points_of(&self, ids: &[ContactId]) -> Result<Vec<ContactPoint>, StoreFailure> {
        let ids = ids.to_vec();
        let work = self.read(move |tx| Box::pin(async move { beside_preferred(tx, &ids).await }));
        let mut points = work.await?;
        points.retain(|point| point.removed_at.is_none());
        Ok(points)
    }

    async fn most_points(&self) -> Result<(u64, u64), StoreFailure> {
        let sql = "SELECT n.kind, MAX(n.points) AS most FROM (
                       SELECT p.kind, COUNT(*) AS points FROM contact_points p WHERE p.removed_at IS NULL
                       GROUP BY p.contact_id, p.kind) AS n GROUP BY n.kind";
        let mut most = (0, 0);
        for row in self.rows(sql, args![]).await? {
            let count = row.count("most")?;
            let of = if row.get::<String>("kind")? == PointKind::Address.name() {
                &mut most.0
            } else {
                &mut most.1
            };
            *of = count;
        }
        Ok(most)
    }

    async fn add_point(
        &self,
        id: ContactId,
        draft: &PointDraft,
        by: (Option<i64>, i64),
    ) -> Result<PointOutcome, StoreFailure> {
        let draft = draft.clone();
        Ok(self.write(move |tx| Box::pin(async move { add(tx, id, &draft, by).await })).await?)
    }

    async fn change_point(
        &self,
        of: (ContactId, PointId),
        draft: &PointDraft,
        by: (Option<i64>, i64),
    ) -> Result<PointOutcome, StoreFailure> {
        let draft = draft.clone();
        Ok(self.write(move |tx| Box::pin(async move { change(tx, of, &draft, by).await })).await?)
    }

    async fn label_preferred(
        &self,
        (id, kind): (ContactId, PointKind),
        label: &str,
        _by: (Option<i64>, i64),
    ) -> Result<bool, StoreFailure> {
        let column = match kind {
            PointKind::Address => "address_label",
            PointKind::Phone => "phone_label",
        };
        let sql = format!("UPDATE contacts SET {column} = $2 WHERE id = $1");
        Ok(self.execute(sql, args![id, label_of(label)]).await? > 0)
    }

    async fn remove_point(
        &self,
        of: (ContactId, PointId),
        removed: bool,
        by: (Option<i64>, i64),
    ) -> Result<bool, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(remove(tx, of, removed, by))).await?)
    }

    async fn prefer_point(
        &self,
        of: (ContactId, PointId),
        by: (Option<i64>, i64),
    ) -> Result<bool, StoreFailure> {
        let work = self.write(move |tx| {
            Box::pin(async move {
                let Some(point) = find(tx, of).await? else { return Ok(false) };
                prefer::swap(tx, &point, (NewEvent::of(event::POINT_PREFERRED).actor(by.0), None), by.1).await
            })
        });
        Ok(work.await?)
    }

    async fn judge_point(
        &self,
        of: (ContactId, PointId),
        (works, note): (bool, &str),
        by: (Option<i64>, i64),
    ) -> Result<bool, StoreFailure> {
        let note = note.to_owned();
        Ok(self.write(move |tx| Box::pin(judge(tx, of, (works, note), by))).await?)
    }
}

/// Those of some contacts without an address that has become the preferred one meanwhile; it comes back to light when
/// another one does.
async fn beside_preferred(tx: &mut Tx, ids: &[ContactId]) -> Result<Vec<ContactPoint>, StorageError> {
    let sql = "SELECT c.id, c.address_key FROM contacts c
               WHERE c.id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS}) AND c.address_key IS NOT NULL";
    let mut preferred = HashSet::new();
    for row in tx.rows(sql, args![sql::json(ids)]).await? {
        preferred.insert((row.get::<i64>("id")?, row.get::<String>("address_key")?));
    }
    let mut points = of_contacts(tx, ids).await?;
    points.retain(|point| !preferred.contains(&(point.contact_id, point.draft.value_key.clone())));
    Ok(points)
}

/// One that is in use.
async fn find(
    tx: &mut Tx,
    (contact, id): (ContactId, PointId),
) -> Result<Option<ContactPoint>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM contact_points p WHERE p.id = $1 AND p.contact_id = $2 AND p.removed_at IS NULL
         {{FOR UPDATE}}"
    );
    tx.row(sql, args![id, contact]).await?.as_ref().map(point_of).transpose()
}

/// Whether the contact has it, preferred or not, beside `except`; and how many it has.
async fn standing_of(
    tx: &mut Tx,
    id: ContactId,
    draft: &PointDraft,
    except: Option<PointId>,
) -> Result<Option<(bool, usize)>, StorageError> {
    let sql = "SELECT address_key, phone FROM contacts WHERE id = $1 {FOR UPDATE}";
    let Some(row) = tx.row(sql, args![id]).await? else { return Ok(None) };
    let preferred = match draft.kind {
        PointKind::Address => row.get::<Option<String>>("address_key")?,
        PointKind::Phone => Some(prefer::phone_key(&row.get::<String>("phone")?)),
    };
    let mut points = of_contacts(tx, &[id]).await?;
    points.retain(|point| point.removed_at.is_none() && Some(point.id) != except);
    let same =
        |point: &ContactPoint| point.draft.kind == draft.kind && point.draft.value_key == draft.value_key;
    let known = preferred.as_ref() == Some(&draft.value_key) || points.iter().any(same);
    Ok(Some((known, points.len())))
}

async fn add(tx: &mut Tx, id: ContactId, draft: &PointDraft, by: By) -> Result<PointOutcome, StorageError> {
    match standing_of(tx, id, draft, None).await? {
        None => return Ok(PointOutcome::Gone),
        Some((true, _)) => return Ok(PointOutcome::Known),
        Some((_, POINTS_MAX..)) => return Ok(PointOutcome::Full),
        Some(_) => {}
    }
    let point = fresh(tx, id, draft, by.1);
    insert(tx, std::slice::from_ref(&point)).await?;
    apply_known(tx, &[point.id], by.1).await?;
    tell(tx, event::POINT_ADDED, &point, "", by).await?;
    Ok(PointOutcome::Done(point.id))
}

async fn change(
    tx: &mut Tx,
    of: (ContactId, PointId),
    draft: &PointDraft,
    by: By,
) -> Result<PointOutcome, StorageError> {
    let Some(before) = find(tx, of).await?.filter(|point| point.draft.kind == draft.kind) else {
        return Ok(PointOutcome::Gone);
    };
    if before.draft == *draft {
        return Ok(PointOutcome::Done(before.id));
    }
    if standing_of(tx, of.0, draft, Some(of.1)).await?.is_none_or(|(known, _)| known) {
        return Ok(PointOutcome::Known);
    }
    let moved = before.draft.value_key != draft.value_key;
    let mut after = ContactPoint { draft: draft.clone(), ..before.clone() };
    if moved {
        (after.invalid_at, after.invalid_reason) = (None, None);
    }
    tx.execute("DELETE FROM contact_points WHERE id = $1", args![before.id]).await?;
    insert(tx, std::slice::from_ref(&after)).await?;
    apply_known(tx, &[after.id], by.1).await?;
    tell(tx, event::POINT_CHANGED, &after, &before.draft.value, by).await?;
    Ok(PointOutcome::Done(after.id))
}

async fn remove(
    tx: &mut Tx,
    (contact, id): (ContactId, PointId),
    removed: bool,
    by: By,
) -> Result<bool, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM contact_points p WHERE p.id = $1 AND p.contact_id = $2
           AND (p.removed_at IS NULL) = $3 {{FOR UPDATE}}"
    );
    let Some(row) = tx.row(sql, args![id, contact, removed]).await? else { return Ok(false) };
    let point = point_of(&row)?;
    if !removed
        && standing_of(tx, contact, &point.draft, None)
            .await?
            .is_none_or(|(known, n)| known || n >= POINTS_MAX)
    {
        return Ok(false);
    }
    let at = removed.then_some(by.1);
    tx.execute("UPDATE contact_points SET removed_at = $2 WHERE id = $1", args![id, at]).await?;
    let kind = if removed { event::POINT_REMOVED } else { event::POINT_RESTORED };
    tell(tx, kind, &point, "", by).await?;
    Ok(true)
}

async fn judge(
    tx: &mut Tx,
    of: (ContactId, PointId),
    (works, note): (bool, String),
    (actor, now): By,
) -> Result<bool, StorageError> {
    let point = find(tx, of).await?.filter(|point| point.draft.kind == PointKind::Address);
    let Some(ContactPoint { draft, .. }) = point else { return Ok(false) };
    if works {
        let told = NewEvent::of(event::ADDRESS_VALID).actor(actor).detail(json!({ "note": note }));
        validity::lift_address(tx, &draft.value_key, &told, now).await?;
        let sql = "UPDATE contact_points SET lookalike_of = NULL WHERE id = $1";
        tx.execute(sql, args![of.1]).await?;
    } else {
        let detail = json!({ "reason": BY_HAND, "note": note });
        let told = NewEvent::of(event::ADDRESS_INVALID).actor(actor).detail(detail);
        validity::switch_off_address(tx, &draft.value_key, (BY_HAND, &told), now).await?;
    }
    Ok(true)
}

async fn tell(
    tx: &mut Tx,
    kind: &'static str,
    point: &ContactPoint,
    before: &str,
    (actor, now): By,
) -> Result<(), StorageError> {
    let sql = "UPDATE contacts SET updated_at = $2 WHERE id = $1";
    tx.execute(sql, args![point.contact_id, now]).await?;
    let draft = &point.draft;
    let detail = json!({
        "kind": draft.kind.name(), "value": draft.value, "label": draft.label, "before": before,
    });
    let told = NewEvent::of(kind).contact(point.contact_id).actor(actor).detail(detail);
    append_one(tx, told, now).await
}

/// Marks further addresses of a key; one event for each contact, which says which address it is about.
pub(crate) async fn mark(
    tx: &mut Tx,
    address_key: &str,
    reason: Option<&str>,
    told: &NewEvent,
    now: i64,
) -> Result<(), StorageError> {
    let sql = "UPDATE contact_points SET invalid_at = CASE WHEN $3 IS NULL THEN NULL ELSE $2 END, invalid_reason = $3
               WHERE kind = 'address' AND value_key = $1 AND (invalid_at IS NULL) <> ($3 IS NULL)
                 AND removed_at IS NULL RETURNING contact_id AS id, value";
    let rows = tx.rows(sql, args![address_key, now, reason]).await?;
    let Some(value) = rows.first().map(|row| row.get::<String>("value")).transpose()? else { return Ok(()) };
    tell_each(tx, &rows, &told.clone().more("further", json!(value)), now).await
}

/// Drops what was taken off long ago.
pub(crate) async fn forget_removed(tx: &mut Tx, now: i64) -> Result<u64, StorageError> {
    let sql = "DELETE FROM contact_points WHERE removed_at IS NOT NULL AND removed_at < $1";
    tx.execute(sql, args![now - POINT_KEPT_MS]).await
}

/// What the addresses of a contact are compared by, the preferred one left out.
pub(crate) async fn keys_of(tx: &mut Tx, id: ContactId) -> Result<Vec<String>, StorageError> {
    let sql = "SELECT value_key FROM contact_points WHERE contact_id = $1 AND kind = 'address'";
    tx.rows(sql, args![id]).await?.iter().map(|row| row.get("value_key")).collect()
}

/// What everything that a contact is reached by is compared by.
pub(crate) async fn all_keys_of(
    tx: &mut Tx,
    id: ContactId,
    phone: &str,
) -> Result<Vec<String>, StorageError> {
    let sql = "SELECT value_key FROM contact_points WHERE contact_id = $1 AND removed_at IS NULL
               UNION SELECT address_key FROM contacts WHERE id = $1 AND address_key IS NOT NULL";
    let mut keys = vec![prefer::phone_key(phone)];
    for row in tx.rows(sql, args![id]).await? {
        keys.push(row.get("value_key")?);
    }
    Ok(keys)
}
