//! The rows of a broadcast as a CSV that Excel opens by itself: UTF-8 with BOM, read from the store page by page.

use axum::{
    body::Body,
    extract::{Path, Query},
    http::header,
    response::IntoResponse,
};
use campaigns::report::{Row, RowFilter};
use futures_util::stream;

use super::{find, rows::Narrow, show::reason_of};
use crate::{
    parts::{chip, csv::quoted, explain, time},
    problem::{Answer, StoreFailure},
    say::t,
    visit::Visit,
};

/// Rows read at once.
const BATCH: u64 = 2_000;

/// `GET /broadcasts/{id}/rows.csv`.
pub(crate) async fn download(visit: Visit, Path(id): Path<i64>, Query(narrow): Query<Narrow>) -> Answer {
    find(&visit, id).await?;
    let begin = Some((visit, id, narrow.filter(), 0));
    let body = Body::from_stream(stream::try_unfold(begin, |at| async move {
        let Some((visit, id, filter, offset)) = at else { return Ok::<_, StoreFailure>(None) };
        let (text, more) = piece(&visit, id, &filter, offset).await?;
        Ok(Some((text, more.then_some((visit, id, filter, offset + BATCH)))))
    }));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"broadcast-{id}.csv\"")),
    ];
    Ok((headers, body).into_response())
}

/// One batch as text, with the head before the first; and whether there is more.
async fn piece(
    visit: &Visit,
    id: i64,
    filter: &RowFilter,
    offset: u64,
) -> Result<(String, bool), StoreFailure> {
    let (rows, _) = visit.house.broadcasts.rows(id, filter, offset, BATCH).await?;
    let mut text = if offset == 0 { head(visit) } else { String::new() };
    for row in &rows {
        record(&mut text, &cells(visit, row));
    }
    Ok((text, rows.len() as u64 == BATCH))
}

fn head(visit: &Visit) -> String {
    let say = visit.say;
    let mut text = "\u{feff}".to_owned();
    let names = [
        t!(say, "contact-name"),
        t!(say, "contact-address"),
        t!(say, "contact-provider"),
        t!(say, "rows-state"),
        t!(say, "rows-reason"),
        t!(say, "explain-original"),
        t!(say, "rows-attempts"),
        t!(say, "rows-at"),
    ];
    record(&mut text, &names);
    text
}

fn cells(visit: &Visit, row: &Row) -> [String; 8] {
    let say = visit.say;
    [
        row.name.clone(),
        row.address.clone(),
        explain::provider_name(say, &row.provider),
        chip::state_name(say, row.state),
        reason_of(visit, row),
        row.reply.clone(),
        row.attempts.to_string(),
        time::sortable(row.state_at),
    ]
}

fn record(text: &mut String, cells: &[String; 8]) {
    for (n, cell) in cells.iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        text.push_str(&quoted(cell));
    }
    text.push_str("\r\n");
}
