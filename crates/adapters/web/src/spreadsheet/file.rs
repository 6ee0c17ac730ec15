//! Hands a written spreadsheet out, piece by piece from the disk.

use std::{fs::File, io::Read as _};

use axum::{
    body::{Body, Bytes},
    http::header,
    response::IntoResponse,
};
use futures_util::stream;

use super::write::Sheet;
use crate::problem::{Answer, Problem};

const PIECE_BYTES: u64 = 256 * 1024;

/// The answer that downloads it under `name`.
pub(crate) async fn answer(sheet: Sheet, name: &str) -> Answer {
    let file = tokio::task::spawn_blocking(move || sheet.finish()).await.map_err(failed)?.map_err(failed)?;
    let body = Body::from_stream(stream::try_unfold(file, |mut file: File| async move {
        let mut piece = Vec::new();
        (&mut file).take(PIECE_BYTES).read_to_end(&mut piece)?;
        Ok::<_, std::io::Error>((!piece.is_empty()).then_some((Bytes::from(piece), file)))
    }));
    let headers = [
        (
            header::CONTENT_TYPE,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_owned(),
        ),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, body).into_response())
}

/// What went wrong while it was written.
pub(crate) fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Problem {
    let error: Box<dyn std::error::Error + Send + Sync> = Box::new(error);
    Problem::from(error)
}
