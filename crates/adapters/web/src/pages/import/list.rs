//! The newest imports and how they ended.

use audience::{ImportJob, ImportState};
use axum::response::IntoResponse;
use maud::{Markup, html};

use crate::{
    links,
    parts::time,
    problem::Answer,
    say::{Say, grouped, t},
    visit::Visit,
};

/// Imports shown.
const JOBS_MAX: u64 = 100;

/// `GET /imports`.
pub(crate) async fn show(visit: Visit) -> Answer {
    let say = visit.say;
    let jobs = visit.house.imports.list(JOBS_MAX).await?;
    let body = html! {
        p.up { a href="/contacts" { (t!(say, "frame-contacts")) } }
        div.head {
            h1 { (t!(say, "imports-title")) }
            a.btn.primary href="/imports/new" { (t!(say, "contacts-import")) }
        }
        div.card {
            @if jobs.is_empty() {
                p.empty { (t!(say, "imports-none")) }
            } @else {
                (table(&visit, &jobs))
            }
        }
    };
    Ok(visit.page(&t!(say, "imports-title"), &body).into_response())
}

fn table(visit: &Visit, jobs: &[ImportJob]) -> Markup {
    let say = visit.say;
    html! {
        table.folds {
            thead {
                tr {
                    th { (t!(say, "import-file")) }
                    th { (t!(say, "import-when")) }
                    th { (t!(say, "import-standing")) }
                    th.num { (t!(say, "import-added")) }
                    th.num { (t!(say, "import-updated")) }
                    th.num { (t!(say, "import-failed-rows")) }
                }
            }
            tbody {
                @for job in jobs {
                    tr {
                        td {
                            a href=(links::import(job.id)) {
                                @if job.file_name.is_empty() { (t!(say, "import-nameless")) } @else { (job.file_name) }
                            }
                        }
                        td data-label=(t!(say, "import-when")) { (time::when(say, job.created_at, visit.now())) }
                        td data-label=(t!(say, "import-standing")) { (state(say, job.state)) }
                        td.num data-label=(t!(say, "import-added")) { span { (grouped(job.added)) } }
                        td.num data-label=(t!(say, "import-updated")) { span { (grouped(job.updated)) } }
                        td.num data-label=(t!(say, "import-failed-rows")) { span { (grouped(job.failed)) } }
                    }
                }
            }
        }
    }
}

/// Where an import stands, in words and colour.
pub(super) fn state(say: Say, state: ImportState) -> Markup {
    let class = match state {
        ImportState::Uploaded => "waiting",
        ImportState::Running | ImportState::Trying => "accepted",
        ImportState::Finished => "evidenced",
        ImportState::Failed => "refused",
        ImportState::Cancelled => "withheld",
    };
    html! { span class={ "chip " (class) } { (say.with(&format!("import-state-{}", state.name()), None)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_words() {
        for name in ["uploaded", "trying", "running", "finished", "failed", "cancelled"] {
            let state = ImportState::from_name(name).unwrap();
            assert!(Say::default().find(&format!("import-state-{}", state.name()), None).is_some(), "{name}");
        }
    }
}
