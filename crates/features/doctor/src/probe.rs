//! The route test: one walk from DNS to RCPT, with what each step showed.

use delivery::{
    hop::{Login, TlsMode},
    source::Way,
};

/// A step of the walk, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Look-up of the server's name.
    Dns,
    /// TCP connection.
    Tcp,
    /// TLS, at the start or by STARTTLS.
    Tls,
    /// Greeting and EHLO.
    Ehlo,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO. Nothing is sent afterwards: RSET, QUIT.
    Rcpt,
}

/// What a step showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It worked; the words of the server or the addresses found.
    Good(String),
    /// It was not needed (TLS not asked for, no login).
    Skipped,
    /// The name does not exist.
    NoSuchHost,
    /// DNS did not answer.
    DnsTrouble(String),
    /// The connection was refused.
    Refused(String),
    /// No answer in time.
    TimedOut,
    /// The connection broke, or there is no path.
    Broken(String),
    /// STARTTLS is not offered.
    TlsNotOffered,
    /// The certificate cannot be trusted.
    CertificateWrong(String),
    /// Another TLS failure.
    TlsFailed(String),
    /// AUTH, or the wanted mechanism, is not offered.
    AuthNotOffered(String),
    /// The server said no; the reply.
    Reply(mail::Reply),
    /// What came back is not SMTP.
    NotSmtp(String),
}

/// One step and what it showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepFact {
    /// Which step.
    pub step: Step,
    /// What it showed.
    pub seen: Seen,
}

/// What to test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeRequest {
    /// Server name or address; for the direct route the MX of the test recipient's domain is used.
    pub host: Option<String>,
    /// Port.
    pub port: u16,
    /// TLS.
    pub tls: TlsMode,
    /// Login.
    pub login: Option<Login>,
    /// The name we greet with.
    pub helo_name: String,
    /// MAIL FROM of the test.
    pub reverse_path: mail::Address,
    /// RCPT TO of the test.
    pub recipient: mail::Address,
    /// Local addresses to connect from; any when empty.
    pub from: Vec<std::net::IpAddr>,
}

impl ProbeRequest {
    /// The test of a source's way. `house`: the name we greet with where the way has none of its own, and the port of
    /// other servers. `path`: from whom, to whom.
    #[must_use]
    pub fn through(way: &Way, house: (&str, u16), path: (mail::Address, mail::Address)) -> Self {
        let (reverse_path, recipient) = path;
        match way {
            Way::Direct(direct) => Self {
                host: None,
                port: house.1,
                tls: TlsMode::Opportunistic,
                login: None,
                helo_name: if direct.helo_name.is_empty() { house.0 } else { &direct.helo_name }.to_owned(),
                reverse_path,
                recipient,
                from: direct.bind.clone(),
            },
            Way::SmartHost(host) => Self {
                host: Some(host.host.clone()),
                port: host.port,
                tls: host.tls,
                login: host.login.clone(),
                helo_name: house.0.to_owned(),
                reverse_path,
                recipient,
                from: Vec::new(),
            },
        }
    }
}
