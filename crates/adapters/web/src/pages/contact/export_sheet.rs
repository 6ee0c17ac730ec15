//! Customers as a spreadsheet: the columns of the CSV, with dates as dates and numbers as numbers.

use audience::{Contact, FieldKind, read_date};
use axum::{extract::Query, http::StatusCode, response::IntoResponse};
use maud::html;

use super::export::{BATCH, Wanted, Writing, cells, further_cells, names};
use crate::{
    parts::time,
    problem::Answer,
    say::t,
    spreadsheet::{
        file,
        write::{Cell, ROWS_MAX, Sheet},
    },
    visit::Visit,
};

/// Columns of ours before the fields of the house; the last three hold moments.
const OURS: usize = 12;

/// `GET /contacts/export.xlsx`.
pub(crate) async fn download(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    write(visit, wanted).await
}

/// Writes it to the disk page by page, then hands it out.
pub(super) async fn write(visit: Visit, wanted: Wanted) -> Answer {
    let writing = Writing::begin(visit, &wanted).await?;
    let (house, say) = (&writing.visit.house, writing.visit.say);
    if house.contacts.count(&writing.filter).await? >= ROWS_MAX {
        let title = t!(say, "export-title");
        let body = html! {
            h1 { (title) }
            div.notice.bad role="alert" { p { (t!(say, "export-too-many", max = ROWS_MAX - 1)) } }
            a.btn href="/contacts/export" { (t!(say, "button-back")) }
        };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, writing.visit.page(&title, &body)).into_response());
    }
    let mut sheet = Sheet::new(&names(&writing)).map_err(file::failed)?;
    let mut after = 0;
    loop {
        let contacts = house.contacts.list_after(&writing.filter, after, BATCH).await?;
        let ids: Vec<i64> = contacts.iter().map(|contact| contact.id).collect();
        let points = house.points.points_of(&ids).await?;
        for contact in &contacts {
            let mut row = row_of(&writing, contact);
            row.extend(further_cells(&writing, contact, &points).into_iter().map(Cell::Text));
            sheet.row(&row).map_err(file::failed)?;
            after = contact.id;
        }
        if (contacts.len() as u64) < BATCH {
            break;
        }
    }
    file::answer(sheet, "customers.xlsx").await
}

fn row_of(writing: &Writing, contact: &Contact) -> Vec<Cell> {
    let moment = |at: Option<i64>| at.map_or(Cell::Text(String::new()), |at| Cell::Moment(time::serial(at)));
    let texts = cells(writing, contact).into_iter().enumerate();
    texts
        .map(|(column, text)| match column {
            10 => moment(contact.invalid_at),
            11 => moment(Some(contact.created_at)),
            ours if ours < OURS => Cell::Text(text),
            own => typed(writing.fields.get(own - OURS).map(|field| field.kind), text),
        })
        .collect()
}

/// A value as its field's kind has it; what cannot be read as that stays text.
fn typed(kind: Option<FieldKind>, text: String) -> Cell {
    match kind {
        Some(FieldKind::Number) => text.parse().map_or(Cell::Text(text), Cell::Number),
        Some(FieldKind::Date) => match read_date(&text) {
            Some((Some(date), _)) => Cell::Day(f64::from(days_of(date)) + 25_569.0),
            _ => Cell::Text(text),
        },
        _ => Cell::Text(text),
    }
}

fn days_of(date: jiff::civil::Date) -> i32 {
    let since = jiff::civil::date(1970, 1, 1).until(date);
    since.map_or(0, |span| span.get_days())
}
