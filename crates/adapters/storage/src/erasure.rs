//! Erases a person's data; what the law wants kept stays without the address, until its time is over.

use audience::{ContactId, Erased, event, kept_until};
use aws_lc_rs::digest::{SHA256, digest};

use crate::{
    StorageError,
    events::{NewEvent, append_one},
    points,
    sql::{Row, args},
    tx::Tx,
};

/// Sets a fingerprint apart from an address.
const PRINT: &str = "sha256:";

/// What an address becomes: the same for the same address in this house, and of no use to anybody else.
pub(crate) async fn fingerprint(tx: &mut Tx, address_key: &str) -> Result<String, StorageError> {
    let row = tx.row("SELECT value FROM settings WHERE name = 'fingerprint_salt'", args![]).await?;
    let salt: String = row.map(|row| row.get("value")).transpose()?.unwrap_or_default();
    Ok(print_of(&salt, address_key))
}

fn print_of(salt: &str, address_key: &str) -> String {
    let bytes = digest(&SHA256, format!("{salt}\n{address_key}").as_bytes());
    let hex: String = bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{PRINT}{hex}")
}

async fn make_salt(tx: &mut Tx) -> Result<(), StorageError> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| StorageError::Lost("no randomness".to_owned()))?;
    let salt: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let sql =
        "INSERT INTO settings (name, value) VALUES ('fingerprint_salt', $1) ON CONFLICT (name) DO NOTHING";
    tx.execute(sql, args![salt]).await?;
    Ok(())
}

/// The route by which an erased person had refused mail, for each of these addresses that belongs to one.
pub(crate) async fn refused<'a>(
    tx: &mut Tx,
    keys: impl Iterator<Item = &'a str>,
) -> Result<Vec<(&'a str, String)>, StorageError> {
    let count = tx.row("SELECT COUNT(*) AS n FROM erased_refusals", args![]).await?;
    if count.map_or(Ok(0), |row| row.get::<i64>("n"))? == 0 {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for key in keys {
        let print = fingerprint(tx, key).await?;
        let sql = "SELECT route FROM erased_refusals WHERE fingerprint = $1";
        if let Some(row) = tx.row(sql, args![print]).await? {
            found.push((key, row.get("route")?));
        }
    }
    Ok(found)
}

/// See [`audience::ConsentStore::erase`].
pub(crate) async fn erase(
    tx: &mut Tx,
    id: ContactId,
    actor: Option<i64>,
    now: i64,
) -> Result<Option<Erased>, StorageError> {
    let sql = "SELECT address_key, opted_out_at, opt_out_route FROM contacts WHERE id = $1 {FOR UPDATE}";
    let Some(row) = tx.row(sql, args![id]).await? else { return Ok(None) };
    make_salt(tx).await?;
    let key: Option<String> = row.get("address_key")?;
    let until = keep_until(tx, id, now).await?;
    let mut ledger_entries = seal_ledger(tx, id, until).await?;
    let mut messages = 0;
    let entries = tx.rows("SELECT id, address_key FROM contacts WHERE merged_into = $1", args![id]).await?;
    for entry in entries {
        let (other, key): (i64, Option<String>) = (entry.get("id")?, entry.get("address_key")?);
        ledger_entries += seal_ledger(tx, other, until).await?;
        messages += forget(tx, other, key.as_deref()).await?;
    }
    let stays_opted_out = match (&key, row.get::<Option<i64>>("opted_out_at")?) {
        (Some(key), Some(at)) => {
            remember_refusal(tx, key, &row, at).await?;
            for further in points::keys_of(tx, id).await? {
                remember_refusal(tx, &further, &row, at).await?;
            }
            true
        }
        _ => false,
    };
    messages += forget(tx, id, key.as_deref()).await?;
    append_one(tx, NewEvent::of(event::CONTACT_ERASED).contact(id).actor(actor), now).await?;
    Ok(Some(Erased { ledger_entries, kept_until: until, messages, stays_opted_out }))
}

async fn keep_until(tx: &mut Tx, id: ContactId, now: i64) -> Result<i64, StorageError> {
    let sql = "SELECT MAX(recorded_at) AS at FROM consents WHERE contact_id = $1";
    let entry: Option<i64> = tx.row(sql, args![id]).await?.map(|row| row.get("at")).transpose()?.flatten();
    let sql = "SELECT MAX(r.state_at) AS at FROM recipients r JOIN broadcasts b ON b.id = r.broadcast_id
               WHERE r.contact_id = $1 AND r.attempts > 0 AND b.purpose = 'advertising'";
    let sent: Option<i64> = tx.row(sql, args![id]).await?.map(|row| row.get("at")).transpose()?.flatten();
    Ok(kept_until(entry.unwrap_or(now), sent))
}

/// Each entry keeps a fingerprint of the address it was about.
async fn seal_ledger(tx: &mut Tx, id: ContactId, until: i64) -> Result<u64, StorageError> {
    let rows = tx.rows("SELECT id, address FROM consents WHERE contact_id = $1", args![id]).await?;
    for row in &rows {
        let address: String = row.get("address")?;
        let key = mail::Address::parse(&address).map_or(address, |address| address.key());
        let print = fingerprint(tx, &key).await?;
        let sql = "UPDATE consents SET address = $3, ip = NULL, user_agent = NULL, keep_until = $4
                   WHERE contact_id = $1 AND id = $2";
        tx.execute(sql, args![id, row.get::<i64>("id")?, print, until]).await?;
    }
    Ok(rows.len() as u64)
}

/// Who refused mail is not written to again because her data were erased.
async fn remember_refusal(tx: &mut Tx, key: &str, row: &Row, at: i64) -> Result<(), StorageError> {
    let print = fingerprint(tx, key).await?;
    let sql = "INSERT INTO erased_refusals (fingerprint, route, at) VALUES ($1, $2, $3)
               ON CONFLICT (fingerprint) DO NOTHING";
    tx.execute(sql, args![print, row.get::<Option<String>>("opt_out_route")?.unwrap_or_default(), at])
        .await?;
    Ok(())
}

/// Takes away whatever tells who the person is. Messages stay as numbers, for the reports they are counted in.
async fn forget(tx: &mut Tx, id: ContactId, key: Option<&str>) -> Result<u64, StorageError> {
    let further = points::keys_of(tx, id).await?;
    for sql in [
        "DELETE FROM field_values WHERE contact_id = $1 AND field_id IN (SELECT id FROM contact_fields)",
        "DELETE FROM topic_opt_outs WHERE contact_id = $1",
        "DELETE FROM broadcast_picks WHERE contact_id = $1",
        "DELETE FROM contact_points WHERE contact_id = $1",
        "DELETE FROM merges WHERE master_id = $1",
        "DELETE FROM contact_external_ids WHERE contact_id = $1",
        "UPDATE events SET detail = '{}' WHERE contact_id = $1",
        "UPDATE attempts SET reply_text = NULL, detail = '', verdict = NULL, script_id = NULL, opening_id = NULL,
                spoken = NULL
         WHERE recipient_id IN (SELECT r.id FROM recipients r WHERE r.contact_id = $1)",
        "DELETE FROM contacts WHERE id = $1",
    ] {
        tx.execute(sql, args![id]).await?;
    }
    for key in further.iter().map(String::as_str).chain(key) {
        let sql = "DELETE FROM address_failures WHERE address_key = $1
                   AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.address_key = $1)
                   AND NOT EXISTS (SELECT 1 FROM contact_points p WHERE p.value_key = $1 AND p.kind = 'address')";
        tx.execute(sql, args![key]).await?;
    }
    let sql = "UPDATE recipients SET address = '', vals = NULL, reply_text = NULL, verdict = NULL, handled_note = ''
               WHERE contact_id = $1";
    tx.execute(sql, args![id]).await
}

/// Drops sealed entries whose time is over.
pub(crate) async fn forget_expired(tx: &mut Tx, now: i64) -> Result<u64, StorageError> {
    points::forget_removed(tx, now).await?;
    tx.execute("DELETE FROM consents WHERE keep_until IS NOT NULL AND keep_until < $1", args![now]).await
}
