//! Leases due rows and joins what their messages are made of.

use std::collections::{BTreeMap, HashMap};

use bounce::Reason;
use delivery::{
    ports::{ClaimRequest, Claimed},
    recipient::Lane,
};
use serde::Deserialize;

use super::lease::{Leased, lease};
use crate::{
    StorageError, Store,
    error::from_json,
    sql::{self, args},
    turns::Haste,
    tx::Tx,
};

pub(super) async fn claim(store: &Store, request: &ClaimRequest) -> Result<Vec<Claimed>, StorageError> {
    let wanted = request.clone();
    let masses = request.lanes.contains(&Lane::Broadcast);
    let haste = if masses { Haste::Masses } else { Haste::Prompt };
    let store = store.keeping_plans();
    let work = store.write_lightly(haste, move |tx| Box::pin(lease_and_join(tx, wanted)));
    let (mut leased, found) = work.await?;
    leased.sort_unstable_by_key(|row| (row.lane, row.due_at, row.id));
    all_claimed(leased, found)
}

/// The row that `leased` names, as it goes to delivery; `None` when it is gone.
pub(super) async fn claimed(tx: &mut Tx, leased: Leased) -> Result<Option<Claimed>, StorageError> {
    let found = join(tx, &[leased.id]).await?;
    Ok(all_claimed(vec![leased], found)?.pop())
}

fn all_claimed(leased: Vec<Leased>, found: Vec<Joined>) -> Result<Vec<Claimed>, StorageError> {
    let mut found: HashMap<i64, Joined> = found.into_iter().map(|row| (row.id, row)).collect();
    let joined = |lease: Leased| found.remove(&lease.id).map(|row| claimed_of(lease, row));
    leased.into_iter().filter_map(joined).collect()
}

/// What the message of a row is made of.
#[derive(Deserialize)]
struct Joined {
    id: i64,
    broadcast_id: i64,
    template_version_id: i64,
    contact_id: i64,
    address: String,
    provider: String,
    attempts: i64,
    created_at: i64,
    expires_at: i64,
    vals: Option<String>,
    source_id: Option<i64>,
    reason: Option<String>,
    from_address: Option<String>,
    pool: Option<String>,
    name: Option<String>,
    kana: Option<String>,
    contact_address: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    external_id: Option<String>,
    fields: Option<String>,
}

/// In one transaction, because there the pages that the last ones wrote are still in memory.
async fn lease_and_join(
    tx: &mut Tx,
    request: ClaimRequest,
) -> Result<(Vec<Leased>, Vec<Joined>), StorageError> {
    let leased = lease(tx, request).await?;
    if leased.is_empty() {
        return Ok((leased, Vec::new()));
    }
    let ids: Vec<i64> = leased.iter().map(|row| row.id).collect();
    let joined = join(tx, &ids).await?;
    Ok((leased, joined))
}

async fn join(tx: &mut Tx, ids: &[i64]) -> Result<Vec<Joined>, StorageError> {
    let sql = "SELECT {PACKED}(r.id, r.broadcast_id, r.template_version_id, r.contact_id, r.address, r.provider,
                    r.attempts, r.created_at, r.expires_at, r.vals, r.source_id, r.reason, b.from_address, b.pool,
                    c.name, c.kana, c.address, c.phone, c.company, c.external_id, c.fields){AS PACKED}
             FROM {ROWS} JOIN recipients r ON r.id = CAST(j.value AS BIGINT)
             LEFT JOIN broadcasts b ON b.id = r.broadcast_id
             LEFT JOIN contacts c ON c.id = r.contact_id";
    tx.packed(sql, args![sql::json(ids)]).await
}

fn claimed_of(lease: Leased, row: Joined) -> Result<Claimed, StorageError> {
    let values_fixed = row.vals.is_some();
    let values = match &row.vals {
        Some(values) => from_json("merge values", values)?,
        None => contact_values(&row)?,
    };
    let from = row.from_address.unwrap_or_default();
    let greylisted = row.reason.as_deref() == Some(Reason::Greylisted.name());
    Ok(Claimed {
        id: lease.id,
        broadcast_id: Some(row.broadcast_id),
        template_version_id: row.template_version_id,
        contact_id: row.contact_id,
        lane: Lane::from_rank(lease.lane),
        to: row.address,
        site: lease.site,
        provider: row.provider,
        attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
        queued_at: row.created_at,
        expires_at: row.expires_at,
        values,
        values_fixed,
        from_domain: from.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default(),
        pool: row.pool,
        sticky_source: row.source_id.filter(|_| greylisted),
    })
}

/// The fields a template may use; a column of the shop's file never hides one of ours. Empty when the contact is gone.
fn contact_values(row: &Joined) -> Result<BTreeMap<String, String>, StorageError> {
    let Some(fields) = &row.fields else { return Ok(BTreeMap::new()) };
    let mut values: BTreeMap<String, String> = from_json("contact fields", fields)?;
    for (field, value) in [
        ("name", &row.name),
        ("kana", &row.kana),
        ("address", &row.contact_address),
        ("phone", &row.phone),
        ("company", &row.company),
        ("customer_number", &row.external_id),
    ] {
        values.insert(field.to_owned(), value.clone().unwrap_or_default());
    }
    Ok(values)
}
