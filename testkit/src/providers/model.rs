//! What the data file says about a provider: its hosts, its limits and how its mailboxes behave.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::ReplyTemplate;

/// One provider, or one kind of trouble with a name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Short name: `docomo`, `au`, `down`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The domains whose mail it takes.
    pub domains: Vec<String>,
    /// MX host names, most preferred first.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// MX host names preferred before those, at an address where nobody listens.
    #[serde(default)]
    pub dead_hosts: Vec<String>,
    /// The loopback address its hosts have.
    pub ip: Option<IpAddr>,
    /// What the DNS says about its domains.
    #[serde(default)]
    pub dns: DnsShape,
    /// What happens when a client connects.
    #[serde(default)]
    pub connection: Connection,
    /// What STARTTLS does.
    #[serde(default)]
    pub tls: TlsShape,
    /// The opening line.
    #[serde(default = "default_greeting")]
    pub greeting: ReplyTemplate,
    /// EHLO keywords except STARTTLS.
    #[serde(default = "default_esmtp")]
    pub esmtp: Vec<String>,
    /// What it says when all is well.
    #[serde(default)]
    pub replies: Replies,
    /// Its limits and demands.
    #[serde(default)]
    pub limits: Limits,
    /// It is no mailbox provider but a sending route: takes mail for everybody after this login.
    pub login: Option<Login>,
    /// The behaviour of a mailbox that nothing else is said of.
    #[serde(default = "default_behaviour")]
    pub default: String,
    /// Behaviour → how many of 1,000 mailboxes have it, chosen by a hash of the local part.
    #[serde(default)]
    pub shares: BTreeMap<String, u32>,
    /// Local part → behaviour; wins over everything else.
    #[serde(default)]
    pub locals: BTreeMap<String, String>,
    /// Behaviours only this provider has, or has in its own words.
    #[serde(default, rename = "behaviour")]
    pub behaviours: BTreeMap<String, Behaviour>,
    /// Why mail to it fails as a whole (Sisimai's name), where DNS or connection do not work.
    pub reason: Option<String>,
}

/// Who may send through a sending route (RFC 4954).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
}

/// What a provider's domains have in the DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DnsShape {
    /// MX records that name its hosts.
    #[default]
    Mx,
    /// No MX: the domain itself has the address (RFC 5321 section 5.1).
    AddressOnly,
    /// `MX 0 .` (RFC 7505).
    NullMx,
    /// The domain does not exist.
    Nxdomain,
    /// The name servers answer SERVFAIL.
    Servfail,
    /// The name servers do not answer.
    Timeout,
}

/// What happens to a client that connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connection {
    /// SMTP.
    #[default]
    Smtp,
    /// Nobody listens: the connection is refused.
    Refused,
    /// The connection stands, and nothing is ever said.
    Silent,
    /// Something that is not SMTP answers.
    Garbage,
    /// The greeting is given as the data file says (a 421 or 554), then the connection closes.
    TurnedAway,
}

/// What STARTTLS (RFC 3207) does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsShape {
    /// Works, with a self-signed certificate.
    #[default]
    Works,
    /// Not offered.
    Absent,
    /// Offered; after 220 comes something that is not TLS.
    Garbage,
    /// Offered; after 220 the connection closes.
    HangUp,
    /// Offered; STARTTLS is answered 454.
    Unavailable,
    /// The connection begins with TLS (RFC 8314).
    Implicit,
}

/// What is said when all is well.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Replies {
    /// To `MAIL FROM`.
    pub mail: ReplyTemplate,
    /// To `RCPT TO`.
    pub rcpt: ReplyTemplate,
    /// To `DATA`.
    pub data_begin: ReplyTemplate,
    /// To the final dot.
    pub content: ReplyTemplate,
    /// To `RCPT TO` with a domain that is not ours.
    pub relay: ReplyTemplate,
    /// To `RCPT TO` with an address that does not follow the grammar (a dot too many, not quoted).
    pub malformed: ReplyTemplate,
}

/// Limits and demands of a provider; absent = none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// `RCPT TO` commands taken in one connection.
    pub recipients_per_session: Option<Limit>,
    /// Messages begun in one connection.
    pub messages_per_session: Option<Limit>,
    /// Recipients of one message.
    pub recipients_per_message: Option<Limit>,
    /// Longest line of the content in octets, with its CRLF.
    pub line_bytes: Option<Limit>,
    /// Largest message in octets.
    pub message_bytes: Option<Limit>,
    /// Messages from one IP address in a minute; refills steadily, so it relaxes by itself.
    pub messages_per_minute: Option<Limit>,
    /// Connections from one IP address at the same time.
    pub connections: Option<Limit>,
    /// Said after the final dot to a message without DKIM-Signature.
    pub unsigned: Option<ReplyTemplate>,
    /// Said after the final dot to a message without Message-ID.
    pub no_message_id: Option<ReplyTemplate>,
    /// Said after the final dot to a message with a line end that is not CRLF.
    pub bare_line_feed: Option<ReplyTemplate>,
    /// Said to `MAIL FROM` with a domain that is not in the DNS.
    pub sender_domain_unknown: Option<ReplyTemplate>,
}

/// A number and what is said when it is passed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The largest number allowed.
    pub max: u64,
    /// What is said beyond it.
    pub reply: ReplyTemplate,
}

/// How one mailbox behaves.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// Said to `RCPT TO` instead of 250.
    pub rcpt: Option<ReplyTemplate>,
    /// Said after the final dot instead of 250.
    pub content: Option<ReplyTemplate>,
    /// The refusal ends this long after the first try (greylisting), milliseconds.
    pub retry_after_ms: Option<u64>,
    /// Waiting before the replies to `RCPT TO` and to the final dot, milliseconds.
    pub delay_ms: u64,
    /// Where the connection is cut without a word.
    pub hang_up: Option<HangUp>,
    /// The bounce mail that comes after the message was accepted.
    pub later: Option<Later>,
    /// Where an accepted message ends up.
    pub fate: Fate,
    /// Why it fails or waits (Sisimai's name, or `greylisted`).
    pub reason: Option<String>,
}

/// Where a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HangUp {
    /// At `RCPT TO`.
    Rcpt,
    /// In the middle of the content.
    Content,
    /// After the final dot, before the reply: the client cannot know.
    Reply,
}

/// A bounce that comes back after the message was accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Later {
    /// Whose form it has: the name of a file in `dsn/`.
    pub style: String,
    /// How long after the acceptance, milliseconds.
    pub after_ms: u64,
    /// What the last server said, quoted in the bounce.
    pub diagnostic: ReplyTemplate,
    /// The host that said it, `{domain}` allowed.
    #[serde(default = "default_remote")]
    pub remote_host: String,
}

/// Where an accepted message ends up. Only the simulator knows; no client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// In the inbox.
    #[default]
    Inbox,
    /// In the spam folder.
    SpamFolder,
    /// Thrown away without a word.
    Dropped,
    /// Taken first, bounced later.
    Bounced,
    /// Never taken.
    NotTaken,
}

impl Default for Replies {
    fn default() -> Self {
        Self {
            mail: fixed("250 2.1.0 Ok"),
            rcpt: fixed("250 2.1.5 Ok"),
            data_begin: fixed("354 End data with <CR><LF>.<CR><LF>"),
            content: fixed("250 2.0.0 Ok: queued as {id}"),
            relay: fixed("554 5.7.1 <{address}>: Relay access denied"),
            malformed: fixed("501 5.1.3 Bad recipient address syntax"),
        }
    }
}

fn fixed(text: &str) -> ReplyTemplate {
    ReplyTemplate::try_from(text.to_owned()).expect("a reply written in this file is well formed")
}

fn default_greeting() -> ReplyTemplate {
    fixed("220 {host} ESMTP")
}

fn default_esmtp() -> Vec<String> {
    ["PIPELINING", "SIZE 20971520", "8BITMIME", "ENHANCEDSTATUSCODES"].map(str::to_owned).to_vec()
}

fn default_behaviour() -> String {
    "inbox".to_owned()
}

fn default_remote() -> String {
    "mx.{domain}".to_owned()
}
