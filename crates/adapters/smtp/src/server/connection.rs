//! Reads lines and content, keeps the time, and does what the dialogue asks for.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use bytes::{Buf, BytesMut};
use reception::{ArrivalStore, NewArrival, ReturnPaths};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::{
    config::{ReceptionConfig, ReceptionLimits},
    content::Content,
    data::{self, Became},
    greeting::{CLOSING, IDLE, greeting},
    received::{self, Trace},
    session::{Answer, Dialogue, Effect, Incoming},
};
use crate::stream::Stream;

/// Room made for each read.
const READ_BYTES: usize = 16 * 1024;
/// The unit in which room for messages is counted.
pub(crate) const ROOM_BYTES: usize = 64 * 1024;
/// A message that is this many times too big is cut off instead of read to its end.
const FAR_TOO_BIG: usize = 2;

/// How long and how much is read after the last words.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_READS_MAX: usize = 64;

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) config: ReceptionConfig,
    pub(crate) return_paths: Arc<dyn ReturnPaths>,
    pub(crate) arrivals: Arc<dyn ArrivalStore>,
    pub(crate) clock: fn() -> i64,
    /// Room for messages on their way in, in units of [`ROOM_BYTES`].
    pub(crate) room: Arc<Semaphore>,
}

/// One connection.
pub(crate) struct Connection {
    wire: Stream,
    ip: IpAddr,
    shared: Arc<Shared>,
    dialogue: Dialogue,
    inbox: BytesMut,
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
                    self.outbox.push_str(data::answer(became));
                }
                Effect::StartTls => {
                    self.flush().await?;
                    self = self.starttls().await?;
                }
                Effect::Close => return self.leave().await,
            }
        }
    }

    fn limits(&self) -> &ReceptionLimits {
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

    /// Reads content and keeps it. An error means the peer is gone, and nothing is kept.
    async fn receive(&mut self, incoming: Incoming) -> io::Result<Became> {
        let limits = *self.limits();
        let until = Instant::now() + limits.message;
        let mut content = Content::new(limits.message_bytes_max);
        let mut room = Room { all: self.shared.room.clone(), taken: None };
        let mut no_room = false;
        loop {
            if !self.inbox.is_empty() {
                let end = content.push(&self.inbox);
                self.inbox.advance(end.unwrap_or(self.inbox.len()));
                if !no_room && !content.is_too_big() && !room.take(content.seen()) {
                    content.give_up();
                    no_room = true;
                }
                if end.is_some() {
                    break;
                }
                if content.seen() / FAR_TOO_BIG > limits.message_bytes_max {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "far too big"));
                }
            }
            self.inbox.reserve(READ_BYTES);
            let step_until = until.min(Instant::now() + limits.block);
            if timeout_at(step_until, self.wire.read_buf(&mut self.inbox)).await?? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if no_room {
            return Ok(Became::NoRoom);
        }
        if content.is_too_big() {
            return Ok(Became::TooBig);
        }
        Ok(self.keep(incoming, content.bytes()).await)
    }

    /// One arrival per recipient. The peer comes again with all of them when one cannot be kept.
    async fn keep(&self, incoming: Incoming, content: &[u8]) -> Became {
        let now = (self.shared.clock)();
        let trace = Trace {
            helo: &self.dialogue.helo,
            ip: self.ip,
            host_name: &self.shared.config.host_name,
            extended: self.dialogue.extended,
            tls: matches!(self.wire, Stream::Tls(_)),
            now,
        };
        let line = received::line(&trace);
        for (address, destination) in incoming.recipients {
            let arrival = NewArrival {
                reverse_path: incoming.reverse_path.clone(),
                forward_path: address.to_string(),
                destination,
                peer: format!("{} {}", self.ip, self.dialogue.helo),
                raw: [line.as_bytes(), content].concat(),
            };
            if let Err(error) = self.shared.arrivals.keep(&arrival, now).await {
                tracing::error!(%error, "a message could not be kept; its server will bring it again");
                return Became::NotKept;
            }
        }
        Became::Kept
    }
}

/// Room that one message takes of what all may take together.
struct Room {
    all: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// `false` when there is none left.
    fn take(&mut self, bytes: usize) -> bool {
        let have = self.taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Ok(more) = u32::try_from(bytes.div_ceil(ROOM_BYTES).saturating_sub(have)) else { return false };
        if more == 0 {
            return true;
        }
        let Ok(permit) = self.all.clone().try_acquire_many_owned(more) else { return false };
        match &mut self.taken {
            Some(taken) => taken.merge(permit),
            None => self.taken = Some(permit),
        }
        true
    }
}
