//! Writes the addresses of pages, so that a link and its route are agreed in one place.

use delivery::recipient::State;
use std::fmt::Write as _;

/// One customer.
pub(crate) fn contact(id: i64) -> String {
    format!("/contacts/{id}")
}

/// One further address or number of a customer.
pub(crate) fn point(contact: i64, id: i64) -> String {
    format!("/contacts/{contact}/points/{id}")
}

/// One segment.
pub(crate) fn segment(id: i64) -> String {
    format!("/segments/{id}")
}

/// Why a customer belongs to a segment or not.
pub(crate) fn why(segment: i64, contact: i64) -> String {
    format!("/segments/{segment}/why/{contact}")
}

/// One broadcast.
pub(crate) fn broadcast(id: i64) -> String {
    format!("/broadcasts/{id}")
}

/// The rows of a broadcast, narrowed to a state, a reason and a provider.
pub(crate) fn broadcast_rows(
    id: i64,
    state: Option<State>,
    reason: Option<&str>,
    provider: Option<&str>,
) -> String {
    let pairs = [("state", state.map(State::name)), ("reason", reason), ("provider", provider)];
    query(&format!("/broadcasts/{id}/rows"), &pairs)
}

/// The rows of a broadcast that the mail goes to, whatever became of it.
pub(crate) fn broadcast_sent_to(id: i64) -> String {
    query(&format!("/broadcasts/{id}/rows"), &[("state", Some("sent_to"))])
}

/// One message to one person.
pub(crate) fn message(id: i64) -> String {
    format!("/messages/{id}")
}

/// One template.
pub(crate) fn template(id: i64) -> String {
    format!("/templates/{id}")
}

/// One source.
pub(crate) fn source(id: i64) -> String {
    format!("/sources/{id}")
}

/// One sending domain.
pub(crate) fn domain(id: i64) -> String {
    format!("/domains/{id}")
}

/// One import.
pub(crate) fn import(id: i64) -> String {
    format!("/imports/{id}")
}

/// The desk, narrowed to a state, a reason and a provider.
pub(crate) fn desk(state: Option<State>, reason: Option<&str>, provider: Option<&str>) -> String {
    let pairs = [("state", state.map(State::name)), ("reason", reason), ("provider", provider)];
    query("/desk", &pairs)
}

/// A path with those parameters that are there.
pub(crate) fn query(path: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let mut text = path.to_owned();
    let mut separator = '?';
    for (name, value) in pairs {
        if let Some(value) = value {
            let _ = write!(text, "{separator}{name}={}", encoded(value));
            separator = '&';
        }
    }
    text
}

/// Percent-encodes everything but RFC 3986 unreserved characters.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// A path of ours to go back to: never another host, whatever a form says.
pub(crate) fn local(path: &str) -> &str {
    let ours = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n']);
    if ours { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(desk(None, None, None), "/desk");
        assert_eq!(
            desk(Some(State::Refused), Some("userunknown"), Some("")),
            "/desk?state=refused&reason=userunknown&provider="
        );
        assert_eq!(query("/contacts", &[("q", Some("a b&c")), ("page", None)]), "/contacts?q=a%20b%26c");
    }

    #[test]
    fn goes_back_only_to_our_own_pages() {
        let check = |path: &str, expected: &str| assert_eq!(local(path), expected, "{path}");
        check("/contacts?page=2", "/contacts?page=2");
        check("//evil.example/", "/");
        check("/\\evil.example/", "/");
        check("https://evil.example/", "/");
        check("", "/");
        check("/a\r\nSet-Cookie: x", "/");
    }
}
