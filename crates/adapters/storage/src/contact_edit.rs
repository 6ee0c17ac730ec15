//! Adds and edits one contact by hand.

use audience::{ContactDraft, ContactId, ContactPoint, Edited, OptOutRoute, event};
use serde_json::{Map, Value, json};

use crate::{
    StorageError,
    contact_rows::{self, COLUMNS, Kept},
    erasure,
    error::named,
    events::{NewEvent, append, append_one},
    field_values::Registry,
    ledger, point_rows, prefer,
    sql::args,
    tx::Tx,
    validity,
};

/// Adds a contact by hand; `None` when the customer number is taken.
pub(crate) async fn add(
    tx: &mut Tx,
    draft: &ContactDraft,
    actor: Option<i64>,
    now: i64,
) -> Result<Option<ContactId>, StorageError> {
    let id = tx.new_id(now);
    let mut kept = Kept::new(id, draft, now);
    let registry = settled(tx, &mut kept, now).await?;
    let route = opt_out_route(tx, draft).await?;
    if let Some(route) = route {
        kept.opt_out(route, now);
    }
    if contact_rows::insert(tx, &[&kept], now).await? == 0 {
        return Ok(None);
    }
    registry.write(tx, &[(None, &kept)]).await?;
    if let Some(route) = route {
        ledger::withdrawn(tx, &[id], None, (route, actor), now).await?;
    }
    let mut events = vec![NewEvent::of(event::CONTACT_ADDED).contact(id).actor(actor)];
    events.extend(route.map(|route| opted_out(id, route, actor)));
    append(tx, &events, now).await?;
    point_rows::take_in(tx, &[(id, preferred(&kept), draft.more.as_slice())], now).await?;
    validity::apply_known(tx, &[id], now).await?;
    Ok(Some(id))
}

/// Makes sure of the fields of a contact, and writes its values as they are kept.
async fn settled(tx: &mut Tx, kept: &mut Kept, now: i64) -> Result<Registry, StorageError> {
    let mut registry = Registry::load(tx).await?;
    let filled = kept.contact.fields.iter().filter(|(_, text)| !text.trim().is_empty());
    registry.remember(tx, filled.map(|(name, _)| name), now).await?;
    registry.settle(&mut kept.contact.fields);
    Ok(registry)
}

/// Why this draft's contact gets no advertising mail: the draft says so, or somebody with this address said so.
async fn opt_out_route(tx: &mut Tx, draft: &ContactDraft) -> Result<Option<OptOutRoute>, StorageError> {
    if draft.wants_mail == Some(false) {
        return Ok(Some(OptOutRoute::Operator));
    }
    refusal_of(tx, draft.address_key.as_deref()).await
}

/// How somebody with this address refused mail.
pub(crate) async fn refusal_of(
    tx: &mut Tx,
    address_key: Option<&str>,
) -> Result<Option<OptOutRoute>, StorageError> {
    let sql = "SELECT opt_out_route FROM contacts WHERE address_key = $1 AND opted_out_at IS NOT NULL
               ORDER BY opted_out_at LIMIT 1";
    let Some(row) = tx.row(sql, args![address_key]).await? else {
        let refused = erasure::refused(tx, address_key.into_iter()).await?;
        return Ok(refused.first().and_then(|(_, route)| OptOutRoute::from_name(route)));
    };
    named("opt-out route", &row.get::<String>("opt_out_route")?, OptOutRoute::from_name).map(Some)
}

/// What stands in the contact itself, as it is compared.
fn preferred(kept: &Kept) -> Vec<String> {
    let phone = prefer::phone_key(&kept.contact.phone);
    kept.address_key.iter().cloned().chain([phone]).filter(|key| !key.is_empty()).collect()
}

/// The event of an opt-out.
pub(crate) fn opted_out(id: ContactId, route: OptOutRoute, actor: Option<i64>) -> NewEvent {
    let detail = json!({ "route": route.name() });
    NewEvent::of(event::CONTACT_OPTED_OUT).contact(id).actor(actor).detail(detail)
}

/// See [`audience::ContactStore::edit`] and `edit_version`; a taken customer number is [`StorageError::Taken`].
pub(crate) async fn edit(
    tx: &mut Tx,
    id: ContactId,
    version: Option<i64>,
    draft: &ContactDraft,
    (actor, now): (Option<i64>, i64),
) -> Result<Edited, StorageError> {
    let sql = format!("SELECT {COLUMNS}, c.address_key FROM contacts c WHERE c.id = $1 {{FOR UPDATE}}");
    let Some(row) = tx.row(sql, args![id]).await? else { return Ok(Edited::Refused) };
    let before = Kept::of(&row)?;
    if version.is_some_and(|version| version != before.contact.version) {
        return Ok(Edited::Overtaken);
    }
    let mut after = before.clone();
    rewrite(&mut after, draft, now);
    let registry = settled(tx, &mut after, now).await?;
    let mut route = None;
    if before.contact.opted_out_at.is_none() {
        route = opt_out_route(tx, draft).await?;
    }
    if let Some(route) = route {
        after.opt_out(route, now);
    }
    let added = point_rows::take_in(tx, &[(id, preferred(&after), draft.more.as_slice())], now).await?;
    let told = |point: &ContactPoint| {
        let detail = json!({ "kind": point.draft.kind.name(), "value": point.draft.value, "label": point.draft.label });
        NewEvent::of(event::POINT_ADDED).contact(id).actor(actor).detail(detail)
    };
    append(tx, &added.iter().map(told).collect::<Vec<_>>(), now).await?;
    if after == before {
        return Ok(Edited::Saved);
    }
    contact_rows::update(tx, &[&after], now).await?;
    registry.write(tx, &[(Some(&before), &after)]).await?;
    let told =
        NewEvent::of(event::CONTACT_EDITED).contact(id).actor(actor).detail(difference(&before, &after));
    append_one(tx, told, now).await?;
    if let Some(route) = route {
        ledger::withdrawn(tx, &[id], None, (route, actor), now).await?;
        append_one(tx, opted_out(id, route, actor), now).await?;
    }
    if after.address_key != before.address_key {
        validity::apply_known(tx, &[id], now).await?;
    }
    Ok(Edited::Saved)
}

fn rewrite(kept: &mut Kept, draft: &ContactDraft, now: i64) {
    kept.restate(draft, now);
    kept.readdress(draft);
    let contact = &mut kept.contact;
    contact.name.clone_from(&draft.name);
    contact.kana.clone_from(&draft.kana);
    contact.phone.clone_from(&draft.phone);
    contact.company.clone_from(&draft.company);
    contact.external_id.clone_from(&draft.external_id);
    contact.note.clone_from(&draft.note);
    contact.fields.clone_from(&draft.fields);
}

/// What an edit changed, for the history: `changed` names the columns, the addresses stand beside it.
pub(crate) fn difference(before: &Kept, after: &Kept) -> Value {
    let (old, new) = (&before.contact, &after.contact);
    let columns = [
        ("address", old.address != new.address),
        ("name", old.name != new.name),
        ("kana", old.kana != new.kana),
        ("phone", old.phone != new.phone),
        ("company", old.company != new.company),
        ("external_id", old.external_id != new.external_id),
        ("note", old.note != new.note),
        ("fields", old.fields != new.fields),
        ("status", old.status != new.status),
        ("dm", old.dm_refused_at.is_some() != new.dm_refused_at.is_some()),
    ];
    let changed: Vec<&str> =
        columns.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
    let mut detail = Map::new();
    detail.insert("changed".into(), json!(changed));
    if old.address != new.address {
        detail.insert("address_before".into(), json!(old.address));
        detail.insert("address_after".into(), json!(new.address));
    }
    Value::Object(detail)
}
