//! What TLS policies ask of the rest of the house.

use async_trait::async_trait;
use authentication::Tlsa;

use super::TlsResult;
use crate::ports::StoreFailure;

/// The TXT records of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TxtAnswer {
    /// Each record with its strings joined; empty where there is none.
    Records(Vec<String>),
    /// DNS could not be asked.
    Trouble(String),
}

/// What DANE says about one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostDane {
    /// Nothing: its DNS is not signed, or it has no TLSA records.
    Absent,
    /// TLSA records from validated DNS; those that can be used, and how many cannot.
    Records {
        /// Usable.
        usable: Vec<Tlsa>,
        /// How many are of no use (RFC 7672 section 2.2).
        unusable: usize,
    },
    /// The answer is signed and does not hold, or could not be had. Nothing may be sent to this host now.
    Trouble(String),
}

/// What DANE says about a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DomainDane {
    /// Its MX records are not signed, or DNSSEC cannot be validated here.
    Absent,
    /// One entry per host asked for, in the same order.
    Hosts(Vec<HostDane>),
    /// The MX answer is signed and does not hold.
    Trouble(String),
}

/// DNS as policies need it.
#[async_trait]
pub trait PolicyDns: Send + Sync {
    /// TXT records; validation does not matter.
    async fn txt(&self, name: &str) -> TxtAnswer;
    /// Validated MX, address and TLSA records of a domain's hosts (RFC 7672 section 2.2).
    async fn dane(&self, domain: &str, hosts: &[String], port: u16) -> DomainDane;
}

/// Why a policy could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchFailure {
    /// In the words of TLS reports.
    pub result: TlsResult,
    /// For people; data.
    pub words: String,
}

/// Fetches `https://mta-sts.DOMAIN/.well-known/mta-sts.txt` (RFC 8461 section 3.3).
#[async_trait]
pub trait StsFetch: Send + Sync {
    /// The body, as text.
    ///
    /// # Errors
    /// Anything but a 200 with a body of text from a server whose certificate holds; a redirect too.
    async fn fetch(&self, domain: &str) -> Result<String, FetchFailure>;
}

/// Fetches nothing: MTA-STS is switched off.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFetch;

#[async_trait]
impl StsFetch for NoFetch {
    async fn fetch(&self, _domain: &str) -> Result<String, FetchFailure> {
        Err(FetchFailure { result: TlsResult::StsPolicyFetchError, words: "switched off".to_owned() })
    }
}

/// A policy as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSts {
    /// The id of the record it was announced with.
    pub id: String,
    /// The file.
    pub body: String,
    /// When it was fetched.
    pub fetched_at: i64,
    /// Until when it holds.
    pub holds_until: i64,
}

/// What the owner demands of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsRule {
    /// Encryption, with any certificate.
    Encrypted,
    /// Encryption with a certificate that holds.
    Verified,
}

impl TlsRule {
    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::Verified => "verified",
        }
    }

    /// The rule with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Encrypted, Self::Verified].into_iter().find(|rule| rule.name() == name)
    }
}

/// How often something happened on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsCount {
    /// Days since 1970, UTC.
    pub day: i64,
    /// The recipient domain.
    pub domain: String,
    /// `sts`, `tlsa` or `no-policy-found` (RFC 8460 section 4.2).
    pub policy_type: String,
    /// The policy applied: TLSA records, one per line; empty for others.
    pub policy: String,
    /// The host.
    pub host: String,
    /// Its address, empty where it did not come to one.
    pub address: String,
    /// How it went.
    pub result: TlsResult,
    /// More words of the last time.
    pub detail: String,
    /// How often.
    pub count: u64,
}

/// A report that waits to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsReportDraft {
    /// Whom it is about.
    pub domain: String,
    /// Days since 1970, UTC.
    pub day: i64,
    /// `mailto:…` or `https:…`.
    pub place: String,
    /// The JSON, compressed with gzip.
    pub bytes: Vec<u8>,
}

/// A report in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingTlsReport {
    /// Key.
    pub id: i64,
    /// What it is.
    pub draft: TlsReportDraft,
    /// Tries so far.
    pub tries: u32,
}

/// Keeps policies, rules and counts. Each method is one transaction.
#[async_trait]
pub trait TlsStore: Send + Sync {
    /// The kept policy of a domain, whether it still holds or not.
    async fn kept_sts(&self, domain: &str) -> Result<Option<KeptSts>, StoreFailure>;
    /// Keeps a policy in place of the one before.
    async fn keep_sts(&self, domain: &str, kept: &KeptSts) -> Result<(), StoreFailure>;
    /// The owner's rules, by domain.
    async fn tls_rules(&self) -> Result<Vec<(String, TlsRule)>, StoreFailure>;
    /// Sets or lifts the rule of a domain (lower case).
    async fn set_tls_rule(
        &self,
        domain: &str,
        rule: Option<TlsRule>,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure>;
    /// Adds to the counts.
    async fn add_tls_counts(&self, counts: &[TlsCount]) -> Result<(), StoreFailure>;
    /// The counts of one day, by domain; at most `limit` rows.
    async fn tls_counts(&self, day: i64, limit: u32) -> Result<Vec<TlsCount>, StoreFailure>;
    /// Days before `day` that have counts and were not reported yet.
    async fn unreported_tls_days(&self, day: i64) -> Result<Vec<i64>, StoreFailure>;
    /// Keeps the reports of a day and marks the day as reported; counts older than 30 days go.
    async fn keep_tls_reports(
        &self,
        day: i64,
        drafts: &[TlsReportDraft],
        now: i64,
    ) -> Result<(), StoreFailure>;
    /// Reports that are due.
    async fn due_tls_reports(&self, now: i64, limit: u32) -> Result<Vec<WaitingTlsReport>, StoreFailure>;
    /// A report was delivered or given up (`next_at` is `None`), or is tried again.
    async fn settle_tls_report(&self, id: i64, next_at: Option<i64>) -> Result<(), StoreFailure>;
}
