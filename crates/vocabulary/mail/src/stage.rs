//! How far a delivery attempt had come when its last reply arrived.

use serde::{Deserialize, Serialize};

/// The step of an SMTP delivery attempt. A refusal means different things at different stages:
/// au's `550 User unknown` is a missing mailbox at [`Stage::Rcpt`] and a receive filter at [`Stage::Content`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Finding the server: MX, A and AAAA look-ups.
    Dns,
    /// The TCP connection.
    Connect,
    /// The server's opening line (RFC 5321 section 3.1).
    Greeting,
    /// `EHLO` or `HELO`.
    Ehlo,
    /// `STARTTLS` and the TLS handshake (RFC 3207).
    Tls,
    /// `AUTH` at a smart host (RFC 4954).
    Auth,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`, and the content until its end was sent.
    Data,
    /// The reply to the final dot, after the content.
    Content,
    /// Not in a session: a bounce that came back later, or a report.
    Later,
}

impl Stage {
    /// The lower-case name that is stored and shown in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Ehlo => "ehlo",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Content => "content",
            Self::Later => "later",
        }
    }

    /// The stage with this [`Stage::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        use Stage::{Auth, Connect, Content, Data, Dns, Ehlo, Greeting, Later, Mail, Rcpt, Tls};
        [Dns, Connect, Greeting, Ehlo, Tls, Auth, Mail, Rcpt, Data, Content, Later]
            .into_iter()
            .find(|stage| stage.name() == name)
    }
}
