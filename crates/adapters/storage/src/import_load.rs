//! Reads the contacts that the rows of a batch may mean, with a handful of statements.

use std::collections::{BTreeSet, HashMap, HashSet};

use audience::{ImportId, ImportRow, OptOutRoute};

use crate::{
    StorageError,
    contact_rows::{COLUMNS, Kept},
    erasure,
    error::named,
    import_merge::People,
    sql::{self, args},
    tx::Tx,
};

/// One place contacts are read from. A trial reads those of the house that it has not changed, and beside them its own.
pub(crate) struct Source {
    contacts: &'static str,
    points: &'static str,
    /// What must hold of a contact `c`, and of a point `p`.
    only: (String, String),
    /// Locks what is read; nothing in a trial.
    lock: &'static str,
}

impl Source {
    /// The house, for taking rows in.
    pub(crate) fn house() -> Self {
        let only = ("TRUE".to_owned(), "p.removed_at IS NULL".to_owned());
        Self { contacts: "contacts", points: "contact_points", only, lock: "{FOR UPDATE OF c}" }
    }

    /// The house as this trial has left it so far.
    pub(crate) fn trial(id: ImportId) -> [Self; 2] {
        let unchanged =
            format!("NOT EXISTS (SELECT 1 FROM import_people t WHERE t.import_id = {id} AND t.id = c.id)");
        let only = (unchanged, "p.removed_at IS NULL".to_owned());
        let house = Self { contacts: "contacts", points: "contact_points", only, lock: "" };
        let only = (format!("c.import_id = {id}"), format!("p.import_id = {id}"));
        [house, Self { contacts: "import_people", points: "import_people_points", only, lock: "" }]
    }
}

/// Values as rows of one column.
pub(crate) fn one_column<T: serde::Serialize>(values: impl Iterator<Item = T>) -> String {
    sql::json(&values.map(|value| [value]).collect::<Vec<_>>())
}

/// The contacts the rows may mean.
pub(crate) async fn load(tx: &mut Tx, rows: &[ImportRow], from: &[Source]) -> Result<People, StorageError> {
    let mut people = People::default();
    let external_ids: BTreeSet<&str> =
        rows.iter().map(|row| row.draft.external_id.as_str()).filter(|id| !id.is_empty()).collect();
    if !external_ids.is_empty() {
        for Source { contacts, only, lock, .. } in from {
            // CROSS JOIN keeps SQLite from walking the contacts.
            let sql = format!(
                "SELECT {COLUMNS}, c.address_key FROM {{ROWS}} CROSS JOIN {contacts} c
                 WHERE c.external_id = j.value->>0 AND c.external_id <> '' AND {} ORDER BY c.id {lock}",
                only.0
            );
            for row in tx.rows(sql, args![one_column(external_ids.iter())]).await? {
                people.know(Kept::of(&row)?);
            }
        }
        load_by_alias(tx, &external_ids, &mut people, from).await?;
    }
    load_by_address(tx, rows, &mut people, from).await?;
    if rows.iter().any(|row| !row.draft.more.is_empty()) {
        load_points(tx, &mut people, from).await?;
    }
    Ok(people)
}

/// Numbers of entries that went into others.
async fn load_by_alias(
    tx: &mut Tx,
    external_ids: &BTreeSet<&str>,
    people: &mut People,
    from: &[Source],
) -> Result<(), StorageError> {
    for Source { contacts, only, lock, .. } in from {
        let sql = format!(
            "SELECT {COLUMNS}, c.address_key, x.external_id AS alias FROM {{ROWS}}
             CROSS JOIN contact_external_ids x CROSS JOIN {contacts} c
             WHERE x.external_id = j.value->>0 AND c.id = x.contact_id AND {} ORDER BY c.id {lock}",
            only.0
        );
        for row in tx.rows(sql, args![one_column(external_ids.iter())]).await? {
            let at = people.know(Kept::of(&row)?);
            people.know_number(row.get("alias")?, at);
        }
    }
    Ok(())
}

/// The further addresses and numbers of everybody known.
async fn load_points(tx: &mut Tx, people: &mut People, from: &[Source]) -> Result<(), StorageError> {
    let ids: Vec<i64> = people.all.iter().map(|person| person.kept.contact.id).collect();
    for Source { points, only, .. } in from {
        let sql = format!(
            "SELECT p.contact_id, p.value_key FROM {{ROWS}} CROSS JOIN {points} p
             WHERE p.contact_id = CAST(j.value->>0 AS BIGINT) AND {}",
            only.1
        );
        for row in tx.rows(sql, args![one_column(ids.iter())]).await? {
            people.know_point(row.get("contact_id")?, row.get("value_key")?);
        }
    }
    Ok(())
}

async fn load_by_address(
    tx: &mut Tx,
    rows: &[ImportRow],
    people: &mut People,
    from: &[Source],
) -> Result<(), StorageError> {
    let keys: BTreeSet<&str> = rows.iter().filter_map(|row| row.draft.address_key.as_deref()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    for (key, route) in erasure::refused(tx, keys.iter().copied()).await? {
        people.know_opted_out(key.to_owned(), named("opt-out route", &route, OptOutRoute::from_name)?);
    }
    let newest = newest(tx, &keys, people, from).await?;
    // Whom an address means is asked only where no customer number says it.
    let mut wanted: HashSet<&str> = rows
        .iter()
        .filter(|row| row.draft.external_id.is_empty())
        .filter_map(|row| row.draft.address_key.as_deref())
        .collect();
    let found: HashSet<i64> =
        newest.iter().filter(|(key, _)| wanted.contains(key.as_str())).map(|(_, id)| *id).collect();
    for kept in by_id(tx, &found, from).await? {
        let key = kept.address_key.clone();
        let at = people.know(kept);
        if let Some(key) = key {
            people.know_newest(key, at);
        }
    }
    wanted.retain(|key| !newest.contains_key(*key));
    load_by_further(tx, &wanted, people, from).await
}

/// The newest contact in use of each address, and how somebody with it refused mail.
async fn newest(
    tx: &mut Tx,
    keys: &BTreeSet<&str>,
    people: &mut People,
    from: &[Source],
) -> Result<HashMap<String, i64>, StorageError> {
    let mut newest: HashMap<String, i64> = HashMap::new();
    for Source { contacts, only: (only, _), .. } in from {
        let sql = format!(
            "SELECT j.value->>0 AS address_key,
               (SELECT c.id FROM {contacts} c WHERE c.address_key = j.value->>0 AND c.trashed_at IS NULL AND {only}
                  ORDER BY c.id DESC LIMIT 1) AS newest,
               (SELECT c.opt_out_route FROM {contacts} c WHERE c.address_key = j.value->>0
                  AND c.opted_out_at IS NOT NULL AND {only} ORDER BY c.id LIMIT 1) AS route
             FROM {{ROWS}}"
        );
        for row in tx.rows(sql, args![one_column(keys.iter())]).await? {
            let key: String = row.get("address_key")?;
            if let Some(route) = row.get::<Option<String>>("route")? {
                people.know_opted_out(key.clone(), named("opt-out route", &route, OptOutRoute::from_name)?);
            }
            if let Some(id) = row.get::<Option<i64>>("newest")? {
                let known = newest.entry(key).or_insert(id);
                *known = id.max(*known);
            }
        }
    }
    Ok(newest)
}

async fn by_id(tx: &mut Tx, ids: &HashSet<i64>, from: &[Source]) -> Result<Vec<Kept>, StorageError> {
    let mut found = Vec::new();
    if ids.is_empty() {
        return Ok(found);
    }
    for Source { contacts, only, lock, .. } in from {
        let sql = format!(
            "SELECT {COLUMNS}, c.address_key FROM {{ROWS}} CROSS JOIN {contacts} c
             WHERE c.id = CAST(j.value->>0 AS BIGINT) AND {} ORDER BY c.id {lock}",
            only.0
        );
        for row in tx.rows(sql, args![one_column(ids.iter())]).await? {
            found.push(Kept::of(&row)?);
        }
    }
    Ok(found)
}

/// Addresses that nobody prefers: the newest contact in use that has one beside.
async fn load_by_further(
    tx: &mut Tx,
    keys: &HashSet<&str>,
    people: &mut People,
    from: &[Source],
) -> Result<(), StorageError> {
    let mut has: Vec<(String, i64)> = Vec::new();
    for Source { points, only, .. } in from {
        let sql = format!(
            "SELECT p.value_key, p.contact_id FROM {{ROWS}} CROSS JOIN {points} p
             WHERE p.value_key = j.value->>0 AND p.kind = 'address' AND {}",
            only.1
        );
        for row in tx.rows(sql, args![one_column(keys.iter())]).await? {
            has.push((row.get("value_key")?, row.get("contact_id")?));
        }
    }
    has.sort_unstable();
    let ids: HashSet<i64> = has.iter().map(|(_, id)| *id).collect();
    let mut places: HashMap<i64, usize> = HashMap::new();
    for kept in by_id(tx, &ids, from).await? {
        if kept.contact.trashed_at.is_none() {
            places.insert(kept.contact.id, people.know(kept));
        }
    }
    for (key, id) in has {
        if let Some(at) = places.get(&id) {
            people.know_further(key, *at);
        }
    }
    Ok(())
}
