//! Sends messages that are ready one behind the other: what may go out in one flight does (RFC 2920, RFC 3030).
//!
//! A flight ends where the server must speak first. So the content of one message and the envelope of the next, with its
//! DATA, leave together, and a message costs one round trip.

use std::{borrow::Cow, fmt::Write as _};

use delivery::{
    attempt::Failure,
    ports::{MailFacts, Ready, RunWatch},
};
use mail::{Reply, Stage};
use tokio::time::Instant;

use super::{
    dots::{missing_line_end, stuff},
    envelope::{fits, mail_line, rcpt_line},
    halt::{Cause, Halt},
    heard::ms_since,
    session::{ClientSession, LAST_WORDS, State},
};

/// What the server said to an envelope.
enum Opening {
    /// The content may follow.
    Go,
    /// It may not.
    Refused(Answer),
}

/// The reply that matters for a message.
struct Answer {
    stage: Stage,
    reply: Reply,
    /// Whether the session can be used any longer.
    lives: bool,
}

impl Answer {
    fn new(stage: Stage, reply: Reply) -> Self {
        let lives = reply.code != 421;
        Self { stage, reply, lives }
    }

    fn last(stage: Stage, reply: Reply) -> Self {
        Self { stage, reply, lives: false }
    }
}

impl ClientSession {
    /// [`delivery::ports::Session::run`] where the server offers PIPELINING. `begun`: RSET comes first. What is not said
    /// leaves the session over.
    pub(super) async fn run_pipelined(
        &mut self,
        ready: &[Ready<'_>],
        watch: &mut dyn RunWatch,
        begun: bool,
    ) -> Result<(), Failure> {
        self.connected(Stage::Mail).await?;
        let (mut reset, mut announced) = (begun, false);
        for (n, message) in ready.iter().enumerate() {
            if !announced {
                if !watch.holds() {
                    break;
                }
                self.began = Instant::now();
                self.lines.clear();
                self.announce(message, reset).map_err(|halt| self.dialogue.failure(halt))?;
                self.flush(Stage::Mail, self.dialogue.limits.mail).await?;
            }
            let opening = self.opening(reset && !announced).await?;
            announced = false;
            if let Opening::Refused(answer) = opening {
                reset = true;
                watch.told(answer.stage, answer.reply, &mut self.tape);
                if answer.lives {
                    continue;
                }
                return Ok(());
            }
            if !watch.holds() {
                // Nothing of it was sent, and the only way back from here is to hang up.
                return Ok(());
            }
            let next = ready.get(n + 1).filter(|next| watch.holds() && self.takes(next).is_ok());
            let sent_at = Instant::now();
            let answer = self.deliver(message, next).await?;
            // RFC 3030 section 2: after a failed BDAT the transaction is undefined until RSET.
            reset = !answer.reply.is_success() && self.dialogue.extensions.chunking;
            watch.told(answer.stage, answer.reply, &mut self.tape);
            if !answer.lives {
                return Ok(());
            }
            announced = next.is_some();
            if announced {
                // It went out behind the content.
                self.began = sent_at;
                self.tape.we(0, &self.lines);
            }
            if reset && announced {
                self.opening(false).await?;
                announced = false;
            }
        }
        self.state = if reset { State::Begun } else { State::Clean };
        Ok(())
    }

    fn takes(&self, message: &Ready<'_>) -> Result<(), Cause> {
        let size = (message.bytes.len() + missing_line_end(message.bytes).len()) as u64;
        fits(&self.dialogue.extensions, size)
    }

    /// Writes an envelope, with DATA at its end where content does not follow by itself.
    fn announce(&mut self, message: &Ready<'_>, reset: bool) -> Result<(), Halt> {
        let offered = &self.dialogue.extensions;
        self.takes(message).map_err(|cause| cause.at(Stage::Data))?;
        let mail_line = mail_line(offered, message.return_path, &MailFacts::default());
        let mail_line = mail_line.map_err(|cause| cause.at(Stage::Mail))?;
        if reset {
            self.lines.push_str("RSET\r\n");
        }
        self.lines.push_str(&mail_line);
        self.lines.push_str(&rcpt_line(offered, message.to));
        if !offered.chunking {
            self.lines.push_str("DATA\r\n");
        }
        Ok(())
    }

    /// Reads the answers to [`Self::announce`].
    async fn opening(&mut self, reset: bool) -> Result<Opening, Failure> {
        let limits = self.dialogue.limits;
        if reset {
            self.reset_reply().await?;
        }
        let mail = self.reply(Stage::Mail, limits.mail).await?;
        if mail.code == 421 {
            return Ok(Opening::Refused(Answer::new(Stage::Mail, mail)));
        }
        let rcpt = self.reply(Stage::Rcpt, limits.rcpt).await;
        let refused = match (mail.is_success(), rcpt) {
            (false, Ok(rcpt)) if rcpt.code != 421 => Some(Answer::new(Stage::Mail, mail)),
            (false, _) => Some(Answer::last(Stage::Mail, mail)),
            (true, rcpt) => Some(Answer::new(Stage::Rcpt, rcpt?)).filter(|said| !said.reply.is_success()),
        };
        if self.dialogue.extensions.chunking || refused.as_ref().is_some_and(|answer| !answer.lives) {
            return Ok(refused.map_or(Opening::Go, Opening::Refused));
        }
        let go = self.any_reply(Stage::Data, limits.data).await;
        let Some(mut answer) = refused else {
            let go = go?;
            return match go.code {
                300..400 => Ok(Opening::Go),
                400..600 => Ok(Opening::Refused(Answer::new(Stage::Data, go))),
                _ => Err(self.strange(Stage::Data, &go)),
            };
        };
        answer.lives = match go {
            Ok(go) if go.is_intermediate() => self.nothing_for_nobody().await.is_ok(),
            Ok(go) => go.code != 421,
            Err(_) => false,
        };
        Ok(Opening::Refused(answer))
    }

    /// RFC 2920 section 3.1: it waits for content although there is no recipient.
    async fn nothing_for_nobody(&mut self) -> Result<Reply, Failure> {
        self.lines.clear();
        self.lines.push_str(".\r\n");
        self.flush(Stage::Data, self.dialogue.limits.data).await?;
        self.reply(Stage::Data, self.dialogue.limits.final_dot).await
    }

    /// Sends content, and the envelope of the next message behind it; the answer to the content.
    async fn deliver(&mut self, message: &Ready<'_>, next: Option<&Ready<'_>>) -> Result<Answer, Failure> {
        let limits = self.dialogue.limits;
        self.lines.clear();
        if let Some(next) = next {
            self.announce(next, false).map_err(|halt| self.dialogue.failure(halt))?;
        }
        let line_end = missing_line_end(message.bytes);
        let mut head = String::new();
        let (content, end) = if self.dialogue.extensions.chunking {
            let _ = write!(head, "BDAT {} LAST\r\n", message.bytes.len() + line_end.len());
            (Cow::Borrowed(message.bytes), "")
        } else {
            (stuff(message.bytes), ".\r\n")
        };
        let size = message.bytes.len() + line_end.len();
        match head.is_empty() {
            true => self.tape.note(ms_since(self.began), &format!("content {size}")),
            false => self.tape.we(ms_since(self.began), &head),
        }
        let until = self.content_until(content.len());
        let parts = [head.as_bytes(), content.as_ref(), line_end, end.as_bytes(), self.lines.as_bytes()];
        match self.dialogue.connection.send_parts(parts, limits.block, until).await {
            Ok(()) => {}
            Err(cut) if cut.left > self.lines.len() => {
                let (stage, reply) = self.last_words(cut.cause).await?;
                return Ok(Answer::last(stage, reply));
            }
            Err(cut) => return self.last_answer(cut.cause).await,
        }
        Ok(Answer::new(Stage::Content, self.reply(Stage::Content, limits.final_dot).await?))
    }

    /// The content was sent whole before the line broke: what the server says of it counts, whatever it is.
    async fn last_answer(&mut self, cause: Cause) -> Result<Answer, Failure> {
        match self.dialogue.connection.reply(Instant::now() + LAST_WORDS).await {
            Ok(reply) if !reply.is_intermediate() => {
                self.tape.they(ms_since(self.began), &reply);
                Ok(Answer::last(Stage::Content, reply))
            }
            _ => Err(self.dialogue.failure(cause.at(Stage::Content))),
        }
    }
}
