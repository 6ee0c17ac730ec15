//! Puts on every response what keeps a browser from doing what a page did not ask for.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

/// Everything from our own host, nothing inline.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
     connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same for a page with a letter in a closed frame, which takes over its page's policy: mail is made of inline
/// styles, and its pictures come from elsewhere.
const LETTER_POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; \
     img-src 'self' data: https:; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    // Pages show customers; they must not stay on a shared computer's disk.
    (header::CACHE_CONTROL, "no-store"),
];

/// Adds the headers a handler has not set itself.
pub(crate) async fn guard(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Lets a page show a letter.
pub(crate) fn with_letter(mut response: Response) -> Response {
    let policy = HeaderValue::from_static(LETTER_POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}
