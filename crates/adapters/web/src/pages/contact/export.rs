//! Customers as a file: CSV for Excel (UTF-8 with a mark, or CP932), every field, read from the store page by page.

use audience::{
    Contact, ContactFilter, ContactPoint, Field as HouseField, FileRef, OptOutRoute, PointKind, Standing,
};
use axum::{
    body::{Body, Bytes},
    extract::Query,
    http::header,
    response::IntoResponse,
};
use futures_util::stream;
use maud::html;
use serde::Deserialize;

use super::export_sheet;
use crate::{
    parts::{csv::quoted, field::Field, time},
    problem::{Answer, StoreFailure},
    say::t,
    visit::Visit,
};

/// Customers read at once.
pub(super) const BATCH: u64 = 1_000;
/// What replaces a character that CP932 does not have.
const MISSING: char = '〓';

/// Which customers, and how they are written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    q: String,
    standing: String,
    encoding: String,
}

impl Wanted {
    fn filter(&self) -> ContactFilter {
        let standing = Standing::from_name(&self.standing);
        ContactFilter { search: self.q.trim().to_owned(), standing, trashed: false }
    }
}

/// `GET /contacts/export`: how it is to be written.
pub(crate) async fn ask(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let say = visit.say;
    let count = visit.house.contacts.count(&wanted.filter()).await?;
    let choices = [("xlsx", "export-xlsx"), ("utf-8", "export-utf-8"), ("shift_jis", "export-shift-jis")];
    let choices: Vec<_> = choices.map(|(value, key)| (value.to_owned(), say.with(key, None))).into();
    let label = t!(say, "preview-encoding");
    let body = html! {
        p.up { a href="/contacts" { (t!(say, "frame-contacts")) } }
        h1 { (t!(say, "export-title")) }
        form.card method="get" action="/contacts/export.csv" {
            p { (t!(say, "export-count", n = count)) }
            input type="hidden" name="q" value=(wanted.q);
            input type="hidden" name="standing" value=(wanted.standing);
            (Field { name: "encoding", label: &label, ..Field::default() }.select(&choices))
            p.hint { (t!(say, "export-missing")) }
            p.hint { (t!(say, "export-formulas")) }
            button.btn.primary type="submit" { (t!(say, "export-yes")) }
        }
    };
    Ok(visit.page(&t!(say, "export-title"), &body).into_response())
}

pub(super) struct Writing {
    pub(super) visit: Visit,
    pub(super) filter: ContactFilter,
    pub(super) fields: Vec<HouseField>,
    /// Columns of further addresses and of further numbers.
    pub(super) further: (u64, u64),
    shift_jis: bool,
    after: i64,
    began: bool,
}

/// `GET /contacts/export.csv`.
pub(crate) async fn download(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    if wanted.encoding == "xlsx" {
        return export_sheet::write(visit, wanted).await;
    }
    let shift_jis = wanted.encoding == "shift_jis";
    let writing = Writing::begin(visit, &wanted).await?;
    let body = Body::from_stream(stream::try_unfold(Some(writing), |writing| async move {
        let Some(mut writing) = writing else { return Ok::<_, StoreFailure>(None) };
        let (bytes, more) = piece(&mut writing).await?;
        Ok(Some((Bytes::from(bytes), more.then_some(writing))))
    }));
    let charset = if shift_jis { "Shift_JIS" } else { "utf-8" };
    let headers = [
        (header::CONTENT_TYPE, format!("text/csv; charset={charset}")),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"customers.csv\"".to_owned()),
    ];
    Ok((headers, body).into_response())
}

async fn piece(writing: &mut Writing) -> Result<(Vec<u8>, bool), StoreFailure> {
    let contacts = writing.visit.house.contacts.list_after(&writing.filter, writing.after, BATCH).await?;
    let mut text = String::new();
    if !std::mem::replace(&mut writing.began, true) {
        head(writing, &mut text);
    }
    let ids: Vec<i64> = contacts.iter().map(|contact| contact.id).collect();
    let points = writing.visit.house.points.points_of(&ids).await?;
    for contact in &contacts {
        let mut cells = cells(writing, contact);
        cells.extend(further_cells(writing, contact, &points));
        record(&mut text, &cells, writing.shift_jis);
        writing.after = contact.id;
    }
    let more = contacts.len() as u64 == BATCH;
    Ok((if writing.shift_jis { in_shift_jis(&text) } else { text.into_bytes() }, more))
}

impl Writing {
    /// From the beginning.
    pub(super) async fn begin(visit: Visit, wanted: &Wanted) -> Result<Self, StoreFailure> {
        let fields = visit.house.imports.import_fields().await?;
        let further = visit.house.points.most_points().await?;
        let shift_jis = wanted.encoding == "shift_jis";
        Ok(Self { filter: wanted.filter(), visit, fields, further, shift_jis, after: 0, began: false })
    }
}

fn head(writing: &Writing, text: &mut String) {
    if !writing.shift_jis {
        text.push('\u{feff}');
    }
    let mut names = names(writing);
    if writing.shift_jis {
        names.push(t!(writing.visit.say, "export-unwritten"));
    }
    record(text, &names, false);
}

/// The names of the columns.
pub(super) fn names(writing: &Writing) -> Vec<String> {
    let say = writing.visit.say;
    let keys = [
        "contact-external-id",
        "contact-name",
        "contact-kana",
        "contact-address",
        "contact-phone",
        "contact-company",
        "contact-note",
        "contact-status",
        "contact-dm",
        "export-opt-out",
        "export-invalid",
        "contact-since",
    ];
    let mut names: Vec<String> = keys.map(|key| say.with(key, None)).into();
    names.extend(writing.fields.iter().map(|field| field.label.clone()));
    names.extend((0..writing.further.0).map(|n| t!(say, "export-further-address", n = n + 2)));
    names.extend((0..writing.further.1).map(|n| t!(say, "export-further-phone", n = n + 2)));
    names
}

pub(super) fn cells(writing: &Writing, contact: &Contact) -> Vec<String> {
    let say = writing.visit.say;
    let at = |at: Option<i64>| at.map(time::sortable).unwrap_or_default();
    let dm = if contact.dm_refused_at.is_some() { "contact-dm-no" } else { "contact-dm-yes" };
    let route = contact.opt_out_route.map(OptOutRoute::name).unwrap_or_default();
    let mut cells = vec![
        contact.external_id.clone(),
        contact.name.clone(),
        contact.kana.clone(),
        contact.address.clone().unwrap_or_default(),
        contact.phone.clone(),
        contact.company.clone(),
        contact.note.clone(),
        say.with(&format!("contact-status-{}", contact.status.name()), None),
        say.with(dm, None),
        format!("{} {route}", at(contact.opted_out_at)).trim().to_owned(),
        at(contact.invalid_at),
        time::sortable(contact.created_at),
    ];
    cells.extend(writing.fields.iter().map(|field| {
        let text = contact.fields.get(&field.key).cloned().unwrap_or_default();
        serde_json::from_str::<FileRef>(&text).map_or(text, |file| file.name)
    }));
    cells
}

/// The further addresses, then the further numbers, each in as many columns as anybody needs.
pub(super) fn further_cells(writing: &Writing, contact: &Contact, points: &[ContactPoint]) -> Vec<String> {
    let columns = [(PointKind::Address, writing.further.0), (PointKind::Phone, writing.further.1)];
    let of_kind = |(kind, columns): (PointKind, u64)| {
        let own =
            points.iter().filter(move |point| point.contact_id == contact.id && point.draft.kind == kind);
        let values = own.map(|point| point.draft.value.clone());
        values.chain(std::iter::repeat(String::new())).take(usize::try_from(columns).unwrap_or(0))
    };
    columns.into_iter().flat_map(of_kind).collect()
}

/// With `show_unwritten`, a last cell names the characters that CP932 does not have.
fn record(text: &mut String, cells: &[String], show_unwritten: bool) {
    let mut line: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    if show_unwritten {
        let mut lost: Vec<char> =
            cells.iter().flat_map(|cell| cell.chars()).filter(|c| !is_writable(*c)).collect();
        lost.sort_unstable();
        lost.dedup();
        let told: Vec<String> = lost.into_iter().map(|c| format!("U+{:04X}", c as u32)).collect();
        line.push(quoted(&told.join(" ")));
    }
    text.push_str(&line.join(","));
    text.push_str("\r\n");
}

fn is_writable(c: char) -> bool {
    c.is_ascii() || !encoding_rs::SHIFT_JIS.encode(c.encode_utf8(&mut [0; 4])).2
}

fn in_shift_jis(text: &str) -> Vec<u8> {
    let (bytes, _, lost) = encoding_rs::SHIFT_JIS.encode(text);
    if !lost {
        return bytes.into_owned();
    }
    let replaced: String = text.chars().map(|c| if is_writable(c) { c } else { MISSING }).collect();
    encoding_rs::SHIFT_JIS.encode(&replaced).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_said() {
        let mut text = String::new();
        record(&mut text, &["髙橋😀".to_owned(), "ok".to_owned()], true);
        assert_eq!(text, "\"髙橋😀\",\"ok\",\"U+1F600\"\r\n");
        assert_eq!(in_shift_jis("a😀"), [b'a', 0x81, 0xac]);
    }
}
