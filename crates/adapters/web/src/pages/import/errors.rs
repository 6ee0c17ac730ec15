//! The bad rows as a file like the one that came, with a column that says why.

use std::sync::Arc;

use accounts::Language;
use audience::{ErrorCsv, ReasonLanguage};
use axum::{
    body::{Body, Bytes},
    extract::Path,
    http::header,
    response::IntoResponse,
};
use futures_util::stream;

use crate::{
    app::House,
    links,
    problem::{Answer, Problem, StoreFailure},
    say::t,
    spreadsheet::{
        file,
        write::{Cell, Sheet},
    },
    visit::Visit,
};

/// `GET /imports/{id}/errors.csv`: streamed, however many rows there are.
pub(crate) async fn download(visit: Visit, Path(id): Path<i64>) -> Answer {
    let imports = &visit.house.imports;
    let job = imports.get(id).await?.ok_or(Problem::NotFound)?;
    let language = match visit.say.0 {
        Language::Ja => ReasonLanguage::Ja,
        Language::En => ReasonLanguage::En,
    };
    let file = ErrorCsv::open(imports.as_ref(), id, language).await?.ok_or(Problem::NotFound)?;
    let body = Body::from_stream(stream::try_unfold((Arc::clone(&visit.house), file), next_piece));
    let stem = job.file_name.rsplit_once('.').map_or(job.file_name.as_str(), |(stem, _)| stem);
    let name = t!(visit.say, "import-errors-name", name = stem);
    let headers = [
        (header::CONTENT_TYPE, format!("text/csv; charset={}", job.plan.encoding)),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"errors.csv\"; filename*=UTF-8''{}", links::encoded(&name)),
        ),
    ];
    Ok((headers, body).into_response())
}

/// Bad rows asked for at once.
const ROWS_AT_ONCE: u64 = 500;

/// `GET /imports/{id}/errors.xlsx`: the same rows for a spreadsheet.
pub(crate) async fn as_spreadsheet(visit: Visit, Path(id): Path<i64>) -> Answer {
    let imports = &visit.house.imports;
    let job = imports.get(id).await?.ok_or(Problem::NotFound)?;
    let mut columns = job.plan.columns.clone();
    columns.push(t!(visit.say, "import-errors-reason"));
    let width = columns.len() - 1;
    let mut sheet = Sheet::new(&columns).map_err(file::failed)?;
    let mut after = 0;
    loop {
        let errors = imports.errors(id, after, ROWS_AT_ONCE).await?;
        let Some(last) = errors.last() else { break };
        after = last.row;
        for error in &errors {
            let mut cells = error.cells.clone();
            cells.resize(width, String::new());
            cells.push(visit.say.pick(&error.ja, &error.en).to_owned());
            let cells: Vec<Cell> = cells.into_iter().map(Cell::Text).collect();
            sheet.row(&cells).map_err(file::failed)?;
        }
    }
    file::answer(sheet, "errors.xlsx").await
}

type Reading = (Arc<House>, ErrorCsv);

async fn next_piece((house, mut file): Reading) -> Result<Option<(Bytes, Reading)>, StoreFailure> {
    let piece = file.next_piece(house.imports.as_ref()).await?;
    Ok(piece.map(|piece| (Bytes::from(piece), (house, file))))
}
