//! Speaks SMTP: the client that delivers and the server that receives.
//!
//! [`SmtpTransport`] opens sessions for delivery, [`SmtpProbe`] walks a route for the doctor,
//! [`server::ReceptionServer`] takes bounces.

mod client;
pub mod fuzzing;
mod probe;
pub mod server;
mod stream;

pub use client::{ClientLimits, ClientTls, Roots, SmtpTransport};
pub use probe::SmtpProbe;

/// Why the client or the server could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The TLS library refused the configuration.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// There is no root certificate to check servers against.
    #[error("no root certificates: {0}")]
    NoRoots(String),
    /// A certificate or key that is not PEM.
    #[error("cannot read a PEM file: {0}")]
    Pem(String),
    /// The listening socket could not be opened.
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
}
