//! How far a running import is, fresh every second.

use audience::{ImportJob, ImportState};
use maud::{Markup, html};

use crate::{
    links,
    parts::{field::confirmed, progress},
    say::{grouped, t},
    visit::Visit,
};

/// The live box.
pub(super) fn live(visit: &Visit, job: &ImportJob) -> Markup {
    let say = visit.say;
    let trying = job.state == ImportState::Trying;
    let running = trying || job.state == ImportState::Running;
    let cancel = html! {
        form method="post" action={ (links::import(job.id)) "/cancel" } {
            (visit.token_field())
            button.btn.danger type="submit" { (t!(say, "import-cancel-now")) }
        }
    };
    let inside = html! {
        div.card {
            h2 { @if trying { (t!(say, "import-trying")) } @else { (t!(say, "import-running")) } }
            (progress::bar(job.bytes_done, job.bytes_total, &t!(say, "import-rows-done", n = job.rows_done)))
            @if !trying { (numbers(visit, job)) }
            p.fine { @if trying { (t!(say, "import-trying-what")) } @else { (t!(say, "import-running-what")) } }
        }
    };
    html! {
        (progress::live(&format!("{}/progress", links::import(job.id)), running, &inside))
        @if running && !visit.path.ends_with("/progress") {
            div.actions {
                (confirmed(&t!(say, "import-cancel"), &t!(say, "import-cancel-what"), &cancel))
                a.btn href=(links::import(job.id)) { (t!(say, "import-look-again")) }
            }
        }
    }
}

/// Rows by what became of them; they add up to the rows looked at.
pub(super) fn numbers(visit: &Visit, job: &ImportJob) -> Markup {
    let say = visit.say;
    html! {
        div.kpis {
            a.kpi href="/contacts" { b { (grouped(job.added)) } span { (t!(say, "import-added")) } }
            div.kpi { b { (grouped(job.updated)) } span { (t!(say, "import-updated")) } }
            div.kpi { b { (grouped(job.unchanged)) } span { (t!(say, "import-unchanged")) } }
            @if job.skipped > 0 { div.kpi { b { (grouped(job.skipped)) } span { (t!(say, "import-skipped")) } } }
            @if job.failed > 0 {
                a.kpi href="#errors" {
                    b { (grouped(job.failed)) } span class="chip refused" { (t!(say, "import-failed-rows")) }
                }
            } @else {
                div.kpi { b { "0" } span { (t!(say, "import-failed-rows")) } }
            }
        }
    }
}
