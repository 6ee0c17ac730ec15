//! Switches the language of the pages, before and after login.

use std::sync::Arc;

use accounts::Language;
use axum::{
    extract::{FromRequest, FromRequestParts, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    app::House,
    cookie,
    form::Form,
    links,
    problem::Problem,
    visit::{Guest, Visit},
};

/// The switch in the frame.
#[derive(Deserialize)]
pub(crate) struct Switch {
    language: String,
    #[serde(default)]
    back: String,
}

/// `POST /language`.
pub(crate) async fn switch(State(house): State<Arc<House>>, request: Request) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let visit = match Visit::from_request_parts(&mut parts, &house).await {
        Ok(visit) => Some(visit),
        Err(Problem::Login { .. }) => {
            Guest::from_request_parts(&mut parts, &house).await?;
            None
        }
        Err(problem) => return Err(problem),
    };
    let Form(form) = Form::<Switch>::from_request(Request::from_parts(parts, body), &house).await?;
    let language = Language::from_name(&form.language).ok_or(Problem::Unreadable)?;
    if let Some(visit) = visit {
        house.operators.set_language(visit.operator.id, language).await?;
    }
    let mut response = Redirect::to(links::local(&form.back)).into_response();
    cookie::add(response.headers_mut(), cookie::language(&house, language.name()));
    Ok(response)
}
