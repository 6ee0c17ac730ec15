//! Opens a session after a right password and sends the browser on.

use accounts::{OperatorId, Session};
use axum::response::{IntoResponse, Redirect};

use crate::{
    app::House,
    cookie, links,
    problem::{Answer, Problem},
    secret,
    visit::SESSION_MS,
};

/// Opens a session for `operator` and goes to `next`, a path of ours.
pub(super) async fn enter(house: &House, operator: OperatorId, next: &str) -> Answer {
    let mut response = Redirect::to(links::local(next)).into_response();
    let token = open(house, operator).await?;
    cookie::add(response.headers_mut(), cookie::session(house, &token, SESSION_MS / 1000));
    Ok(response)
}

/// A new token each time, so that a token known before a login is worth nothing after it.
async fn open(house: &House, operator_id: OperatorId) -> Result<String, Problem> {
    let token = secret::fresh();
    let now = house.now();
    let session = Session {
        token_hash: secret::sha256(token.as_bytes()),
        operator_id,
        csrf_token: secret::fresh(),
        created_at: now,
        expires_at: now + SESSION_MS,
    };
    house.sessions.open(&session).await?;
    Ok(token)
}
