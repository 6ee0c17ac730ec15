//! RCPT TO (RFC 5321 section 4.1.1.3): where most providers say that somebody is not there.

use std::io;

use mail::Stage;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    Accepted, Next, Session, host,
    path::{Mailbox, mailbox, path},
};
use crate::{
    providers::{Chosen, HangUp, ReplyTemplate, ReplyValues},
    record::Refusal,
};

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Session<'a, S> {
    pub(super) async fn rcpt_to(&mut self, rest: &str) -> io::Result<Next> {
        let provider = self.provider;
        let Some(transaction) = &self.transaction else {
            return Ok(self.mistake("503 5.5.1 Error: need MAIL command"));
        };
        let Some(path) = path(rest, "TO:") else {
            return Ok(self.mistake("501 5.5.4 Syntax: RCPT TO:<address>"));
        };
        let address = path.text;
        let Mailbox::Good { local, domain } = mailbox(address, transaction.utf8) else {
            return Ok(self.refuse_recipient(&provider.replies.malformed, address));
        };
        // A sending route has no mailboxes of its own: it takes everything first.
        let local = if provider.login.is_some() { "inbox" } else { &local };
        let chosen = self.shared.book.choose(provider, local);
        if !self.shared.accept_all {
            if provider.login.is_none() && !provider.domains.contains(&domain) {
                return Ok(self.refuse_recipient(&provider.replies.relay, address));
            }
            self.recipients_in_session += 1;
            if let Some(reply) = self.over_limit() {
                return Ok(self.refuse_recipient(reply, address));
            }
            self.shared.pause(chosen.behaviour.delay_ms).await;
            if chosen.behaviour.hang_up == Some(HangUp::Rcpt) {
                self.note_refusal(address, Stage::Rcpt, None);
                return Ok(Next::Cut);
            }
            if let Some(reply) = &chosen.behaviour.rcpt
                && self.still_refuses(chosen, address)
            {
                return Ok(self.refuse_recipient(reply, address));
            }
        }
        let next = self.answer(&provider.replies.rcpt, address);
        if let Some(transaction) = &mut self.transaction {
            transaction.recipients.push(Accepted { address: address.to_owned(), chosen });
        }
        Ok(next)
    }

    fn over_limit(&self) -> Option<&'a ReplyTemplate> {
        let limits = &self.provider.limits;
        let in_message = self.transaction.as_ref().map_or(0, |t| t.recipients.len() as u64);
        let session = limits.recipients_per_session.as_ref().filter(|l| self.recipients_in_session > l.max);
        let message = limits.recipients_per_message.as_ref().filter(|l| in_message >= l.max);
        session.or(message).map(|limit| &limit.reply)
    }

    /// A refusal lasts for ever, unless it is greylisting and the client has waited long enough.
    pub(super) fn still_refuses(&self, chosen: Chosen<'_>, address: &str) -> bool {
        let Some(after_ms) = chosen.behaviour.retry_after_ms else { return true };
        let reverse_path = self.transaction.as_ref().map_or("", |t| &t.reverse_path);
        let triplet = (self.peer.ip(), reverse_path.to_owned(), address.to_owned());
        !self.shared.memory.waited(triplet, after_ms)
    }

    fn refuse_recipient(&mut self, reply: &ReplyTemplate, address: &str) -> Next {
        self.note_refusal(address, Stage::Rcpt, Some(reply));
        self.answer(reply, address)
    }

    pub(super) fn note_refusal(&self, address: &str, stage: Stage, reply: Option<&ReplyTemplate>) {
        let values = ReplyValues {
            address,
            reverse_path: self.transaction.as_ref().map_or("", |t| &t.reverse_path),
            host: host(self.provider),
            peer: &self.peer_text,
            id: self.id,
        };
        self.shared.recorder.refused(Refusal {
            at_ms: self.shared.recorder.now_ms(),
            provider: self.provider.id.clone(),
            recipient: address.to_owned(),
            stage,
            reply: reply.map(|reply| reply.quoted(&values)).unwrap_or_default(),
        });
    }
}
