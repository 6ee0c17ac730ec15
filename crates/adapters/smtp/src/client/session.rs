//! Sends messages over a session that is ready.

use std::{fmt::Write as _, time::Duration};

use async_trait::async_trait;
use delivery::{
    attempt::{Failure, Peer, Trouble},
    ports::{MailFacts, Ready, RunWatch, Session},
    transcript::Tape,
};
use mail::{Address, Reply, ReversePath, Stage};
use tokio::time::Instant;

use super::{
    dialogue::Dialogue,
    dots::{missing_line_end, stuff},
    envelope::{fits, mail_line, rcpt_line},
    halt::Cause,
    heard::ms_since,
};

/// After the peer cut the connection while we were sending, how long its last words are waited for.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(5);

/// One session with one server.
pub(crate) struct ClientSession {
    pub(super) dialogue: Dialogue,
    pub(super) state: State,
    /// Commands are written here; kept for its memory.
    pub(super) lines: String,
    /// What is said about each message, and since when.
    pub(super) tape: Tape,
    pub(super) began: Instant,
}

/// Where the session stands between two calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// No transaction is open.
    Clean,
    /// A transaction was begun and not ended; RSET comes first.
    Begun,
    /// Nothing more can be said: it ended, broke, or a call was dropped in the middle.
    Over,
}

impl ClientSession {
    /// Takes over after greeting, EHLO, TLS and AUTH, which the tape tells of.
    pub(crate) fn new(dialogue: Dialogue, tape: Tape) -> Self {
        let began = Instant::now();
        Self { dialogue, state: State::Clean, lines: String::with_capacity(256), tape, began }
    }

    /// Runs MAIL and RCPT, in one go or one by one. `Ok(Err(…))` is MAIL's refusal.
    async fn begin(
        &mut self,
        reset: bool,
        mail_line: &str,
        rcpt_lines: &[String],
    ) -> Result<Result<Vec<Reply>, Reply>, Failure> {
        self.connected(Stage::Mail).await?;
        let limits = self.dialogue.limits;
        let pipelining = self.dialogue.extensions.pipelining;
        self.lines.clear();
        if reset {
            self.lines.push_str("RSET\r\n");
        }
        if reset && !pipelining {
            self.flush(Stage::Mail, limits.mail).await?;
            self.reset_reply().await?;
        }
        self.lines.push_str(mail_line);
        if pipelining {
            self.lines.extend(rcpt_lines.iter().map(String::as_str));
        }
        self.flush(Stage::Mail, limits.mail).await?;
        if reset && pipelining {
            self.reset_reply().await?;
        }
        let mail = self.reply(Stage::Mail, limits.mail).await?;
        if !mail.is_success() {
            return Ok(Err(self.mail_refused(mail, if pipelining { rcpt_lines.len() } else { 0 }).await));
        }
        let mut replies = Vec::with_capacity(rcpt_lines.len());
        for line in rcpt_lines {
            if !pipelining {
                self.lines.push_str(line);
                self.flush(Stage::Rcpt, limits.rcpt).await?;
            }
            let (_, reply) =
                self.reply(Stage::Rcpt, limits.rcpt).await.map(|reply| self.refused(Stage::Rcpt, reply))?;
            replies.push(reply);
            if self.state == State::Over {
                // It leaves, and says so once for all that are left.
                let last = replies[replies.len() - 1].clone();
                replies.resize(rcpt_lines.len(), last);
                break;
            }
        }
        Ok(Ok(replies))
    }

    /// Reads away the answers to what went out behind a refused MAIL.
    async fn mail_refused(&mut self, mail: Reply, behind: usize) -> Reply {
        let (_, mail) = self.refused(Stage::Mail, mail);
        for _ in 0..behind {
            if self.state == State::Over || self.reply(Stage::Rcpt, self.dialogue.limits.rcpt).await.is_err()
            {
                self.state = State::Over;
                break;
            }
        }
        mail
    }

    pub(super) async fn reset_reply(&mut self) -> Result<(), Failure> {
        let reply = self.reply(Stage::Mail, self.dialogue.limits.mail).await?;
        if reply.is_success() {
            return Ok(());
        }
        // It is about the session, not about the next message.
        Err(self.dialogue.failure(Cause::Said(reply).at(Stage::Mail)))
    }

    /// Notes that a transaction stays open behind this reply, or that the server leaves (421).
    fn refused(&mut self, stage: Stage, reply: Reply) -> (Stage, Reply) {
        self.state = if reply.code == 421 { State::Over } else { State::Begun };
        (stage, reply)
    }

    async fn hand_over(&mut self, bytes: &[u8]) -> Result<(Stage, Reply), Failure> {
        let limits = self.dialogue.limits;
        let line_end = missing_line_end(bytes);
        let size = (bytes.len() + line_end.len()) as u64;
        fits(&self.dialogue.extensions, size)
            .map_err(|cause| self.dialogue.failure(cause.at(Stage::Data)))?;
        let chunking = self.dialogue.extensions.chunking;
        let sent = if chunking {
            self.lines.clear();
            let _ = write!(self.lines, "BDAT {} LAST\r\n", bytes.len() + line_end.len());
            self.tape.we(ms_since(self.began), &self.lines);
            let until = self.content_until(bytes.len());
            let parts = [self.lines.as_bytes(), bytes, line_end];
            self.dialogue.connection.send_parts(parts, limits.block, until).await
        } else {
            self.lines.clear();
            self.lines.push_str("DATA\r\n");
            self.flush(Stage::Data, limits.data).await?;
            let reply = self.any_reply(Stage::Data, limits.data).await?;
            match reply.code {
                300..400 => {}
                400..600 => return Ok(self.refused(Stage::Data, reply)),
                _ => return Err(self.strange(Stage::Data, &reply)),
            }
            let stuffed = stuff(bytes);
            self.tape.note(ms_since(self.began), &format!("content {size}"));
            let until = self.content_until(stuffed.len());
            let parts = [stuffed.as_ref(), line_end, b".\r\n"];
            self.dialogue.connection.send_parts(parts, limits.block, until).await
        };
        if let Err(cut) = sent {
            return self.last_words(cut.cause).await;
        }
        let reply = self.reply(Stage::Content, limits.final_dot).await?;
        self.state = match reply.code {
            421 => State::Over,
            // RFC 3030 section 2: after a failed BDAT the transaction is undefined until RSET.
            400..600 if chunking => State::Begun,
            _ => State::Clean,
        };
        Ok((Stage::Content, reply))
    }

    /// A server may refuse in the middle of the content and cut the line; its words tell more than the broken pipe.
    pub(super) async fn last_words(&mut self, cause: Cause) -> Result<(Stage, Reply), Failure> {
        if matches!(cause, Cause::Broken(Trouble::Disconnected, _)) {
            let until = Instant::now() + LAST_WORDS;
            if let Ok(reply) = self.dialogue.connection.reply(until).await
                && (400..600).contains(&reply.code)
            {
                self.tape.they(ms_since(self.began), &reply);
                return Ok((Stage::Content, reply));
            }
        }
        // The end of the content never went out: the server cannot have taken the message.
        Err(self.dialogue.failure(cause.at(Stage::Data)))
    }

    pub(super) fn content_until(&self, bytes: usize) -> Instant {
        let limits = &self.dialogue.limits;
        let seconds = bytes as u64 / u64::from(limits.bytes_per_second_min.max(1));
        Instant::now() + limits.block + Duration::from_secs(seconds)
    }

    pub(super) async fn connected(&mut self, stage: Stage) -> Result<(), Failure> {
        match self.dialogue.connection.unasked().await {
            Ok(()) => Ok(()),
            Err(cause) => Err(self.dialogue.failure(cause.at(stage))),
        }
    }

    /// Sends the written lines and forgets them.
    pub(super) async fn flush(&mut self, stage: Stage, timeout: Duration) -> Result<(), Failure> {
        self.tape.we(ms_since(self.began), &self.lines);
        let sent = self.dialogue.connection.send(self.lines.as_bytes(), Instant::now() + timeout).await;
        self.lines.clear();
        sent.map_err(|cause| self.dialogue.failure(cause.at(stage)))
    }

    /// A reply that is a yes or a no.
    pub(super) async fn reply(&mut self, stage: Stage, timeout: Duration) -> Result<Reply, Failure> {
        let reply = self.any_reply(stage, timeout).await?;
        if reply.is_intermediate() { Err(self.strange(stage, &reply)) } else { Ok(reply) }
    }

    pub(super) async fn any_reply(&mut self, stage: Stage, timeout: Duration) -> Result<Reply, Failure> {
        let reply = self.dialogue.connection.reply(Instant::now() + timeout).await;
        let reply = reply.map_err(|cause| self.dialogue.failure(cause.at(stage)))?;
        self.tape.they(ms_since(self.began), &reply);
        Ok(reply)
    }

    pub(super) fn strange(&self, stage: Stage, reply: &Reply) -> Failure {
        let words = format!("an answer that does not fit: {}", reply.line());
        self.dialogue.failure(Cause::Broken(Trouble::NotSmtp, words).at(stage))
    }

    fn over(&self, stage: Stage) -> Failure {
        let words = "the session had ended".to_owned();
        self.dialogue.failure(Cause::Broken(Trouble::Disconnected, words).at(stage))
    }
}

#[async_trait]
impl Session for ClientSession {
    fn peer(&self) -> &Peer {
        &self.dialogue.peer
    }

    fn tape(&mut self) -> Option<&mut Tape> {
        Some(&mut self.tape)
    }

    async fn envelope(
        &mut self,
        reverse_path: &ReversePath,
        to: &Address,
    ) -> Result<(Stage, Reply), Failure> {
        let all = std::slice::from_ref(to);
        Ok(match self.envelope_to_all(reverse_path, all, &MailFacts::default()).await? {
            Ok(mut replies) => (Stage::Rcpt, replies.swap_remove(0)),
            Err(mail) => (Stage::Mail, mail),
        })
    }

    async fn envelope_to_all(
        &mut self,
        reverse_path: &ReversePath,
        to: &[Address],
        facts: &MailFacts,
    ) -> Result<Result<Vec<Reply>, Reply>, Failure> {
        // `Over` stands until the call has come to its end, so a call that is dropped leaves no half-used session.
        let before = std::mem::replace(&mut self.state, State::Over);
        if before == State::Over {
            return Err(self.over(Stage::Mail));
        }
        self.began = Instant::now();
        let offered = &self.dialogue.extensions;
        let mail_line = mail_line(offered, reverse_path, facts);
        let mail_line = mail_line.map_err(|cause| self.dialogue.failure(cause.at(Stage::Mail)))?;
        let rcpt_lines: Vec<String> = to.iter().map(|to| rcpt_line(offered, to)).collect();
        self.begin(before == State::Begun, &mail_line, &rcpt_lines).await
    }

    async fn content(&mut self, bytes: &[u8]) -> Result<(Stage, Reply), Failure> {
        let before = std::mem::replace(&mut self.state, State::Over);
        if before != State::Begun {
            return Err(self.over(Stage::Data));
        }
        self.hand_over(bytes).await
    }

    async fn run(&mut self, ready: &[Ready<'_>], watch: &mut dyn RunWatch) -> Result<(), Failure> {
        let before = self.state;
        if before != State::Over && self.dialogue.extensions.pipelining {
            self.state = State::Over;
            return self.run_pipelined(ready, watch, before == State::Begun).await;
        }
        for message in ready {
            if !watch.holds() {
                break;
            }
            let (mut stage, mut reply) = self.envelope(message.return_path, message.to).await?;
            if reply.is_success() {
                (stage, reply) = self.content(message.bytes).await?;
            }
            watch.told(stage, reply, &mut self.tape);
            if self.state == State::Over {
                break;
            }
        }
        Ok(())
    }

    async fn quit(mut self: Box<Self>) {
        if self.state == State::Over {
            return;
        }
        let until = Instant::now() + self.dialogue.limits.quit;
        // Whatever comes of it: every message has its answer already.
        let _ = self.dialogue.exchange("QUIT\r\n", until).await;
    }
}
