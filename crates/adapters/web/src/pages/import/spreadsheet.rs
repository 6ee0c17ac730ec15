//! Takes an uploaded spreadsheet in as the CSV of one of its sheets; from there on it is a file like any other.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
};

use audience::{Book, ImportId, ImportJob, ImportPlan, NewImport, SAMPLE_BYTES};
use axum::{body::Bytes, extract::multipart::Field};

use super::receive::{FILE_BYTES_MAX, PIECE_BYTES, PREVIEW_ROWS, Received, drain};
use crate::{
    problem::Problem,
    say::{Say, t},
    spreadsheet::{
        file::failed,
        read::{COLUMNS_MAX, Read, Refusal, to_csv},
    },
    visit::Visit,
};

/// `first` are the bytes that have come already.
pub(super) async fn take(
    visit: &Visit,
    file_name: String,
    first: Bytes,
    mut field: Field<'_>,
) -> Result<Received, Problem> {
    let mut file = tempfile::tempfile().map_err(failed)?;
    let (mut total, mut chunk) = (0_u64, first);
    while !chunk.is_empty() {
        total += chunk.len() as u64;
        if total > FILE_BYTES_MAX {
            drain(field, total).await;
            return Ok(Received::TooLarge);
        }
        file.write_all(&chunk).map_err(failed)?;
        chunk = match field.chunk().await {
            Ok(chunk) => chunk.unwrap_or_default(),
            Err(_) => return Ok(Received::CutOff),
        };
    }
    let kept = file.try_clone().map_err(failed)?;
    match read(file, String::new()).await? {
        Ok(Read { csv, .. }) if is_empty(&csv)? => Ok(Received::Empty),
        Ok(Read { csv, sheet, sheets }) => {
            let new = NewImport { file_name: named(&file_name, &sheet), created_by: visit.actor() };
            let id = visit.house.imports.create(new, visit.now()).await?;
            // Of one sheet alone there is nothing to choose.
            let book = (sheets.len() > 1).then_some(Book { file_name, sheets, chosen: sheet });
            if book.is_some() {
                keep_book(visit, id, kept).await?;
            }
            keep(visit, id, csv, book).await?;
            Ok(Received::Kept(id))
        }
        Err(refusal) => Ok(Received::Refused(refusal)),
    }
}

/// Puts another sheet of an upload's workbook in the place of the one that was read, and gives its plan; or says why it
/// cannot be read.
pub(super) async fn choose(
    visit: &Visit,
    job: &ImportJob,
    sheet: &str,
) -> Result<Result<ImportPlan, String>, Problem> {
    let say = visit.say;
    let Some(book) = &job.plan.book else { return Ok(Ok(job.plan.clone())) };
    let mut file = tempfile::tempfile().map_err(failed)?;
    for seq in 0.. {
        let Some(piece) = visit.house.imports.book_piece(job.id, seq).await? else { break };
        file.write_all(&piece).map_err(failed)?;
    }
    let csv = match read(file, sheet.to_owned()).await? {
        Ok(Read { csv, .. }) if is_empty(&csv)? => return Ok(Err(t!(say, "spreadsheet-empty-sheet"))),
        Ok(Read { csv, .. }) => csv,
        Err(refusal) => return Ok(Err(words(say, &refusal))),
    };
    let name = named(&book.file_name, sheet);
    if !visit.house.imports.start_over(job.id, &name).await? {
        return Ok(Ok(job.plan.clone()));
    }
    let book = Book { chosen: sheet.to_owned(), ..book.clone() };
    Ok(Ok(keep(visit, job.id, csv, Some(book)).await?))
}

async fn read(mut file: File, wanted: String) -> Result<Result<Read, Refusal>, Problem> {
    let read = move || {
        file.rewind().map_err(|_| Refusal::Damaged)?;
        to_csv(file, &wanted)
    };
    tokio::task::spawn_blocking(read).await.map_err(failed)
}

fn is_empty(csv: &File) -> Result<bool, Problem> {
    Ok(csv.metadata().map_err(failed)?.len() == 0)
}

fn named(file_name: &str, sheet: &str) -> String {
    format!("{file_name} [{sheet}]")
}

fn next_piece(file: &mut File) -> Result<Vec<u8>, Problem> {
    let mut piece = Vec::with_capacity(PIECE_BYTES);
    file.take(PIECE_BYTES as u64).read_to_end(&mut piece).map_err(failed)?;
    Ok(piece)
}

async fn keep_book(visit: &Visit, id: ImportId, mut book: File) -> Result<(), Problem> {
    book.seek(SeekFrom::Start(0)).map_err(failed)?;
    for seq in 0.. {
        let piece = next_piece(&mut book)?;
        if piece.is_empty() {
            break;
        }
        visit.house.imports.keep_book(id, seq, &piece).await?;
    }
    Ok(())
}

async fn keep(visit: &Visit, id: ImportId, mut csv: File, book: Option<Book>) -> Result<ImportPlan, Problem> {
    let imports = &visit.house.imports;
    let mut sample = Vec::new();
    for seq in 0.. {
        let piece = next_piece(&mut csv)?;
        if piece.is_empty() {
            break;
        }
        let room = SAMPLE_BYTES.saturating_sub(sample.len());
        sample.extend_from_slice(&piece[..piece.len().min(room)]);
        imports.append(id, seq, &piece).await?;
    }
    let (mut plan, _, _) = audience::suggest_plan(&sample, PREVIEW_ROWS);
    // We wrote it ourselves; nothing is to be guessed.
    plan.encoding = "UTF-8".to_owned();
    plan.delimiter = ',';
    plan.book = book;
    imports.set_plan(id, &plan).await?;
    Ok(plan)
}

/// Why it cannot be read, and what to do.
pub(super) fn words(say: Say, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Encrypted => t!(say, "spreadsheet-encrypted"),
        Refusal::Old => t!(say, "spreadsheet-old"),
        Refusal::Macro => t!(say, "spreadsheet-macro"),
        Refusal::Damaged => t!(say, "spreadsheet-damaged"),
        Refusal::TooLarge => t!(say, "spreadsheet-too-large"),
        Refusal::TooWide => t!(say, "spreadsheet-too-wide", max = COLUMNS_MAX),
        Refusal::NoSheet(names) => t!(say, "spreadsheet-no-sheet", names = names.join(" / ")),
    }
}
