//! What the provider makes of a complete message: refuses, accepts, loses it, or accepts it and bounces later.

use std::io;

use mail::Stage;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    Accepted, Next, Session, Transaction,
    content::Content,
    host,
    path::{Mailbox, mailbox},
    relay,
};
use crate::{
    bounce::{self, Bounced},
    providers::{Fate, HangUp, Later, ReplyTemplate},
    record::{Delivery, Keep, Taken},
};

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Session<'a, S> {
    /// Ends the transaction with the reply to the final dot.
    pub(super) async fn judge(&mut self, content: Content) -> io::Result<Next> {
        if self.shared.accept_all {
            return Ok(self.accept(&content));
        }
        let recipients = self.transaction.iter().flat_map(|t| &t.recipients);
        let delay_ms = recipients.map(|r| r.chosen.behaviour.delay_ms).max().unwrap_or(0);
        self.shared.pause(delay_ms).await;
        let refusal = self.objection(&content).or_else(|| self.refusal_of_mailbox());
        if let Some(reply) = refusal {
            for recipient in self.transaction.iter().flat_map(|t| &t.recipients) {
                self.note_refusal(&recipient.address, Stage::Content, Some(reply));
            }
            let first = self.transaction.as_ref().and_then(|t| t.recipients.first());
            let address = first.map(|r| r.address.clone()).unwrap_or_default();
            let next = self.answer(reply, &address);
            self.transaction = None;
            return Ok(next);
        }
        if self.cuts(HangUp::Reply) {
            self.note_all(Stage::Content);
            return Ok(Next::Cut);
        }
        Ok(self.accept(&content))
    }

    /// What the provider has against the message itself.
    fn objection(&self, content: &Content) -> Option<&'a ReplyTemplate> {
        let provider = self.provider;
        let limits = &provider.limits;
        if content.too_big {
            return Some(limits.message_bytes.as_ref().map_or(&provider.replies.relay, |limit| &limit.reply));
        }
        let long = |max: u64| content.longest_line() as u64 > max;
        if let Some(limit) = limits.line_bytes.as_ref().filter(|limit| long(limit.max)) {
            return Some(&limit.reply);
        }
        let bare = limits.bare_line_feed.as_ref().filter(|_| content.has_bare_line_feed());
        let nameless = || limits.no_message_id.as_ref().filter(|_| content.field("Message-ID").is_none());
        let unsigned = || limits.unsigned.as_ref().filter(|_| content.field("DKIM-Signature").is_none());
        let fast = || {
            let limit = limits.messages_per_minute.as_ref()?;
            let allowed = self.shared.memory.allows_message(&provider.id, self.peer.ip(), limit.max);
            (!allowed).then_some(&limit.reply)
        };
        bare.or_else(nameless).or_else(unsigned).or_else(fast)
    }

    /// A mailbox that refuses after the content can do so only when all recipients of the message do: there is one
    /// reply for all. Otherwise the message is taken, and thrown away for those.
    fn refusal_of_mailbox(&self) -> Option<&'a ReplyTemplate> {
        let recipients = &self.transaction.as_ref()?.recipients;
        let reply = |r: &Accepted<'a>| {
            let reply = r.chosen.behaviour.content.as_ref()?;
            self.still_refuses(r.chosen, &r.address).then_some(reply)
        };
        let replies: Vec<_> = recipients.iter().map(reply).collect();
        if replies.iter().all(Option::is_some) { replies.into_iter().flatten().next() } else { None }
    }

    fn accept(&mut self, content: &Content) -> Next {
        let Some(transaction) = self.transaction.take() else { return Next::Command };
        for recipient in &transaction.recipients {
            let delivery = |at_ms| self.delivery(&transaction, recipient, content, at_ms);
            self.shared.recorder.taken(&Taken { recipient: &recipient.address, delivery: &delivery });
            if let Some(later) = self.later(recipient) {
                bounce::begin(
                    self.shared,
                    Bounced {
                        later,
                        host: host(self.provider).to_owned(),
                        peer: self.peer_text.clone(),
                        recipient: recipient.address.clone(),
                        reverse_path: transaction.reverse_path.clone(),
                        header: content.header().to_vec(),
                        id: self.id,
                    },
                );
            }
        }
        let provider = self.provider;
        self.answer(&provider.replies.content, "")
    }

    fn later(&self, recipient: &Accepted<'_>) -> Option<Later> {
        if self.shared.accept_all {
            return None;
        }
        if self.provider.login.is_none() {
            return recipient.chosen.behaviour.later.clone();
        }
        let Mailbox::Good { local, domain } = mailbox(&recipient.address, true) else { return None };
        relay::later(&self.shared.book, &local, &domain)
    }

    fn delivery(
        &self,
        transaction: &Transaction<'_>,
        recipient: &Accepted<'_>,
        content: &Content,
        at_ms: u64,
    ) -> Delivery {
        let kept = match self.shared.recorder.keep() {
            Keep::Content { bytes_max } => {
                let mut bytes = content.unstuffed();
                bytes.truncate(bytes_max);
                Some(bytes)
            }
            Keep::Counts | Keep::Envelopes => None,
        };
        let behaviour = recipient.chosen.behaviour;
        let refused_alone = behaviour.content.is_some() && behaviour.retry_after_ms.is_none();
        let fate = match behaviour.fate {
            _ if self.shared.accept_all => Fate::Inbox,
            _ if behaviour.later.is_some() => Fate::Bounced,
            _ if refused_alone => Fate::Dropped,
            fate => fate,
        };
        Delivery {
            at_ms,
            provider: self.provider.id.clone(),
            recipient: recipient.address.clone(),
            reverse_path: transaction.reverse_path.clone(),
            message_id: content.field("Message-ID"),
            size_bytes: content.bytes.len(),
            tls: self.tls,
            signed: content.field("DKIM-Signature").is_some(),
            fate,
            content: kept,
        }
    }
}
