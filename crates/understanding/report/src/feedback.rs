//! Complaints: the machine-readable part of a feedback report (RFC 5965 section 3).

use std::borrow::Cow;

use crate::header::{self, Header};
use crate::{RecipientReport, address_list};

/// What a feedback report says.
#[derive(Debug, Default)]
pub(crate) struct Feedback {
    pub(crate) kind: Option<String>,
    pub(crate) recipients: Vec<RecipientReport>,
    pub(crate) reporting_mta: Option<String>,
}

/// Reads the fields of a `message/feedback-report` part.
pub(crate) fn read(bytes: &[u8]) -> Feedback {
    let mut rest = bytes;
    while let Some(after) = rest.strip_prefix(b"\n") {
        rest = after;
    }
    let (fields, _) = Header::split(rest);
    let mut recipients: Vec<String> = Vec::new();
    for (name, value) in fields.all() {
        let wanted = ["original-rcpt-to", "removal-recipient"].contains(&name.to_ascii_lowercase().as_str());
        let address = wanted.then(|| address_list::clean(&header::decode(value))).flatten();
        recipients.extend(address.filter(|address| !recipients.contains(address)));
    }
    Feedback {
        kind: fields.text("feedback-type").map(|value| value.trim().to_ascii_lowercase()),
        recipients: recipients.into_iter().map(|address| RecipientReport::of(Some(address))).collect(),
        reporting_mta: fields.text("reporting-mta").map(Cow::into_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        let seen = read(b"Feedback-Type: Abuse\nUser-Agent: x/1\nOriginal-Rcpt-To: <a@b.example>\nOriginal-Rcpt-To: a@b.example\n");
        assert_eq!(seen.kind.as_deref(), Some("abuse"));
        assert_eq!(seen.recipients.len(), 1);
        assert_eq!(seen.recipients[0].final_recipient.as_deref(), Some("a@b.example"));
        assert!(read(b"").kind.is_none());
    }
}
