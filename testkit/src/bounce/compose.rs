//! Fills the form of a bounce mail (`dsn/*.eml`) with what happened.

use super::Bounced;

/// The forms, by name.
const STYLES: [(&str, &str); 6] = [
    ("postfix", include_str!("../../dsn/postfix.eml")),
    ("exim", include_str!("../../dsn/exim.eml")),
    ("exchange", include_str!("../../dsn/exchange.eml")),
    ("qmail", include_str!("../../dsn/qmail.eml")),
    ("biglobe", include_str!("../../dsn/biglobe.eml")),
    ("au-ndr", include_str!("../../dsn/au-ndr.eml")),
];

/// True when there is a form with this name.
pub(crate) fn has_style(style: &str) -> bool {
    STYLES.iter().any(|(name, _)| *name == style)
}

/// The bounce mail, lines ending with CRLF, the last one too.
///
/// `date` is written as it is (RFC 5322 section 3.3).
pub(super) fn compose(bounced: &Bounced, date: &str) -> String {
    let form = STYLES.iter().find(|(name, _)| *name == bounced.later.style).unwrap_or(&STYLES[0]).1;
    let values = bounced.values();
    let diagnostic = bounced.later.diagnostic.quoted(&values);
    let status = bounced.later.diagnostic.status.map_or_else(|| "5.0.0".to_owned(), |s| s.to_string());
    let remote = values.fill(&bounced.later.remote_host);
    let header = String::from_utf8_lossy(&bounced.header).into_owned();
    let filled = form
        .replace("{date}", date)
        .replace("{status}", &status)
        .replace("{diagnostic}", &diagnostic)
        .replace("{text}", diagnostic.get(4..).unwrap_or_default())
        .replace("{remote}", &remote);
    // The foreign header comes last, so that braces in it stay as they are.
    let filled = values.fill(&filled).replace("{header}", header.trim_end());
    filled.replace("\r\n", "\n").replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{Later, ReplyTemplate};

    #[test]
    fn forms_are_filled() {
        for (style, _) in STYLES {
            let later = Later {
                style: style.to_owned(),
                after_ms: 0,
                diagnostic: ReplyTemplate::try_from("550 5.1.1 <{address}>: nobody".to_owned()).unwrap(),
                remote_host: "mx.{domain}".to_owned(),
            };
            let bounced = Bounced {
                later,
                host: "gw.firm.example".to_owned(),
                peer: "127.0.0.1".to_owned(),
                recipient: "hanako@firm.example".to_owned(),
                reverse_path: "b+1@shop.example".to_owned(),
                header: b"Message-ID: <1@shop.example>\r\nSubject: {status}\r\n".to_vec(),
                id: 7,
            };
            let text = compose(&bounced, "Sat, 21 Nov 2026 09:00:00 +0900");
            assert!(text.contains("hanako@firm.example"), "{style}: {text}");
            assert!(
                text.contains("Message-ID: <1@shop.example>\r\nSubject: {status}\r\n"),
                "{style}: {text}"
            );
            let unfilled = [
                "{address}",
                "{host}",
                "{diagnostic}",
                "{remote}",
                "{header}",
                "{reverse_path}",
                "{id}",
                "{text}",
                "{date}",
            ];
            assert!(!unfilled.iter().any(|name| text.contains(name)), "{style}: {text}");
            assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains('\n'), "{style}");
        }
    }
}
