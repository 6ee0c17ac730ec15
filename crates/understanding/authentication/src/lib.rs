//! Proves who sent a message: DKIM keys and signatures, the DNS records to publish, and what the DNS says about them.
//!
//! Nothing here asks the DNS. [`judge`](fn@judge) and [`check_spf`] work on given answers and say which ones they still need;
//! the caller asks those and calls again.

mod answers;
mod canonical;
mod dkim;
mod dmarc;
mod judge;
mod keys;
mod merge;
mod plan;
mod return_path;
mod sentences;
mod signer;
mod spf;
mod spf_judge;
mod sts;
mod tags;
mod tls_reporting;
mod tlsa;

pub use answers::{Answer, Answers};
pub use judge::{Judgement, RecordStanding, Standing, judge};
pub use keys::{Algorithm, KeyPair, generate};
pub use plan::{DkimKey, DomainPlan, Purpose, WantedRecord, txt_strings, wanted_records};
pub use signer::Signer;
pub use spf::{SpfQuery, SpfResult, check_spf};
pub use sts::{StsDefect, StsMode, StsPolicy, StsRecord};
pub use tls_reporting::{ReportPlace, TlsReportingDefect, report_places};
pub use tlsa::{Association, Tlsa, TlsaDefect, TlsaSelector, TlsaUsage, public_key_of};

/// Why something could not be done at all. What the DNS says is never an error, only a [`Standing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// The cryptographic library could not make a key.
    #[error("a key could not be generated")]
    Generate,
    /// A private key is not base64 or PEM of PKCS#8 (or, for RSA, PKCS#1), or is of the other algorithm.
    #[error("the private key cannot be read")]
    PrivateKey,
    /// An RSA key shorter than 1024 bits, which every verifier refuses (RFC 8301).
    #[error("the RSA key is shorter than 1024 bits")]
    ShortKey,
    /// The domain or a selector is no DNS name.
    #[error("the domain or the selector is not a DNS name")]
    Name,
    /// The message has no From field, which DKIM must sign (RFC 6376 section 5.4).
    #[error("the message has no From field")]
    NoFrom,
    /// The cryptographic library refused to sign.
    #[error("the message could not be signed")]
    Sign,
}
