//! The only way in for forms: reads the body, checks the session's token, then gives the fields.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Request},
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{app::House, problem::Problem, secret, visit::FormToken};

/// Longest token field of an upload, in bytes.
const TOKEN_BYTES_MAX: usize = 200;

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

/// A file on its way in, after its form's token was right. Must come after [`Visit`](crate::visit::Visit), like
/// [`Form`]; the form's first field must be the token.
pub(crate) struct Upload(pub(crate) Multipart);

impl FromRequest<Arc<House>> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, house: &Arc<House>) -> Result<Self, Problem> {
        let expected = request.extensions().get::<FormToken>().cloned().ok_or(Problem::Stale)?;
        let mut multipart = Multipart::from_request(request, house).await.map_err(|_| Problem::Stale)?;
        let Ok(Some(mut first)) = multipart.next_field().await else { return Err(Problem::Stale) };
        if first.name() != Some("csrf") {
            return Err(Problem::Stale);
        }
        let mut token = Vec::new();
        while let Ok(Some(chunk)) = first.chunk().await {
            token.extend_from_slice(&chunk);
            if token.len() > TOKEN_BYTES_MAX {
                return Err(Problem::Stale);
            }
        }
        drop(first);
        let same = std::str::from_utf8(&token).is_ok_and(|token| secret::same(token, &expected.0));
        if same { Ok(Self(multipart)) } else { Err(Problem::Stale) }
    }
}
