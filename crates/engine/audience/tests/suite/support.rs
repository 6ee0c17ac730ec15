//! An import store in memory that can be interrupted at will, so that tests see what a crash would leave.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use audience::{
    BatchResult, Field, ImportBatch, ImportId, ImportJob, ImportPlan, ImportRow, ImportState, ImportStore,
    ImportTrial, NewImport, RowError, StoreFailure,
};

/// What happens to the nth `apply`, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The process dies before the commit.
    Before,
    /// The process dies behind the commit.
    Behind,
    /// An operator cancels just before.
    Cancel,
}

#[derive(Default)]
pub struct Inner {
    pub job: Option<ImportJob>,
    pub pieces: Vec<Vec<u8>>,
    pub rows: Vec<ImportRow>,
    pub errors: Vec<RowError>,
    pub applies: usize,
    pub trouble: BTreeMap<usize, Trouble>,
}

/// One import at rest.
#[derive(Default)]
pub struct MemoryStore(Mutex<Inner>);

impl MemoryStore {
    /// A running import of these bytes in pieces of `piece` octets.
    pub fn running(bytes: &[u8], plan: ImportPlan, piece: usize) -> Self {
        let pieces: Vec<Vec<u8>> = bytes.chunks(piece.max(1)).map(<[u8]>::to_vec).collect();
        let job = ImportJob {
            id: 1,
            file_name: "customers.csv".to_owned(),
            bytes_total: bytes.len() as u64,
            plan,
            state: ImportState::Running,
            rows_done: 0,
            bytes_done: 0,
            added: 0,
            updated: 0,
            unchanged: 0,
            failed: 0,
            skipped: 0,
            trial: None,
            failure: None,
            created_by: None,
            created_at: 0,
            finished_at: None,
        };
        Self(Mutex::new(Inner { job: Some(job), pieces, ..Inner::default() }))
    }

    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    pub fn job(&self) -> ImportJob {
        self.inner().job.clone().unwrap()
    }
}

fn apply(inner: &mut Inner, batch: &ImportBatch) -> BatchResult {
    let nothing = BatchResult::default();
    let Some(job) = inner.job.as_mut() else { return nothing };
    if job.state != ImportState::Running || job.rows_done != batch.rows_before {
        return nothing;
    }
    assert!(batch.rows_after > batch.rows_before && batch.bytes_after >= job.bytes_done);
    assert_eq!(batch.rows_after - batch.rows_before, (batch.rows.len() + batch.errors.len()) as u64);
    job.rows_done = batch.rows_after;
    job.bytes_done = batch.bytes_after;
    job.added += batch.rows.len() as u64;
    job.failed += batch.errors.len() as u64;
    inner.rows.extend(batch.rows.iter().cloned());
    inner.errors.extend(batch.errors.iter().cloned());
    BatchResult { applied: true, added: batch.rows.len() as u64, updated: 0, unchanged: 0, skipped: 0 }
}

#[async_trait]
impl ImportStore for MemoryStore {
    async fn import_fields(&self) -> Result<Vec<Field>, StoreFailure> {
        Ok(Vec::new())
    }
    async fn create(&self, _: NewImport, _: i64) -> Result<ImportId, StoreFailure> {
        Ok(1)
    }
    async fn append(&self, _: ImportId, _: u64, bytes: &[u8]) -> Result<(), StoreFailure> {
        self.inner().pieces.push(bytes.to_vec());
        Ok(())
    }
    async fn piece(&self, _: ImportId, seq: u64) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(self.inner().pieces.get(usize::try_from(seq)?).cloned())
    }
    async fn keep_book(&self, _: ImportId, _: u64, _: &[u8]) -> Result<(), StoreFailure> {
        Ok(())
    }
    async fn book_piece(&self, _: ImportId, _: u64) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(None)
    }
    async fn start_over(&self, _: ImportId, _: &str) -> Result<bool, StoreFailure> {
        Ok(false)
    }
    async fn get(&self, id: ImportId) -> Result<Option<ImportJob>, StoreFailure> {
        Ok(self.inner().job.clone().filter(|job| job.id == id))
    }
    async fn list(&self, _: u64) -> Result<Vec<ImportJob>, StoreFailure> {
        Ok(self.inner().job.clone().into_iter().collect())
    }
    async fn set_plan(&self, _: ImportId, _: &ImportPlan) -> Result<bool, StoreFailure> {
        Ok(false)
    }
    async fn start(&self, _: ImportId, _: i64) -> Result<bool, StoreFailure> {
        Ok(false)
    }
    async fn running(&self) -> Result<Vec<ImportJob>, StoreFailure> {
        Ok(self.inner().job.clone().into_iter().collect())
    }
    async fn apply(&self, _: ImportId, batch: &ImportBatch, _: i64) -> Result<BatchResult, StoreFailure> {
        let mut inner = self.inner();
        let number = inner.applies;
        inner.applies += 1;
        let trouble = inner.trouble.get(&number).copied();
        match trouble {
            Some(Trouble::Before) => return Err("interrupted before the commit".into()),
            Some(Trouble::Cancel) => {
                if let Some(job) = inner.job.as_mut() {
                    job.state = ImportState::Cancelled;
                }
            }
            _ => {}
        }
        let result = apply(&mut inner, batch);
        if trouble == Some(Trouble::Behind) {
            return Err("interrupted behind the commit".into());
        }
        Ok(result)
    }
    async fn start_trial(&self, _: ImportId, _: i64) -> Result<bool, StoreFailure> {
        Ok(false)
    }
    async fn try_batch(&self, _: ImportId, _: &ImportBatch) -> Result<bool, StoreFailure> {
        Ok(false)
    }
    async fn end_trial(&self, _: ImportId, _: Option<&ImportTrial>) -> Result<(), StoreFailure> {
        Ok(())
    }
    async fn save_preset(&self, _: &str, _: &ImportPlan, _: i64) -> Result<(), StoreFailure> {
        Ok(())
    }
    async fn presets(&self) -> Result<Vec<(String, ImportPlan)>, StoreFailure> {
        Ok(Vec::new())
    }
    async fn end(
        &self,
        _: ImportId,
        state: ImportState,
        failure: Option<&str>,
        now: i64,
    ) -> Result<bool, StoreFailure> {
        let mut inner = self.inner();
        let Some(job) = inner.job.as_mut().filter(|job| job.state == ImportState::Running) else {
            return Ok(false);
        };
        job.state = state;
        job.failure = failure.map(str::to_owned);
        job.finished_at = Some(now);
        Ok(true)
    }
    async fn errors(&self, _: ImportId, after: u64, limit: u64) -> Result<Vec<RowError>, StoreFailure> {
        let inner = self.inner();
        let later = inner.errors.iter().filter(|error| error.row > after);
        Ok(later.take(usize::try_from(limit)?).cloned().collect())
    }
}
