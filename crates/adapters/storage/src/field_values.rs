//! Keeps the values of fields as their kinds want them, and beside them what they are compared by.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use audience::{FIELDS_MAX, Field, FieldKind};

use crate::{
    StorageError,
    contact_rows::Kept,
    error::{from_json, named},
    sql::{self, Row, args},
    tx::Tx,
};

/// The columns of a field's row.
pub(crate) const FIELD_COLUMNS: &str =
    "id, key, label, kind, choices, required, position, retyping_up_to, archived_at";

/// The place of a value that cannot be read as its field's kind: it is there, but compares with nothing.
const UNREADABLE: i64 = -1;

/// One row of `field_values`: field, contact, place, text, number.
type ValueRow = (i64, i64, i64, Option<String>, Option<f64>);

/// The fields of the house, by key.
#[derive(Debug, Default)]
pub(crate) struct Registry(HashMap<String, Field>);

pub(crate) fn field_of(row: &Row) -> Result<Field, StorageError> {
    Ok(Field {
        id: row.get("id")?,
        key: row.get("key")?,
        label: row.get("label")?,
        kind: named("kind of a field", &row.get::<String>("kind")?, FieldKind::from_name)?,
        choices: from_json("choices of a field", &row.get::<String>("choices")?)?,
        required: row.get("required")?,
        position: row.get("position")?,
        retyping_up_to: row.get("retyping_up_to")?,
        archived_at: row.get("archived_at")?,
    })
}

impl Registry {
    /// Reads it.
    pub(crate) async fn load(tx: &mut Tx) -> Result<Self, StorageError> {
        let rows = tx.rows(format!("SELECT {FIELD_COLUMNS} FROM contact_fields"), args![]).await?;
        let fields = rows.iter().map(field_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Self(fields.into_iter().map(|field| (field.key.clone(), field)).collect()))
    }

    /// The field of this key, when it is in use.
    pub(crate) fn field(&self, key: &str) -> Option<&Field> {
        self.0.get(key).filter(|field| field.archived_at.is_none())
    }

    /// Makes sure of a field for each name: an unknown one becomes a field of text, one that was put away comes back.
    pub(crate) async fn remember<'a>(
        &mut self,
        tx: &mut Tx,
        names: impl Iterator<Item = &'a String>,
        now: i64,
    ) -> Result<(), StorageError> {
        let is_live = |name: &&String| self.0.get(*name).is_some_and(|field| field.archived_at.is_none());
        let wanted: BTreeSet<&String> = names.filter(|name| !is_live(name)).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let room = FIELDS_MAX.saturating_sub(self.0.len());
        let fresh: Vec<&String> =
            wanted.iter().copied().filter(|name| !self.0.contains_key(*name)).take(room).collect();
        let position = self.0.values().map(|field| field.position).max().unwrap_or(0);
        let ids = tx.ids.take(now, fresh.len());
        let rows: Vec<_> =
            (position + 1..).zip(fresh).zip(ids).map(|((at, name), id)| (id, name, at)).collect();
        tx.execute(
            "INSERT INTO contact_fields (id, key, label, kind, position, created_at)
             SELECT CAST(j.value->>0 AS BIGINT), j.value->>1, j.value->>1, 'text', CAST(j.value->>2 AS BIGINT), $2
             FROM {ROWS} WHERE TRUE ON CONFLICT (key) DO NOTHING",
            args![sql::json(&rows), now],
        )
        .await?;
        let names: Vec<[&String; 1]> = wanted.into_iter().map(|name| [name]).collect();
        let sql = "UPDATE contact_fields SET archived_at = NULL
                   WHERE archived_at IS NOT NULL AND key IN (SELECT j.value->>0 FROM {ROWS})";
        tx.execute(sql, args![sql::json(&names)]).await?;
        *self = Self::load(tx).await?;
        Ok(())
    }

    /// Takes a field of text for each unknown name, as [`Registry::remember`] would make one.
    pub(crate) fn imagine<'a>(&mut self, names: impl Iterator<Item = &'a String>) {
        for name in names {
            let known = self.0.len();
            if let Some(field) = self.0.get_mut(name) {
                field.archived_at = None;
            } else if known < FIELDS_MAX {
                let field = Field {
                    id: 0,
                    key: name.clone(),
                    label: name.clone(),
                    kind: FieldKind::Text,
                    choices: Vec::new(),
                    required: false,
                    position: 0,
                    retyping_up_to: None,
                    archived_at: None,
                };
                self.0.insert(name.clone(), field);
            }
        }
    }

    /// Writes values as their kinds want them, and takes empty ones away.
    pub(crate) fn settle(&self, fields: &mut BTreeMap<String, String>) {
        fields.retain(|_, text| !text.trim().is_empty());
        for (key, text) in fields.iter_mut() {
            if let Some(value) = self.0.get(key).and_then(|field| field.read(text).ok()) {
                *text = value.text;
            }
        }
        fields.retain(|_, text| !text.is_empty());
    }

    /// What one value is compared by.
    pub(crate) fn rows_of(&self, contact_id: i64, key: &str, text: &str, rows: &mut Vec<ValueRow>) {
        let Some(field) = self.0.get(key) else { return };
        match field.read(text) {
            Ok(value) => rows.extend(
                (0..).zip(value.indexed).map(|(seq, one)| (field.id, contact_id, seq, one.text, one.number)),
            ),
            Err(_) => rows.push((field.id, contact_id, UNREADABLE, None, None)),
        }
    }

    /// Brings `field_values` in line with contacts as they were (`None`: not there) and are.
    pub(crate) async fn write(
        &self,
        tx: &mut Tx,
        changes: &[(Option<&Kept>, &Kept)],
    ) -> Result<(), StorageError> {
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for (before, after) in changes {
            let (id, fields) = (after.contact.id, &after.contact.fields);
            let old = before.map(|before| &before.contact.fields);
            for (key, text) in old.into_iter().flatten() {
                if fields.get(key) != Some(text)
                    && let Some(field) = self.0.get(key)
                {
                    gone.push((field.id, id));
                }
            }
            for (key, text) in fields {
                if old.and_then(|old| old.get(key)) != Some(text) {
                    self.rows_of(id, key, text, &mut new);
                }
            }
        }
        replace(tx, &gone, new).await
    }
}

/// Takes the values of (field, contact) away and adds rows.
pub(crate) async fn replace(
    tx: &mut Tx,
    gone: &[(i64, i64)],
    mut new: Vec<ValueRow>,
) -> Result<(), StorageError> {
    if !gone.is_empty() {
        let sql = "DELETE FROM field_values WHERE (field_id, contact_id) IN
                   (SELECT CAST(j.value->>0 AS BIGINT), CAST(j.value->>1 AS BIGINT) FROM {ROWS})";
        tx.execute(sql, args![sql::json(gone)]).await?;
    }
    if !new.is_empty() {
        // Rows in the order of the key are written side by side.
        new.sort_unstable_by_key(|row| (row.0, row.1, row.2));
        tx.execute(
            "INSERT INTO field_values (field_id, contact_id, seq, text, number)
             SELECT CAST(j.value->>0 AS BIGINT), CAST(j.value->>1 AS BIGINT), CAST(j.value->>2 AS BIGINT),
                    j.value->>3, CAST(j.value->>4 AS DOUBLE PRECISION) FROM {ROWS} WHERE TRUE
             ON CONFLICT (field_id, contact_id, seq) DO NOTHING",
            args![sql::json(&new)],
        )
        .await?;
    }
    Ok(())
}
