//! Takes a batch of an import in with a handful of statements, however many rows it has.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use audience::{
    BatchResult, FileConsent, ImportBatch, ImportId, ImportPlan, ImportRow, ImportState, OptOutRoute,
    RowError, event,
};
use serde_json::{Value, json};

use crate::{
    StorageError,
    contact_edit::difference,
    contact_rows::{self, Kept},
    error::from_json,
    events::{NewEvent, append},
    field_values::Registry,
    import_load::{Source, load, one_column},
    import_merge::{Merged, People, Person},
    ledger, point_rows,
    sql::{self, Row, args},
    tx::Tx,
    validity,
};

/// See [`audience::ImportStore::apply`].
pub(crate) async fn apply(
    tx: &mut Tx,
    id: ImportId,
    batch: Arc<ImportBatch>,
    now: i64,
) -> Result<BatchResult, StorageError> {
    let sql =
        "SELECT created_by, plan FROM imports WHERE id = $1 AND state = $2 AND rows_done = $3 {FOR UPDATE}";
    let guard = args![id, ImportState::Running.name(), batch.rows_before];
    let Some(row) = tx.row(sql, guard).await? else { return Ok(BatchResult::default()) };
    let plan = plan_of(&row)?;
    let import = Import { id, actor: row.get("created_by")?, now, consent: plan.consent.clone() };
    let mut result = BatchResult { applied: true, ..BatchResult::default() };
    let mut registry = Registry::load(tx).await?;
    registry.remember(tx, batch.rows.iter().flat_map(|row| row.draft.fields.keys()), now).await?;
    let mut rest = batch.rows.as_slice();
    while !rest.is_empty() {
        let mut people = load(tx, rest, &[Source::house()]).await?;
        let ids = tx.ids.take(now, rest.len());
        let taken = merge(&mut people, (rest, &plan), ids, &mut result, now);
        people.all.iter_mut().for_each(|person| registry.settle(&mut person.kept.contact.fields));
        write(tx, &people, &registry, &import).await?;
        rest = &rest[taken..];
    }
    keep_errors(tx, id, &batch.errors).await?;
    tx.execute(
        "UPDATE imports SET rows_done = $2, bytes_done = $3, added = added + $4, updated = updated + $5,
                unchanged = unchanged + $6, failed = failed + $7, skipped = skipped + $8 WHERE id = $1",
        args![
            id,
            batch.rows_after,
            batch.bytes_after,
            result.added,
            result.updated,
            result.unchanged,
            batch.errors.len() as u64,
            result.skipped
        ],
    )
    .await?;
    Ok(result)
}

/// On whose behalf contacts change.
struct Import {
    id: ImportId,
    actor: Option<i64>,
    now: i64,
    consent: Option<FileConsent>,
}

pub(crate) fn plan_of(row: &Row) -> Result<ImportPlan, StorageError> {
    let plan: String = row.get("plan")?;
    if plan.is_empty() { Ok(ImportPlan::default()) } else { from_json("plan of an import", &plan) }
}

/// Takes rows in up to the first unclear one; returns how many. The first row after a load is never unclear. `ids` are
/// for new contacts.
pub(crate) fn merge(
    people: &mut People,
    (rows, plan): (&[ImportRow], &ImportPlan),
    ids: impl IntoIterator<Item = i64>,
    result: &mut BatchResult,
    now: i64,
) -> usize {
    for (taken, (row, id)) in rows.iter().zip(ids).enumerate() {
        match people.merge(row, plan, id, now) {
            Merged::Added => result.added += 1,
            Merged::Updated => result.updated += 1,
            Merged::Unchanged => result.unchanged += 1,
            Merged::Skipped => result.skipped += 1,
            Merged::Unclear => return taken,
        }
    }
    rows.len()
}

async fn write(
    tx: &mut Tx,
    people: &People,
    registry: &Registry,
    import: &Import,
) -> Result<(), StorageError> {
    let added: Vec<&Kept> =
        people.all.iter().filter(|person| person.before.is_none()).map(|person| &person.kept).collect();
    let changed: Vec<&Kept> =
        people.all.iter().filter(|person| person.is_changed()).map(|person| &person.kept).collect();
    if contact_rows::insert(tx, &added, import.now).await? != added.len() as u64 {
        return Err(StorageError::Taken("a customer number that came at the same moment".to_owned()));
    }
    contact_rows::update(tx, &changed, import.now).await?;
    let written = people.all.iter().filter(|person| person.before.is_none() || person.is_changed());
    let written: Vec<_> = written.map(|person| (person.before.as_ref(), &person.kept)).collect();
    registry.write(tx, &written).await?;
    keep_ledger(tx, people, import).await?;
    let mut events: Vec<NewEvent> = people.all.iter().flat_map(|person| events_of(person, import)).collect();
    events.extend(bring_points(tx, people, import).await?);
    events.extend(opt_out_others(tx, people, import).await?);
    append(tx, &events, import.now).await?;
    let moved = |person: &&Person| {
        person.before.as_ref().is_none_or(|before| before.address_key != person.kept.address_key)
    };
    let moved: Vec<i64> = people.all.iter().filter(moved).map(|person| person.kept.contact.id).collect();
    validity::apply_known(tx, &moved, import.now).await
}

/// Adds the further addresses and numbers; those of people who were here before are told of one by one.
async fn bring_points(tx: &mut Tx, people: &People, import: &Import) -> Result<Vec<NewEvent>, StorageError> {
    let with = people.all.iter().filter(|person| !person.more.is_empty());
    let wanted: Vec<_> =
        with.map(|person| (person.kept.contact.id, Vec::new(), person.more.as_slice())).collect();
    let mut added = point_rows::take_in(tx, &wanted, import.now).await?;
    let new: HashSet<i64> = people
        .all
        .iter()
        .filter(|person| person.before.is_none())
        .map(|person| person.kept.contact.id)
        .collect();
    added.retain(|point| !new.contains(&point.contact_id));
    let told = added.iter().map(|point| {
        let draft = &point.draft;
        let detail = json!({
            "kind": draft.kind.name(), "value": draft.value, "label": draft.label, "import_id": import.id,
        });
        NewEvent::of(event::POINT_ADDED).contact(point.contact_id).actor(import.actor).detail(detail)
    });
    Ok(told.collect())
}

/// What the people of this file agreed to, and who withdrew it in the same file.
async fn keep_ledger(tx: &mut Tx, people: &People, import: &Import) -> Result<(), StorageError> {
    let had = |person: &Person| person.before.as_ref().is_some_and(|before| before.contact.consent.is_some());
    if let Some(consent) = &import.consent {
        let agreed = people.all.iter().filter(|person| person.kept.contact.consent.is_some() && !had(person));
        let agreed: Vec<(i64, &str)> = agreed
            .map(|person| {
                (person.kept.contact.id, person.kept.contact.address.as_deref().unwrap_or_default())
            })
            .collect();
        ledger::given_by_file(tx, (import.id, import.actor), consent, &agreed, import.now).await?;
    }
    let refused = people.all.iter().filter(|person| person.is_newly_opted_out());
    let refused: Vec<i64> = refused.map(|person| person.kept.contact.id).collect();
    ledger::withdrawn(tx, &refused, None, (OptOutRoute::Import, import.actor), import.now).await
}

fn events_of(person: &Person, import: &Import) -> Vec<NewEvent> {
    let contact = &person.kept.contact;
    let mut events = Vec::new();
    let told =
        |kind, detail: Value| NewEvent::of(kind).contact(contact.id).actor(import.actor).detail(detail);
    match &person.before {
        None => events.push(told(event::CONTACT_IMPORTED, json!({ "import_id": import.id }))),
        Some(before) if person.is_changed() => {
            let mut detail = difference(before, &person.kept);
            detail["import_id"] = json!(import.id);
            events.push(told(event::CONTACT_EDITED, detail));
        }
        Some(_) => {}
    }
    if person.before.as_ref().is_some_and(|before| before.contact.trashed_at.is_some()) && person.is_changed()
    {
        events.push(told(event::CONTACT_RESTORED, json!({ "import_id": import.id })));
    }
    if person.is_newly_opted_out() {
        let route = contact.opt_out_route.map(OptOutRoute::name);
        events.push(told(event::CONTACT_OPTED_OUT, json!({ "route": route, "import_id": import.id })));
    }
    events
}

/// Who refuses mail refuses it for the address, so everybody else who has it is opted out too.
async fn opt_out_others(
    tx: &mut Tx,
    people: &People,
    import: &Import,
) -> Result<Vec<NewEvent>, StorageError> {
    let keys: BTreeSet<&str> = people
        .all
        .iter()
        .filter(|person| person.refuses_mail)
        .filter_map(|person| person.kept.address_key.as_deref())
        .collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "UPDATE contacts SET opted_out_at = $2, opt_out_route = $3, updated_at = $2
               WHERE address_key IN (SELECT j.value->>0 FROM {ROWS}) AND opted_out_at IS NULL RETURNING id";
    let route = OptOutRoute::Import.name();
    let rows = tx.rows(sql, args![one_column(keys.iter()), import.now, route]).await?;
    let detail = json!({ "route": route, "import_id": import.id });
    let ids = rows.iter().map(|row| row.get("id")).collect::<Result<Vec<i64>, _>>()?;
    ledger::withdrawn(tx, &ids, None, (OptOutRoute::Import, import.actor), import.now).await?;
    rows.iter()
        .map(|row| {
            let told = NewEvent::of(event::CONTACT_OPTED_OUT).actor(import.actor).detail(detail.clone());
            Ok(told.contact(row.get::<i64>("id")?))
        })
        .collect()
}

async fn keep_errors(tx: &mut Tx, id: ImportId, errors: &[RowError]) -> Result<(), StorageError> {
    if errors.is_empty() {
        return Ok(());
    }
    let rows: Vec<Value> =
        errors.iter().map(|error| json!([error.row, sql::json(&error.cells), error.ja, error.en])).collect();
    tx.execute(
        "INSERT INTO import_errors (import_id, row_no, cells, ja, en)
         SELECT $2, CAST(j.value->>0 AS BIGINT), j.value->>1, j.value->>2, j.value->>3 FROM {ROWS} WHERE TRUE
         ON CONFLICT (import_id, row_no) DO NOTHING",
        args![sql::json(&rows), id],
    )
    .await?;
    Ok(())
}
