//! BDAT (RFC 3030): content in counted chunks, for providers that offer CHUNKING.

use std::io;

use bytes::Bytes;
use mail::Stage;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Next, Session, content::Content};
use crate::providers::HangUp;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    pub(super) async fn content_by_bdat(&mut self, rest: &str) -> io::Result<Next> {
        let mut words = rest.split_ascii_whitespace();
        let size = words.next().and_then(|size| size.parse::<usize>().ok());
        let last = words.next().is_some_and(|word| word.eq_ignore_ascii_case("LAST"));
        let Some(size) = size.filter(|_| self.offers("CHUNKING")) else {
            return Ok(self.mistake("502 5.5.1 Command not implemented"));
        };
        let recipients = self.transaction.as_ref().map(|t| t.recipients.len());
        let wanted = recipients.is_some_and(|n| n > 0);
        if wanted && self.cuts(HangUp::Content) {
            self.wire.fill().await?;
            self.note_all(Stage::Content);
            return Ok(Next::Cut);
        }
        if !self.read_chunk(size, wanted).await? {
            return Ok(Next::Cut);
        }
        match recipients {
            None => return Ok(self.mistake("503 5.5.1 Error: need MAIL command")),
            Some(0) => return Ok(self.mistake("554 5.5.1 Error: no valid recipients")),
            Some(_) if !last => {
                self.wire.say(&format!("250 2.0.0 {size} octets received"));
                return Ok(Next::Command);
            }
            Some(_) => {}
        }
        let chunks = self.transaction.as_mut().map(|t| std::mem::take(&mut t.chunks)).unwrap_or_default();
        let too_big = chunks.len() as u64 > self.content_bytes_max();
        self.judge(Content { bytes: Bytes::from(chunks), stuffed: false, too_big }).await
    }

    /// The octets are read even when nobody wants them: they are on the wire. One chunk over the limit is not kept.
    async fn read_chunk(&mut self, size: usize, wanted: bool) -> io::Result<bool> {
        let max = usize::try_from(self.content_bytes_max()).unwrap_or(usize::MAX);
        let mut left = size;
        while left > 0 {
            if self.wire.inbound().is_empty() && !self.wire.fill().await? {
                return Ok(false);
            }
            let part = self.wire.take(left.min(self.wire.inbound().len()));
            left -= part.len();
            if let Some(transaction) = self.transaction.as_mut().filter(|_| wanted)
                && transaction.chunks.len() <= max
            {
                transaction.chunks.extend_from_slice(&part);
            }
        }
        Ok(true)
    }
}
