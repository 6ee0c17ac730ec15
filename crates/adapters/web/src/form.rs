//! The only way in for forms: reads the body, checks the session's token, then gives the fields.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{app::House, problem::Problem, secret, visit::FormToken};

/// The fields of a form whose token was right. Must come after [`Visit`](crate::visit::Visit) or
/// [`Guest`](crate::visit::Guest) among a handler's arguments; without them it refuses everything.
pub(crate) struct Form<T>(pub(crate) T);

/// A form that has nothing but its token.
#[derive(Deserialize)]
pub(crate) struct Nothing {}

#[derive(Deserialize)]
struct TokenField {
    csrf: Option<String>,
}

impl<T: DeserializeOwned> FromRequest<Arc<House>> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, house: &Arc<House>) -> Result<Self, Problem> {
        let expected = request.extensions().get::<FormToken>().cloned().ok_or(Problem::Stale)?;
        let urlencoded = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if !urlencoded {
            return Err(Problem::Stale);
        }
        let bytes = Bytes::from_request(request, house).await.map_err(|rejection| {
            let status = rejection.into_response().status();
            if status == StatusCode::PAYLOAD_TOO_LARGE { Problem::TooLarge } else { Problem::Unreadable }
        })?;
        let token: TokenField = serde_html_form::from_bytes(&bytes).map_err(|_| Problem::Unreadable)?;
        if !token.csrf.is_some_and(|token| secret::same(&token, &expected.0)) {
            return Err(Problem::Stale);
        }
        serde_html_form::from_bytes(&bytes).map(Self).map_err(|_| Problem::Unreadable)
    }
}
