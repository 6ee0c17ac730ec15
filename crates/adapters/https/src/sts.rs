//! Fetches an MTA-STS policy (RFC 8461 section 3.3).

use async_trait::async_trait;
use delivery::tls::{
    TlsResult,
    ports::{FetchFailure, StsFetch},
};
use hyper::{Method, StatusCode};

use crate::{HttpsClient, HttpsError, exchange::Asked};

#[async_trait]
impl StsFetch for HttpsClient {
    async fn fetch(&self, domain: &str) -> Result<String, FetchFailure> {
        let url = format!("https://mta-sts.{domain}/.well-known/mta-sts.txt");
        let asked = Asked { method: Method::GET, url: &url, content_type: None, body: Vec::new() };
        let read = match self.exchange(asked).await {
            Ok(answered) => body_of(answered.status, &answered.content_type, answered.body),
            Err(error) => Err(error),
        };
        read.map_err(|error| FetchFailure {
            result: match error {
                HttpsError::Certificate(_) => TlsResult::StsWebpkiInvalid,
                _ => TlsResult::StsPolicyFetchError,
            },
            words: format!("{url}: {error}"),
        })
    }
}

/// Only 200 counts; a redirect is refused like any other answer.
fn body_of(status: StatusCode, content_type: &str, body: Vec<u8>) -> Result<String, HttpsError> {
    if status != StatusCode::OK {
        return Err(HttpsError::Answer(format!("the server answered {status}")));
    }
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("text/plain") {
        return Err(HttpsError::Answer(format!("the policy is {kind:?} and not text/plain")));
    }
    String::from_utf8(body).map_err(|_| HttpsError::Answer("the policy is no text".to_owned()))
}
