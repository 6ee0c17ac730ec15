//! What TLS towards a host must show, who asks for it, and what a session showed.

mod decide;
pub mod policies;
pub mod ports;
pub mod tally;

use std::fmt;

use authentication::Tlsa;
use serde::{Deserialize, Serialize};

/// Longest words kept about why a session is as it is.
const WORDS_CHARS_MAX: usize = 200;

/// What a host must show before a message is handed to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Demand {
    /// Nothing: TLS where it works, in clear where not (RFC 7435).
    #[default]
    Opportunistic,
    /// TLS with any certificate.
    Encrypted,
    /// TLS with a certificate from an authority we trust, for the host's name.
    Verified,
    /// TLS with a certificate that one of these names (RFC 7672). Never empty.
    Dane(Vec<Tlsa>),
}

/// Who asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Basis {
    /// Nobody.
    #[default]
    Nobody,
    /// The owner of this house, for the domain or for the smart host.
    Owner,
    /// The recipient's domain, by MTA-STS (RFC 8461).
    MtaSts {
        /// The policy's version.
        id: String,
        /// False while the domain only tests: failures are reported and nothing else.
        enforce: bool,
    },
    /// The recipient's domain, by DANE.
    Dane,
}

/// The policy for one host of a domain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostPolicy {
    /// What is demanded.
    pub demand: Demand,
    /// Who demands it.
    pub basis: Basis,
    /// The recipient domain it was decided for; results are counted under it. Empty for smart hosts.
    pub domain: String,
    /// The domain tests MTA-STS and its policy does not name this host.
    pub outside_policy: bool,
}

/// What the encryption of a session proves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Proof {
    /// Not known; sessions of earlier versions.
    #[default]
    Unknown,
    /// In clear; the words say why.
    Clear(String),
    /// Encrypted towards somebody; the words say why nobody knows whom.
    Unverified(String),
    /// The certificate is from an authority we trust and for this host.
    Pkix,
    /// The certificate is the one the domain published (DANE-EE).
    DaneEe,
    /// The certificate is from the authority the domain published (DANE-TA).
    DaneTa,
}

/// What a session showed and who had asked for it. Written as `basis proof`, such as `dane dane-ee` or
/// `mta-sts:20260101 pkix`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Assurance {
    /// Who asked.
    pub basis: Basis,
    /// What it showed.
    pub proof: Proof,
}

/// How TLS towards a host went, in the words of RFC 8460 section 4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TlsResult {
    /// As the policy wants it.
    Success,
    /// The server offers no STARTTLS.
    StarttlsNotSupported,
    /// The certificate is for another name.
    CertificateHostMismatch,
    /// The certificate's time is over, or has not begun.
    CertificateExpired,
    /// The certificate is from nobody we trust.
    CertificateNotTrusted,
    /// Another failure, such as a handshake that broke off.
    ValidationFailure,
    /// TLSA records that no usable one is among, or that the certificate does not fit.
    TlsaInvalid,
    /// DNS answers whose signatures do not hold.
    DnssecInvalid,
    /// The MTA-STS policy could not be fetched.
    StsPolicyFetchError,
    /// The MTA-STS policy cannot be read.
    StsPolicyInvalid,
    /// The server of the MTA-STS policy has a certificate that does not hold.
    StsWebpkiInvalid,
}

impl TlsResult {
    /// Every result with its word.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Success, "success"),
        (Self::StarttlsNotSupported, "starttls-not-supported"),
        (Self::CertificateHostMismatch, "certificate-host-mismatch"),
        (Self::CertificateExpired, "certificate-expired"),
        (Self::CertificateNotTrusted, "certificate-not-trusted"),
        (Self::ValidationFailure, "validation-failure"),
        (Self::TlsaInvalid, "tlsa-invalid"),
        (Self::DnssecInvalid, "dnssec-invalid"),
        (Self::StsPolicyFetchError, "sts-policy-fetch-error"),
        (Self::StsPolicyInvalid, "sts-policy-invalid"),
        (Self::StsWebpkiInvalid, "sts-webpki-invalid"),
    ];

    /// The word of RFC 8460; `success` for none.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(result, _)| *result == self).map_or("", |(_, name)| name)
    }

    /// The result with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(result, _)| *result)
    }
}

/// One session's TLS, or a policy that could not be had, to be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSession {
    /// The recipient domain the policy is of.
    pub domain: String,
    /// Who asked for what.
    pub basis: Basis,
    /// The policy itself, where it is short: TLSA records.
    pub policy: Vec<String>,
    /// The host; empty where it did not come to one.
    pub host: String,
    /// Its address.
    pub address: Option<std::net::IpAddr>,
    /// How it went.
    pub result: TlsResult,
    /// More words; data.
    pub detail: String,
}

/// Takes note of how TLS went. Never waits.
pub trait TlsObserver: Send + Sync {
    /// One session.
    fn note(&self, session: TlsSession);
}

/// Takes no note.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl TlsObserver for Unobserved {
    fn note(&self, _session: TlsSession) {}
}

impl HostPolicy {
    /// What must be the same for two domains to share a connection to this host; `None` where nothing is demanded.
    #[must_use]
    pub fn apart(&self) -> Option<&str> {
        match &self.basis {
            Basis::Nobody => None,
            // Records are the host's own, the same for every domain it serves.
            Basis::Dane => Some("dane"),
            Basis::Owner | Basis::MtaSts { .. } => Some(&self.domain),
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("opportunistic"),
            Self::Owner => f.write_str("owner"),
            Self::MtaSts { id, enforce: true } => write!(f, "mta-sts:{id}"),
            Self::MtaSts { id, enforce: false } => write!(f, "mta-sts-testing:{id}"),
            Self::Dane => f.write_str("dane"),
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |words: &String| words.chars().take(WORDS_CHARS_MAX).collect::<String>();
        match self {
            Self::Unknown => Ok(()),
            Self::Clear(words) => write!(f, "clear:{}", short(words)),
            Self::Unverified(words) => write!(f, "unverified:{}", short(words)),
            Self::Pkix => f.write_str("pkix"),
            Self::DaneEe => f.write_str("dane-ee"),
            Self::DaneTa => f.write_str("dane-ta"),
        }
    }
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.basis, self.proof)
    }
}

impl Assurance {
    /// Reads what was stored; total: what is unknown is [`Proof::Unknown`].
    #[must_use]
    pub fn read(text: &str) -> Self {
        let (basis, proof) = text.split_once(' ').unwrap_or((text, ""));
        let basis = match basis.split_once(':') {
            Some(("mta-sts", id)) => Basis::MtaSts { id: id.to_owned(), enforce: true },
            Some(("mta-sts-testing", id)) => Basis::MtaSts { id: id.to_owned(), enforce: false },
            None if basis == "owner" => Basis::Owner,
            None if basis == "dane" => Basis::Dane,
            _ => Basis::Nobody,
        };
        let proof = match proof.split_once(':').unwrap_or((proof, "")) {
            ("clear", words) => Proof::Clear(words.to_owned()),
            ("unverified", words) => Proof::Unverified(words.to_owned()),
            ("pkix", _) => Proof::Pkix,
            ("dane-ee", _) => Proof::DaneEe,
            ("dane-ta", _) => Proof::DaneTa,
            _ => Proof::Unknown,
        };
        Self { basis, proof }
    }
}

impl From<String> for Assurance {
    fn from(text: String) -> Self {
        Self::read(&text)
    }
}

impl From<Assurance> for String {
    fn from(assurance: Assurance) -> Self {
        assurance.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(Assurance::read(text).to_string(), expected, "{text}");
    }

    #[test]
    fn what_is_written_can_be_read() {
        for text in [
            "opportunistic unverified:self-signed: what else",
            "opportunistic clear:STARTTLS is not offered",
            "owner pkix",
            "owner unverified:",
            "mta-sts:20260101 pkix",
            "mta-sts-testing:a1 unverified:expired",
            "dane dane-ee",
            "dane dane-ta",
        ] {
            check(text, text);
        }
        check("", "opportunistic ");
        check("what ever", "opportunistic ");
        assert_eq!(Assurance::default(), Assurance::read(""));
    }
}
