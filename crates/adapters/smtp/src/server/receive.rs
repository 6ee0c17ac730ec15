//! Receives one message and keeps it, before anybody says that it was kept.

use std::{io, sync::Arc};

use bytes::Buf;
use reception::NewArrival;
use tokio::{
    io::AsyncReadExt,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use super::{
    connection::{Connection, READ_BYTES},
    content::Content,
    received::{self, Trace},
    session::Incoming,
    transfer::Became,
};
use crate::stream::Stream;

/// The unit in which room for messages is counted.
pub(crate) const ROOM_BYTES: usize = 64 * 1024;
/// A message that is this many times too big is cut off instead of read to its end.
const FAR_TOO_BIG: usize = 2;

impl Connection {
    /// Reads content and keeps it. An error means the peer is gone, and nothing is kept.
    pub(super) async fn receive(&mut self, incoming: Incoming) -> io::Result<Became> {
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
