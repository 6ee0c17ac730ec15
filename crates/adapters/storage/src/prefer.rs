//! Makes another address or telephone number of a contact the preferred one; what was preferred takes its place.

use audience::{ContactId, ContactPoint, PointDraft, PointKind, event};
use serde_json::json;

use crate::{
    StorageError,
    contact_edit::{opted_out, refusal_of},
    contact_rows::{self, COLUMNS, Kept},
    events::{NewEvent, append},
    ledger,
    point_rows::{self, of_contacts},
    search::{digits, folded},
    sql::args,
    tx::Tx,
    validity,
};

/// What a telephone number is compared by; one that cannot be read is compared by its digits.
pub(crate) fn phone_key(typed: &str) -> String {
    match PointDraft::phone(typed, "") {
        Some(draft) => draft.value_key,
        None => digits(&folded(typed)),
    }
}

/// Swaps. `told` is the event without its particulars; `because` is kept in them.
pub(crate) async fn swap(
    tx: &mut Tx,
    point: &ContactPoint,
    (told, because): (NewEvent, Option<&str>),
    now: i64,
) -> Result<bool, StorageError> {
    let id = point.contact_id;
    let sql = format!("SELECT {COLUMNS}, c.address_key FROM contacts c WHERE c.id = $1 {{FOR UPDATE}}");
    let Some(row) = tx.row(sql, args![id]).await? else { return Ok(false) };
    let mut kept = Kept::of(&row)?;
    let before = exchange(&mut kept, point);
    let old = before.as_ref().map(|old| old.draft.value.clone()).unwrap_or_default();
    let is_address = point.draft.kind == PointKind::Address;
    let refusal = match kept.contact.opted_out_at {
        None if is_address => refusal_of(tx, kept.address_key.as_deref()).await?,
        _ => None,
    };
    if let Some(route) = refusal {
        kept.opt_out(route, now);
    }
    contact_rows::update(tx, &[&kept], now).await?;
    let (label, other) = if is_address {
        ("address_label", &kept.contact.address_label)
    } else {
        ("phone_label", &kept.contact.phone_label)
    };
    let sql = format!("UPDATE contacts SET {label} = $2 WHERE id = $1");
    tx.execute(sql, args![id, other]).await?;
    tx.execute("DELETE FROM contact_points WHERE id = $1", args![point.id]).await?;
    point_rows::insert(tx, before.as_slice()).await?;
    let mut detail = json!({ "kind": point.draft.kind.name(), "value": point.draft.value, "before": old });
    if let Some(because) = because {
        detail["because"] = json!(because);
    }
    let actor = told.operator();
    let mut events = vec![told.contact(id).detail(detail)];
    if let Some(route) = refusal {
        ledger::withdrawn(tx, &[id], None, (route, actor), now).await?;
        events.push(opted_out(id, route, actor));
    }
    append(tx, &events, now).await?;
    validity::apply_known(tx, &[id], now).await?;
    Ok(true)
}

/// Puts the point into the contact, and gives what stood there as a point under the same key.
fn exchange(kept: &mut Kept, point: &ContactPoint) -> Option<ContactPoint> {
    let contact = &mut kept.contact;
    let draft = &point.draft;
    if draft.kind == PointKind::Phone {
        let value = std::mem::replace(&mut contact.phone, draft.value.clone());
        let label = std::mem::replace(&mut contact.phone_label, draft.label.clone());
        let old = PointDraft { value_key: phone_key(&value), value, label, ..draft.clone() };
        return (!old.value.is_empty()).then(|| ContactPoint {
            draft: old,
            invalid_at: None,
            invalid_reason: None,
            ..point.clone()
        });
    }
    let value = contact.address.replace(draft.value.clone());
    let key = kept.address_key.replace(draft.value_key.clone());
    let old = PointDraft {
        kind: PointKind::Address,
        value: value.unwrap_or_default(),
        value_key: key.unwrap_or_default(),
        label: std::mem::replace(&mut contact.address_label, draft.label.clone()),
        provider: std::mem::replace(&mut contact.provider, draft.provider.clone()),
        lookalike_of: std::mem::replace(&mut contact.lookalike_of, draft.lookalike_of.clone()),
    };
    let invalid_at = std::mem::replace(&mut contact.invalid_at, point.invalid_at);
    let invalid_reason = std::mem::replace(&mut contact.invalid_reason, point.invalid_reason.clone());
    (!old.value.is_empty()).then(|| ContactPoint { draft: old, invalid_at, invalid_reason, ..point.clone() })
}

/// Gives each of these contacts, whose preferred address was just switched off, one of its others that works, where
/// nobody with that one has refused mail.
pub(crate) async fn another(
    tx: &mut Tx,
    contacts: &[ContactId],
    recipient_id: i64,
    now: i64,
) -> Result<(), StorageError> {
    let points = of_contacts(tx, contacts).await?;
    for contact in contacts {
        for point in points.iter().filter(|point| point.contact_id == *contact && point.is_sendable()) {
            if refusal_of(tx, Some(&point.draft.value_key)).await?.is_none() {
                let told = NewEvent::of(event::POINT_PREFERRED).recipient(recipient_id);
                swap(tx, point, (told, Some("invalid")), now).await?;
                break;
            }
        }
    }
    Ok(())
}
