//! How an import ended: counts that add up, and every bad row with its reason.

use audience::{ImportJob, ImportState, RowError};
use maud::{Markup, html};

use super::{list, progress::numbers};
use crate::{
    links,
    parts::time,
    problem::Problem,
    say::{Say, t},
    visit::Visit,
};

/// Bad rows shown on the page; the file has all of them.
const ROWS_SHOWN: u64 = 50;

/// The body of the page.
pub(super) async fn body(visit: &Visit, job: &ImportJob) -> Result<Markup, Problem> {
    let say = visit.say;
    let errors = visit.house.imports.errors(job.id, 0, ROWS_SHOWN).await?;
    Ok(html! {
        p.lead {
            (list::state(say, job.state)) " "
            @if let Some(at) = job.finished_at { (time::when(say, at, visit.now())) }
        }
        @if let Some(words) = failure(say, job) { div.notice.bad role="alert" { p { (words) } } }
        div.card {
            h2 { (t!(say, "import-rows-done", n = job.rows_done)) }
            (numbers(visit, job))
            div.actions {
                a.btn.primary href="/contacts" { (t!(say, "import-see-contacts")) }
                a.btn href="/imports/new" { (t!(say, "import-another")) }
            }
        }
        @if !errors.is_empty() { (bad_rows(visit, job, &errors)) }
    })
}

/// Why an import failed as a whole.
fn failure(say: Say, job: &ImportJob) -> Option<String> {
    if job.state != ImportState::Failed {
        return None;
    }
    let known = job.failure.as_deref().and_then(audience::failure_sentence);
    Some(
        known.map_or_else(
            || t!(say, "import-failed-unknown"),
            |words| say.pick(&words.ja, &words.en).to_owned(),
        ),
    )
}

fn bad_rows(visit: &Visit, job: &ImportJob, errors: &[RowError]) -> Markup {
    let say = visit.say;
    // A spreadsheet counts the heading too.
    let heading = u64::from(job.plan.has_header);
    html! {
        div.card id="errors" {
            h2 { (t!(say, "import-errors", n = job.failed)) }
            p { (t!(say, "import-errors-what")) }
            p {
                a.btn.primary href={ (links::import(job.id)) "/errors.csv" } download { (t!(say, "import-errors-file")) } " "
                a.btn href={ (links::import(job.id)) "/errors.xlsx" } download { (t!(say, "import-errors-spreadsheet")) }
            }
            table.folds {
                thead {
                    tr {
                        th.num { (t!(say, "import-row")) }
                        th { (t!(say, "import-reason")) }
                        th { (t!(say, "import-cells")) }
                    }
                }
                tbody {
                    @for error in errors {
                        tr {
                            td.num data-label=(t!(say, "import-row")) { span { (error.row + heading) } }
                            td data-label=(t!(say, "import-reason")) { span { (say.pick(&error.ja, &error.en)) } }
                            td data-label=(t!(say, "import-cells")) { span.sub { (cells(error)) } }
                        }
                    }
                }
            }
            @if job.failed > errors.len() as u64 { p.fine { (t!(say, "import-errors-more", n = ROWS_SHOWN)) } }
        }
    }
}

fn cells(error: &RowError) -> String {
    let text = error.cells.join(" / ");
    let start: String = text.chars().take(160).collect();
    if start.len() < text.len() { format!("{start}\u{2026}") } else { start }
}
