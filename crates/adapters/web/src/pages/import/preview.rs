//! The file as it will be read: encoding, delimiter, header, what each column is, the first rows.

use std::collections::BTreeMap;

use audience::{
    Book, FAILURES, FIELD_TARGET, Field as HouseField, ImportJob, ImportPlan, Preview, RowOutcome, RowReader,
};
use maud::{Markup, html};

use super::{receive::PREVIEW_ROWS, terms};
use crate::{
    links,
    parts::field::Field,
    problem::Problem,
    say::{Say, t},
    visit::Visit,
};

/// What a column can be, in the order of the choice.
pub(super) const TARGETS: [&str; 12] = [
    "address",
    "more_address",
    "name",
    "kana",
    "phone",
    "more_phone",
    "company",
    "external_id",
    "note",
    "wants_mail",
    "field",
    "skip",
];
/// Encodings a file can be read in.
pub(super) const ENCODINGS: [&str; 5] = ["UTF-8", "Shift_JIS", "UTF-16LE", "UTF-16BE", "EUC-JP"];
/// Name in the form, character.
pub(super) const DELIMITERS: [(&str, char); 3] = [("comma", ','), ("tab", '\t'), ("semicolon", ';')];
/// Values of a column shown beside its choice.
const EXAMPLES: usize = 3;

/// Whether the file can be imported like this at all.
pub(super) fn is_blocked(preview: &Preview) -> bool {
    preview.problems.iter().any(|problem| FAILURES.contains(&problem.key))
}

/// What the house has for a file: its fields, and the names of remembered assignments.
pub(super) struct Kept {
    fields: Vec<HouseField>,
    presets: Vec<String>,
}

impl Kept {
    pub(super) async fn of(visit: &Visit) -> Result<Self, Problem> {
        let fields = visit.house.imports.import_fields().await?;
        let presets = visit.house.imports.presets().await?;
        Ok(Self { fields, presets: presets.into_iter().map(|(name, _)| name).collect() })
    }
}

/// The form. `remark` is said on top.
pub(super) fn form(
    visit: &Visit,
    job: &ImportJob,
    sample: &[u8],
    kept: &Kept,
    remark: Option<&str>,
) -> Markup {
    let Kept { fields, presets } = kept;
    let say = visit.say;
    let preview = audience::preview(sample, &job.plan, PREVIEW_ROWS);
    let blocked = is_blocked(&preview);
    html! {
        p.lead { (t!(say, "preview-lead")) }
        @if let Some(remark) = remark { div.notice role="status" { p { (remark) } } }
        @for problem in &preview.problems {
            div class=(if FAILURES.contains(&problem.key) { "notice bad" } else { "notice" }) role="alert" {
                p { (say.pick(&problem.sentence.ja, &problem.sentence.en)) }
            }
        }
        form method="post" action={ (links::import(job.id)) "/plan" } {
            (visit.token_field())
            div.card {
                h2 { (t!(say, "preview-how")) }
                (how(say, &job.plan))
                button.btn type="submit" name="step" value="reread" { (t!(say, "preview-reread")) }
            }
            @if !preview.columns.is_empty() {
                div.card {
                    h2 { (t!(say, "preview-columns")) }
                    p { (t!(say, "preview-columns-what")) }
                    (columns(say, &job.plan.mapping, &preview, fields))
                }
                div.card {
                    h2 { (t!(say, "preview-rows", n = preview.rows.len())) }
                    (rows(say, &job.plan, &preview, fields))
                }
            }
            (terms::cards(say, job, presets))
            div.actions.foot-bar {
                button.btn.primary type="submit" name="step" value="start" disabled[blocked] {
                    (t!(say, "preview-start"))
                }
                button.btn type="submit" name="step" value="try" disabled[blocked] { (t!(say, "import-try")) }
                a.btn href="/imports/new" { (t!(say, "preview-other-file")) }
            }
        }
    }
}

fn how(say: Say, plan: &ImportPlan) -> Markup {
    let words =
        |kind: &str, name: &str| say.with(&format!("{kind}-{}", name.to_lowercase().replace('_', "-")), None);
    let encodings: Vec<_> = ENCODINGS.map(|name| (name.to_owned(), words("encoding", name))).into();
    let delimiters: Vec<_> = DELIMITERS.map(|(name, _)| (name.to_owned(), words("delimiter", name))).into();
    let delimiter = DELIMITERS.iter().find(|(_, c)| *c == plan.delimiter).map_or("comma", |(name, _)| name);
    let (encoding_label, delimiter_label) = (t!(say, "preview-encoding"), t!(say, "preview-delimiter"));
    let encoding =
        Field { name: "encoding", label: &encoding_label, value: &plan.encoding, ..Field::default() };
    let delimiter =
        Field { name: "delimiter", label: &delimiter_label, value: delimiter, ..Field::default() };
    html! {
        @if let Some(book) = &plan.book { (sheets(say, book)) }
        div.columns {
            (encoding.select(&encodings))
            (delimiter.select(&delimiters))
        }
        label.check {
            input type="checkbox" name="header" value="1" checked[plan.has_header];
            span { (t!(say, "preview-header")) }
        }
    }
}

fn sheets(say: Say, book: &Book) -> Markup {
    let choices: Vec<_> = book.sheets.iter().map(|name| (name.clone(), name.clone())).collect();
    let (label, hint) = (t!(say, "spreadsheet-sheet"), t!(say, "spreadsheet-sheet-hint"));
    Field { name: "sheet", label: &label, hint: &hint, value: &book.chosen, ..Field::default() }
        .select(&choices)
}

fn columns(say: Say, mapping: &BTreeMap<usize, String>, preview: &Preview, fields: &[HouseField]) -> Markup {
    html! {
        table.folds {
            thead {
                tr {
                    th { (t!(say, "preview-column")) }
                    th { (t!(say, "preview-examples")) }
                    th { (t!(say, "preview-target")) }
                }
            }
            tbody {
                @for (index, column) in preview.columns.iter().enumerate() {
                    tr {
                        td { (column) }
                        td data-label=(t!(say, "preview-examples")) { span.sub { (examples(preview, index)) } }
                        td data-label=(t!(say, "preview-target")) { (choice(say, mapping, (index, column), fields)) }
                    }
                }
            }
        }
    }
}

fn choice(
    say: Say,
    mapping: &BTreeMap<usize, String>,
    (index, column): (usize, &str),
    fields: &[HouseField],
) -> Markup {
    let chosen = mapping.get(&index).map_or("skip", String::as_str);
    // A column with the name of a field goes there by itself.
    let same = audience::field_named(fields, column).map(|field| format!("{FIELD_TARGET}{}", field.key));
    let chosen = if chosen == "field" { same.as_deref().unwrap_or(chosen) } else { chosen };
    html! {
        select name={ "map-" (index) } aria-label=(column) {
            @for target in TARGETS {
                option value=(target) selected[target == chosen] {
                    (say.with(&format!("target-{}", target.replace('_', "-")), None))
                }
            }
            @if !fields.is_empty() {
                optgroup label=(t!(say, "preview-own-fields")) {
                    @for field in fields {
                        @let target = format!("{FIELD_TARGET}{}", field.key);
                        option value=(target) selected[target == chosen] { (field.label) }
                    }
                }
            }
        }
    }
}

fn examples(preview: &Preview, index: usize) -> String {
    let values =
        preview.rows.iter().filter_map(|cells| cells.get(index)).filter(|cell| !cell.trim().is_empty());
    values.take(EXAMPLES).map(|cell| shortened(cell)).collect::<Vec<_>>().join(" / ")
}

fn shortened(cell: &str) -> String {
    let start: String = cell.chars().take(40).collect();
    if start.len() < cell.len() { format!("{start}\u{2026}") } else { start }
}

fn rows(say: Say, plan: &ImportPlan, preview: &Preview, fields: &[HouseField]) -> Markup {
    let reader = RowReader::new(plan, fields);
    let reason = |row: usize, cells: &[String]| match reader.read(row as u64 + 1, cells.to_vec()) {
        RowOutcome::Good(_) => None,
        RowOutcome::Bad(error) => Some(say.pick(&error.ja, &error.en).to_owned()),
    };
    html! {
        div.scroll tabindex="0" {
            table.raw {
                thead { tr { @for column in &preview.columns { th { (column) } } } }
                tbody {
                    @for (row, cells) in preview.rows.iter().enumerate() {
                        @let reason = reason(row, cells);
                        tr.bad[reason.is_some()] { @for cell in cells { td { (cell) } } }
                        @if let Some(reason) = reason {
                            tr.bad.why { td colspan=(preview.columns.len()) { (t!(say, "preview-bad-row", reason = reason)) } }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_has_words() {
        let say = Say::default();
        let keys = TARGETS
            .iter()
            .map(|name| format!("target-{name}"))
            .chain(ENCODINGS.iter().map(|name| format!("encoding-{name}")))
            .chain(DELIMITERS.iter().map(|(name, _)| format!("delimiter-{name}")));
        for key in keys {
            let key = key.to_lowercase().replace('_', "-");
            assert!(say.find(&key, None).is_some(), "{key}");
        }
    }
}
