//! Looks at the rows of a file as an import would take them in, and changes no contact.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use audience::{BatchResult, ContactDraft, ImportBatch, ImportId, ImportState, ImportTrial};

use crate::{
    StorageError,
    error::from_json,
    field_values::Registry,
    import_batch::{load, merge, plan_of},
    import_merge::People,
    sql::{self, args},
    tx::Tx,
};

/// See [`audience::ImportStore::try_batch`].
pub(crate) async fn try_batch(
    tx: &mut Tx,
    id: ImportId,
    batch: Arc<ImportBatch>,
) -> Result<bool, StorageError> {
    let sql = "SELECT plan, trial FROM imports WHERE id = $1 AND state = $2 AND rows_done = $3 {FOR UPDATE}";
    let guard = args![id, ImportState::Trying.name(), batch.rows_before];
    let Some(row) = tx.row(sql, guard).await? else { return Ok(false) };
    let (plan, kept): (_, Option<String>) = (plan_of(&row)?, row.get("trial")?);
    let mut trial: ImportTrial =
        kept.map_or(Ok(ImportTrial::default()), |text| from_json("trial of an import", &text))?;
    let registry = Registry::load(tx).await?;
    let (mut result, mut rest) = (BatchResult::default(), batch.rows.as_slice());
    while !rest.is_empty() {
        let mut people = load(tx, rest).await?;
        people.all.iter_mut().for_each(|person| registry.settle(&mut person.kept.contact.fields));
        let taken = merge(tx, &mut people, (rest, &plan), &mut result, 0);
        trial.suppressed += suppressed(&people);
        // A row that only the database could make clear is taken for what it says.
        rest = &rest[taken.max(1)..];
    }
    trial.duplicates += met_before(tx, id, &batch).await?;
    trial.added += result.added;
    trial.updated += result.updated;
    trial.unchanged += result.unchanged;
    trial.skipped += result.skipped;
    trial.failed += batch.errors.len() as u64;
    let sql = "UPDATE imports SET rows_done = $2, bytes_done = $3, trial = $4 WHERE id = $1";
    tx.execute(sql, args![id, batch.rows_after, batch.bytes_after, sql::json(&trial)]).await?;
    Ok(true)
}

/// People of these rows who get no advertising whatever else.
fn suppressed(people: &People) -> u64 {
    let refused = people.all.iter().filter(|person| {
        let contact = &person.kept.contact;
        contact.opted_out_at.is_some() || contact.invalid_at.is_some() || contact.dm_refused_at.is_some()
    });
    refused.count() as u64
}

/// Rows whose number or address an earlier row of the file has. Beyond one batch the trial writes nothing to contacts,
/// so a row that repeats a new customer of an earlier batch is counted as new and as a duplicate.
async fn met_before(tx: &mut Tx, id: ImportId, batch: &ImportBatch) -> Result<u64, StorageError> {
    let keys: Vec<i64> = batch.rows.iter().filter_map(|row| print(&row.draft)).collect();
    let different: HashSet<i64> = keys.iter().copied().collect();
    let repeated = (keys.len() - different.len()) as u64;
    let mut rows: Vec<[i64; 1]> = different.into_iter().map(|key| [key]).collect();
    rows.sort_unstable();
    let all = rows.len() as u64;
    let sql = "INSERT INTO import_met (import_id, met) SELECT $2, CAST(j.value->>0 AS BIGINT) FROM {ROWS} WHERE TRUE
               ON CONFLICT (import_id, met) DO NOTHING";
    let fresh = tx.execute(sql, args![sql::json(&rows), id]).await?;
    Ok(repeated + all - fresh)
}

fn print(draft: &ContactDraft) -> Option<i64> {
    let text = match draft.external_id.as_str() {
        "" => draft.address_key.as_deref()?,
        number => number,
    };
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    // 53 bits survive any reader of JSON.
    i64::try_from(hasher.finish() >> 11).ok()
}

/// Back to where it was, with what was found.
pub(crate) async fn end(tx: &mut Tx, id: ImportId, trial: Option<String>) -> Result<(), StorageError> {
    let sql = "UPDATE imports SET state = $2, trial = $3, rows_done = 0, bytes_done = 0 WHERE id = $1 AND state = $4";
    let states = (ImportState::Uploaded.name(), ImportState::Trying.name());
    tx.execute(sql, args![id, states.0, trial, states.1]).await?;
    tx.execute("DELETE FROM import_met WHERE import_id = $1", args![id]).await?;
    Ok(())
}
