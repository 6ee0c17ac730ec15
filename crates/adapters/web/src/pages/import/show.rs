//! One import, by where it stands: preview, progress or result.

use audience::{ImportJob, ImportState, SAMPLE_BYTES};
use axum::{extract::Path, response::IntoResponse};
use maud::{Markup, html};

use super::{preview, progress, result};
use crate::{
    form::{Form, Nothing},
    links,
    parts::flash,
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// `GET /imports/{id}`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let job = visit.house.imports.get(id).await?.ok_or(Problem::NotFound)?;
    let body = match job.state {
        ImportState::Uploaded if job.plan.encoding.is_empty() => cut_off(&visit),
        ImportState::Uploaded => {
            let sample = sample(&visit, id).await?;
            preview::form(&visit, &job, &sample, &preview::Kept::of(&visit).await?, None)
        }
        ImportState::Running | ImportState::Trying => progress::live(&visit, &job),
        _ => result::body(&visit, &job).await?,
    };
    Ok(page(&visit, &job, &body).into_response())
}

/// `GET /imports/{id}/progress`: a fragment.
pub(crate) async fn fragment(visit: Visit, Path(id): Path<i64>) -> Answer {
    let job = visit.house.imports.get(id).await?.ok_or(Problem::NotFound)?;
    Ok(progress::live(&visit, &job).into_response())
}

/// `POST /imports/{id}/cancel`.
pub(crate) async fn cancel(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    let job = visit.house.imports.get(id).await?.ok_or(Problem::NotFound)?;
    if job.state == ImportState::Trying {
        visit.house.imports.end_trial(id, None).await?;
        return Ok(flash::done(&links::import(id), "import-trial-stopped").into_response());
    }
    let stopped = visit.house.imports.end(id, ImportState::Cancelled, None, visit.now()).await?;
    let done = if stopped { "import-cancelled" } else { "import-ended-before" };
    Ok(flash::done(&links::import(id), done).into_response())
}

/// The frame of every page of one import.
pub(super) fn page(visit: &Visit, job: &ImportJob, body: &Markup) -> Markup {
    let say = visit.say;
    let name = if job.file_name.is_empty() { t!(say, "import-nameless") } else { job.file_name.clone() };
    let body = html! {
        p.up {
            a href="/contacts" { (t!(say, "frame-contacts")) } " / "
            a href="/imports" { (t!(say, "imports-title")) }
        }
        h1 { (name) }
        (body)
    };
    visit.page(&name, &body)
}

/// The beginning of the file, as much as reading it needs.
pub(super) async fn sample(visit: &Visit, id: i64) -> Result<Vec<u8>, Problem> {
    let mut sample = Vec::new();
    for seq in 0.. {
        let Some(piece) = visit.house.imports.piece(id, seq).await? else { break };
        sample.extend_from_slice(&piece);
        if sample.len() >= SAMPLE_BYTES {
            sample.truncate(SAMPLE_BYTES);
            break;
        }
    }
    Ok(sample)
}

fn cut_off(visit: &Visit) -> Markup {
    let say = visit.say;
    html! {
        div.card {
            p { (t!(say, "import-cut-off")) }
            a.btn.primary href="/imports/new" { (t!(say, "import-again")) }
        }
    }
}
