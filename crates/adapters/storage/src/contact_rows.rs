//! How a contact lies in its table: the columns, reading them, writing many at once.

use std::collections::BTreeMap;

use audience::{ConsentBasis, Contact, ContactDraft, ContactStatus, OptOutRoute};
use serde::{Serialize, Serializer, ser::SerializeTuple};

use crate::{
    StorageError,
    error::{from_json, named},
    search::{digits, folded},
    sql::{self, Row, args},
    tx::Tx,
};

/// The columns [`contact_of`] reads; prefix `c`.
pub(crate) const COLUMNS: &str = "c.id, c.address, c.provider, c.name, c.kana, c.phone, c.company, c.external_id, \
     c.note, c.fields, c.opted_out_at, c.opt_out_route, c.invalid_at, c.invalid_reason, c.lookalike_of, \
     c.status, c.dm_refused_at, c.trashed_at, c.consent, c.consented_at, c.address_label, c.phone_label, c.version, c.created_at, c.updated_at";

/// Reads a contact from a row with [`COLUMNS`].
pub(crate) fn contact_of(row: &Row) -> Result<Contact, StorageError> {
    let route: Option<String> = row.get("opt_out_route")?;
    Ok(Contact {
        id: row.get("id")?,
        address: row.get("address")?,
        provider: row.get("provider")?,
        name: row.get("name")?,
        kana: row.get("kana")?,
        phone: row.get("phone")?,
        company: row.get("company")?,
        external_id: row.get("external_id")?,
        note: row.get("note")?,
        fields: fields_of(&row.get::<String>("fields")?)?,
        opted_out_at: row.get("opted_out_at")?,
        opt_out_route: route.map(|name| named("opt-out route", &name, OptOutRoute::from_name)).transpose()?,
        invalid_at: row.get("invalid_at")?,
        invalid_reason: row.get("invalid_reason")?,
        lookalike_of: row.get("lookalike_of")?,
        status: named("status", &row.get::<String>("status")?, ContactStatus::from_name)?,
        dm_refused_at: row.get("dm_refused_at")?,
        trashed_at: row.get("trashed_at")?,
        consent: row
            .get::<Option<String>>("consent")?
            .map(|name| named("basis of a consent", &name, ConsentBasis::from_name))
            .transpose()?,
        consented_at: row.get("consented_at")?,
        address_label: row.get("address_label")?,
        phone_label: row.get("phone_label")?,
        version: row.get("version")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

fn fields_of(text: &str) -> Result<BTreeMap<String, String>, StorageError> {
    if text == "{}" { Ok(BTreeMap::new()) } else { from_json("fields of a contact", text) }
}

/// A contact with the form of its address that is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) contact: Contact,
    pub(crate) address_key: Option<String>,
}

impl Kept {
    /// Reads a row with [`COLUMNS`] and `c.address_key`.
    pub(crate) fn of(row: &Row) -> Result<Self, StorageError> {
        Ok(Self { contact: contact_of(row)?, address_key: row.get("address_key")? })
    }

    /// A new contact.
    pub(crate) fn new(id: i64, draft: &ContactDraft, now: i64) -> Self {
        if draft.address.is_none() && !draft.more.is_empty() {
            let mut draft = draft.clone();
            draft.prefer_further();
            draft.more.clear();
            return Self::new(id, &draft, now);
        }
        let contact = Contact {
            id,
            address: draft.address.clone(),
            provider: draft.provider.clone(),
            name: draft.name.clone(),
            kana: draft.kana.clone(),
            phone: draft.phone.clone(),
            company: draft.company.clone(),
            external_id: draft.external_id.clone(),
            note: draft.note.clone(),
            fields: draft.fields.clone(),
            opted_out_at: None,
            opt_out_route: None,
            invalid_at: None,
            invalid_reason: None,
            lookalike_of: draft.lookalike_of.clone(),
            status: draft.status.unwrap_or_default(),
            dm_refused_at: (draft.dm_wanted == Some(false)).then_some(now),
            trashed_at: None,
            consent: None,
            consented_at: None,
            address_label: String::new(),
            phone_label: String::new(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Self { contact, address_key: draft.address_key.clone() }
    }

    /// Gives it another address; what was known about the old one no longer counts, unless the registration is only
    /// provisional: nobody has confirmed the new one either. The same address in another spelling keeps what is known.
    pub(crate) fn readdress(&mut self, draft: &ContactDraft) {
        self.contact.address.clone_from(&draft.address);
        self.contact.provider.clone_from(&draft.provider);
        if self.address_key != draft.address_key {
            self.address_key.clone_from(&draft.address_key);
            self.contact.lookalike_of.clone_from(&draft.lookalike_of);
            if self.contact.status != ContactStatus::Provisional {
                self.contact.invalid_at = None;
                self.contact.invalid_reason = None;
            }
        }
    }

    /// Takes over what a draft says about status and permission.
    pub(crate) fn restate(&mut self, draft: &ContactDraft, now: i64) {
        let contact = &mut self.contact;
        contact.status = draft.status.unwrap_or(contact.status);
        match draft.dm_wanted {
            Some(true) => contact.dm_refused_at = None,
            Some(false) => contact.dm_refused_at = contact.dm_refused_at.or(Some(now)),
            None => {}
        }
    }

    /// Stops advertising mail; `false` when it was stopped already.
    pub(crate) fn opt_out(&mut self, route: OptOutRoute, now: i64) -> bool {
        if self.contact.opted_out_at.is_some() {
            return false;
        }
        self.contact.opted_out_at = Some(now);
        self.contact.opt_out_route = Some(route);
        self.contact.consent = None;
        self.contact.consented_at = None;
        true
    }

    /// As a draft that changes nothing.
    pub(crate) fn draft(&self) -> ContactDraft {
        let contact = self.contact.clone();
        ContactDraft {
            address: contact.address,
            address_key: self.address_key.clone(),
            provider: contact.provider,
            lookalike_of: contact.lookalike_of,
            name: contact.name,
            kana: contact.kana,
            phone: contact.phone,
            company: contact.company,
            external_id: contact.external_id,
            note: contact.note,
            fields: contact.fields,
            wants_mail: None,
            status: Some(contact.status),
            dm_wanted: Some(contact.dm_refused_at.is_none()),
            more: Vec::new(),
        }
    }

    fn search_text(&self) -> String {
        let contact = &self.contact;
        let mut phone_digits = digits(&folded(&contact.phone));
        // Who looks for 090… finds +81 90… too.
        if phone_digits.starts_with("81") && contact.phone.trim_start().starts_with(['+', '＋']) {
            phone_digits = format!("{phone_digits} 0{}", phone_digits[2..].trim_start_matches('0'));
        }
        let parts = [
            contact.name.as_str(),
            &contact.kana,
            contact.address.as_deref().unwrap_or(""),
            &contact.phone,
            &phone_digits,
            &contact.company,
            &contact.external_id,
            &contact.note,
        ];
        let told: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        folded(&told.join("\n"))
    }
}

/// The cells of a contact's row in the order of [`insert`] and [`update`].
impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let contact = &self.contact;
        let mut row = serializer.serialize_tuple(22)?;
        row.serialize_element(&contact.id)?;
        row.serialize_element(&contact.address)?;
        row.serialize_element(&self.address_key)?;
        row.serialize_element(&contact.provider)?;
        row.serialize_element(&contact.name)?;
        row.serialize_element(&contact.kana)?;
        row.serialize_element(&contact.phone)?;
        row.serialize_element(&contact.company)?;
        row.serialize_element(&contact.external_id)?;
        row.serialize_element(&contact.note)?;
        row.serialize_element(&sql::json(&contact.fields))?;
        row.serialize_element(&self.search_text())?;
        row.serialize_element(&contact.opted_out_at)?;
        row.serialize_element(&contact.opt_out_route.map(OptOutRoute::name))?;
        row.serialize_element(&contact.invalid_at)?;
        row.serialize_element(&contact.invalid_reason)?;
        row.serialize_element(&contact.lookalike_of)?;
        row.serialize_element(&contact.status.name())?;
        row.serialize_element(&contact.dm_refused_at)?;
        row.serialize_element(&contact.trashed_at)?;
        row.serialize_element(&contact.consent.map(ConsentBasis::name))?;
        row.serialize_element(&contact.consented_at)?;
        row.end()
    }
}

/// Adds contacts; one with a customer number that is taken is left out. Returns how many were added.
pub(crate) async fn insert(tx: &mut Tx, people: &[&Kept], now: i64) -> Result<u64, StorageError> {
    if people.is_empty() {
        return Ok(0);
    }
    tx.execute(
        "INSERT INTO contacts (id, address, address_key, provider, name, kana, phone, company, external_id, note,
                fields, search_text, opted_out_at, opt_out_route, invalid_at, invalid_reason, lookalike_of,
                status, dm_refused_at, trashed_at, consent, consented_at, created_at, updated_at)
         SELECT CAST(j.value->>0 AS BIGINT), j.value->>1, j.value->>2, j.value->>3, j.value->>4, j.value->>5,
                j.value->>6, j.value->>7, j.value->>8, j.value->>9, j.value->>10, j.value->>11,
                CAST(j.value->>12 AS BIGINT), j.value->>13, CAST(j.value->>14 AS BIGINT), j.value->>15,
                j.value->>16, j.value->>17, CAST(j.value->>18 AS BIGINT), CAST(j.value->>19 AS BIGINT),
                j.value->>20, CAST(j.value->>21 AS BIGINT), $2, $2
         FROM {ROWS} WHERE TRUE
         ON CONFLICT (external_id) WHERE external_id <> '' DO NOTHING",
        args![sql::json(people), now],
    )
    .await
}

/// Writes contacts that changed.
pub(crate) async fn update(tx: &mut Tx, people: &[&Kept], now: i64) -> Result<(), StorageError> {
    if people.is_empty() {
        return Ok(());
    }
    tx.execute(
        "UPDATE contacts SET address = j.value->>1, address_key = j.value->>2, provider = j.value->>3,
                name = j.value->>4, kana = j.value->>5, phone = j.value->>6, company = j.value->>7,
                external_id = j.value->>8, note = j.value->>9, fields = j.value->>10, search_text = j.value->>11,
                opted_out_at = CAST(j.value->>12 AS BIGINT), opt_out_route = j.value->>13,
                invalid_at = CAST(j.value->>14 AS BIGINT), invalid_reason = j.value->>15,
                lookalike_of = j.value->>16, status = j.value->>17,
                dm_refused_at = CAST(j.value->>18 AS BIGINT), trashed_at = CAST(j.value->>19 AS BIGINT),
                consent = j.value->>20, consented_at = CAST(j.value->>21 AS BIGINT),
                version = version + 1, updated_at = $2
         FROM {ROWS} WHERE contacts.id = CAST(j.value->>0 AS BIGINT)",
        args![sql::json(people), now],
    )
    .await?;
    Ok(())
}

/// Writes contacts as a trial run imagines them, beside the house.
pub(crate) async fn imagine(tx: &mut Tx, import_id: i64, people: &[&Kept]) -> Result<(), StorageError> {
    if people.is_empty() {
        return Ok(());
    }
    let ids: Vec<[i64; 1]> = people.iter().map(|kept| [kept.contact.id]).collect();
    let sql = "DELETE FROM import_people WHERE import_id = $2
                 AND id IN (SELECT CAST(j.value->>0 AS BIGINT) FROM {ROWS})";
    tx.execute(sql, args![sql::json(&ids), import_id]).await?;
    tx.execute(
        "INSERT INTO import_people (import_id, id, address, address_key, provider, name, kana, phone, company,
                external_id, note, fields, opted_out_at, opt_out_route, invalid_at, invalid_reason, lookalike_of,
                status, dm_refused_at, trashed_at, consent, consented_at)
         SELECT $2, CAST(j.value->>0 AS BIGINT), j.value->>1, j.value->>2, j.value->>3, j.value->>4, j.value->>5,
                j.value->>6, j.value->>7, j.value->>8, j.value->>9, j.value->>10,
                CAST(j.value->>12 AS BIGINT), j.value->>13, CAST(j.value->>14 AS BIGINT), j.value->>15,
                j.value->>16, j.value->>17, CAST(j.value->>18 AS BIGINT), CAST(j.value->>19 AS BIGINT),
                j.value->>20, CAST(j.value->>21 AS BIGINT)
         FROM {ROWS} WHERE TRUE",
        args![sql::json(people), import_id],
    )
    .await?;
    Ok(())
}
