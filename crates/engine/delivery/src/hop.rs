//! The next server a message goes to.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{attempt::Trouble, tls::HostPolicy};

/// How TLS is used towards a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsMode {
    /// STARTTLS where offered, unauthenticated; in clear when it is broken (RFC 7435).
    Opportunistic,
    /// STARTTLS with a valid certificate, or nothing.
    StartTls,
    /// TLS from the first byte with a valid certificate (RFC 8314).
    Implicit,
    /// Never.
    None,
}

/// How we log in at a smart host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMechanism {
    /// The first of PLAIN, LOGIN that is offered.
    Any,
    /// RFC 4616.
    Plain,
    /// The old `LOGIN` exchange.
    Login,
    /// An OAuth 2.0 access token in place of the password, as Google and Microsoft want it.
    #[serde(rename = "xoauth2")]
    XOAuth2,
}

/// Login data for a smart host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Mechanism.
    pub mechanism: AuthMechanism,
    /// Account name.
    pub name: String,
    /// Password, or an access token.
    pub password: String,
}

/// One host that may be tried, with its addresses in the order to try them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HopHost {
    /// Name, for TLS and for the record.
    pub name: String,
    /// Addresses.
    pub addresses: Vec<IpAddr>,
    /// What TLS must show there, over and above [`NextHop::tls`].
    pub policy: HostPolicy,
}

impl HopHost {
    /// A host without a policy of its own.
    #[must_use]
    pub fn new(name: impl Into<String>, addresses: Vec<IpAddr>) -> Self {
        Self { name: name.into(), addresses, policy: HostPolicy::default() }
    }
}

/// Where to connect and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextHop {
    /// Hosts in the order to try them.
    pub hosts: Vec<HopHost>,
    /// TCP port.
    pub port: u16,
    /// TLS policy.
    pub tls: TlsMode,
    /// Login, smart hosts only.
    pub login: Option<Login>,
    /// The name we greet with.
    pub helo_name: String,
    /// Local addresses to connect from; any when empty. With some, only hosts of their families are tried.
    pub from: Vec<IpAddr>,
}

/// One MX host with its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MxHost {
    /// Smaller is tried first.
    pub preference: u16,
    /// Host name.
    pub name: String,
    /// IPv4 and IPv6 addresses; empty when the host has none.
    pub addresses: Vec<IpAddr>,
    /// What TLS must show there.
    pub policy: HostPolicy,
}

impl MxHost {
    /// A host without a policy.
    #[must_use]
    pub fn new(preference: u16, name: impl Into<String>, addresses: Vec<IpAddr>) -> Self {
        Self { preference, name: name.into(), addresses, policy: HostPolicy::default() }
    }
}

/// What DNS says about where a domain's mail goes (RFC 5321 section 5.1, RFC 7505).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MxAnswer {
    /// Hosts, best first; the domain itself when it has addresses but no MX.
    Hosts(Vec<MxHost>),
    /// The domain takes no mail.
    NullMx,
    /// The domain does not exist.
    NoSuchDomain,
    /// The domain exists but has no host for mail.
    NoMailHost,
    /// DNS could not be asked: always temporary. The text is data.
    Trouble(String),
    /// There are hosts, and a TLS policy lets none of them be used now. The text is data.
    Barred(Trouble, String),
}
