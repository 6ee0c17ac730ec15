//! Reads lines and content, keeps the time, and does what the dialogue asks for.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use bytes::BytesMut;
use reception::{ArrivalStore, ReturnPaths};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Semaphore,
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::{
    config::{Clock, ReceptionConfig, ReceptionLimits},
    greeting::{CLOSING, IDLE, greeting},
    session::{Answer, Dialogue, Effect},
    transfer,
};
use crate::stream::Stream;

/// Room made for each read.
pub(super) const READ_BYTES: usize = 16 * 1024;
/// How long and how much is read after the last words.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_READS_MAX: usize = 64;

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) config: ReceptionConfig,
    pub(crate) return_paths: Arc<dyn ReturnPaths>,
    pub(crate) arrivals: Arc<dyn ArrivalStore>,
    pub(crate) clock: Clock,
    /// Room for messages on their way in, in units of [`ROOM_BYTES`](super::receive::ROOM_BYTES).
    pub(crate) room: Arc<Semaphore>,
}

/// One connection.
pub(crate) struct Connection {
    pub(super) wire: Stream,
    pub(super) ip: IpAddr,
    pub(super) shared: Arc<Shared>,
    pub(super) dialogue: Dialogue,
    pub(super) inbox: BytesMut,
    outbox: String,
    stop: CancellationToken,
}

/// What came instead of, or as, the next line.
enum Next {
    Line(BytesMut),
    /// Ended by a bare LF.
    Bare,
    TooLong,
    Gone,
    /// Nothing in time.
    Idle,
    /// The server stops.
    Stopped,
}

impl Connection {
    pub(crate) fn new(wire: Stream, ip: IpAddr, shared: Arc<Shared>, stop: CancellationToken) -> Self {
        let config = &shared.config;
        let dialogue = Dialogue::new(&config.host_name, config.tls.is_some(), config.limits);
        let inbox = BytesMut::with_capacity(READ_BYTES);
        Self { wire, ip, dialogue, inbox, outbox: String::new(), stop, shared }
    }

    /// Talks until either side has had enough.
    pub(crate) async fn serve(mut self) -> io::Result<()> {
        self.outbox.push_str(&greeting(&self.shared.config.host_name));
        loop {
            let (answer, effect) = match self.next().await? {
                Next::Line(line) => self.dialogue.step(&line),
                Next::Bare => self.dialogue.bad_line("500 5.5.2 Lines must end with CRLF\r\n"),
                Next::TooLong => ("500 5.5.2 Line too long\r\n".into(), Effect::Close),
                Next::Idle => (IDLE.into(), Effect::Close),
                Next::Stopped => (CLOSING.into(), Effect::Close),
                Next::Gone => return Ok(()),
            };
            let (answer, effect) = self.ask(answer, effect).await;
            self.outbox.push_str(&answer);
            match effect {
                Effect::None | Effect::Ask(_) => {}
                Effect::ReadContent(incoming) => {
                    self.flush().await?;
                    let became = self.receive(incoming).await?;
                    self.outbox.push_str(transfer::answer(became));
                }
                Effect::StartTls => {
                    self.flush().await?;
                    self = self.starttls().await?;
                }
                Effect::Close => return self.leave().await,
            }
        }
    }

    pub(super) fn limits(&self) -> &ReceptionLimits {
        &self.shared.config.limits
    }

    async fn ask(&mut self, answer: Answer, effect: Effect) -> (Answer, Effect) {
        let Effect::Ask(address) = effect else { return (answer, effect) };
        let found = self.shared.return_paths.destination(&address).await;
        self.dialogue.answered(&address, found)
    }

    async fn next(&mut self) -> io::Result<Next> {
        let until = Instant::now() + self.limits().command;
        let line_bytes_max = self.limits().line_bytes_max;
        loop {
            let window = &self.inbox[..self.inbox.len().min(line_bytes_max)];
            if let Some(end) = memchr::memchr(b'\n', window) {
                let mut line = self.inbox.split_to(end + 1);
                line.truncate(end);
                return Ok(if line.last() == Some(&b'\r') {
                    line.truncate(end - 1);
                    Next::Line(line)
                } else {
                    Next::Bare
                });
            }
            if self.inbox.len() >= line_bytes_max {
                return Ok(Next::TooLong);
            }
            // Only now, so that pipelined commands are answered together (RFC 2920).
            self.flush().await?;
            self.inbox.reserve(READ_BYTES);
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Ok(Next::Stopped),
                read = timeout_at(until, self.wire.read_buf(&mut self.inbox)) => match read {
                    Ok(Ok(0)) => return Ok(Next::Gone),
                    Ok(read) => { read?; }
                    Err(_) => return Ok(Next::Idle),
                },
            }
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        let sending = async {
            self.wire.write_all(self.outbox.as_bytes()).await?;
            self.wire.flush().await
        };
        timeout(self.shared.config.limits.reply, sending).await??;
        self.outbox.clear();
        Ok(())
    }

    async fn starttls(self) -> io::Result<Self> {
        let refuse = |words| Err(io::Error::new(io::ErrorKind::InvalidData, words));
        // What came before the handshake may be anybody's; under TLS it would pass for the peer's own words.
        if !self.inbox.is_empty() {
            return refuse("commands came together with STARTTLS");
        }
        let (Stream::Clear(stream), Some(tls)) = (self.wire, &self.shared.config.tls) else {
            return refuse("STARTTLS twice");
        };
        let accepting = TlsAcceptor::from(tls.clone()).accept(stream);
        let stream = timeout(self.shared.config.limits.tls, accepting).await??;
        let config = &self.shared.config;
        let dialogue = Dialogue::new(&config.host_name, false, config.limits);
        Ok(Self { wire: Stream::Tls(Box::new(stream.into())), dialogue, ..self })
    }

    /// Says the last words. What the peer still sends is read for a moment: to close with unread bytes would reset the
    /// connection and could take the last reply with it.
    async fn leave(mut self) -> io::Result<()> {
        self.flush().await?;
        timeout(self.limits().reply, self.wire.shutdown()).await??;
        let drain = async {
            for _ in 0..LINGER_READS_MAX {
                self.inbox.clear();
                if !matches!(self.wire.read_buf(&mut self.inbox).await, Ok(1..)) {
                    break;
                }
            }
        };
        // A peer that stays is cut off.
        let _ = timeout(LINGER, drain).await;
        Ok(())
    }
}
