//! Moves bytes between us and one server, each step under one deadline.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use bytes::{Buf, BytesMut};
use delivery::attempt::Trouble;
use mail::Reply;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf},
    net::{TcpSocket, TcpStream},
    time::{Instant, timeout_at},
};

use super::{
    halt::Cause,
    replies::{NotAReply, take_reply},
};
use crate::stream::Stream;

/// Room made for each read.
const READ_BYTES: usize = 4096;

/// Sending that broke off, with so many bytes left.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) cause: Cause,
    pub(crate) left: usize,
}

/// A connection with what was read from it and not used yet.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: Stream,
    inbox: BytesMut,
}

impl Connection {
    /// Opens a TCP connection, from a local address where one is given.
    pub(crate) async fn open(
        addr: SocketAddr,
        from: Option<IpAddr>,
        timeout: Duration,
    ) -> Result<Self, Cause> {
        let stream = match tokio::time::timeout(timeout, connect(addr, from)).await {
            Ok(stream) => stream.map_err(|error| Cause::from_io(&error))?,
            Err(_) => return Err(too_late("connecting")),
        };
        stream.set_nodelay(true).map_err(|error| Cause::from_io(&error))?;
        Ok(Self::new(Stream::Clear(stream)))
    }

    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, inbox: BytesMut::with_capacity(READ_BYTES) }
    }

    /// True when the server has said more than was asked for.
    pub(crate) fn has_unread(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Sends everything.
    pub(crate) async fn send(&mut self, bytes: &[u8], until: Instant) -> Result<(), Cause> {
        let sending = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        match timeout_at(until, sending).await {
            Ok(done) => done.map_err(|error| Cause::from_io(&error)),
            Err(_) => Err(too_late("sending")),
        }
    }

    /// Sends content: the peer may pause for `block` at most, and all of it ends at `until`.
    pub(crate) async fn send_parts<const N: usize>(
        &mut self,
        mut parts: [&[u8]; N],
        block: Duration,
        until: Instant,
    ) -> Result<(), Cut> {
        loop {
            let left: usize = parts.iter().map(|part| part.len()).sum();
            let cut = |cause| Cut { cause, left };
            let step_until = until.min(Instant::now() + block);
            let step = async {
                if left == 0 {
                    return self.stream.flush().await.map(|()| 0);
                }
                let slices = parts.map(IoSlice::new);
                match self.stream.write_vectored(&slices).await {
                    Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                    written => written,
                }
            };
            let written = match timeout_at(step_until, step).await {
                Ok(written) => written.map_err(|error| cut(Cause::from_io(&error)))?,
                Err(_) => return Err(cut(too_late("sending content"))),
            };
            if left == 0 {
                return Ok(());
            }
            advance(&mut parts, written);
        }
    }

    /// Waits for one whole reply.
    pub(crate) async fn reply(&mut self, until: Instant) -> Result<Reply, Cause> {
        loop {
            match take_reply(&self.inbox) {
                Ok(Some((reply, length))) => {
                    self.inbox.advance(length);
                    return Ok(reply);
                }
                Ok(None) => {}
                Err(NotAReply(words)) => return Err(Cause::Broken(Trouble::NotSmtp, words)),
            }
            self.inbox.reserve(READ_BYTES);
            match timeout_at(until, self.stream.read_buf(&mut self.inbox)).await {
                Ok(Ok(0)) => return Err(closed()),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(Cause::from_io(&error)),
                Err(_) => return Err(too_late("waiting for a reply")),
            }
        }
    }

    /// What the server said or did while nothing was asked of it: a 421 and a closed connection, as idle servers do.
    /// Never waits.
    pub(crate) async fn unasked(&mut self) -> Result<(), Cause> {
        let mut byte_room = [0; 512];
        let mut room = ReadBuf::new(&mut byte_room);
        let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut self.stream).poll_read(cx, &mut room))).await;
        match polled {
            Poll::Pending => {}
            Poll::Ready(Ok(())) if room.filled().is_empty() && self.inbox.is_empty() => return Err(closed()),
            Poll::Ready(Ok(())) => self.inbox.extend_from_slice(room.filled()),
            Poll::Ready(Err(error)) => return Err(Cause::from_io(&error)),
        }
        if self.inbox.is_empty() {
            return Ok(());
        }
        match take_reply(&self.inbox) {
            Ok(Some((reply, _))) if reply.code == 421 => Err(Cause::Said(reply)),
            Ok(_) => Err(Cause::Broken(Trouble::NotSmtp, "the server spoke unasked".to_owned())),
            Err(NotAReply(words)) => Err(Cause::Broken(Trouble::NotSmtp, words)),
        }
    }
}

fn advance(parts: &mut [&[u8]], mut written: usize) {
    for part in parts {
        let taken = written.min(part.len());
        *part = &part[taken..];
        written -= taken;
    }
}

/// Any local port: with many connections the system finds a free one for each peer by itself.
async fn connect(addr: SocketAddr, from: Option<IpAddr>) -> io::Result<TcpStream> {
    let Some(from) = from else { return TcpStream::connect(addr).await };
    let socket = if from.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    let bound = socket.bind(SocketAddr::new(from, 0));
    bound.map_err(|error| io::Error::new(error.kind(), format!("cannot send from {from}: {error}")))?;
    socket.connect(addr).await
}

fn closed() -> Cause {
    Cause::Broken(Trouble::Disconnected, "the server closed the connection".to_owned())
}

fn too_late(doing: &str) -> Cause {
    Cause::Broken(Trouble::TimedOut, format!("no answer in time while {doing}"))
}
