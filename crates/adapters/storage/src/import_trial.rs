//! Looks at the rows of a file as an import would take them in, and changes no contact.

use std::{
    collections::{BTreeSet, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use audience::{BatchResult, ContactDraft, ImportBatch, ImportId, ImportState, ImportTrial, OptOutRoute};
use campaigns::broadcast::Purpose;

use crate::{
    StorageError,
    broadcasts::left_out,
    contact_rows::{self, COLUMNS, Kept},
    error::from_json,
    field_values::Registry,
    import_batch::{merge, plan_of},
    import_load::{Source, load, one_column},
    import_merge::People,
    sql::{self, args},
    tx::Tx,
    validity::known_reason,
};

/// Keys of people a trial imagines are above it: newer than everybody in the house.
const FIRST_ID: i64 = 1 << 62;

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
    let mut registry = Registry::load(tx).await?;
    registry.imagine(batch.rows.iter().flat_map(|row| row.draft.fields.keys()));
    let (mut result, mut rest) = (BatchResult::default(), batch.rows.as_slice());
    let house = Source::trial(id);
    while !rest.is_empty() {
        let mut people = load(tx, rest, &house).await?;
        let ids = rest.iter().map(|row| FIRST_ID + i64::try_from(row.row).unwrap_or(0));
        let taken = merge(&mut people, (rest, &plan), ids, &mut result, 0);
        people.all.iter_mut().for_each(|person| registry.settle(&mut person.kept.contact.fields));
        meet(tx, id, &people).await?;
        remember(tx, id, &people).await?;
        rest = &rest[taken..];
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

/// Whom the file is about, each once: below zero, beside the rows' own numbers and addresses.
async fn meet(tx: &mut Tx, id: ImportId, people: &People) -> Result<(), StorageError> {
    let meant = people.all.iter().filter(|person| person.is_meant);
    let mut keys: Vec<[i64; 1]> = meant.map(|person| [-person.kept.contact.id]).collect();
    keys.sort_unstable();
    tx.execute(MEET, args![sql::json(&keys), id]).await?;
    Ok(())
}

const MEET: &str =
    "INSERT INTO import_met (import_id, met) SELECT $2, CAST(j.value->>0 AS BIGINT) FROM {ROWS} WHERE TRUE
                    ON CONFLICT (import_id, met) DO NOTHING";

/// How many of the people the file is about would get no advertising after the import, although they have an address:
/// the rules of a broadcast, and what is known of addresses that are new to the house.
pub(crate) async fn suppressed(tx: &mut Tx, id: ImportId) -> Result<u64, StorageError> {
    let reason = format!(
        "c.address_key IS NOT NULL AND CASE {} WHEN {} IS NOT NULL THEN 'address_invalid' END IS NOT NULL",
        left_out(Purpose::Advertising),
        known_reason("c.address_key")
    );
    // CROSS JOIN keeps SQLite from walking the contacts.
    let sql = format!(
        "SELECT (SELECT COUNT(*) FROM import_met m CROSS JOIN import_people c
                 WHERE m.import_id = $1 AND m.met < 0 AND c.import_id = $1 AND c.id = -m.met AND {reason})
              + (SELECT COUNT(*) FROM import_met m CROSS JOIN contacts c
                 WHERE m.import_id = $1 AND m.met < 0 AND c.id = -m.met AND {reason}
                   AND NOT EXISTS (SELECT 1 FROM import_people t WHERE t.import_id = $1 AND t.id = c.id)) AS people"
    );
    tx.row(sql, args![id]).await?.map_or(Ok(0), |row| row.count("people"))
}

/// What the rows have made of people so far is kept beside the house, so that later rows find it.
async fn remember(tx: &mut Tx, id: ImportId, people: &People) -> Result<(), StorageError> {
    let touched = people.all.iter().filter(|person| person.before.is_none() || person.is_changed());
    let touched: Vec<&Kept> = touched.map(|person| &person.kept).collect();
    contact_rows::imagine(tx, id, &touched).await?;
    let points: Vec<(i64, &str, &str)> = people
        .all
        .iter()
        .flat_map(|person| {
            let id = person.kept.contact.id;
            person.more.iter().map(move |draft| (id, draft.kind.name(), draft.value_key.as_str()))
        })
        .collect();
    if !points.is_empty() {
        let sql = "INSERT INTO import_people_points (import_id, contact_id, kind, value_key)
                   SELECT $2, CAST(j.value->>0 AS BIGINT), j.value->>1, j.value->>2 FROM {ROWS} WHERE TRUE
                   ON CONFLICT (import_id, contact_id, value_key) DO NOTHING";
        tx.execute(sql, args![sql::json(&points), id]).await?;
    }
    let refused = people.all.iter().filter(|person| person.refuses_mail);
    let refused: BTreeSet<&str> = refused.filter_map(|person| person.kept.address_key.as_deref()).collect();
    opt_out_others(tx, id, &refused).await
}

/// Who refuses mail refuses it for the address: everybody else who has it is remembered as opted out too.
async fn opt_out_others(tx: &mut Tx, id: ImportId, keys: &BTreeSet<&str>) -> Result<(), StorageError> {
    if keys.is_empty() {
        return Ok(());
    }
    let sql = "UPDATE import_people SET opted_out_at = 0, opt_out_route = 'import'
               WHERE import_id = $2 AND opted_out_at IS NULL
                 AND address_key IN (SELECT j.value->>0 FROM {ROWS})";
    tx.execute(sql, args![one_column(keys.iter()), id]).await?;
    let sql = format!(
        "SELECT {COLUMNS}, c.address_key FROM {{ROWS}} CROSS JOIN contacts c
         WHERE c.address_key = j.value->>0 AND c.opted_out_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM import_people t WHERE t.import_id = $2 AND t.id = c.id)"
    );
    let mut others = Vec::new();
    for row in tx.rows(sql, args![one_column(keys.iter()), id]).await? {
        let mut kept = Kept::of(&row)?;
        kept.opt_out(OptOutRoute::Import, 0);
        others.push(kept);
    }
    contact_rows::imagine(tx, id, &others.iter().collect::<Vec<_>>()).await
}

/// Rows whose number or address an earlier row of the file has.
async fn met_before(tx: &mut Tx, id: ImportId, batch: &ImportBatch) -> Result<u64, StorageError> {
    let keys: Vec<i64> = batch.rows.iter().filter_map(|row| print(&row.draft)).collect();
    let different: HashSet<i64> = keys.iter().copied().collect();
    let repeated = (keys.len() - different.len()) as u64;
    let mut rows: Vec<[i64; 1]> = different.into_iter().map(|key| [key]).collect();
    rows.sort_unstable();
    let all = rows.len() as u64;
    let fresh = tx.execute(MEET, args![sql::json(&rows), id]).await?;
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
    for sql in [
        "DELETE FROM import_met WHERE import_id = $1",
        "DELETE FROM import_people WHERE import_id = $1",
        "DELETE FROM import_people_points WHERE import_id = $1",
    ] {
        tx.execute(sql, args![id]).await?;
    }
    Ok(())
}
