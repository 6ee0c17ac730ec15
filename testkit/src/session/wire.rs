//! Lines and octets of one connection; replies wait until the client is to be read again (PIPELINING, RFC 2920).

use std::{io, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

/// Longest command line taken, octets.
const LINE_BYTES_MAX: usize = 4096;
/// How much is read at once, octets.
const READ_BYTES: usize = 64 * 1024;
/// RFC 5321 section 4.5.3.2.7: how long a client may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(300);

pub(super) struct Wire<S> {
    stream: S,
    inbound: BytesMut,
    out: Vec<u8>,
    latency: Duration,
}

/// What was read where a command is expected.
pub(super) enum Line {
    /// Without its line end.
    Command(Bytes),
    /// Over the limit; it was thrown away.
    TooLong,
    /// The client is gone.
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S, latency: Duration) -> Self {
        Self { stream, inbound: BytesMut::with_capacity(READ_BYTES), out: Vec::with_capacity(512), latency }
    }

    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    pub(super) fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Queues one line.
    pub(super) fn say(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }

    pub(super) async fn flush(&mut self) -> io::Result<()> {
        if !self.out.is_empty() {
            if !self.latency.is_zero() {
                tokio::time::sleep(self.latency).await;
            }
            self.stream.write_all(&self.out).await?;
            self.stream.flush().await?;
            self.out.clear();
        }
        Ok(())
    }

    pub(super) async fn line(&mut self) -> io::Result<Line> {
        let mut searched = 0;
        let mut too_long = false;
        loop {
            if let Some(at) = memchr(b'\n', &self.inbound[searched..]) {
                let mut line = self.inbound.split_to(searched + at + 1).freeze();
                line.truncate(line.len() - 1);
                if line.last() == Some(&b'\r') {
                    line.truncate(line.len() - 1);
                }
                return Ok(if too_long || line.len() > LINE_BYTES_MAX {
                    Line::TooLong
                } else {
                    Line::Command(line)
                });
            }
            searched = self.inbound.len();
            if searched > LINE_BYTES_MAX {
                too_long = true;
                self.inbound.clear();
                searched = 0;
            }
            if !self.fill().await? {
                return Ok(Line::End);
            }
        }
    }

    /// Sends what waits, then reads more; false at the end of the stream.
    pub(super) async fn fill(&mut self) -> io::Result<bool> {
        self.flush().await?;
        self.inbound.reserve(READ_BYTES / 2);
        let read = timeout(SILENCE_MAX, self.stream.read_buf(&mut self.inbound)).await;
        Ok(read.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?? > 0)
    }

    pub(super) fn inbound(&self) -> &[u8] {
        &self.inbound
    }

    pub(super) fn take(&mut self, bytes: usize) -> Bytes {
        self.inbound.split_to(bytes).freeze()
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.inbound.advance(bytes);
    }
}
