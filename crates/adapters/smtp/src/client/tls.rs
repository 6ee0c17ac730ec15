//! TLS as a client: the handshake takes any certificate that its owner signed with; what it proves is judged after.

use std::{io, net::Ipv4Addr, sync::Arc};

use delivery::{
    attempt::Trouble,
    tls::{Proof, TlsResult},
};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{
        CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
    },
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    halt::Cause,
    proof::{Prover, Unproven, Wish, of_certificate, unproven},
};
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
    strict: TlsConnector,
    lax: TlsConnector,
    prover: Prover,
}

/// A session under TLS and what it proves.
pub(crate) struct Secured {
    pub(crate) stream: TlsStream<TcpStream>,
    pub(crate) proof: Proof,
    /// What would have been wrong where nothing is demanded.
    pub(crate) flaw: Option<Unproven>,
}

impl ClientTls {
    /// Reads the roots and makes the configurations.
    ///
    /// # Errors
    /// When there is no root at all, or the TLS library refuses one.
    pub fn new(roots: &Roots) -> Result<Self, SmtpError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let connector = |lax| -> Result<TlsConnector, SmtpError> {
            let check = JudgedLater { algorithms: provider.signature_verification_algorithms, lax };
            let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()?
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(check))
                .with_no_client_auth();
            Ok(Arc::new(config).into())
        };
        let prover = Prover::new(roots.store()?, Arc::<CryptoProvider>::clone(&provider))?;
        Ok(Self { strict: connector(false)?, lax: connector(true)?, prover })
    }

    pub(crate) async fn connect(
        &self,
        wish: &Wish,
        host: &str,
        stream: TcpStream,
        until: Instant,
    ) -> Result<Secured, Cause> {
        let name = ServerName::try_from(host.trim_end_matches('.').to_owned());
        let name = match name {
            Ok(name) => name,
            // Nothing is checked, so a host with a strange name is just not named in the handshake.
            Err(_) if wish.takes_any() => Ipv4Addr::UNSPECIFIED.into(),
            Err(_) => {
                let words = format!("{host} is no name a certificate can have");
                return Err(Cause::Certificate(unproven(TlsResult::CertificateHostMismatch, &words)));
            }
        };
        let connector = if wish.lax { &self.lax } else { &self.strict };
        let stream = match timeout_at(until, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(sort(&error)),
            Err(_) => {
                let words = "no answer in time in the TLS handshake".to_owned();
                return Err(Cause::Broken(Trouble::TimedOut, words));
            }
        };
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        match self.prover.prove(wish, host, chain) {
            Ok((proof, flaw)) => Ok(Secured { stream, proof, flaw }),
            Err(why) => Err(Cause::Certificate(why)),
        }
    }
}

impl Roots {
    /// All of them, as the TLS library takes them.
    ///
    /// # Errors
    /// When there is none, or one cannot be read.
    pub fn store(&self) -> Result<RootCertStore, SmtpError> {
        let mut store = RootCertStore::empty();
        if self.bundled {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        if self.system {
            let found = rustls_native_certs::load_native_certs();
            for error in &found.errors {
                tracing::warn!(%error, "a root certificate of the system cannot be read");
            }
            store.add_parsable_certificates(found.certs);
        }
        for root in &self.extra {
            store.add(root.clone())?;
        }
        if store.is_empty() {
            return Err(SmtpError::NoRoots("neither bundled, nor from the system, nor given".to_owned()));
        }
        Ok(store)
    }
}

fn sort(error: &io::Error) -> Cause {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(why)) => Cause::Certificate(of_certificate(why)),
        Some(rustls::Error::NoCertificatesPresented) => {
            Cause::Certificate(unproven(TlsResult::ValidationFailure, "the server shows none"))
        }
        Some(error) => Cause::Tls(error.to_string()),
        // A peer that closes in the middle of the handshake broke the handshake, whatever the system calls it.
        None => Cause::Tls(format!("the handshake broke off: {error}")),
    }
}

/// Leaves the judgement of the certificate for after the handshake, but has the server prove that the certificate is
/// its own. `lax` takes even that on trust: old servers have certificates that cannot be read, and TLS with them is
/// still better than none.
#[derive(Debug)]
struct JudgedLater {
    algorithms: WebPkiSupportedAlgorithms,
    lax: bool,
}

impl ServerCertVerifier for JudgedLater {
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
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match self.lax {
            true => Ok(HandshakeSignatureValid::assertion()),
            false => verify_tls12_signature(message, cert, dss, &self.algorithms),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match self.lax {
            true => Ok(HandshakeSignatureValid::assertion()),
            false => verify_tls13_signature(message, cert, dss, &self.algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
