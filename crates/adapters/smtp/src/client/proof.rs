//! Judges a server's certificate after the handshake, by what is demanded of the host.

use std::sync::Arc;

use authentication::{Association, Tlsa, TlsaSelector, TlsaUsage};
use delivery::{
    hop::{NextHop, TlsMode},
    tls::{Basis, Demand, HostPolicy, Proof, TlsResult},
};
use rustls::{
    CertificateError, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::CryptoProvider,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// Why a certificate does not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unproven {
    /// The kind, for reports.
    pub(crate) result: TlsResult,
    /// The words, for people.
    pub(crate) words: String,
}

/// What a session must show.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// The policy of the host.
    pub(crate) policy: HostPolicy,
    /// Whether a certificate whose signature cannot be checked is taken all the same.
    pub(crate) lax: bool,
}

impl Wish {
    /// What the mode of a route demands, without a policy of the host.
    pub(crate) fn of_mode(mode: TlsMode) -> Self {
        let (demand, basis) = match mode {
            TlsMode::StartTls | TlsMode::Implicit => (Demand::Verified, Basis::Owner),
            TlsMode::Opportunistic | TlsMode::None => (Demand::Opportunistic, Basis::Nobody),
        };
        let policy = HostPolicy { demand, basis, ..HostPolicy::default() };
        Self { policy, lax: false }
    }

    /// What the route and the host's own policy demand.
    pub(crate) fn of(hop: &NextHop, policy: &HostPolicy) -> Self {
        match hop.tls {
            TlsMode::Opportunistic => Self { policy: policy.clone(), lax: false },
            mode => Self::of_mode(mode),
        }
    }

    /// Whether mail may go in clear where TLS does not work.
    pub(crate) fn may_do_without(&self) -> bool {
        self.policy.demand == Demand::Opportunistic
    }

    /// Whether any certificate does.
    pub(crate) fn takes_any(&self) -> bool {
        matches!(self.policy.demand, Demand::Opportunistic | Demand::Encrypted)
    }
}

/// Checks certificates against authorities and TLSA records.
#[derive(Clone)]
pub(crate) struct Prover {
    pkix: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
}

impl Prover {
    pub(crate) fn new(roots: RootCertStore, provider: Arc<CryptoProvider>) -> Result<Self, rustls::Error> {
        let pkix = verifier(roots, &provider)?;
        Ok(Self { pkix, provider })
    }

    /// What the chain (the server's own certificate first) proves of `host`; the second value is what would have
    /// been wrong where nothing is demanded.
    pub(crate) fn prove(
        &self,
        wish: &Wish,
        host: &str,
        chain: &[CertificateDer<'_>],
    ) -> Result<(Proof, Option<Unproven>), Unproven> {
        match &wish.policy.demand {
            _ if wish.lax => {
                let why = unproven(TlsResult::ValidationFailure, "its signature cannot be checked");
                Ok((Proof::Unverified(why.words.clone()), Some(why)))
            }
            Demand::Opportunistic | Demand::Encrypted => Ok(match pkix(&self.pkix, host, chain) {
                Ok(()) => (Proof::Pkix, None),
                Err(why) => (Proof::Unverified(why.words.clone()), Some(why)),
            }),
            Demand::Verified => pkix(&self.pkix, host, chain).map(|()| (Proof::Pkix, None)),
            Demand::Dane(records) => {
                self.dane(records, (host, &wish.policy.domain), chain).map(|proof| (proof, None))
            }
        }
    }

    fn dane(
        &self,
        records: &[Tlsa],
        (host, domain): (&str, &str),
        chain: &[CertificateDer<'_>],
    ) -> Result<Proof, Unproven> {
        let own =
            chain.first().ok_or_else(|| unproven(TlsResult::ValidationFailure, "the server shows none"))?;
        let (own_ones, authorities): (Vec<&Tlsa>, Vec<&Tlsa>) =
            records.iter().partition(|record| record.usage == TlsaUsage::EndEntity);
        if own_ones.iter().any(|record| record.names(own)) {
            return Ok(Proof::DaneEe);
        }
        let mut why = None;
        for record in authorities {
            for authority in named_authorities(record, chain) {
                match self.issued_by(&authority, (host, domain), chain) {
                    Ok(()) => return Ok(Proof::DaneTa),
                    Err(failure) => why = Some(failure),
                }
            }
        }
        Err(why.unwrap_or_else(|| {
            let said: Vec<String> =
                records.iter().map(|record| record.text().chars().take(40).collect()).collect();
            unproven(
                TlsResult::ValidationFailure,
                &format!("it is none of those the domain published (TLSA {})", said.join(", ")),
            )
        }))
    }

    /// RFC 7672 section 3.2.3: the name may be the host's or the recipient domain.
    fn issued_by(
        &self,
        authority: &CertificateDer<'_>,
        (host, domain): (&str, &str),
        chain: &[CertificateDer<'_>],
    ) -> Result<(), Unproven> {
        let mut roots = RootCertStore::empty();
        let refused = |error: rustls::Error| unproven(TlsResult::TlsaInvalid, &error.to_string());
        roots.add(authority.clone().into_owned()).map_err(refused)?;
        let checker = verifier(roots, &self.provider).map_err(refused)?;
        match pkix(&checker, host, chain) {
            Err(why) if why.result == TlsResult::CertificateHostMismatch && !domain.is_empty() => {
                pkix(&checker, domain, chain)
            }
            done => done,
        }
    }
}

/// The certificates an authority record can stand for: those of the chain it names, and the one it holds itself.
fn named_authorities<'a>(record: &Tlsa, chain: &[CertificateDer<'a>]) -> Vec<CertificateDer<'a>> {
    let mut named: Vec<CertificateDer<'a>> =
        chain.iter().skip(1).filter(|certificate| record.names(certificate)).cloned().collect();
    if let (TlsaSelector::Certificate, Association::Exact(der)) = (record.selector, &record.association) {
        named.push(CertificateDer::from(der.clone()));
    }
    named
}

fn verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))
}

fn pkix(checker: &WebPkiServerVerifier, host: &str, chain: &[CertificateDer<'_>]) -> Result<(), Unproven> {
    let Ok(name) = ServerName::try_from(host.trim_end_matches('.')) else {
        let words = format!("{host} is no name a certificate can have");
        return Err(unproven(TlsResult::CertificateHostMismatch, &words));
    };
    let Some((own, others)) = chain.split_first() else {
        return Err(unproven(TlsResult::ValidationFailure, "the server shows none"));
    };
    match checker.verify_server_cert(own, others, &name, &[], UnixTime::now()) {
        Ok(_) => Ok(()),
        Err(rustls::Error::InvalidCertificate(why)) => Err(of_certificate(&why)),
        Err(other) => Err(unproven(TlsResult::ValidationFailure, &other.to_string())),
    }
}

/// What the TLS library says of a certificate, in our words and those of RFC 8460.
pub(crate) fn of_certificate(why: &CertificateError) -> Unproven {
    use CertificateError as C;
    let result = match why {
        C::Expired | C::ExpiredContext { .. } | C::NotValidYet | C::NotValidYetContext { .. } => {
            TlsResult::CertificateExpired
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => TlsResult::CertificateHostMismatch,
        C::UnknownIssuer => TlsResult::CertificateNotTrusted,
        _ => TlsResult::ValidationFailure,
    };
    match why {
        C::UnknownIssuer => unproven(result, "issued by nobody we trust, or self-signed"),
        C::BadSignature => unproven(result, "its signature does not fit its issuer"),
        other => unproven(result, &other.to_string()),
    }
}

pub(crate) fn unproven(result: TlsResult, words: &str) -> Unproven {
    Unproven { result, words: words.to_owned() }
}
