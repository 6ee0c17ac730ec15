//! Keeps which messages failed to reach an address, and switches the address off when that is what follows.

use async_trait::async_trait;
use audience::{
    AddressFailure, AddressHistory, BY_HAND, Consequence, ContactId, Delivered, Failure, StoreFailure,
    ValiditySettings, ValidityStore, consequence, dead_at_once, event,
};
use bounce::Reason;
use delivery::recipient::State;
use mail::Address;
use serde_json::{Value, json};

use crate::{
    StorageError, Store,
    contacts::tell_each,
    error::named,
    events::{NewEvent, append},
    points, prefer,
    sql::{self, Row, args},
    tx::Tx,
};

/// Failures and deliveries of one address that are looked at; every threshold is far below.
const HISTORY_MAX: i64 = 100;

#[async_trait]
impl ValidityStore for Store {
    async fn record_failure(
        &self,
        failure: &AddressFailure,
        settings: &ValiditySettings,
        now: i64,
    ) -> Result<Consequence, StoreFailure> {
        let (failure, settings) = (failure.clone(), *settings);
        Ok(self.write(move |tx| Box::pin(record(tx, failure, settings, now))).await?)
    }

    async fn address_history(&self, address_key: &str) -> Result<AddressHistory, StoreFailure> {
        let key = address_key.to_owned();
        Ok(self.read(move |tx| Box::pin(async move { history(tx, &key).await })).await?)
    }

    async fn switch_off(
        &self,
        id: ContactId,
        note: &str,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure> {
        let told = NewEvent::of(event::ADDRESS_INVALID)
            .actor(actor)
            .detail(json!({ "reason": BY_HAND, "note": note }));
        let work = self.write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE contacts SET invalid_at = $2, invalid_reason = $3, updated_at = $2
                           WHERE invalid_at IS NULL AND address IS NOT NULL AND (id = $1
                               OR address_key = (SELECT same.address_key FROM contacts AS same WHERE same.id = $1))
                           RETURNING id";
                let rows = tx.rows(sql, args![id, now, BY_HAND]).await?;
                tell_each(tx, &rows, &told, now).await?;
                let Some(key) = key_of(tx, id).await? else { return Ok(()) };
                points::mark(tx, &key, Some(BY_HAND), &told, now).await
            })
        });
        Ok(work.await?)
    }
}

/// What is known about an address holds for everybody who has it. Failures before this moment count no more.
pub(crate) async fn lift(tx: &mut Tx, id: ContactId, told: NewEvent, now: i64) -> Result<(), StorageError> {
    let sql = "UPDATE contacts SET invalid_at = NULL, invalid_reason = NULL, updated_at = $2
               WHERE invalid_at IS NOT NULL AND (id = $1
                   OR address_key = (SELECT same.address_key FROM contacts AS same WHERE same.id = $1))
               RETURNING id";
    let rows = tx.rows(sql, args![id, now]).await?;
    let sql = "UPDATE address_failures SET cleared_at = $2
               WHERE cleared_at IS NULL AND address_key = (SELECT address_key FROM contacts WHERE id = $1)";
    tx.execute(sql, args![id, now]).await?;
    tell_each(tx, &rows, &told, now).await?;
    let Some(key) = key_of(tx, id).await? else { return Ok(()) };
    points::mark(tx, &key, None, &told, now).await
}

async fn key_of(tx: &mut Tx, id: ContactId) -> Result<Option<String>, StorageError> {
    let row = tx.row("SELECT address_key FROM contacts WHERE id = $1", args![id]).await?;
    row.map_or(Ok(None), |row| row.get("address_key"))
}

/// Switches an address off for everybody who has it, preferred or not; gives those who prefer it.
pub(crate) async fn switch_off_address(
    tx: &mut Tx,
    address_key: &str,
    (reason, told): (&str, &NewEvent),
    now: i64,
) -> Result<Vec<ContactId>, StorageError> {
    let sql = "UPDATE contacts SET invalid_at = $2, invalid_reason = $3, updated_at = $2
               WHERE address_key = $1 AND invalid_at IS NULL RETURNING id";
    let rows = tx.rows(sql, args![address_key, now, reason]).await?;
    tell_each(tx, &rows, told, now).await?;
    points::mark(tx, address_key, Some(reason), told, now).await?;
    rows.iter().map(|row| row.get("id")).collect()
}

/// An address counts as working again for everybody who has it, and its failures count no more.
pub(crate) async fn lift_address(
    tx: &mut Tx,
    address_key: &str,
    told: &NewEvent,
    now: i64,
) -> Result<(), StorageError> {
    let sql = "UPDATE contacts SET invalid_at = NULL, invalid_reason = NULL, updated_at = $2
               WHERE address_key = $1 AND invalid_at IS NOT NULL RETURNING id";
    let rows = tx.rows(sql, args![address_key, now]).await?;
    let sql = "UPDATE address_failures SET cleared_at = $2 WHERE cleared_at IS NULL AND address_key = $1";
    tx.execute(sql, args![address_key, now]).await?;
    tell_each(tx, &rows, told, now).await?;
    points::mark(tx, address_key, None, told, now).await
}

/// Why an address is known not to work, as SQL, or NULL: somebody has it and it was switched off, as her own or as a
/// further one, or a mail found it dead at once and nobody has lifted that. `key` is the column with its key.
pub(crate) fn known_reason(key: &str) -> String {
    let dead: Vec<String> = dead_at_once().map(|reason| format!("'{}'", reason.name())).collect();
    let dead = dead.join(", ");
    format!(
        "COALESCE(
             (SELECT o.invalid_reason FROM contacts o
              WHERE o.address_key = {key} AND o.invalid_at IS NOT NULL AND o.status <> 'provisional'
              ORDER BY o.id LIMIT 1),
             (SELECT o.invalid_reason FROM contact_points o WHERE o.value_key = {key}
                AND o.kind = 'address' AND o.invalid_at IS NOT NULL ORDER BY o.id LIMIT 1),
             (SELECT f.reason FROM address_failures f
              WHERE f.address_key = {key} AND f.cleared_at IS NULL AND NOT f.is_temporary
                AND f.reason IN ({dead}) ORDER BY f.at DESC LIMIT 1))"
    )
}

/// Switches those of these contacts off whose address is known not to work: somebody else who has it is, or a mail to
/// it found it dead and nobody has lifted that. A provisional contact who has it proves nothing: she keeps being switched
/// off when her address changes.
pub(crate) async fn apply_known(tx: &mut Tx, ids: &[ContactId], now: i64) -> Result<(), StorageError> {
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE contacts SET invalid_at = $2, invalid_reason = known.reason FROM (
             SELECT c.id AS contact_id, {} AS reason
             FROM {{ROWS}} JOIN contacts c ON c.id = CAST(j.value AS BIGINT) WHERE c.invalid_at IS NULL
         ) AS known WHERE contacts.id = known.contact_id AND known.reason IS NOT NULL
         RETURNING contacts.id AS id, contacts.invalid_reason AS invalid_reason",
        known_reason("c.address_key")
    );
    let rows = tx.rows(sql, args![sql::json(ids), now]).await?;
    let mut events = Vec::with_capacity(rows.len());
    for row in &rows {
        let detail = json!({ "reason": row.get::<String>("invalid_reason")?, "is_known": true });
        events.push(NewEvent::of(event::ADDRESS_INVALID).contact(row.get::<i64>("id")?).detail(detail));
    }
    append(tx, &events, now).await
}

async fn record(
    tx: &mut Tx,
    new: AddressFailure,
    settings: ValiditySettings,
    now: i64,
) -> Result<Consequence, StorageError> {
    let AddressFailure { address_key, failure, arrival_id } = new;
    tx.execute(
        "INSERT INTO address_failures (recipient_id, address_key, at, reason, is_temporary)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (recipient_id) DO NOTHING",
        args![failure.recipient_id, &address_key, failure.at, failure.reason.name(), failure.is_temporary],
    )
    .await?;
    let follows = consequence(&history(tx, &address_key).await?, now, &settings);
    let Consequence::SwitchedOff(run) = follows else { return Ok(follows) };
    let mut detail = json!({
        "reason": run.reason.name(),
        "address_key": address_key,
        "failures": run.failures,
        "since": run.first_at,
    });
    if let Some(arrival_id) = arrival_id {
        detail["arrival_id"] = Value::from(arrival_id);
    }
    let told = NewEvent::of(event::ADDRESS_INVALID).recipient(failure.recipient_id).detail(detail);
    let off = switch_off_address(tx, &address_key, (run.reason.name(), &told), now).await?;
    if settings.prefers_another {
        prefer::another(tx, &off, failure.recipient_id, now).await?;
    }
    Ok(follows)
}

async fn history(tx: &mut Tx, address_key: &str) -> Result<AddressHistory, StorageError> {
    let sql = "SELECT recipient_id, at, reason, is_temporary FROM address_failures
               WHERE address_key = $1 AND cleared_at IS NULL ORDER BY at DESC LIMIT $2";
    let rows = tx.rows(sql, args![address_key, HISTORY_MAX]).await?;
    let failures = rows.iter().map(failure_of).collect::<Result<Vec<_>, _>>()?;
    let Some(first_at) = failures.iter().map(|failure| failure.at).min() else {
        return Ok(AddressHistory::default());
    };
    let sql = "SELECT r.address, r.state, r.state_at FROM recipients r
               WHERE r.contact_id IN (SELECT c.id FROM contacts c WHERE c.address_key = $1 UNION
                   SELECT p.contact_id FROM contact_points p WHERE p.value_key = $1 AND p.kind = 'address') AND r.state IN ('accepted', 'evidenced') AND r.state_at >= $2
               ORDER BY r.state_at DESC LIMIT $3";
    let mut delivered = Vec::new();
    for row in tx.rows(sql, args![address_key, first_at, HISTORY_MAX]).await? {
        // The contact may have had another address when that message went out.
        let address: String = row.get("address")?;
        if Address::parse(&address).is_ok_and(|address| address.key() == address_key) {
            let state = named("state", &row.get::<String>("state")?, State::from_name)?;
            delivered.push(Delivered { at: row.get("state_at")?, is_proven: state == State::Evidenced });
        }
    }
    Ok(AddressHistory { failures, delivered })
}

fn failure_of(row: &Row) -> Result<Failure, StorageError> {
    Ok(Failure {
        recipient_id: row.get("recipient_id")?,
        at: row.get("at")?,
        reason: named("bounce reason", &row.get::<String>("reason")?, Reason::from_name)?,
        is_temporary: row.get("is_temporary")?,
    })
}
