//! Tells an automatic answer from a mail that a person wrote (RFC 3834 section 5).

use crate::header::Header;

/// True when the header says, or strongly hints, that a program answered.
pub(crate) fn is_auto_reply(header: &Header<'_>, subject: &str) -> bool {
    let value = |name: &str| header.text(name).unwrap_or_default().to_ascii_lowercase();
    let submitted = value("auto-submitted");
    // `auto-generated` is said by every order confirmation; only one that answers is a reply.
    let answers = header.raw("in-reply-to").is_some() || header.raw("references").is_some();
    if submitted.starts_with("auto-replied") || (submitted.starts_with("auto-generated") && answers) {
        return true;
    }
    let precedence = value("precedence");
    if value("x-precedence").contains("auto_reply") || precedence.contains("auto_reply") {
        return true;
    }
    let marks = ["x-autoreply", "x-autorespond", "x-auto-response", "x-autoresponder", "x-mail-autoreply"];
    if marks.iter().any(|name| header.raw(name).is_some()) {
        return true;
    }
    if value("x-apple-action").contains("vacation") || value("x-auto-response-suppress") == "oof" {
        return true;
    }
    subject_says(&subject.to_lowercase())
}

fn subject_says(subject: &str) -> bool {
    const BEGINS: &[&str] = &[
        "auto:",
        "auto reply",
        "auto-reply",
        "autoreply",
        "automatic reply",
        "auto response",
        "auto-response",
        "automatic response",
        "out of office",
        "out of the office",
        "vacation:",
        "away:",
        "on vacation",
        "自動返信",
        "自動応答",
        "不在通知",
        "不在の",
        "【自動返信】",
        "[自動返信]",
        "(自動返信)",
        "(自動返信)",
        "automatische antwort",
        "abwesenheit",
        "réponse automatique",
        "respuesta automática",
    ];
    let subject = subject.trim();
    BEGINS.iter().any(|begin| subject.starts_with(begin))
        || subject.contains("out of office")
        || subject.contains("自動返信")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mail: &str, expected: bool) {
        let (header, _) = Header::split(mail.as_bytes());
        let subject = header.text("subject").unwrap_or_default();
        assert_eq!(is_auto_reply(&header, &subject), expected, "{mail}");
    }

    #[test]
    fn auto_replies() {
        check("Auto-Submitted: auto-replied\n\n", true);
        check("Auto-Submitted: auto-generated\nSubject: your order\n\n", false);
        check("Auto-Submitted: auto-generated\nIn-Reply-To: <1@x.example>\n\n", true);
        check("Auto-Submitted: no\nSubject: hello\n\n", false);
        check("Precedence: auto_reply\n\n", true);
        check("X-Autoreply: yes\n\n", true);
        check("Subject: Automatic reply: order\n\n", true);
        check("Subject: 自動返信: ご注文\n\n", true);
        check("Subject: 【自動返信】夏季休業\n\n", true);
        check("Subject: Re: Out of Office\n\n", true);
        check("Subject: Re: order\nPrecedence: bulk\n\n", false);
    }
}
