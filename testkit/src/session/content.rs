//! DATA (RFC 5321 section 4.1.1.4): the content up to the lone dot, and what is wrong with its lines.

use std::io;

use bytes::Bytes;
use mail::Stage;
use memchr::{memchr_iter, memmem::Finder};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Next, Session};
use crate::providers::HangUp;

const END: &[u8] = b"\r\n.\r\n";
/// Content kept in memory at most, when the provider names no limit of its own.
pub(super) const CONTENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What came between 354 and the lone dot.
pub(super) struct Content {
    /// The lines with their CRLF; dots still stuffed if `stuffed`.
    pub(super) bytes: Bytes,
    pub(super) stuffed: bool,
    /// It passed the limit and was thrown away.
    pub(super) too_big: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    pub(super) async fn content_by_data(&mut self) -> io::Result<Next> {
        match &self.transaction {
            None => return Ok(self.mistake("503 5.5.1 Error: need MAIL command")),
            Some(transaction) if transaction.recipients.is_empty() => {
                return Ok(self.mistake("554 5.5.1 Error: no valid recipients"));
            }
            Some(_) => {}
        }
        let provider = self.provider;
        self.answer(&provider.replies.data_begin, "");
        if self.cuts(HangUp::Content) {
            self.wire.fill().await?;
            self.note_all(Stage::Content);
            return Ok(Next::Cut);
        }
        match self.read_content().await? {
            Some(content) => self.judge(content).await,
            None => Ok(Next::Cut),
        }
    }

    pub(super) fn cuts(&self, where_: HangUp) -> bool {
        let recipients = self.transaction.iter().flat_map(|t| &t.recipients);
        !self.shared.accept_all && recipients.into_iter().any(|r| r.chosen.behaviour.hang_up == Some(where_))
    }

    pub(super) fn note_all(&self, stage: Stage) {
        for recipient in self.transaction.iter().flat_map(|t| &t.recipients) {
            self.note_refusal(&recipient.address, stage, None);
        }
    }

    pub(super) fn content_bytes_max(&self) -> u64 {
        self.provider.limits.message_bytes.as_ref().map_or(CONTENT_BYTES_MAX, |limit| limit.max)
    }

    /// `None` when the client went away in the middle.
    async fn read_content(&mut self) -> io::Result<Option<Content>> {
        let finder = Finder::new(END);
        let max = usize::try_from(self.content_bytes_max()).unwrap_or(usize::MAX);
        let mut too_big = false;
        let mut searched = 0usize;
        while self.wire.inbound().len() < 3 {
            if !self.wire.fill().await? {
                return Ok(None);
            }
        }
        if self.wire.inbound().starts_with(b".\r\n") {
            self.wire.skip(3);
            return Ok(Some(Content { bytes: Bytes::new(), stuffed: true, too_big: false }));
        }
        loop {
            let from = searched.saturating_sub(END.len() - 1);
            if let Some(at) = finder.find(&self.wire.inbound()[from..]) {
                let mut bytes = self.wire.take(from + at + END.len());
                bytes.truncate(from + at + 2);
                too_big |= bytes.len() > max;
                return Ok(Some(Content { bytes, stuffed: true, too_big }));
            }
            searched = self.wire.inbound().len();
            if searched > max {
                too_big = true;
                self.wire.skip(searched - (END.len() - 1));
                searched = END.len() - 1;
            }
            if !self.wire.fill().await? {
                return Ok(None);
            }
        }
    }
}

impl Content {
    /// The longest line in octets with its line end, as it was on the wire.
    pub(super) fn longest_line(&self) -> usize {
        let mut begin = 0;
        let mut longest = 0;
        for end in memchr_iter(b'\n', &self.bytes) {
            longest = longest.max(end + 1 - begin);
            begin = end + 1;
        }
        longest.max(self.bytes.len() - begin)
    }

    /// True when a line ends with a line feed alone.
    pub(super) fn has_bare_line_feed(&self) -> bool {
        memchr_iter(b'\n', &self.bytes).any(|at| at == 0 || self.bytes[at - 1] != b'\r')
    }

    /// The value of the first header field with this name, unfolded by leaving the line ends in.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let mut lines =
            self.bytes.split_inclusive(|b| *b == b'\n').take_while(|line| line.trim_ascii() != b"");
        let value = lines.find_map(|line| {
            let (head, value) = line.split_at_checked(name.len())?;
            head.eq_ignore_ascii_case(name.as_bytes()).then(|| value.strip_prefix(b":")).flatten()
        })?;
        let mut text = String::from_utf8_lossy(value).trim().to_owned();
        for line in lines.take_while(|line| line.starts_with(b" ") || line.starts_with(b"\t")) {
            text.push_str(&String::from_utf8_lossy(line.trim_ascii()));
        }
        Some(text)
    }

    /// The header section, with its line ends.
    pub(super) fn header(&self) -> &[u8] {
        let end = memchr::memmem::find(&self.bytes, b"\r\n\r\n").map_or(self.bytes.len(), |at| at + 2);
        &self.bytes[..end]
    }

    /// The content as the client meant it: a doubled dot at the start of a line made one.
    pub(super) fn unstuffed(&self) -> Vec<u8> {
        if !self.stuffed {
            return self.bytes.to_vec();
        }
        let mut out = Vec::with_capacity(self.bytes.len());
        for line in self.bytes.split_inclusive(|b| *b == b'\n') {
            out.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &'static str) -> Content {
        Content { bytes: Bytes::from_static(text.as_bytes()), stuffed: true, too_big: false }
    }

    #[test]
    fn lines() {
        let check = |text: &'static str, longest: usize, bare: bool| {
            let content = content(text);
            assert_eq!((content.longest_line(), content.has_bare_line_feed()), (longest, bare), "{text:?}");
        };
        check("a\r\nbcd\r\n", 5, false);
        check("", 0, false);
        check("abc", 3, false);
        check("a\nb\r\n", 3, true);
        check("\n", 1, true);
    }

    #[test]
    fn fields() {
        let text = "Subject: a\r\nMESSAGE-ID:\r\n <x@y.test>\r\nX: 1\r\n\r\nMessage-Id: <body@y.test>\r\n";
        assert_eq!(content(text).field("Message-ID").as_deref(), Some("<x@y.test>"));
        assert_eq!(content(text).field("Subject").as_deref(), Some("a"));
        assert_eq!(content(text).field("DKIM-Signature"), None);
        assert_eq!(content("\r\nMessage-ID: <x@y.test>\r\n").field("Message-ID"), None);
    }

    #[test]
    fn dots() {
        assert_eq!(content("..a\r\n.b\r\nc.\r\n").unstuffed(), b".a\r\nb\r\nc.\r\n");
    }
}
