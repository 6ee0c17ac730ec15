//! MAIL FROM (RFC 5321 section 4.1.1.2): begins a transaction.

use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    Next, Session, Transaction,
    path::{Mailbox, mailbox, parameter, path},
};

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    pub(super) fn mail_from(&mut self, rest: &str) -> Next {
        if !self.greeted {
            return self.mistake("503 5.5.1 Error: send HELO/EHLO first");
        }
        if self.transaction.is_some() {
            return self.mistake("503 5.5.1 Error: nested MAIL command");
        }
        if self.provider.login.is_some() && !self.logged_in {
            return self.mistake("530 5.7.0 Authentication required");
        }
        let Some(path) = path(rest, "FROM:") else {
            return self.mistake("501 5.5.4 Syntax: MAIL FROM:<address>");
        };
        let utf8 = parameter(path.parameters, "SMTPUTF8").is_some();
        if utf8 && !self.offers("SMTPUTF8") {
            return self.mistake("555 5.5.4 Unsupported option: SMTPUTF8");
        }
        let domain = match mailbox(path.text, utf8) {
            _ if path.text.is_empty() => None,
            Mailbox::Good { domain, .. } => Some(domain),
            Mailbox::Malformed => return self.mistake("501 5.1.7 Bad sender address syntax"),
        };
        self.messages_in_session += 1;
        let limit = self.provider.limits.messages_per_session.as_ref();
        if let Some(limit) =
            limit.filter(|limit| self.messages_in_session > limit.max && !self.shared.accept_all)
        {
            return self.answer(&limit.reply, "");
        }
        if let Some(limit) = &self.provider.limits.message_bytes {
            let said = parameter(path.parameters, "SIZE").and_then(|size| size.parse::<u64>().ok());
            if said.is_some_and(|size| size > limit.max) && !self.shared.accept_all {
                return self.answer(&limit.reply, "");
            }
        }
        self.transaction = Some(Transaction {
            reverse_path: path.text.to_owned(),
            utf8,
            recipients: Vec::new(),
            chunks: Vec::new(),
        });
        self.id = self.shared.next_id();
        if let (Some(reply), Some(domain)) = (&self.provider.limits.sender_domain_unknown, domain)
            && self.is_nowhere(&domain)
        {
            let next = self.answer(reply, "");
            self.transaction = None;
            return next;
        }
        self.answer(&self.provider.replies.mail, "")
    }

    fn is_nowhere(&self, domain: &str) -> bool {
        let known = self.shared.zone.as_ref().is_none_or(|zone| zone.exists(domain));
        !self.shared.accept_all && (!known || domain.ends_with(".invalid"))
    }
}
