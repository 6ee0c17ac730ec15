//! TLS as a client: verified where it is demanded, unauthenticated where it is a bonus (RFC 7435).

use std::{io, net::Ipv4Addr, sync::Arc};

use delivery::{attempt::Trouble, hop::TlsMode};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::halt::Cause;
use crate::SmtpError;

/// Whom certificates are trusted from.
#[derive(Debug, Clone)]
pub struct Roots {
    /// Mozilla's list, as built into this program.
    pub bundled: bool,
    /// The operating system's list.
    pub system: bool,
    /// More roots, DER.
    pub extra: Vec<CertificateDer<'static>>,
}

impl Default for Roots {
    fn default() -> Self {
        Self { bundled: true, system: true, extra: Vec::new() }
    }
}

/// TLS settings of the client, made once.
#[derive(Clone)]
pub struct ClientTls {
    verified: TlsConnector,
    opportunistic: TlsConnector,
}

impl ClientTls {
    /// Reads the roots and makes both configurations.
    ///
    /// # Errors
    /// When there is no root at all, or the TLS library refuses one.
    pub fn new(roots: &Roots) -> Result<Self, SmtpError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verified = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(store(roots)?)
            .with_no_client_auth();
        let opportunistic = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth();
        Ok(Self { verified: Arc::new(verified).into(), opportunistic: Arc::new(opportunistic).into() })
    }

    pub(crate) async fn connect(
        &self,
        mode: TlsMode,
        host: &str,
        stream: TcpStream,
        until: Instant,
    ) -> Result<TlsStream<TcpStream>, Cause> {
        let name = ServerName::try_from(host.trim_end_matches('.').to_owned());
        let (connector, name) = match (mode, name) {
            (TlsMode::StartTls | TlsMode::Implicit, Ok(name)) => (&self.verified, name),
            (TlsMode::StartTls | TlsMode::Implicit, Err(_)) => {
                return Err(Cause::Certificate(format!("{host} is no name a certificate can have")));
            }
            // Nothing is checked, so a host with a strange name is just not named in the handshake.
            (_, name) => (&self.opportunistic, name.unwrap_or_else(|_| Ipv4Addr::UNSPECIFIED.into())),
        };
        match timeout_at(until, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(sort(&error)),
            Err(_) => {
                Err(Cause::Broken(Trouble::TimedOut, "no answer in time in the TLS handshake".to_owned()))
            }
        }
    }
}

fn store(roots: &Roots) -> Result<RootCertStore, SmtpError> {
    let mut store = RootCertStore::empty();
    if roots.bundled {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if roots.system {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a root certificate of the system cannot be read");
        }
        store.add_parsable_certificates(found.certs);
    }
    for root in &roots.extra {
        store.add(root.clone())?;
    }
    if store.is_empty() {
        return Err(SmtpError::NoRoots("neither bundled, nor from the system, nor given".to_owned()));
    }
    Ok(store)
}

fn sort(error: &io::Error) -> Cause {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(why)) => Cause::Certificate(reason(why)),
        Some(rustls::Error::NoCertificatesPresented) => {
            Cause::Certificate("the server shows none".to_owned())
        }
        Some(error) => Cause::Tls(error.to_string()),
        // A peer that closes in the middle of the handshake broke the handshake, whatever the system calls it.
        None => Cause::Tls(format!("the handshake broke off: {error}")),
    }
}

fn reason(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => "issued by nobody we trust, or self-signed".to_owned(),
        CertificateError::BadSignature => "its signature does not fit its issuer".to_owned(),
        other => other.to_string(),
    }
}

/// Takes any certificate: opportunistic TLS keeps out listeners, it does not prove who the server is.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
