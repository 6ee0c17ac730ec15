//! Fetches MTA-STS policies, posts TLS reports, asks for access tokens: one request per connection, verified, bounded.

mod exchange;
mod sts;

use std::{sync::Arc, time::Duration};

use delivery::ports::MxResolver;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use tokio_rustls::TlsConnector;

/// Why a request has no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpsError {
    /// The TLS library refused the configuration.
    #[error("cannot set up TLS: {0}")]
    Setup(String),
    /// The URL is not `https://HOST/…`.
    #[error("{0} is no https URL")]
    Url(String),
    /// The host has no address, could not be reached, or broke off.
    #[error("{0}")]
    Unreachable(String),
    /// The certificate does not hold.
    #[error("the certificate of the server does not hold: {0}")]
    Certificate(String),
    /// An answer that is not wanted: not 200, a redirect, no text, too long.
    #[error("{0}")]
    Answer(String),
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
}

/// Bounds and addresses.
#[derive(Debug, Clone)]
pub struct HttpsSettings {
    /// The port of servers that name none: 443 everywhere but in tests.
    pub port: u16,
    /// A whole request.
    pub timeout: Duration,
    /// The longest body taken.
    pub body_bytes_max: usize,
}

impl Default for HttpsSettings {
    fn default() -> Self {
        // RFC 8461 section 3.3 suggests a minute and 64 kB; nobody's mail should wait that long.
        Self { port: 443, timeout: Duration::from_secs(20), body_bytes_max: 64 * 1024 }
    }
}

/// A small client. It follows no redirect and keeps no connection.
pub struct HttpsClient {
    resolver: Arc<dyn MxResolver>,
    tls: TlsConnector,
    settings: HttpsSettings,
}

impl HttpsClient {
    /// Servers must show a certificate from one of `roots`.
    ///
    /// # Errors
    /// When the TLS library refuses the configuration.
    pub fn new(
        resolver: Arc<dyn MxResolver>,
        roots: RootCertStore,
        settings: HttpsSettings,
    ) -> Result<Self, HttpsError> {
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| HttpsError::Setup(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { resolver, tls: Arc::new(config).into(), settings })
    }
}
