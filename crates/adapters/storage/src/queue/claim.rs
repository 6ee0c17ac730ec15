//! Leases due rows and joins what their messages are made of.

use std::collections::{BTreeMap, HashMap};

use bounce::Reason;
use delivery::{
    ports::{ClaimRequest, Claimed},
    recipient::Lane,
};

use super::lease::{Leased, lease};
use crate::{
    StorageError, Store,
    error::from_json,
    sql::{self, Row, args},
};

pub(super) async fn claim(store: &Store, request: &ClaimRequest) -> Result<Vec<Claimed>, StorageError> {
    let wanted = request.clone();
    let mut leased = store.write(move |tx| Box::pin(lease(tx, wanted))).await?;
    leased.sort_unstable_by_key(|row| (row.lane, row.due_at, row.id));
    with_contacts(store, leased).await
}

/// Joins what the message is made of. Outside the transaction, so that others can write meanwhile.
async fn with_contacts(store: &Store, leased: Vec<Leased>) -> Result<Vec<Claimed>, StorageError> {
    if leased.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = leased.iter().map(|row| row.id).collect();
    let rows = store
        .rows(
            "SELECT r.id, r.broadcast_id, r.template_version_id, r.contact_id, r.address, r.provider, r.attempts,
                    r.created_at, r.expires_at, r.vals, r.source_id, r.reason, b.from_address, b.pool, c.name, c.kana, c.address AS contact_address, c.phone,
                    c.company, c.external_id, c.fields
             FROM {ROWS} JOIN recipients r ON r.id = CAST(j.value AS BIGINT)
             LEFT JOIN broadcasts b ON b.id = r.broadcast_id
             LEFT JOIN contacts c ON c.id = r.contact_id",
            args![sql::json(&ids)],
        )
        .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        found.insert(row.get::<i64>("id")?, row);
    }
    leased.into_iter().filter_map(|lease| found.get(&lease.id).map(|row| claimed_of(lease, row))).collect()
}

fn claimed_of(lease: Leased, row: &Row) -> Result<Claimed, StorageError> {
    let kept: Option<String> = row.get("vals")?;
    let values = match &kept {
        Some(values) => from_json("merge values", values)?,
        None => contact_values(row)?,
    };
    let from: String = row.get::<Option<String>>("from_address")?.unwrap_or_default();
    let reason: Option<String> = row.get("reason")?;
    let greylisted = reason.as_deref() == Some(Reason::Greylisted.name());
    Ok(Claimed {
        id: lease.id,
        broadcast_id: Some(row.get("broadcast_id")?),
        template_version_id: row.get("template_version_id")?,
        contact_id: row.get("contact_id")?,
        lane: Lane::from_rank(lease.lane),
        to: row.get("address")?,
        site: lease.site,
        provider: row.get("provider")?,
        attempts: u32::try_from(row.get::<i64>("attempts")?).unwrap_or(u32::MAX),
        queued_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        values,
        values_fixed: kept.is_some(),
        from_domain: from.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default(),
        pool: row.get("pool")?,
        sticky_source: row.get::<Option<i64>>("source_id")?.filter(|_| greylisted),
    })
}

/// The fields a template may use; a column of the shop's file never hides one of ours. Empty when the contact is gone.
fn contact_values(row: &Row) -> Result<BTreeMap<String, String>, StorageError> {
    const OURS: [(&str, &str); 6] = [
        ("name", "name"),
        ("kana", "kana"),
        ("address", "contact_address"),
        ("phone", "phone"),
        ("company", "company"),
        ("customer_number", "external_id"),
    ];
    let Some(fields) = row.get::<Option<String>>("fields")? else { return Ok(BTreeMap::new()) };
    let mut values: BTreeMap<String, String> = from_json("contact fields", &fields)?;
    for (field, column) in OURS {
        values.insert(field.to_owned(), row.get::<Option<String>>(column)?.unwrap_or_default());
    }
    Ok(values)
}
