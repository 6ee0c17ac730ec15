//! The self-signed certificate, made at start, that covers every simulated host.

use std::{collections::BTreeSet, sync::Arc};

use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::{TestkitError, providers::ProviderBook};

/// The acceptor, and the certificate as PEM for those who want to trust it.
pub(super) fn acceptor(book: &ProviderBook) -> Result<(TlsAcceptor, String), TestkitError> {
    let wrong = |error: &dyn std::fmt::Display| TestkitError::Certificate(error.to_string());
    let names: BTreeSet<String> = book.providers().iter().flat_map(|p| p.hosts.clone()).collect();
    let names: Vec<String> = names.into_iter().chain(["localhost".to_owned()]).collect();
    let made = rcgen::generate_simple_self_signed(names).map_err(|error| wrong(&error))?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(|error| wrong(&error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .map_err(|error| wrong(&error))?;
    Ok((TlsAcceptor::from(Arc::new(config)), made.cert.pem()))
}
