//! One SMTP session as a provider leads it; each command of RFC 5321 has its own file.

mod auth;
mod bdat;
mod connect;
mod content;
mod hello;
mod mail_from;
mod path;
mod rcpt_to;
mod relay;
mod verdict;
mod wire;

pub(crate) use connect::serve;

use std::{io, net::SocketAddr, sync::Arc};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    providers::{Chosen, Provider, ReplyTemplate, ReplyValues},
    simulator::Shared,
};
use wire::{Line, Wire};

/// Commands that are not understood before the connection is closed.
const MISTAKES_MAX: u32 = 20;

/// A session over one stream; STARTTLS begins a new one over another.
struct Session<'a, S> {
    shared: &'a Arc<Shared>,
    provider: &'a Provider,
    wire: Wire<S>,
    peer: SocketAddr,
    peer_text: String,
    tls: bool,
    greeted: bool,
    id: u64,
    logged_in: bool,
    messages_in_session: u64,
    recipients_in_session: u64,
    mistakes: u32,
    transaction: Option<Transaction<'a>>,
}

/// What `MAIL FROM` began.
struct Transaction<'a> {
    /// Without angle brackets; empty for the null path.
    reverse_path: String,
    utf8: bool,
    recipients: Vec<Accepted<'a>>,
    /// What BDAT (RFC 3030) has brought so far.
    chunks: Vec<u8>,
}

/// A recipient that was answered 250.
struct Accepted<'a> {
    address: String,
    chosen: Chosen<'a>,
}

/// What comes after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Command,
    StartTls,
    Close,
    /// Close without sending what waits to be sent.
    Cut,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Session<'a, S> {
    fn new(shared: &'a Arc<Shared>, provider: &'a Provider, stream: S, peer: SocketAddr) -> Self {
        Self {
            shared,
            provider,
            wire: Wire::new(stream, shared.latency),
            peer,
            peer_text: peer.ip().to_string(),
            tls: false,
            greeted: false,
            id: shared.next_id(),
            logged_in: false,
            messages_in_session: 0,
            recipients_in_session: 0,
            mistakes: 0,
            transaction: None,
        }
    }

    /// Answers commands until the session ends; true when the client asked for TLS.
    async fn converse(&mut self) -> io::Result<bool> {
        loop {
            let next = match self.wire.line().await? {
                Line::Command(line) => self.command(&String::from_utf8_lossy(&line)).await?,
                Line::TooLong => {
                    self.wire.say("500 5.5.2 Line too long");
                    Next::Command
                }
                Line::End => return Ok(false),
            };
            match next {
                Next::Command => {}
                Next::StartTls => return Ok(true),
                Next::Close => {
                    self.wire.flush().await?;
                    return Ok(false);
                }
                Next::Cut => return Ok(false),
            }
        }
    }

    async fn command(&mut self, line: &str) -> io::Result<Next> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.hello(rest, true),
            "HELO" => self.hello(rest, false),
            "STARTTLS" => return self.starttls().await,
            "AUTH" => return self.auth(rest).await,
            "MAIL" => return Ok(self.mail_from(rest)),
            "RCPT" => return self.rcpt_to(rest).await,
            "DATA" => return self.content_by_data().await,
            "BDAT" => return self.content_by_bdat(rest).await,
            "RSET" => {
                self.transaction = None;
                self.wire.say("250 2.0.0 Ok");
            }
            "NOOP" => self.wire.say("250 2.0.0 Ok"),
            "VRFY" => self.wire.say("252 2.0.0 Send some mail and it will be tried"),
            "HELP" => self.wire.say("214 2.0.0 See RFC 5321"),
            "QUIT" => {
                self.wire.say("221 2.0.0 Bye");
                return Ok(Next::Close);
            }
            _ => return Ok(self.mistake("500 5.5.2 Command not recognised")),
        }
        Ok(Next::Command)
    }

    /// Says that a command was wrong, and closes when that happens too often.
    fn mistake(&mut self, text: &str) -> Next {
        self.mistakes += 1;
        if self.mistakes > MISTAKES_MAX {
            self.wire.say("421 4.7.0 Too many errors");
            return Next::Close;
        }
        self.wire.say(text);
        Next::Command
    }

    /// Says a reply of the data file. A 421 closes the connection (RFC 5321 section 3.8).
    fn answer(&mut self, reply: &ReplyTemplate, address: &str) -> Next {
        let values = ReplyValues {
            address,
            reverse_path: self.transaction.as_ref().map_or("", |t| &t.reverse_path),
            host: host(self.provider),
            peer: &self.peer_text,
            id: self.id,
        };
        reply.render(&values, self.wire.out());
        if reply.code == 421 { Next::Close } else { Next::Command }
    }
}

/// The name the provider's server gives itself.
fn host(provider: &Provider) -> &str {
    provider.hosts.first().or(provider.domains.first()).map_or("localhost", String::as_str)
}
