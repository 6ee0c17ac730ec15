//! Moves a field, puts it away and brings it back.

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect},
};
use serde::Deserialize;

use crate::{
    form::{Form, Nothing},
    parts::flash,
    problem::Answer,
    visit::Visit,
};

/// Which way a field moves.
#[derive(Deserialize)]
pub(crate) struct Way {
    #[serde(default)]
    way: String,
}

/// `POST /fields/{id}/move`.
pub(crate) async fn shift(visit: Visit, Path(id): Path<i64>, Form(Way { way }): Form<Way>) -> Answer {
    visit.house.fields.move_field(id, way == "up").await?;
    Ok(Redirect::to("/fields").into_response())
}

/// `POST /fields/{id}/archive`.
pub(crate) async fn archive(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    visit.house.fields.archive_field(id, true, visit.actor(), visit.now()).await?;
    Ok(flash::done("/fields", "field-archived").into_response())
}

/// `POST /fields/{id}/restore`.
pub(crate) async fn restore(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    let back = visit.house.fields.archive_field(id, false, visit.actor(), visit.now()).await?;
    let key = if back { "field-restored" } else { "field-not-restored" };
    Ok(flash::done("/fields", key).into_response())
}
