//! What one delivery attempt saw. It states facts and decides nothing.

use mail::{Reply, Stage};
use serde::{Deserialize, Serialize};

use crate::{
    source::{FIRST_SOURCE, SourceId},
    tls::Assurance,
    transcript::Tape,
};

/// Why no (usable) reply was got. These are our own words, never matched as if a server had said them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The domain does not exist (NXDOMAIN).
    NoSuchDomain,
    /// The domain says it takes no mail (null MX, RFC 7505).
    NullMx,
    /// The domain exists but has neither MX nor address records.
    NoMailHost,
    /// DNS did not answer, or answered with a failure. Always temporary.
    DnsTrouble,
    /// The connection was refused.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The connection broke.
    Disconnected,
    /// No network path.
    Unreachable,
    /// The TLS handshake failed where TLS is required.
    TlsFailed,
    /// The certificate does not prove what a policy demands (the owner's, MTA-STS, DANE).
    TlsUnproven,
    /// The domain's MTA-STS policy names none of its MX hosts.
    MxNotInPolicy,
    /// The domain's DNS answers are signed and the signatures do not hold, or could not be checked.
    DnssecBroken,
    /// The message needs SMTPUTF8 or 8BITMIME and the server does not offer it.
    NotOffered,
    /// The message is larger than the server says it takes.
    TooLarge,
    /// The peer does not speak SMTP, or its lines are beyond the limits.
    NotSmtp,
    /// The login at the smart host was refused.
    AuthRefused,
    /// The message could not be built.
    Unrenderable,
}

impl Trouble {
    const ALL: [(Self, &'static str); 17] = [
        (Self::NoSuchDomain, "no_such_domain"),
        (Self::NullMx, "null_mx"),
        (Self::NoMailHost, "no_mail_host"),
        (Self::DnsTrouble, "dns_trouble"),
        (Self::Refused, "refused"),
        (Self::TimedOut, "timed_out"),
        (Self::Disconnected, "disconnected"),
        (Self::Unreachable, "unreachable"),
        (Self::TlsFailed, "tls_failed"),
        (Self::TlsUnproven, "tls_unproven"),
        (Self::MxNotInPolicy, "mx_not_in_policy"),
        (Self::DnssecBroken, "dnssec_broken"),
        (Self::NotOffered, "not_offered"),
        (Self::TooLarge, "too_large"),
        (Self::NotSmtp, "not_smtp"),
        (Self::AuthRefused, "auth_refused"),
        (Self::Unrenderable, "unrenderable"),
    ];

    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(trouble, _)| *trouble == self).map_or("", |(_, name)| name)
    }

    /// The trouble with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(trouble, _)| *trouble)
    }
}

/// What a session learned of its peer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Host name as resolved from MX or configured.
    pub host: String,
    /// IP address and port.
    pub address: String,
    /// TLS version and cipher, `None` in clear.
    pub tls: Option<String>,
    /// What that proves, and who had asked for it.
    #[serde(default)]
    pub assurance: Assurance,
}

/// One try for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub started_at: i64,
    /// When it ended.
    pub ended_at: i64,
    /// The source it left by.
    #[serde(default = "first_source")]
    pub source: SourceId,
    /// Whom we talked to, as far as it came.
    pub peer: Option<Peer>,
    /// How far it came.
    pub stage: Stage,
    /// The last reply that matters.
    pub reply: Option<Reply>,
    /// What went wrong where there is no reply.
    pub trouble: Option<Trouble>,
    /// The operating system's or our own words about the trouble; data, shown folded.
    pub detail: String,
}

fn first_source() -> SourceId {
    FIRST_SOURCE
}

/// A connection or dialogue that could not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// At which step.
    pub stage: Stage,
    /// What went wrong.
    pub trouble: Trouble,
    /// A reply, where the peer said one (a 421 or 554 greeting, a refused EHLO or AUTH).
    pub reply: Option<Reply>,
    /// Whom we talked to.
    pub peer: Option<Peer>,
    /// The words of the error; data.
    pub detail: String,
    /// What was said while the connection was opened, where it came to nothing.
    pub said: Option<Box<Tape>>,
}
