//! What an operator decides about one customer: opt-out and back, the address works after all, it is right as it is.

use audience::OptOutRoute;
use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};

use crate::{
    form::{Form, Nothing},
    links,
    parts::flash,
    problem::{Answer, Problem},
    visit::Visit,
};

/// `POST /contacts/{id}/opt-out`.
pub(crate) async fn opt_out(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    known(&visit, id).await?;
    visit.house.contacts.opt_out(id, OptOutRoute::Operator, visit.actor(), visit.now()).await?;
    Ok(back(id, "contact-opted-out"))
}

/// `POST /contacts/{id}/opt-in`.
pub(crate) async fn opt_in(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    known(&visit, id).await?;
    visit.house.contacts.opt_in(id, visit.actor(), visit.now()).await?;
    Ok(back(id, "contact-opted-in"))
}

/// `POST /contacts/{id}/mark-valid`.
pub(crate) async fn mark_valid(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    known(&visit, id).await?;
    visit.house.contacts.mark_valid(id, visit.actor(), visit.now()).await?;
    Ok(back(id, "contact-valid"))
}

/// `POST /contacts/{id}/confirm-address`.
pub(crate) async fn confirm(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    known(&visit, id).await?;
    visit.house.contacts.confirm_address(id, visit.actor(), visit.now()).await?;
    Ok(back(id, "contact-confirmed"))
}

async fn known(visit: &Visit, id: i64) -> Result<(), Problem> {
    visit.house.contacts.get(id).await?.map(drop).ok_or(Problem::NotFound)
}

fn back(id: i64, done: &str) -> Response {
    flash::done(&links::contact(id), done).into_response()
}
