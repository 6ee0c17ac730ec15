//! The address a recorded link has in a mail: leads on to where the link leads, and notes that it was followed.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use campaigns::clicks::Asked;
use delivery::verp::Seal;
use maud::html;

use crate::{
    app::House,
    parts::layout,
    problem::Answer,
    say::{Say, t},
    visit::language_of,
};

/// Longest User-Agent that is looked at, in bytes; the words that tell a program stand at its beginning.
const AGENT_BYTES_MAX: usize = 1_000;

/// `GET /l/{token}`, and HEAD. Whatever stands behind the token is not looked at.
pub(crate) async fn follow(
    State(house): State<Arc<House>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let token = uri.path().trim_start_matches("/l/");
    let Some(link) = Seal::links(&house.house_secret).read_link(token) else {
        return Ok(unknown(Say(language_of(&headers))));
    };
    let told: Vec<(&str, &str)> =
        headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    let agent = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
    let agent = String::from_utf8_lossy(&agent[..agent.len().min(AGENT_BYTES_MAX)]);
    let asked = Asked { is_head: method == Method::HEAD, agent: &agent, headers: &told };
    match house.click_desk.follow(link, &asked, house.now()).await? {
        Some(followed) => Ok(onward(&followed.target)),
        None => Ok(unknown(Say(language_of(&headers)))),
    }
}

fn onward(target: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(&in_ascii(target)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::LOCATION, location),
        // Where she came from is nobody's business, and each time counts.
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
    ];
    (StatusCode::FOUND, headers).into_response()
}

/// A header holds ASCII only; other characters of an address are percent-encoded (RFC 3987 section 3.1).
fn in_ascii(target: &str) -> String {
    let mut out = String::with_capacity(target.len());
    for byte in target.bytes() {
        if byte.is_ascii_graphic() {
            out.push(char::from(byte))
        } else {
            out.push_str(&format!("%{byte:02X}"))
        }
    }
    out
}

fn unknown(say: Say) -> Response {
    let title = t!(say, "follow-unknown");
    let body = html! {
        div.card {
            h1 { (title) }
            p { (t!(say, "follow-unknown-what")) }
        }
    };
    (StatusCode::NOT_FOUND, layout::public(say, &title, &body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_on_in_ascii() {
        let check = |target: &str, expected: &str| {
            let response = onward(target);
            assert_eq!(response.status(), StatusCode::FOUND);
            assert_eq!(response.headers()[header::LOCATION], expected);
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        };
        check("https://a.example/?a=1&b=%20#c", "https://a.example/?a=1&b=%20#c");
        check("https://a.example/花", "https://a.example/%E8%8A%B1");
        check("https://a.example/\r\nSet-Cookie: x", "https://a.example/%0D%0ASet-Cookie:%20x");
    }
}
