//! Reads and writes the few cookies we set.

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use crate::app::App;

/// Holds the session's token.
const SESSION: &str = "todoku";
/// Holds the nonce of the login form before there is a session.
const GUEST: &str = "todoku-guest";
/// Holds the language before there is a session.
pub(crate) const LANGUAGE: &str = "todoku-language";

/// Session and guest cookies carry the `__Host-` promise where there is TLS: no other host or path can set them.
fn prefixed(app: &App, name: &str) -> String {
    if app.secure_cookies { format!("__Host-{name}") } else { name.to_owned() }
}

/// The value of a cookie.
pub(crate) fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    CookieJar::from_headers(headers).get(name).map(|cookie| cookie.value().to_owned())
}

/// The session's token.
pub(crate) fn read_session(app: &App, headers: &HeaderMap) -> Option<String> {
    read(headers, &prefixed(app, SESSION))
}

/// The nonce of the login form.
pub(crate) fn read_guest(app: &App, headers: &HeaderMap) -> Option<String> {
    read(headers, &prefixed(app, GUEST))
}

/// Sets the session's token; an empty one removes it.
pub(crate) fn session(app: &App, token: &str, seconds: i64) -> HeaderValue {
    written(app, prefixed(app, SESSION), token, seconds)
}

/// Sets the nonce of the login form, for as long as the browser is open.
pub(crate) fn guest(app: &App, nonce: &str) -> HeaderValue {
    written(app, prefixed(app, GUEST), nonce, 24 * 3600)
}

/// Sets the language for a year.
pub(crate) fn language(app: &App, name: &str) -> HeaderValue {
    written(app, LANGUAGE.to_owned(), name, 365 * 24 * 3600)
}

fn written(app: &App, name: String, value: &str, seconds: i64) -> HeaderValue {
    let cookie = Cookie::build((name, value.to_owned()))
        .path("/")
        .http_only(true)
        .secure(app.secure_cookies)
        .same_site(SameSite::Lax)
        .build();
    let text = format!("{cookie}; Max-Age={seconds}");
    HeaderValue::from_str(&text).expect("our own tokens are plain ASCII")
}

/// Adds a cookie to a response.
pub(crate) fn add(headers: &mut HeaderMap, cookie: HeaderValue) {
    headers.append(header::SET_COOKIE, cookie);
}
