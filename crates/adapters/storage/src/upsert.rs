//! Adds or changes a contact that is found by keys of the caller's choice.

use audience::{ContactDraft, FieldKind, UpsertKey, Upserted};

use crate::{
    StorageError, contact_edit,
    contact_rows::{COLUMNS, Kept},
    field_values::Registry,
    import_merge::overwrite,
    points,
    sql::{Arg, args},
    tx::Tx,
};

/// See [`audience::ContactStore::upsert`].
pub(crate) async fn upsert(
    tx: &mut Tx,
    keys: &[UpsertKey],
    draft: &ContactDraft,
    actor: Option<i64>,
    now: i64,
) -> Result<Upserted, StorageError> {
    let registry = Registry::load(tx).await?;
    let Some((condition, mut arguments)) = found_by(keys, draft, &registry) else {
        return Ok(Upserted::NoKey);
    };
    tx.lock_table("contacts").await?;
    let sql = format!(
        "SELECT {COLUMNS}, c.address_key FROM contacts c WHERE c.merged_into IS NULL AND {condition}
         ORDER BY (c.address_key IS NULL OR c.address_key <> ${}), c.id DESC LIMIT 2",
        arguments.len() + 1
    );
    // Who prefers the address comes before who has it beside.
    arguments.extend(args![draft.address_key.as_deref()]);
    let rows = tx.rows(sql, arguments).await?;
    if rows.len() > 1 && keys.iter().all(|key| *key != UpsertKey::Address) {
        return Ok(Upserted::Ambiguous);
    }
    let Some(row) = rows.first() else {
        let added = contact_edit::add(tx, draft, actor, now).await?;
        return Ok(added.map_or(Upserted::NumberTaken, Upserted::Added));
    };
    let before = Kept::of(row)?;
    let mut after = before.clone();
    let known = points::keys_of(tx, before.contact.id).await?;
    let mut told = draft.clone();
    // Who is found by a further address keeps the preferred one.
    if keys.contains(&UpsertKey::Address) && draft.address_key.as_ref().is_some_and(|key| known.contains(key))
    {
        (told.address, told.address_key) = (None, None);
    }
    overwrite(&mut after, &told, now);
    registry.settle(&mut after.contact.fields);
    if !draft.external_id.is_empty() {
        after.contact.external_id.clone_from(&draft.external_id);
    }
    let id = before.contact.id;
    let all = points::all_keys_of(tx, before.contact.id, &before.contact.phone).await?;
    let has_all = draft.more.iter().all(|more| all.contains(&more.value_key));
    if after == before && has_all && draft.wants_mail != Some(false) {
        return Ok(Upserted::Unchanged(id));
    }
    let whole = ContactDraft { wants_mail: draft.wants_mail, more: draft.more.clone(), ..after.draft() };
    if after.contact.trashed_at != before.contact.trashed_at {
        tx.execute("UPDATE contacts SET trashed_at = NULL WHERE id = $1", args![id]).await?;
    }
    let edited = contact_edit::edit(tx, id, None, &whole, (actor, now)).await;
    match edited {
        Ok(_) => Ok(Upserted::Changed(id)),
        Err(error) => Err(error),
    }
}

/// All keys together; `None` when the draft lacks one of them.
fn found_by(keys: &[UpsertKey], draft: &ContactDraft, registry: &Registry) -> Option<(String, Vec<Arg>)> {
    let (mut parts, mut arguments) = (Vec::new(), Vec::new());
    for key in keys {
        match key {
            UpsertKey::ExternalId if !draft.external_id.is_empty() => {
                arguments.extend(args![&draft.external_id]);
                let n = arguments.len();
                parts.push(format!(
                    "(c.external_id = ${n} OR c.id = (SELECT x.contact_id FROM contact_external_ids x
                       WHERE x.external_id = ${n}))"
                ));
            }
            UpsertKey::Address => {
                arguments.extend(args![draft.address_key.as_deref()?]);
                let n = arguments.len();
                parts.push(format!(
                    "(c.address_key = ${n} OR c.id IN (SELECT p.contact_id FROM contact_points p
                       WHERE p.value_key = ${n} AND p.kind = 'address' AND p.removed_at IS NULL))
                     AND c.trashed_at IS NULL"
                ));
            }
            UpsertKey::Field(name) => {
                let field = registry.field(name).filter(|field| field.kind != FieldKind::File)?;
                let value = field.read(draft.fields.get(name)?).ok()?;
                let indexed = value.indexed.into_iter().next()?;
                arguments.extend(args![field.id]);
                let of = arguments.len();
                let compared = match (indexed.number, indexed.text) {
                    (Some(number), _) => {
                        arguments.extend(args![number.to_string()]);
                        format!("v.number = CAST(${} AS DOUBLE PRECISION)", arguments.len())
                    }
                    (None, text) => {
                        arguments.extend(args![text?]);
                        format!("v.text = ${}", arguments.len())
                    }
                };
                parts.push(format!(
                    "c.id IN (SELECT v.contact_id FROM field_values v WHERE v.field_id = ${of} AND {compared})"
                ));
            }
            UpsertKey::ExternalId => return None,
        }
    }
    (!parts.is_empty()).then(|| (parts.join(" AND "), arguments))
}
