//! Keeps the ledger of consents; entries are added and, when a person's data are erased, lose the address.

use async_trait::async_trait;
use audience::{
    ConsentBasis, ConsentEntry, ConsentStore, ContactId, Erased, FileConsent, ImportId, NewConsent,
    OptOutRoute, StoreFailure, TopicId, event,
};
use serde_json::json;

use crate::{
    StorageError, Store, erasure,
    error::named,
    events::{NewEvent, append_one},
    sql::{self, Row, args},
    tx::Tx,
};

/// Entries of one person that are shown.
const ENTRIES_MAX: u64 = 500;

const COLUMNS: &str = "e.id, e.contact_id, e.topic_id, e.act, e.at, e.address, e.ip, e.user_agent, e.mail_id, \
     e.confirmed_at, e.actor, e.recorded_at, e.route, s.basis, s.wording, s.evidence, s.import_id";
/// The contact `$1` and the entries that went into it.
pub(crate) const SAME_PERSON: &str =
    "(SELECT p.id FROM contacts p WHERE p.merged_into = $1 UNION ALL SELECT CAST($1 AS BIGINT))";
const FROM: &str = "FROM consents e LEFT JOIN consent_sources s ON s.id = e.source_id";

#[async_trait]
impl ConsentStore for Store {
    async fn record_consent(
        &self,
        new: &NewConsent,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure> {
        let new = new.clone();
        Ok(self.write(move |tx| Box::pin(record(tx, new, actor, now))).await?)
    }

    async fn ledger(&self, id: ContactId) -> Result<Vec<ConsentEntry>, StoreFailure> {
        let sql =
            format!("SELECT {COLUMNS} {FROM} WHERE e.contact_id IN {SAME_PERSON} ORDER BY e.id LIMIT $2");
        let rows = self.rows(sql, args![id, ENTRIES_MAX]).await?;
        Ok(rows.iter().map(entry_of).collect::<Result<_, _>>()?)
    }

    async fn ledger_of_erased(&self, address_key: &str) -> Result<Vec<ConsentEntry>, StoreFailure> {
        let key = address_key.to_owned();
        let work = self.read(move |tx| {
            Box::pin(async move {
                let print = erasure::fingerprint(tx, &key).await?;
                let sql = format!(
                    "SELECT {COLUMNS} {FROM} WHERE e.address = $1 AND e.keep_until IS NOT NULL ORDER BY e.id LIMIT $2"
                );
                let rows = tx.rows(sql, args![print, ENTRIES_MAX]).await?;
                rows.iter().map(entry_of).collect()
            })
        });
        Ok(work.await?)
    }

    async fn erase(
        &self,
        id: ContactId,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Option<Erased>, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(erasure::erase(tx, id, actor, now))).await?)
    }

    async fn forget_expired(&self, now: i64) -> Result<u64, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(erasure::forget_expired(tx, now))).await?)
    }
}

fn entry_of(row: &Row) -> Result<ConsentEntry, StorageError> {
    let given = row.get::<String>("act")? == "given";
    let basis = row.get::<Option<String>>("basis")?.filter(|_| given);
    let mail: Option<i64> = row.get("mail_id")?;
    let confirmed: Option<i64> = row.get("confirmed_at")?;
    Ok(ConsentEntry {
        id: row.get("id")?,
        contact_id: row.get("contact_id")?,
        topic_id: row.get("topic_id")?,
        basis: basis.map(|name| named("basis of a consent", &name, ConsentBasis::from_name)).transpose()?,
        at: row.get("at")?,
        route: row.get("route")?,
        wording: row.get::<Option<String>>("wording")?.unwrap_or_default(),
        evidence: row.get::<Option<String>>("evidence")?.unwrap_or_default(),
        address: row.get("address")?,
        ip: row.get("ip")?,
        user_agent: row.get("user_agent")?,
        confirmation: mail.zip(confirmed),
        import_id: row.get("import_id")?,
        actor: row.get("actor")?,
        recorded_at: row.get("recorded_at")?,
    })
}

async fn record(tx: &mut Tx, new: NewConsent, actor: Option<i64>, now: i64) -> Result<bool, StorageError> {
    let sql = "SELECT address FROM contacts WHERE id = $1 {FOR UPDATE}";
    let Some(row) = tx.row(sql, args![new.contact_id]).await? else { return Ok(false) };
    let address = row.get::<Option<String>>("address")?.unwrap_or_default();
    let source = source_of(tx, new.basis, (&new.wording, &new.evidence), now).await?;
    let id = tx.new_id(now);
    tx.execute(
        "INSERT INTO consents (contact_id, id, source_id, topic_id, act, at, route, address, ip, user_agent, mail_id,
                               confirmed_at, actor, recorded_at)
         VALUES ($1, $2, $3, $4, 'given', $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        args![
            new.contact_id,
            id,
            source,
            new.topic_id,
            new.at,
            &new.route,
            address,
            new.ip,
            new.user_agent,
            new.confirmation.map(|(mail, _)| mail),
            new.confirmation.map(|(_, at)| at),
            actor,
            now
        ],
    )
    .await?;
    if new.topic_id.is_none() {
        let sql = "UPDATE contacts SET consent = $2, consented_at = $3, updated_at = $4 WHERE id = $1";
        tx.execute(sql, args![new.contact_id, new.basis.name(), new.at, now]).await?;
    }
    let told = NewEvent::of(event::CONSENT_GIVEN).contact(new.contact_id).actor(actor);
    append_one(tx, told.detail(json!({ "basis": new.basis.name(), "route": new.route })), now).await?;
    Ok(true)
}

/// The same words and evidence are kept once.
async fn source_of(
    tx: &mut Tx,
    basis: ConsentBasis,
    (wording, evidence): (&str, &str),
    now: i64,
) -> Result<i64, StorageError> {
    let sql = "SELECT id FROM consent_sources WHERE basis = $1 AND wording = $2 AND evidence = $3
               AND import_id IS NULL ORDER BY id LIMIT 1";
    if let Some(row) = tx.row(sql, args![basis.name(), wording, evidence]).await? {
        return row.get("id");
    }
    let id = tx.new_id(now);
    let sql =
        "INSERT INTO consent_sources (id, basis, wording, evidence, created_at) VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, args![id, basis.name(), wording, evidence, now]).await?;
    Ok(id)
}

/// One entry for each contact that came with a file; what stands behind all of them is kept once.
pub(crate) async fn given_by_file(
    tx: &mut Tx,
    import: (ImportId, Option<i64>),
    consent: &FileConsent,
    people: &[(i64, &str)],
    now: i64,
) -> Result<(), StorageError> {
    let (import_id, actor) = import;
    if people.is_empty() {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO consent_sources (id, basis, wording, evidence, import_id, created_at)
         VALUES ($1, $2, $3, $4, $1, $5) ON CONFLICT (id) DO NOTHING",
        args![import_id, consent.basis.name(), &consent.wording, &consent.evidence, now],
    )
    .await?;
    let ids = tx.ids.take(now, people.len());
    let rows: Vec<_> =
        people.iter().zip(ids).map(|((contact, address), id)| (contact, id, address)).collect();
    tx.execute(
        "INSERT INTO consents (contact_id, id, source_id, act, at, route, address, actor, recorded_at)
         SELECT CAST(j.value->>0 AS BIGINT), CAST(j.value->>1 AS BIGINT), $2, 'given', $3, 'import', j.value->>2, $4, $5
         FROM {ROWS} WHERE TRUE",
        args![sql::json(&rows), import_id, consent.at, actor, now],
    )
    .await?;
    Ok(())
}

/// Writes down that contacts do not agree any more, to one topic or to all advertising.
pub(crate) async fn withdrawn(
    tx: &mut Tx,
    contacts: &[i64],
    topic: Option<TopicId>,
    (route, actor): (OptOutRoute, Option<i64>),
    now: i64,
) -> Result<(), StorageError> {
    if contacts.is_empty() {
        return Ok(());
    }
    let ids = tx.ids.take(now, contacts.len());
    let rows: Vec<_> = contacts.iter().zip(ids).collect();
    tx.execute(
        "INSERT INTO consents (contact_id, id, topic_id, act, at, route, address, actor, recorded_at)
         SELECT c.id, CAST(j.value->>1 AS BIGINT), $2, 'withdrawn', $3, $4, COALESCE(c.address, ''), $5, $3
         FROM {ROWS} JOIN contacts c ON c.id = CAST(j.value->>0 AS BIGINT)",
        args![sql::json(&rows), topic, now, route.name(), actor],
    )
    .await?;
    if topic.is_none() {
        let sql = "UPDATE contacts SET consent = NULL, consented_at = NULL
                   WHERE consent IS NOT NULL AND id IN (SELECT CAST(j.value->>0 AS BIGINT) FROM {ROWS})";
        tx.execute(sql, args![sql::json(&rows)]).await?;
    }
    Ok(())
}
