//! How long the client waits and how much it takes.

use std::time::Duration;

/// Bounds of the client. Time-outs run from the moment a command is sent until its whole reply is there, so a peer
/// that dribbles bytes cannot stretch them (minimum values: RFC 5321 section 4.5.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// TCP connection to one address.
    pub connect: Duration,
    /// All addresses together, until a session is ready.
    pub setup: Duration,
    /// Addresses tried for one session.
    pub addresses_max: usize,
    /// The server's opening line.
    pub greeting: Duration,
    /// EHLO or HELO.
    pub ehlo: Duration,
    /// STARTTLS and the TLS handshake, each.
    pub tls: Duration,
    /// Each step of AUTH.
    pub auth: Duration,
    /// RSET and MAIL, each.
    pub mail: Duration,
    /// RCPT.
    pub rcpt: Duration,
    /// DATA, until 354.
    pub data: Duration,
    /// While content is sent, the longest pause of the peer.
    pub block: Duration,
    /// While content is sent, the slowest speed allowed over the whole of it, after one `block`.
    pub bytes_per_second_min: u32,
    /// The reply to the content.
    pub final_dot: Duration,
    /// QUIT.
    pub quit: Duration,
    /// How long a host whose TLS is broken is talked to in clear (RFC 7435), opportunistic TLS only.
    pub broken_tls: Duration,
    /// Whether BDAT (RFC 3030) is used where offered: it saves a round trip per message.
    pub chunking: bool,
}

impl Default for ClientLimits {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        Self {
            connect: Duration::from_secs(30),
            setup: minutes(10),
            addresses_max: 8,
            greeting: minutes(5),
            ehlo: minutes(5),
            tls: minutes(1),
            auth: minutes(2),
            mail: minutes(5),
            rcpt: minutes(5),
            data: minutes(2),
            block: minutes(3),
            bytes_per_second_min: 1024,
            final_dot: minutes(10),
            quit: Duration::from_secs(2),
            broken_tls: minutes(60),
            chunking: true,
        }
    }
}

impl ClientLimits {
    /// Bounds for a test that a person waits for.
    #[must_use]
    pub fn interactive() -> Self {
        let step = Duration::from_secs(20);
        Self {
            connect: Duration::from_secs(10),
            setup: Duration::from_secs(90),
            addresses_max: 4,
            greeting: step,
            ehlo: step,
            tls: step,
            auth: step,
            mail: step,
            rcpt: step,
            ..Self::default()
        }
    }
}
