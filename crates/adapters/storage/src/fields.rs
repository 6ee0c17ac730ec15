//! Keeps the fields of the house, and reads their values anew when a field becomes another kind.

use std::collections::BTreeMap;

use async_trait::async_trait;
use audience::{
    ContactId, FIELDS_MAX, Field, FieldDraft, FieldId, FieldKind, FieldStore, FileRef, StoreFailure, event,
};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::json;

use crate::{
    StorageError, Store,
    contact_edit::difference,
    contact_rows::{self, COLUMNS, Kept},
    error::from_json,
    events::{NewEvent, append_one},
    field_values::{FIELD_COLUMNS, Registry, field_of, replace},
    sql::{self, Row, args},
    tx::Tx,
};

#[async_trait]
impl FieldStore for Store {
    async fn fields(&self) -> Result<Vec<Field>, StoreFailure> {
        let sql = format!(
            "SELECT {FIELD_COLUMNS} FROM contact_fields
             ORDER BY CASE WHEN archived_at IS NULL THEN 0 ELSE 1 END, position, id"
        );
        let rows = self.rows(sql, args![]).await?;
        Ok(rows.iter().map(field_of).collect::<Result<_, _>>()?)
    }

    async fn add_field(
        &self,
        draft: &FieldDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Option<FieldId>, StoreFailure> {
        let draft = draft.clone();
        Ok(self.write(move |tx| Box::pin(add(tx, draft, actor, now))).await?)
    }

    async fn change_field(
        &self,
        id: FieldId,
        draft: &FieldDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure> {
        let draft = draft.clone();
        Ok(self.write(move |tx| Box::pin(change(tx, id, draft, actor, now))).await?)
    }

    async fn move_field(&self, id: FieldId, up: bool) -> Result<(), StoreFailure> {
        Ok(self.write(move |tx| Box::pin(shift(tx, id, up))).await?)
    }

    async fn archive_field(
        &self,
        id: FieldId,
        archived: bool,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(archive(tx, id, archived, (actor, now)))).await?)
    }

    async fn values_of_field(
        &self,
        id: FieldId,
        after: ContactId,
        limit: u64,
    ) -> Result<Vec<(ContactId, String)>, StoreFailure> {
        let work = self.read(move |tx| {
            Box::pin(async move {
                let Some(field) = load(tx, id, "").await? else { return Ok(Vec::new()) };
                let mut values = Vec::new();
                for (contact, mut fields) in written(tx, &field, after, limit, "").await? {
                    values.extend(fields.remove(&field.key).map(|text| (contact, text)));
                }
                Ok(values)
            })
        });
        Ok(work.await?)
    }

    async fn retype_field(
        &self,
        id: FieldId,
        draft: &FieldDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure> {
        let draft = draft.clone();
        Ok(self.write(move |tx| Box::pin(retype(tx, id, draft, actor, now))).await?)
    }

    async fn set_file(
        &self,
        of: (ContactId, FieldId),
        file: Option<(String, Vec<u8>)>,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(set_file(tx, of, file, (actor, now)))).await?)
    }

    async fn file_of(
        &self,
        contact: ContactId,
        field: FieldId,
    ) -> Result<Option<(FileRef, Vec<u8>)>, StoreFailure> {
        let work = self.read(move |tx| {
            Box::pin(async move {
                let Some(field) = load(tx, field, "").await? else { return Ok(None) };
                let row = tx.row("SELECT fields FROM contacts WHERE id = $1", args![contact]).await?;
                let Some(row) = row else { return Ok(None) };
                let fields: BTreeMap<String, String> =
                    from_json("fields of a contact", &row.get::<String>("fields")?)?;
                let file = fields.get(&field.key).and_then(|text| serde_json::from_str::<FileRef>(text).ok());
                let Some(file) = file else { return Ok(None) };
                let row = tx.row("SELECT bytes FROM blobs WHERE sha256 = $1", args![&file.sha256]).await?;
                let bytes = row.map(|row| row.get("bytes")).transpose()?;
                Ok(bytes.map(|bytes| (file, bytes)))
            })
        });
        Ok(work.await?)
    }

    async fn retype_step(&self, id: FieldId, limit: u64) -> Result<bool, StoreFailure> {
        Ok(self.write_masses(move |tx| Box::pin(step(tx, id, limit))).await?)
    }
}

async fn load(tx: &mut Tx, id: FieldId, lock: &str) -> Result<Option<Field>, StorageError> {
    let row = tx.row(format!("SELECT {FIELD_COLUMNS} FROM contact_fields WHERE id = $1 {lock}"), args![id]);
    row.await?.as_ref().map(field_of).transpose()
}

/// Two fields in use must not look the same.
async fn label_is_taken(tx: &mut Tx, label: &str, id: FieldId) -> Result<bool, StorageError> {
    let sql = "SELECT id FROM contact_fields WHERE label = $1 AND id <> $2 AND archived_at IS NULL";
    Ok(tx.row(sql, args![label, id]).await?.is_some())
}

fn told(what: &str, label: &str, actor: Option<i64>) -> NewEvent {
    NewEvent::of(event::FIELD_CHANGED).actor(actor).detail(json!({ "what": what, "label": label }))
}

async fn add(
    tx: &mut Tx,
    draft: FieldDraft,
    actor: Option<i64>,
    now: i64,
) -> Result<Option<FieldId>, StorageError> {
    tx.lock_table("contact_fields").await?;
    let all = tx.rows("SELECT key, position FROM contact_fields", args![]).await?;
    if all.len() >= FIELDS_MAX || label_is_taken(tx, &draft.label, 0).await? {
        return Ok(None);
    }
    let keys = all.iter().map(|row| row.get("key")).collect::<Result<Vec<String>, _>>()?;
    let places = all.iter().map(|row| row.get("position")).collect::<Result<Vec<i64>, _>>()?;
    // A field that was renamed or put away keeps its key.
    let numbered = (2..).map(|number| format!("{} ({number})", draft.label));
    let mut free = std::iter::once(draft.label.clone()).chain(numbered).filter(|key| !keys.contains(key));
    let key = free.next().unwrap_or_else(|| draft.label.clone());
    let id = tx.new_id(now);
    tx.execute(
        "INSERT INTO contact_fields (id, key, label, kind, choices, required, position, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            id,
            key,
            &draft.label,
            draft.kind.name(),
            sql::json(&draft.choices),
            draft.required,
            places.into_iter().max().unwrap_or(0) + 1,
            now
        ],
    )
    .await?;
    append_one(tx, told("added", &draft.label, actor), now).await?;
    Ok(Some(id))
}

async fn change(
    tx: &mut Tx,
    id: FieldId,
    draft: FieldDraft,
    actor: Option<i64>,
    now: i64,
) -> Result<bool, StorageError> {
    tx.lock_table("contact_fields").await?;
    if load(tx, id, "").await?.is_none() || label_is_taken(tx, &draft.label, id).await? {
        return Ok(false);
    }
    let sql = "UPDATE contact_fields SET label = $2, choices = $3, required = $4 WHERE id = $1";
    tx.execute(sql, args![id, &draft.label, sql::json(&draft.choices), draft.required]).await?;
    append_one(tx, told("changed", &draft.label, actor), now).await?;
    Ok(true)
}

async fn shift(tx: &mut Tx, id: FieldId, up: bool) -> Result<(), StorageError> {
    tx.lock_table("contact_fields").await?;
    let sql = "SELECT id FROM contact_fields WHERE archived_at IS NULL ORDER BY position, id";
    let rows = tx.rows(sql, args![]).await?;
    let mut ids = rows.iter().map(|row| row.get("id")).collect::<Result<Vec<i64>, _>>()?;
    let Some(at) = ids.iter().position(|other| *other == id) else { return Ok(()) };
    let to = if up { at.saturating_sub(1) } else { (at + 1).min(ids.len() - 1) };
    ids.swap(at, to);
    let places: Vec<_> = ids.into_iter().zip(1_i64..).collect();
    let sql = "UPDATE contact_fields SET position = CAST(j.value->>1 AS BIGINT)
               FROM {ROWS} WHERE contact_fields.id = CAST(j.value->>0 AS BIGINT)";
    tx.execute(sql, args![sql::json(&places)]).await?;
    Ok(())
}

async fn archive(
    tx: &mut Tx,
    id: FieldId,
    archived: bool,
    (actor, now): (Option<i64>, i64),
) -> Result<bool, StorageError> {
    tx.lock_table("contact_fields").await?;
    let Some(field) = load(tx, id, "").await? else { return Ok(false) };
    if field.archived_at.is_some() == archived {
        return Ok(true);
    }
    if !archived && label_is_taken(tx, &field.label, id).await? {
        return Ok(false);
    }
    let at = archived.then_some(now);
    tx.execute("UPDATE contact_fields SET archived_at = $2 WHERE id = $1", args![id, at]).await?;
    let what = if archived { "archived" } else { "restored" };
    append_one(tx, told(what, &field.label, actor), now).await?;
    Ok(true)
}

async fn retype(
    tx: &mut Tx,
    id: FieldId,
    draft: FieldDraft,
    actor: Option<i64>,
    now: i64,
) -> Result<bool, StorageError> {
    let Some(field) = load(tx, id, "{FOR UPDATE}").await? else { return Ok(false) };
    let sql = "UPDATE contact_fields SET kind = $2, choices = $3, retyping_up_to = 0 WHERE id = $1";
    tx.execute(sql, args![id, draft.kind.name(), sql::json(&draft.choices)]).await?;
    let told = told("retyped", &field.label, actor)
        .more("kind_before", json!(field.kind.name()))
        .more("kind", json!(draft.kind.name()));
    append_one(tx, told, now).await?;
    Ok(true)
}

fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn set_file(
    tx: &mut Tx,
    (contact, field): (ContactId, FieldId),
    file: Option<(String, Vec<u8>)>,
    (actor, now): (Option<i64>, i64),
) -> Result<bool, StorageError> {
    let Some(field) = load(tx, field, "").await?.filter(|field| field.kind == FieldKind::File) else {
        return Ok(false);
    };
    let sql = format!("SELECT {COLUMNS}, c.address_key FROM contacts c WHERE c.id = $1 {{FOR UPDATE}}");
    let Some(row) = tx.row(sql, args![contact]).await? else { return Ok(false) };
    let before = Kept::of(&row)?;
    let mut after = before.clone();
    match file {
        Some((name, bytes)) => {
            let sha256 = sha256(&bytes);
            let file = FileRef { name, size: bytes.len() as u64, sha256: sha256.clone() };
            after.contact.fields.insert(field.key.clone(), sql::json(&file));
            let sql = "INSERT INTO blobs (sha256, bytes) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING";
            tx.execute(sql, args![sha256, bytes]).await?;
        }
        None => drop(after.contact.fields.remove(&field.key)),
    }
    contact_rows::update(tx, &[&after], now).await?;
    Registry::load(tx).await?.write(tx, &[(Some(&before), &after)]).await?;
    let told = NewEvent::of(event::CONTACT_EDITED).contact(contact).actor(actor);
    append_one(tx, told.detail(difference(&before, &after)), now).await?;
    Ok(true)
}

/// The fields of the next contacts that have a value of this one. A transaction that only reads takes no `lock`.
async fn written(
    tx: &mut Tx,
    field: &Field,
    after: ContactId,
    limit: u64,
    lock: &str,
) -> Result<Vec<(ContactId, BTreeMap<String, String>)>, StorageError> {
    // CROSS JOIN keeps SQLite from walking the contacts.
    let sql = format!(
        "SELECT c.id, c.fields FROM
           (SELECT DISTINCT v.contact_id FROM field_values v WHERE v.field_id = $1 AND v.contact_id > $2
            ORDER BY v.contact_id LIMIT $3) AS w
         CROSS JOIN contacts c WHERE c.id = w.contact_id ORDER BY c.id {lock}"
    );
    let rows = tx.rows(sql, args![field.id, after, limit]).await?;
    let read =
        |row: &Row| Ok((row.get("id")?, from_json("fields of a contact", &row.get::<String>("fields")?)?));
    rows.iter().map(read).collect()
}

/// What cannot be read as the new kind stays as it was written.
async fn step(tx: &mut Tx, id: FieldId, limit: u64) -> Result<bool, StorageError> {
    let Some(field) = load(tx, id, "{FOR UPDATE}").await? else { return Ok(true) };
    let Some(after) = field.retyping_up_to else { return Ok(true) };
    let registry = Registry::load(tx).await?;
    let page = written(tx, &field, after, limit, "{FOR UPDATE OF c}").await?;
    let done = (page.len() as u64) < limit;
    let up_to = page.last().map_or(after, |(last, _)| *last);
    let (mut gone, mut new, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for (contact, mut fields) in page {
        let before = fields.get(&field.key).cloned();
        registry.settle(&mut fields);
        gone.push((field.id, contact));
        if let Some(text) = fields.get(&field.key) {
            registry.rows_of(contact, &field.key, text, &mut new);
        }
        if fields.get(&field.key) != before.as_ref() {
            changed.push((contact, sql::json(&fields)));
        }
    }
    replace(tx, &gone, new).await?;
    if !changed.is_empty() {
        let sql = "UPDATE contacts SET fields = j.value->>1
                   FROM {ROWS} WHERE contacts.id = CAST(j.value->>0 AS BIGINT)";
        tx.execute(sql, args![sql::json(&changed)]).await?;
    }
    let cursor = (!done).then_some(up_to);
    tx.execute("UPDATE contact_fields SET retyping_up_to = $2 WHERE id = $1", args![id, cursor]).await?;
    Ok(done)
}
