//! Takes an uploaded spreadsheet in as the CSV of one of its sheets; from there on it is a file like any other.

use std::{
    fs::File,
    io::{Read as _, Write as _},
};

use audience::{NewImport, SAMPLE_BYTES};
use axum::{body::Bytes, extract::multipart::Field};

use super::receive::{FILE_BYTES_MAX, PIECE_BYTES, PREVIEW_ROWS, Received, drain};
use crate::{
    problem::Problem,
    say::{Say, t},
    spreadsheet::{
        file::failed,
        read::{Refusal, to_csv},
    },
    visit::Visit,
};

/// `first` are the bytes that have come already.
pub(super) async fn take(
    visit: &Visit,
    (file_name, sheet): (String, &str),
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
    let wanted = sheet.to_owned();
    let read = move || {
        std::io::Seek::rewind(&mut file).map_err(|_| Refusal::Damaged)?;
        to_csv(file, &wanted)
    };
    match tokio::task::spawn_blocking(read).await.map_err(failed)? {
        Ok((csv, sheet)) => keep(visit, &format!("{file_name} [{sheet}]"), csv).await,
        Err(refusal) => Ok(Received::Refused(refusal)),
    }
}

async fn keep(visit: &Visit, name: &str, mut csv: File) -> Result<Received, Problem> {
    let imports = &visit.house.imports;
    let (mut id, mut sample, mut seq) = (None, Vec::new(), 0);
    loop {
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        (&mut csv).take(PIECE_BYTES as u64).read_to_end(&mut piece).map_err(failed)?;
        if piece.is_empty() {
            break;
        }
        let room = SAMPLE_BYTES.saturating_sub(sample.len());
        sample.extend_from_slice(&piece[..piece.len().min(room)]);
        let id = match id {
            Some(id) => id,
            None => {
                let new = NewImport { file_name: name.to_owned(), created_by: visit.actor() };
                *id.insert(imports.create(new, visit.now()).await?)
            }
        };
        imports.append(id, seq, &piece).await?;
        seq += 1;
    }
    let Some(id) = id else { return Ok(Received::Empty) };
    let (mut plan, _, _) = audience::suggest_plan(&sample, PREVIEW_ROWS);
    // We wrote it ourselves; nothing is to be guessed.
    plan.encoding = "UTF-8".to_owned();
    plan.delimiter = ',';
    imports.set_plan(id, &plan).await?;
    Ok(Received::Kept(id))
}

/// Why it cannot be read, and what to do.
pub(super) fn words(say: Say, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Encrypted => t!(say, "spreadsheet-encrypted"),
        Refusal::Old => t!(say, "spreadsheet-old"),
        Refusal::Macro => t!(say, "spreadsheet-macro"),
        Refusal::Damaged => t!(say, "spreadsheet-damaged"),
        Refusal::TooLarge => t!(say, "spreadsheet-too-large"),
        Refusal::NoSheet(names) => t!(say, "spreadsheet-no-sheet", names = names.join(" / ")),
    }
}
