//! Puts a segment away and brings it back.

use audience::segment::Saved;
use axum::{extract::Path, response::IntoResponse};

use crate::{
    form::{Form, Nothing},
    links,
    parts::flash,
    problem::{Answer, Problem},
    visit::Visit,
};

/// `POST /segments/{id}/archive`.
pub(crate) async fn archive(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    set(&visit, id, true).await
}

/// `POST /segments/{id}/restore`.
pub(crate) async fn restore(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    set(&visit, id, false).await
}

async fn set(visit: &Visit, id: i64, archived: bool) -> Answer {
    let key = match visit.house.segments.archive(id, archived, visit.actor(), visit.now()).await? {
        Saved::Gone | Saved::Overtaken => return Err(Problem::NotFound),
        Saved::NameTaken => "segment-restore-taken",
        Saved::Yes(_) if archived => "segment-archived",
        Saved::Yes(_) => "segment-restored",
    };
    Ok(flash::done(&links::segment(id), key).into_response())
}
