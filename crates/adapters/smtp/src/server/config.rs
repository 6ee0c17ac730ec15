//! What can be set about the server, and its bounds.

use std::{sync::Arc, time::Duration};

use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use crate::SmtpError;

/// Now, in milliseconds UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Settings of the server.
#[derive(Clone)]
pub struct ReceptionConfig {
    /// The name the server greets with; also the domain of a bare `<postmaster>`.
    pub host_name: String,
    /// The certificate for STARTTLS; without one it is not offered.
    pub tls: Option<Arc<ServerConfig>>,
    /// Bounds.
    pub limits: ReceptionLimits,
}

/// Bounds of the server. Time-outs run over a whole command or message, so a peer that dribbles bytes cannot stretch
/// them.
#[derive(Debug, Clone, Copy)]
pub struct ReceptionLimits {
    /// Largest message, in bytes.
    pub message_bytes_max: usize,
    /// Bytes of messages that are being received, over all connections.
    pub receiving_bytes_max: usize,
    /// Longest command line, with its line end.
    pub line_bytes_max: usize,
    /// Commands of one session.
    pub commands_max: u32,
    /// Commands of one session that are wrong.
    pub bad_commands_max: u32,
    /// Recipients of one session that are refused.
    pub refused_recipients_max: u32,
    /// Recipients of one message.
    pub recipients_max: usize,
    /// Connections at the same moment.
    pub connections_max: usize,
    /// Connections of one IPv4 address or one IPv6 /64 at the same moment.
    pub connections_per_ip_max: usize,
    /// Waiting for a command.
    pub command: Duration,
    /// Waiting for the next piece of a message.
    pub block: Duration,
    /// A message from DATA to its final dot.
    pub message: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// Until the peer has taken a reply.
    pub reply: Duration,
    /// How long sessions may go on after the server is told to stop.
    pub grace: Duration,
}

impl Default for ReceptionLimits {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        Self {
            message_bytes_max: 25 * 1024 * 1024,
            receiving_bytes_max: 200 * 1024 * 1024,
            line_bytes_max: 2048,
            commands_max: 1000,
            bad_commands_max: 10,
            refused_recipients_max: 30,
            recipients_max: 100,
            connections_max: 200,
            connections_per_ip_max: 20,
            command: minutes(5),
            block: minutes(3),
            message: minutes(30),
            tls: Duration::from_secs(30),
            reply: minutes(1),
            grace: Duration::from_secs(10),
        }
    }
}

impl ReceptionConfig {
    /// Settings without TLS, with the usual bounds.
    #[must_use]
    pub fn new(host_name: &str) -> Self {
        Self { host_name: host_name.to_owned(), tls: None, limits: ReceptionLimits::default() }
    }
}

/// TLS settings of a certificate chain and its key, both PEM.
///
/// # Errors
/// When either cannot be read or they do not fit each other.
pub fn server_tls(chain_pem: &[u8], key_pem: &[u8]) -> Result<Arc<ServerConfig>, SmtpError> {
    let unreadable = |what: &str, why: &dyn std::fmt::Display| SmtpError::Pem(format!("{what}: {why}"));
    let chain = CertificateDer::pem_slice_iter(chain_pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable("certificate", &error))?;
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|error| unreadable("key", &error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}
