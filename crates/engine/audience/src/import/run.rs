//! Runs an import from its stored pieces to its end, and goes on where an interrupted one stopped.

use super::{
    detect::SAMPLE_BYTES,
    intake::Intake,
    preview::{mapping_failure, refusal},
};
use crate::{ImportBatch, ImportId, ImportJob, ImportState, ImportStore, StoreFailure};

/// How much is read between two looks at the runtime.
const CHUNK_BYTES: usize = 64 * 1024;

/// Every value of [`ImportJob::failure`]; [`super::failure_sentence`] has the words.
///
/// - `empty`: there is no row behind the header.
/// - `spreadsheet`: the file is xlsx, xls, ods or the like.
/// - `not_text`: the file is not text.
/// - `encoding`: the file is not in the chosen encoding, or the encoding is unknown.
/// - `line_too_long`: the row of column names is over 256 KiB. (A data row of that length is a bad row.)
/// - `no_mapping`: no column is an address, a name or a customer number.
/// - `too_many_fields`: more than 60 columns are to be kept as extra fields.
/// - `open_quotes`: over 1,000 lines have a quotation mark that is not closed.
/// - `incomplete`: pieces of the upload are missing.
pub const FAILURES: [&str; 9] = [
    "empty",
    "spreadsheet",
    "not_text",
    "encoding",
    "line_too_long",
    "no_mapping",
    "too_many_fields",
    "open_quotes",
    "incomplete",
];

/// Takes the rows of a running import in, or looks at those of a trial run, up to its end, and says how it ended.
///
/// May be called again after a crash or an error: rows that were taken in are passed over, and a batch counts once
/// whoever brings it. Gives the import's state as it is when it is not running, was cancelled meanwhile, or another
/// worker is doing it. `clock` gives the present instant.
///
/// # Errors
/// When the store cannot be asked, or has no such import. The import stays as it is.
pub async fn run_import(
    store: &dyn ImportStore,
    id: ImportId,
    clock: &(dyn Fn() -> i64 + Send + Sync),
) -> Result<ImportState, StoreFailure> {
    let job = load(store, id).await?;
    if !matches!(job.state, ImportState::Running | ImportState::Trying) {
        return Ok(job.state);
    }
    let sample = sample(store, id).await?;
    let fields = store.import_fields().await?;
    let refused = mapping_failure(&job.plan).or_else(|| refusal(&sample, &job.plan.encoding));
    let intake = if sample.is_empty() { None } else { Intake::new(&job.plan, &fields, job.rows_done) };
    let failure = match (refused, intake) {
        (None, Some(intake)) => match take_all(store, &job, intake, clock).await? {
            Ended::Read(failure) => failure,
            Ended::NotOurs => return Ok(load(store, id).await?.state),
        },
        _ if sample.is_empty() => Some("empty"),
        (refused, _) => refused.or(Some("encoding")),
    };
    if job.state == ImportState::Trying {
        let found = load(store, id).await?.trial.filter(|_| failure.is_none());
        store.end_trial(id, found.as_ref()).await?;
        return Ok(load(store, id).await?.state);
    }
    let state = if failure.is_some() { ImportState::Failed } else { ImportState::Finished };
    if store.end(id, state, failure, clock()).await? {
        return Ok(state);
    }
    Ok(load(store, id).await?.state)
}

enum Ended {
    /// All was read, or it could not go on.
    Read(Option<&'static str>),
    /// It was cancelled, or another worker took rows in.
    NotOurs,
}

async fn load(store: &dyn ImportStore, id: ImportId) -> Result<ImportJob, StoreFailure> {
    store.get(id).await?.ok_or_else(|| format!("there is no import {id}").into())
}

/// The beginning of the upload, however small its pieces are.
async fn sample(store: &dyn ImportStore, id: ImportId) -> Result<Vec<u8>, StoreFailure> {
    let mut sample = Vec::new();
    let mut seq = 0;
    while sample.len() < SAMPLE_BYTES
        && let Some(piece) = store.piece(id, seq).await?
    {
        sample.extend_from_slice(&piece[..piece.len().min(SAMPLE_BYTES)]);
        seq += 1;
    }
    sample.truncate(SAMPLE_BYTES);
    Ok(sample)
}

async fn take_all(
    store: &dyn ImportStore,
    job: &ImportJob,
    mut intake: Intake,
    clock: &(dyn Fn() -> i64 + Send + Sync),
) -> Result<Ended, StoreFailure> {
    let mut seq = 0;
    while let Some(piece) = store.piece(job.id, seq).await? {
        for chunk in piece.chunks(CHUNK_BYTES) {
            let (back, batches) = feed(intake, chunk.to_vec(), false).await?;
            intake = back;
            if !apply(store, job, &batches, clock).await? {
                return Ok(Ended::NotOurs);
            }
            if intake.failure().is_some() {
                return Ok(Ended::Read(intake.failure()));
            }
        }
        seq += 1;
    }
    if intake.bytes_fed() < job.bytes_total {
        return Ok(Ended::Read(Some("incomplete")));
    }
    let (intake, batches) = feed(intake, Vec::new(), true).await?;
    if !apply(store, job, &batches, clock).await? {
        return Ok(Ended::NotOurs);
    }
    let empty = (intake.rows_seen() == 0).then_some("empty");
    Ok(Ended::Read(intake.failure().or(empty)))
}

/// Reading rows is work for the processor, so it is done beside the runtime's own threads.
async fn feed(
    mut intake: Intake,
    bytes: Vec<u8>,
    last: bool,
) -> Result<(Intake, Vec<ImportBatch>), StoreFailure> {
    let work = move || {
        let batches = intake.feed(&bytes, last);
        (intake, batches)
    };
    Ok(tokio::task::spawn_blocking(work).await?)
}

async fn apply(
    store: &dyn ImportStore,
    job: &ImportJob,
    batches: &[ImportBatch],
    clock: &(dyn Fn() -> i64 + Send + Sync),
) -> Result<bool, StoreFailure> {
    for batch in batches {
        let applied = match job.state {
            ImportState::Trying => store.try_batch(job.id, batch).await?,
            _ => store.apply(job.id, batch, clock()).await?.applied,
        };
        if !applied {
            return Ok(false);
        }
    }
    Ok(true)
}
