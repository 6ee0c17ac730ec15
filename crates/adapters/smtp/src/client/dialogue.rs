//! Speaks with one server up to the point where messages can be sent: greeting, EHLO, TLS, AUTH.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use delivery::{
    attempt::{Failure, Peer, Trouble},
    hop::TlsMode,
    tls::{Assurance, Proof},
};
use mail::{Reply, Stage};
use tokio::time::Instant;

use super::{
    connection::Connection,
    extensions::Extensions,
    halt::{Cause, Halt},
    heard::Heard,
    limits::ClientLimits,
    proof::{Unproven, Wish},
    tls::{ClientTls, Secured},
};
use crate::stream::Stream;

/// A conversation with one server, and what is known of it.
#[derive(Debug)]
pub(crate) struct Dialogue {
    pub(crate) connection: Connection,
    pub(crate) peer: Peer,
    pub(crate) addr: SocketAddr,
    pub(crate) extensions: Extensions,
    pub(crate) limits: ClientLimits,
    /// What is wrong with the certificate where nothing was demanded of it.
    pub(crate) flaw: Option<Unproven>,
    /// No step of the opening may end later, whatever its own time-out. Messages have their own times.
    pub(crate) setup_until: Instant,
    /// What is said in the opening is taken down there.
    pub(crate) heard: Heard,
}

impl Dialogue {
    /// Connects to one address of `host`, from one of ours where that is asked for.
    pub(crate) async fn open(
        host: &str,
        (addr, from): (SocketAddr, Option<IpAddr>),
        limits: ClientLimits,
        setup_until: Instant,
    ) -> Result<Self, (Halt, Peer)> {
        let peer = Peer { host: host.to_owned(), address: addr.to_string(), ..Peer::default() };
        let timeout = limits.connect.min(setup_until - Instant::now());
        match Connection::open(addr, from, timeout).await {
            Ok(connection) => {
                let extensions = Extensions::default();
                let heard = Heard::default();
                Ok(Self { connection, peer, addr, extensions, limits, flaw: None, setup_until, heard })
            }
            Err(cause) => Err((cause.at(Stage::Connect), peer)),
        }
    }

    /// A password goes over the wire in clear only where the operator said "no TLS", or where there is no wire.
    pub(crate) fn may_say_password(&self, mode: TlsMode) -> bool {
        self.peer.tls.is_some() || mode == TlsMode::None || self.addr.ip().is_loopback()
    }

    /// Notes why this session stays in clear.
    pub(crate) fn stay_in_clear(&mut self, wish: &Wish, why: &str) {
        let basis = wish.policy.basis.clone();
        self.heard.note(&format!("clear {why}"));
        self.peer.assurance = Assurance { basis, proof: Proof::Clear(why.to_owned()) };
    }

    /// Waits for the server's opening line.
    pub(crate) async fn greeting(&mut self) -> Result<Reply, Halt> {
        let until = self.until(self.limits.greeting);
        let reply = self.connection.reply(until).await.map_err(|cause| cause.at(Stage::Greeting))?;
        self.heard.they(&reply);
        demand_success(reply, Stage::Greeting)
    }

    /// EHLO, or HELO where EHLO is not known (RFC 5321 section 3.2).
    pub(crate) async fn ehlo(&mut self, helo_name: &str) -> Result<Reply, Halt> {
        let at = |cause: Cause| cause.at(Stage::Ehlo);
        let until = self.until(self.limits.ehlo);
        let reply = self.exchange(&format!("EHLO {helo_name}\r\n"), until).await.map_err(at)?;
        if reply.is_success() {
            self.extensions = Extensions::read(&reply);
            self.extensions.chunking &= self.limits.chunking;
            return Ok(reply);
        }
        if !reply.is_permanent() {
            return Err(at(Cause::Said(reply)));
        }
        self.extensions = Extensions::default();
        match self.exchange(&format!("HELO {helo_name}\r\n"), until).await {
            Ok(second) => demand_success(second, Stage::Ehlo),
            // A server that refuses EHLO and hangs up has said why already.
            Err(_) => Err(at(Cause::Said(reply))),
        }
    }

    /// STARTTLS (RFC 3207) and the handshake. The caller says EHLO again.
    pub(crate) async fn starttls(mut self, tls: &ClientTls, wish: &Wish) -> Result<Self, (Halt, Peer)> {
        let until = self.until(self.limits.tls);
        let reply = match self.exchange("STARTTLS\r\n", until).await {
            Ok(reply) => reply,
            Err(cause) => return Err((cause.at(Stage::Tls), self.peer)),
        };
        if !reply.is_success() {
            return Err((Cause::Said(reply).at(Stage::Tls), self.peer));
        }
        if self.connection.has_unread() {
            // Anybody on the way may have put it there; under TLS it would pass for the server's own words.
            let words = "the server spoke between STARTTLS and the handshake".to_owned();
            return Err((Cause::Tls(words).at(Stage::Tls), self.peer));
        }
        self.handshake(tls, wish).await
    }

    /// The TLS handshake.
    pub(crate) async fn handshake(mut self, tls: &ClientTls, wish: &Wish) -> Result<Self, (Halt, Peer)> {
        let until = self.until(self.limits.tls);
        let Stream::Clear(stream) = self.connection.stream else {
            let words = "TLS inside TLS".to_owned();
            return Err((Cause::Tls(words).at(Stage::Tls), self.peer));
        };
        match tls.connect(wish, &self.peer.host, stream, until).await {
            Ok(Secured { stream, proof, flaw }) => {
                self.peer.assurance = Assurance { basis: wish.policy.basis.clone(), proof };
                self.flaw = flaw;
                let stream = Stream::Tls(Box::new(stream.into()));
                self.peer.tls = stream.tls_name();
                self.heard.note(&format!("tls {}", self.peer.tls.as_deref().unwrap_or_default()));
                self.connection = Connection::new(stream);
                Ok(self)
            }
            Err(cause) => Err((cause.at(Stage::Tls), self.peer)),
        }
    }

    /// Sends one line and waits for its reply.
    pub(crate) async fn exchange(&mut self, line: &str, until: Instant) -> Result<Reply, Cause> {
        self.exchange_shown_as(line, line, until).await
    }

    /// The same for a line with a secret in it: `shown` is taken down in its place.
    pub(crate) async fn exchange_shown_as(
        &mut self,
        line: &str,
        shown: &str,
        until: Instant,
    ) -> Result<Reply, Cause> {
        self.heard.we(shown);
        self.connection.send(line.as_bytes(), until).await?;
        let reply = self.connection.reply(until).await?;
        self.heard.they(&reply);
        Ok(reply)
    }

    /// The deadline of a step that may take `timeout`.
    pub(crate) fn until(&self, timeout: Duration) -> Instant {
        self.setup_until.min(Instant::now() + timeout)
    }

    pub(crate) fn failure(&self, halt: Halt) -> Failure {
        halt.into_failure(Some(self.peer.clone()))
    }
}

fn demand_success(reply: Reply, stage: Stage) -> Result<Reply, Halt> {
    match reply.code {
        200..300 => Ok(reply),
        300..400 => {
            let words = format!("an answer that does not fit: {}", reply.line());
            Err(Cause::Broken(Trouble::NotSmtp, words).at(stage))
        }
        _ => Err(Cause::Said(reply).at(stage)),
    }
}
