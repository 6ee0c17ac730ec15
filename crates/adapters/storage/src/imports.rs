//! Keeps imports: the upload in pieces, the plan, how far it is, the rows that could not be taken in.

use async_trait::async_trait;
use audience::{
    BatchResult, Field, FieldStore, ImportBatch, ImportId, ImportJob, ImportPlan, ImportState, ImportStore,
    ImportTrial, NewImport, RowError, StoreFailure, event,
};
use serde_json::json;

use crate::{
    StorageError, Store,
    error::{from_json, named},
    events::{NewEvent, append_one},
    import_batch, import_trial,
    sql::{self, Row, args},
    statistics,
    tx::Tx,
};

const COLUMNS: &str = "id, file_name, bytes_total, plan, state, rows_done, bytes_done, added, updated, unchanged, \
                       failed, skipped, trial, failure, created_by, created_at, finished_at";
/// Uploads hold personal particulars, so their bytes are not kept longer than they may be asked for.
const PIECES_KEPT_MS: i64 = 30 * 24 * 3600 * 1000;
/// Two nodes that take in the same new customer at once: the second looks again.
const APPLY_TRIES: u32 = 3;

#[async_trait]
impl ImportStore for Store {
    async fn import_fields(&self) -> Result<Vec<Field>, StoreFailure> {
        let mut fields = FieldStore::fields(self).await?;
        fields.retain(|field| field.archived_at.is_none());
        Ok(fields)
    }

    async fn create(&self, new: NewImport, now: i64) -> Result<ImportId, StoreFailure> {
        let work = self.write(move |tx| {
            Box::pin(async move {
                forget_old_pieces(tx, now).await?;
                let id = tx.new_id(now);
                let sql = "INSERT INTO imports (id, file_name, state, created_by, created_at)
                           VALUES ($1, $2, $3, $4, $5)";
                let state = ImportState::Uploaded.name();
                tx.execute(sql, args![id, new.file_name, state, new.created_by, now]).await?;
                Ok(id)
            })
        });
        Ok(work.await?)
    }

    async fn append(&self, id: ImportId, seq: u64, bytes: &[u8]) -> Result<(), StoreFailure> {
        let bytes = bytes.to_vec();
        Ok(self.write(move |tx| Box::pin(append(tx, id, seq, bytes))).await?)
    }

    async fn piece(&self, id: ImportId, seq: u64) -> Result<Option<Vec<u8>>, StoreFailure> {
        let row = self.row(PIECE, args![id, seq]).await?;
        Ok(row.map(|row| row.get("bytes")).transpose()?)
    }

    async fn keep_book(&self, id: ImportId, seq: u64, bytes: &[u8]) -> Result<(), StoreFailure> {
        let bytes = bytes.to_vec();
        let sql = "INSERT INTO import_pieces (import_id, seq, bytes) SELECT i.id, $2, $3 FROM imports i
                   WHERE i.id = $1 AND i.state = $4 ON CONFLICT (import_id, seq) DO NOTHING";
        self.execute(sql, args![id, book_place(seq), bytes, ImportState::Uploaded.name()]).await?;
        Ok(())
    }

    async fn book_piece(&self, id: ImportId, seq: u64) -> Result<Option<Vec<u8>>, StoreFailure> {
        let row = self.row(PIECE, args![id, book_place(seq)]).await?;
        Ok(row.map(|row| row.get("bytes")).transpose()?)
    }

    async fn start_over(&self, id: ImportId, file_name: &str) -> Result<bool, StoreFailure> {
        let file_name = file_name.to_owned();
        Ok(self.write(move |tx| Box::pin(start_over(tx, id, file_name))).await?)
    }

    async fn get(&self, id: ImportId) -> Result<Option<ImportJob>, StoreFailure> {
        let row = self.row(format!("SELECT {COLUMNS} FROM imports WHERE id = $1"), args![id]).await?;
        Ok(row.as_ref().map(job_of).transpose()?)
    }

    async fn list(&self, limit: u64) -> Result<Vec<ImportJob>, StoreFailure> {
        let sql = format!("SELECT {COLUMNS} FROM imports ORDER BY id DESC LIMIT $1");
        let rows = self.rows(sql, args![limit]).await?;
        Ok(rows.iter().map(job_of).collect::<Result<_, _>>()?)
    }

    async fn set_plan(&self, id: ImportId, plan: &ImportPlan) -> Result<bool, StoreFailure> {
        let sql = "UPDATE imports SET plan = $2, trial = CASE WHEN plan = $2 THEN trial END WHERE id = $1 AND state = $3";
        let changed = self.execute(sql, args![id, sql::json(plan), ImportState::Uploaded.name()]).await?;
        Ok(changed > 0)
    }

    async fn start(&self, id: ImportId, now: i64) -> Result<bool, StoreFailure> {
        let work = self.write(move |tx| {
            Box::pin(async move {
                let sql =
                    format!("UPDATE imports SET state = $2 WHERE id = $1 AND state = $3 RETURNING {COLUMNS}");
                let states = (ImportState::Running.name(), ImportState::Uploaded.name());
                let Some(row) = tx.row(sql, args![id, states.0, states.1]).await? else { return Ok(false) };
                let job = job_of(&row)?;
                let detail =
                    json!({ "import_id": id, "file_name": job.file_name, "bytes_total": job.bytes_total });
                let told = NewEvent::of(event::IMPORT_STARTED).actor(job.created_by).detail(detail);
                append_one(tx, told, now).await?;
                Ok(true)
            })
        });
        Ok(work.await?)
    }

    async fn running(&self) -> Result<Vec<ImportJob>, StoreFailure> {
        let sql = format!("SELECT {COLUMNS} FROM imports WHERE state IN ($1, $2) ORDER BY id");
        let rows = self.rows(sql, args![ImportState::Running.name(), ImportState::Trying.name()]).await?;
        Ok(rows.iter().map(job_of).collect::<Result<_, _>>()?)
    }

    async fn apply(&self, id: ImportId, batch: &ImportBatch, now: i64) -> Result<BatchResult, StoreFailure> {
        let batch = std::sync::Arc::new(batch.clone());
        let mut tries = 1;
        loop {
            let batch = std::sync::Arc::clone(&batch);
            match self.write_masses(move |tx| Box::pin(import_batch::apply(tx, id, batch, now))).await {
                Err(StorageError::Taken(_) | StorageError::Busy(_)) if tries < APPLY_TRIES => tries += 1,
                result => {
                    statistics::refresh(self).await;
                    return Ok(result?);
                }
            }
        }
    }

    async fn start_trial(&self, id: ImportId, _now: i64) -> Result<bool, StoreFailure> {
        let sql = "UPDATE imports SET state = $2, trial = NULL WHERE id = $1 AND state = $3";
        let states = (ImportState::Trying.name(), ImportState::Uploaded.name());
        Ok(self.execute(sql, args![id, states.0, states.1]).await? > 0)
    }

    async fn try_batch(&self, id: ImportId, batch: &ImportBatch) -> Result<bool, StoreFailure> {
        let batch = std::sync::Arc::new(batch.clone());
        Ok(self.write_masses(move |tx| Box::pin(import_trial::try_batch(tx, id, batch))).await?)
    }

    async fn end_trial(&self, id: ImportId, trial: Option<&ImportTrial>) -> Result<(), StoreFailure> {
        let mut trial = trial.copied();
        if let Some(found) = &mut trial {
            // Asked of everybody in the file at once, so beside the writer's queue.
            let asked = self.read(move |tx| Box::pin(async move { import_trial::suppressed(tx, id).await }));
            found.suppressed = asked.await?;
        }
        let trial = trial.as_ref().map(sql::json);
        Ok(self.write(move |tx| Box::pin(import_trial::end(tx, id, trial))).await?)
    }

    async fn save_preset(&self, name: &str, plan: &ImportPlan, now: i64) -> Result<(), StoreFailure> {
        let sql = "INSERT INTO import_presets (name, plan, updated_at) VALUES ($1, $2, $3)
                   ON CONFLICT (name) DO UPDATE SET plan = $2, updated_at = $3";
        self.execute(sql, args![name, sql::json(plan), now]).await?;
        Ok(())
    }

    async fn presets(&self) -> Result<Vec<(String, ImportPlan)>, StoreFailure> {
        let sql = "SELECT name, plan FROM import_presets ORDER BY updated_at DESC, name LIMIT 50";
        let rows = self.rows(sql, args![]).await?;
        let read = |row: &Row| Ok((row.get("name")?, import_batch::plan_of(row)?));
        Ok(rows.iter().map(read).collect::<Result<_, StorageError>>()?)
    }

    async fn end(
        &self,
        id: ImportId,
        state: ImportState,
        failure: Option<&str>,
        now: i64,
    ) -> Result<bool, StoreFailure> {
        let failure = failure.map(str::to_owned);
        Ok(self.write(move |tx| Box::pin(end(tx, id, state, failure, now))).await?)
    }

    async fn errors(&self, id: ImportId, after: u64, limit: u64) -> Result<Vec<RowError>, StoreFailure> {
        let sql = "SELECT row_no, cells, ja, en FROM import_errors WHERE import_id = $1 AND row_no > $2
                   ORDER BY row_no LIMIT $3";
        let rows = self.rows(sql, args![id, after, limit]).await?;
        Ok(rows.iter().map(row_error_of).collect::<Result<_, _>>()?)
    }
}

fn job_of(row: &Row) -> Result<ImportJob, StorageError> {
    Ok(ImportJob {
        id: row.get("id")?,
        file_name: row.get("file_name")?,
        bytes_total: row.count("bytes_total")?,
        plan: import_batch::plan_of(row)?,
        state: named("import state", &row.get::<String>("state")?, ImportState::from_name)?,
        rows_done: row.count("rows_done")?,
        bytes_done: row.count("bytes_done")?,
        added: row.count("added")?,
        updated: row.count("updated")?,
        unchanged: row.count("unchanged")?,
        failed: row.count("failed")?,
        skipped: row.count("skipped")?,
        trial: row
            .get::<Option<String>>("trial")?
            .map(|text| from_json("trial of an import", &text))
            .transpose()?,
        failure: row.get("failure")?,
        created_by: row.get("created_by")?,
        created_at: row.get("created_at")?,
        finished_at: row.get("finished_at")?,
    })
}

fn row_error_of(row: &Row) -> Result<RowError, StorageError> {
    Ok(RowError {
        row: row.count("row_no")?,
        cells: from_json("cells of an import", &row.get::<String>("cells")?)?,
        ja: row.get("ja")?,
        en: row.get("en")?,
    })
}

async fn forget_old_pieces(tx: &mut Tx, now: i64) -> Result<(), StorageError> {
    let sql = "DELETE FROM import_pieces WHERE import_id IN
               (SELECT id FROM imports WHERE COALESCE(finished_at, created_at) < $1 AND state <> 'running')";
    tx.execute(sql, args![now - PIECES_KEPT_MS]).await?;
    Ok(())
}

const PIECE: &str = "SELECT bytes FROM import_pieces WHERE import_id = $1 AND seq = $2";

/// Pieces of a workbook stand below zero, beside those of the sheet that is read.
fn book_place(seq: u64) -> i64 {
    -1 - i64::try_from(seq).unwrap_or(i64::MAX - 1)
}

async fn start_over(tx: &mut Tx, id: ImportId, file_name: String) -> Result<bool, StorageError> {
    let sql = "UPDATE imports SET file_name = $2, plan = '', trial = NULL, bytes_total = 0 WHERE id = $1 AND state = $3";
    if tx.execute(sql, args![id, file_name, ImportState::Uploaded.name()]).await? == 0 {
        return Ok(false);
    }
    tx.execute("DELETE FROM import_pieces WHERE import_id = $1 AND seq >= 0", args![id]).await?;
    Ok(true)
}

/// A piece that comes twice counts once.
async fn append(tx: &mut Tx, id: ImportId, seq: u64, bytes: Vec<u8>) -> Result<(), StorageError> {
    let size = bytes.len() as u64;
    let sql = "SELECT id FROM imports WHERE id = $1 AND state = $2 {FOR UPDATE}";
    if tx.row(sql, args![id, ImportState::Uploaded.name()]).await?.is_none() {
        return Err(StorageError::Gone(format!("import {id} that takes an upload")));
    }
    let sql = "INSERT INTO import_pieces (import_id, seq, bytes) VALUES ($1, $2, $3)
               ON CONFLICT (import_id, seq) DO NOTHING";
    if tx.execute(sql, args![id, seq, bytes]).await? > 0 {
        let sql = "UPDATE imports SET bytes_total = bytes_total + $2 WHERE id = $1";
        tx.execute(sql, args![id, size]).await?;
    }
    Ok(())
}

async fn end(
    tx: &mut Tx,
    id: ImportId,
    state: ImportState,
    failure: Option<String>,
    now: i64,
) -> Result<bool, StorageError> {
    let sql = format!(
        "UPDATE imports SET state = $2, failure = $3, finished_at = $4 WHERE id = $1 AND state = $5
         RETURNING {COLUMNS}"
    );
    let args = args![id, state.name(), failure, now, ImportState::Running.name()];
    let Some(row) = tx.row(sql, args).await? else { return Ok(false) };
    let job = job_of(&row)?;
    let detail = json!({
        "import_id": id, "file_name": job.file_name, "state": state.name(), "failure": job.failure,
        "added": job.added, "updated": job.updated, "unchanged": job.unchanged, "failed": job.failed,
    });
    let told = NewEvent::of(event::IMPORT_FINISHED).actor(job.created_by).detail(detail);
    append_one(tx, told, now).await?;
    Ok(true)
}
