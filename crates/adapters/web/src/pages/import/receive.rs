//! Takes the file in, piece by piece, so that a large one is never whole in memory.

use audience::{ImportId, NewImport, SAMPLE_BYTES};
use axum::{
    extract::multipart::{Field, Multipart},
    http::StatusCode,
    response::{IntoResponse, Redirect},
};

use super::{spreadsheet, upload};
use crate::{
    form::Upload,
    links,
    problem::{Answer, Problem},
    say::t,
    spreadsheet::read::{Refusal, is_spreadsheet},
    visit::Visit,
};

/// Largest file, in bytes.
pub(super) const FILE_BYTES_MAX: u64 = 200_000_000;
/// How much of a file that is too large is read and thrown away, so that the browser shows our answer instead of a
/// broken connection.
const DRAIN_BYTES_MAX: u64 = 1_000_000_000;
/// Size of the pieces that are kept.
pub(super) const PIECE_BYTES: usize = 1024 * 1024;
/// Rows the first look at a file uses.
pub(super) const PREVIEW_ROWS: usize = 20;
/// Longest file name that is kept, in characters.
const NAME_CHARS_MAX: usize = 200;

/// What became of an upload.
pub(super) enum Received {
    Kept(ImportId),
    Empty,
    TooLarge,
    CutOff,
    /// A spreadsheet that cannot be read.
    Refused(Refusal),
}

/// `POST /imports`.
pub(crate) async fn receive(visit: Visit, Upload(mut multipart): Upload) -> Answer {
    let say = visit.say;
    let (status, words) = match take(&visit, &mut multipart).await? {
        Received::Kept(id) => return Ok(Redirect::to(&links::import(id)).into_response()),
        Received::Empty => (StatusCode::UNPROCESSABLE_ENTITY, t!(say, "import-empty-file")),
        Received::CutOff => (StatusCode::BAD_REQUEST, t!(say, "import-cut-off")),
        Received::TooLarge => {
            (StatusCode::PAYLOAD_TOO_LARGE, t!(say, "import-too-large", max = FILE_BYTES_MAX / 1_000_000))
        }
        Received::Refused(refusal) => (StatusCode::UNPROCESSABLE_ENTITY, spreadsheet::words(say, &refusal)),
    };
    Ok((status, upload::page(&visit, Some(&words))).into_response())
}

async fn take(visit: &Visit, multipart: &mut Multipart) -> Result<Received, Problem> {
    loop {
        match multipart.next_field().await {
            Ok(Some(field)) if field.name() == Some("file") => return take_file(visit, field).await,
            Ok(Some(_)) => {}
            Ok(None) => return Ok(Received::Empty),
            Err(_) => return Ok(Received::CutOff),
        }
    }
}

async fn take_file(visit: &Visit, mut field: Field<'_>) -> Result<Received, Problem> {
    let imports = &visit.house.imports;
    let file_name = shown_name(field.file_name().unwrap_or_default());
    let (mut id, mut piece, mut sample) = (None, Vec::with_capacity(PIECE_BYTES), Vec::new());
    let (mut seq, mut total) = (0, 0);
    loop {
        let chunk = match field.chunk().await {
            Ok(chunk) => chunk.unwrap_or_default(),
            Err(_) => return Ok(Received::CutOff),
        };
        if total == 0 && is_spreadsheet(&chunk) {
            return spreadsheet::take(visit, file_name, chunk, field).await;
        }
        total += chunk.len() as u64;
        if total > FILE_BYTES_MAX {
            drain(field, total).await;
            return Ok(Received::TooLarge);
        }
        let room = SAMPLE_BYTES.saturating_sub(sample.len());
        sample.extend_from_slice(&chunk[..chunk.len().min(room)]);
        piece.extend_from_slice(&chunk);
        let ended = chunk.is_empty();
        if piece.len() >= PIECE_BYTES || (ended && !piece.is_empty()) {
            let new = NewImport { file_name: file_name.clone(), created_by: visit.actor() };
            let id = match id {
                Some(id) => id,
                None => *id.insert(imports.create(new, visit.now()).await?),
            };
            imports.append(id, seq, &piece).await?;
            seq += 1;
            piece.clear();
        }
        if ended {
            break;
        }
    }
    let Some(id) = id else { return Ok(Received::Empty) };
    // An upload without a plan is one that was cut off; the plan makes it whole.
    let (plan, _, _) = audience::suggest_plan(&sample, PREVIEW_ROWS);
    imports.set_plan(id, &plan).await?;
    Ok(Received::Kept(id))
}

pub(super) async fn drain(mut field: Field<'_>, mut total: u64) {
    while let Ok(Some(chunk)) = field.chunk().await {
        total += chunk.len() as u64;
        if total > DRAIN_BYTES_MAX {
            return;
        }
    }
}

/// The name without a path and without control characters.
fn shown_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names() {
        assert_eq!(shown_name("C:\\Users\\hanako\\customers.csv"), "customers.csv");
        assert_eq!(shown_name("../../etc/passwd"), "passwd");
        assert_eq!(shown_name("a\r\nb.csv"), "ab.csv");
        assert_eq!(shown_name(&"x".repeat(500)).len(), 200);
    }
}
