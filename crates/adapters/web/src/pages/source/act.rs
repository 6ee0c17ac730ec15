//! What an owner does to a source: look again, let it rest, let it go on, remove it.

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use delivery::source::Rest;
use maud::html;

use super::show::find;
use crate::{
    form::{Form, Nothing},
    links,
    parts::flash,
    problem::Answer,
    say::t,
    visit::Owner,
};

/// `POST /sources/{id}/check`.
pub(crate) async fn check(
    Owner(visit): Owner,
    Path(id): Path<i64>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let source = find(&visit, id).await?;
    visit.house.source_care.check(&source, visit.now()).await?;
    Ok(flash::done(&links::source(id), "source-checked").into_response())
}

/// `POST /sources/{id}/rest`.
pub(crate) async fn rest(
    Owner(visit): Owner,
    Path(id): Path<i64>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let source = find(&visit, id).await?;
    let now = visit.now();
    let rest = Rest { since_at: now, until: None, reason: "operator".to_owned(), sample: String::new() };
    visit.house.sources.rest_source(source.id, &rest, visit.actor(), now).await?;
    Ok(flash::done(&links::source(id), "source-rests").into_response())
}

/// `POST /sources/{id}/lift`.
pub(crate) async fn lift(
    Owner(visit): Owner,
    Path(id): Path<i64>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let source = find(&visit, id).await?;
    visit.house.sources.lift_source(source.id, visit.actor(), visit.now()).await?;
    Ok(flash::done(&links::source(id), "source-lifted").into_response())
}

/// `POST /sources/{id}/remove`.
pub(crate) async fn remove(
    Owner(visit): Owner,
    Path(id): Path<i64>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let say = visit.say;
    let source = find(&visit, id).await?;
    if visit.house.sources.remove_source(source.id, visit.actor(), visit.now()).await? {
        return Ok(flash::done("/sources", "source-removed").into_response());
    }
    let title = t!(say, "source-only-title");
    let body = html! {
        div.card {
            h1 { (title) }
            p { (t!(say, "source-only")) }
            div.actions { a.btn.primary href={ (links::source(id)) "/edit" } { (t!(say, "source-edit")) } }
        }
    };
    Ok((StatusCode::CONFLICT, visit.page(&title, &body)).into_response())
}
