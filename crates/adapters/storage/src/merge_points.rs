//! Keeps every address and telephone number of the entries that become one, and takes that back.

use std::collections::HashSet;

use audience::{ContactId, ContactPoint, MergePlan, POINTS_MAX, PointDraft, PointKind};

use crate::{
    StorageError,
    contact_rows::Kept,
    error::from_json,
    point_rows::{self, drop_preferred},
    prefer::phone_key,
    sql::args,
    tx::Tx,
};

/// Whatever does not stand in the survivor itself becomes a further address or number of it, with what is known of it.
/// `points` are those of everybody.
pub(crate) async fn keep_all(
    tx: &mut Tx,
    plan: &MergePlan,
    people: &[Kept],
    points: Vec<ContactPoint>,
    now: i64,
) -> Result<(), StorageError> {
    let preferred = [plan.result.address_key.clone().unwrap_or_default(), phone_key(&plan.result.phone)];
    let in_use = |point: &&ContactPoint| point.removed_at.is_none();
    let own = points.iter().filter(in_use).filter(|point| point.contact_id == plan.master);
    let mut keys: HashSet<String> = own.map(|point| point.draft.value_key.clone()).collect();
    let room = POINTS_MAX.saturating_sub(keys.len());
    keys.extend(preferred);
    let mut new = Vec::new();
    for point in people.iter().flat_map(own_points).chain(points.iter().filter(in_use).cloned()) {
        if new.len() < room && keys.insert(point.draft.value_key.clone()) {
            new.push(ContactPoint { id: tx.new_id(now), contact_id: plan.master, created_at: now, ..point });
        }
    }
    point_rows::insert(tx, &new).await?;
    drop_preferred(tx, &[plan.master]).await?;
    label(tx, plan, people).await
}

/// What stands in a contact itself, as points.
fn own_points(kept: &Kept) -> Vec<ContactPoint> {
    let contact = &kept.contact;
    let point = |draft: PointDraft| ContactPoint {
        id: 0,
        contact_id: contact.id,
        draft,
        invalid_at: None,
        invalid_reason: None,
        removed_at: None,
        created_at: 0,
    };
    let address =
        contact.address.clone().zip(kept.address_key.clone()).map(|(value, value_key)| ContactPoint {
            invalid_at: contact.invalid_at,
            invalid_reason: contact.invalid_reason.clone(),
            ..point(PointDraft {
                kind: PointKind::Address,
                value,
                value_key,
                label: contact.address_label.clone(),
                provider: contact.provider.clone(),
                lookalike_of: contact.lookalike_of.clone(),
            })
        });
    let phone = (!contact.phone.is_empty()).then(|| {
        point(PointDraft {
            kind: PointKind::Phone,
            value: contact.phone.clone(),
            value_key: phone_key(&contact.phone),
            label: contact.phone_label.clone(),
            provider: String::new(),
            lookalike_of: None,
        })
    });
    address.into_iter().chain(phone).collect()
}

/// The labels come with the values that were chosen.
async fn label(tx: &mut Tx, plan: &MergePlan, people: &[Kept]) -> Result<(), StorageError> {
    let of_address = people.iter().find(|one| one.address_key == plan.result.address_key);
    let of_phone = people.iter().find(|one| one.contact.phone == plan.result.phone);
    let address = of_address.map_or("", |one| one.contact.address_label.as_str());
    let phone = of_phone.map_or("", |one| one.contact.phone_label.as_str());
    let sql = "UPDATE contacts SET address_label = $2, phone_label = $3 WHERE id = $1";
    tx.execute(sql, args![plan.master, address, phone]).await?;
    Ok(())
}

/// The survivor has again what it had before the merge.
pub(crate) async fn undo(tx: &mut Tx, master: ContactId, snapshot: &str) -> Result<(), StorageError> {
    let before: Vec<ContactPoint> = from_json("points before a merge", snapshot)?;
    tx.execute("DELETE FROM contact_points WHERE contact_id = $1", args![master]).await?;
    point_rows::insert(tx, &before).await?;
    Ok(())
}
