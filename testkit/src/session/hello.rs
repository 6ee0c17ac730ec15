//! EHLO and HELO: what the provider says it can do (RFC 5321 section 4.1.1.1).

use tokio::io::{AsyncRead, AsyncWrite};

use super::{Session, host};
use crate::providers::TlsShape;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    pub(super) fn hello(&mut self, name: &str, extended: bool) {
        if name.trim().is_empty() {
            self.mistake("501 5.5.4 A host name is needed");
            return;
        }
        self.greeted = true;
        self.transaction = None;
        let us = host(self.provider).to_owned();
        if !extended {
            self.wire.say(&format!("250 {us}"));
            return;
        }
        let hello = format!("{us} at your service, [{}]", self.peer_text);
        let mut lines = vec![hello];
        lines.extend(self.provider.esmtp.iter().cloned());
        if !self.tls && !matches!(self.provider.tls, TlsShape::Absent | TlsShape::Implicit) {
            lines.push("STARTTLS".to_owned());
        }
        if self.provider.login.is_some() && self.tls {
            lines.push("AUTH PLAIN LOGIN".to_owned());
        }
        let last = lines.len() - 1;
        for (n, line) in lines.iter().enumerate() {
            self.wire.say(&format!("250{}{line}", if n == last { ' ' } else { '-' }));
        }
    }

    /// True when the provider offers this keyword in EHLO.
    pub(super) fn offers(&self, keyword: &str) -> bool {
        let is =
            |line: &String| line.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(keyword));
        self.provider.esmtp.iter().any(is)
    }
}
