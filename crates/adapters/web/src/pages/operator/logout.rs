//! Ends a session.

use axum::response::{IntoResponse, Redirect};

use crate::{
    cookie,
    form::{Form, Nothing},
    problem::Answer,
    visit::Visit,
};

/// `POST /logout`.
pub(crate) async fn leave(visit: Visit, Form(Nothing {}): Form<Nothing>) -> Answer {
    visit.house.sessions.close(&visit.session.token_hash).await?;
    let mut response = Redirect::to("/login?done=logged-out").into_response();
    cookie::add(response.headers_mut(), cookie::session(&visit.house, "", 0));
    Ok(response)
}
