//! What can go wrong with a request, and the plain page each of them becomes.

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use maud::html;

use crate::{
    links,
    parts::layout,
    say::{Say, t},
    visit::language_of,
};

/// The store could not be asked.
pub(crate) type StoreFailure = Box<dyn std::error::Error + Send + Sync>;

/// What a handler gives: a page or a redirect, or the problem that stands in its way.
pub(crate) type Answer = Result<Response, Problem>;

/// Why a request gets no page of its own.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The store could not be asked.
    Store(StoreFailure),
    /// There is no such thing.
    NotFound,
    /// Only owners may do this.
    OnlyOwners,
    /// The form's token is missing or of another session.
    Stale,
    /// The body is over its limit.
    TooLarge,
    /// The form's fields cannot be read.
    Unreadable,
    /// Log in first; then go on at this path.
    Login {
        /// Path and query of the page that was asked for.
        next: Option<String>,
    },
}

impl From<StoreFailure> for Problem {
    fn from(failure: StoreFailure) -> Self {
        Self::Store(failure)
    }
}

/// Marks a response whose page is still to be written in the reader's language.
#[derive(Clone, Copy)]
struct Untold(&'static str);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, key) = match self {
            Self::Login { next } => {
                let next = next.filter(|path| path != "/");
                return Redirect::to(&links::query("/login", &[("next", next.as_deref())])).into_response();
            }
            Self::Store(failure) => {
                tracing::error!(%failure, "store failure");
                if is_full(&failure.to_string()) {
                    (StatusCode::INSUFFICIENT_STORAGE, "full")
                } else {
                    (StatusCode::INTERNAL_SERVER_ERROR, "store")
                }
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            Self::OnlyOwners => (StatusCode::FORBIDDEN, "only-owners"),
            Self::Stale => (StatusCode::FORBIDDEN, "stale"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            Self::Unreadable => (StatusCode::UNPROCESSABLE_ENTITY, "unreadable"),
        };
        untold(status, key)
    }
}

/// A panic in a handler, as a response.
pub(crate) fn after_panic(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a page panicked");
    untold(StatusCode::INTERNAL_SERVER_ERROR, "panic")
}

fn untold(status: StatusCode, key: &'static str) -> Response {
    let mut response = status.into_response();
    response.extensions_mut().insert(Untold(key));
    response
}

/// SQLite, PostgreSQL and the operating system each have their words for it.
pub(crate) fn is_full(failure: &str) -> bool {
    ["disk is full", "database is full", "No space left", "disk full"]
        .iter()
        .any(|words| failure.contains(words))
}

/// Writes the page of every refusal: our own, and the router's 404, 405 and the like.
pub(crate) async fn tell(request: Request, next: Next) -> Response {
    let say = Say(language_of(request.headers()));
    let method_is_head = request.method() == axum::http::Method::HEAD;
    let response = next.run(request).await;
    let key =
        response.extensions().get::<Untold>().map(|untold| untold.0).or_else(|| plain_refusal(&response));
    let Some(key) = key else { return response };
    let status = response.status();
    let mut page = (status, refusal(say, status, key)).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        page.headers_mut().insert(header::ALLOW, allow.clone());
    }
    if method_is_head {
        *page.body_mut() = axum::body::Body::empty();
    }
    page
}

fn plain_refusal(response: &Response) -> Option<&'static str> {
    if is_our_page(response.headers()) {
        return None;
    }
    match response.status() {
        StatusCode::NOT_FOUND => Some("not-found"),
        StatusCode::METHOD_NOT_ALLOWED => Some("method"),
        StatusCode::PAYLOAD_TOO_LARGE => Some("too-large"),
        StatusCode::REQUEST_TIMEOUT => Some("timeout"),
        status if status.is_client_error() => Some("unreadable"),
        status if status.is_server_error() => Some("panic"),
        _ => None,
    }
}

fn is_our_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/html") || kind.starts_with("application/json")
}

fn refusal(say: Say, status: StatusCode, key: &str) -> maud::Markup {
    let title = say.with(&format!("problem-{key}-title"), None);
    let body = html! {
        div.card {
            h1 { (title) }
            p { (say.with(&format!("problem-{key}"), None)) }
            div.actions {
                a.btn.primary href="/" { (t!(say, "problem-home")) }
            }
            p.fine { (t!(say, "problem-code", code = status.as_str())) }
        }
    };
    layout::bare(say, &title, &body, None)
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        body::{Body, to_bytes},
        routing::get,
    };
    use tower::{ServiceBuilder, ServiceExt};
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_page() {
        async fn falls() -> &'static str {
            panic!("a fault of ours")
        }
        let layers = ServiceBuilder::new()
            .layer(axum::middleware::from_fn(tell))
            .layer(CatchPanicLayer::custom(after_panic));
        let router = Router::new().route("/", get(falls)).layer(layers);
        let request = Request::builder().uri("/").header("accept-language", "en").body(Body::empty());
        let response = router.oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let page = to_bytes(response.into_body(), 100_000).await.unwrap();
        let page = String::from_utf8(page.to_vec()).unwrap();
        assert!(
            page.contains("A fault of ours keeps this page") && !page.contains("a fault of ours"),
            "{page}"
        );
    }

    #[test]
    fn every_problem_has_words() {
        let keys = [
            "not-found",
            "method",
            "too-large",
            "timeout",
            "unreadable",
            "panic",
            "store",
            "full",
            "only-owners",
            "stale",
        ];
        for key in keys {
            assert!(Say::default().find(&format!("problem-{key}"), None).is_some(), "{key}");
            assert!(Say::default().find(&format!("problem-{key}-title"), None).is_some(), "{key}-title");
        }
        assert!(is_full("error returned from database: (code: 13) database or disk is full"));
        assert!(is_full("the disk of the database is full: (code: 13)"));
        assert!(!is_full("no such table"));
    }
}
