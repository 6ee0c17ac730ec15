//! Confirmations that a person's program shows by itself: "your mail was displayed" (RFC 8098).

use crate::header::Header;
use crate::{RecipientReport, address_list, original};

/// What a disposition notification says.
#[derive(Debug, Default)]
pub(crate) struct Disposition {
    pub(crate) recipient: Option<RecipientReport>,
    pub(crate) message_id: Option<String>,
}

/// Reads the fields of a `message/disposition-notification` part.
pub(crate) fn read(bytes: &[u8]) -> Disposition {
    let mut rest = bytes;
    while let Some(after) = rest.strip_prefix(b"\n") {
        rest = after;
    }
    let (fields, _) = Header::split(rest);
    let address = |name: &str| {
        let value = fields.text(name)?;
        address_list::clean(value.split_once(';').map_or(&*value, |(_, address)| address))
    };
    let kind = fields.text("disposition").unwrap_or_default();
    let action =
        kind.rsplit(';').next().unwrap_or("").split('/').next().unwrap_or("").trim().to_ascii_lowercase();
    let last = address("final-recipient").or_else(|| address("original-recipient"));
    Disposition {
        recipient: last.map(|last| RecipientReport {
            original_recipient: address("original-recipient"),
            action: Some(action).filter(|action| !action.is_empty()),
            ..RecipientReport::of(Some(last))
        }),
        message_id: fields.text("original-message-id").and_then(|value| original::message_id(&value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        let seen = read(
            b"Final-Recipient: rfc822;a@b.example\nOriginal-Message-ID: <1@shop.example>\nDisposition: manual-action/MDN-sent-manually; displayed\n",
        );
        assert_eq!(seen.message_id.as_deref(), Some("1@shop.example"));
        let recipient = seen.recipient.unwrap();
        assert_eq!(recipient.final_recipient.as_deref(), Some("a@b.example"));
        assert_eq!(recipient.action.as_deref(), Some("displayed"));
        assert!(read(b"").recipient.is_none());
    }
}
