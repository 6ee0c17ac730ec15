//! What a kept message is, and what it tells about which recipient. Pure and total, so it can be done again.

use addressing::Provider;
use bounce::{Permanence, Verdict};
use mail::{Address, EnhancedStatus, Reply, TRACE_FIELD};
use report::{Kind, RecipientReport, Report};

use crate::{ArrivalKind, Judged, judge::judge};

/// What reading found.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    /// What it is.
    pub kind: ArrivalKind,
    /// The Message-ID of the mail it is about, without angle brackets.
    pub about_message_id: Option<String>,
    /// The [`mail::TRACE_FIELD`] of the mail it is about.
    pub about_trace: Option<String>,
    /// The subject of the mail it is about.
    pub about_subject: Option<String>,
    /// The words for people in it, without the returned message.
    pub text: String,
    /// `Feedback-Type` of a complaint (RFC 5965 section 3.1).
    pub feedback_type: Option<String>,
    /// One per recipient it tells about; at least one for bounces and complaints, none for a mail from a person.
    pub findings: Vec<Finding>,
}

/// What it tells about one recipient.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The address that failed in the end, as the report names it.
    pub recipient: Option<String>,
    /// The address the message was sent to first, where the report tells it.
    pub original_recipient: Option<String>,
    /// What was done, as the report says: `failed`, `delayed`, `delivered`, `relayed`, `expanded`, `displayed` …
    pub action: Option<String>,
    /// The enhanced status code.
    pub status: Option<EnhancedStatus>,
    /// The SMTP reply code.
    pub reply_code: Option<u16>,
    /// What the server said, in its own words.
    pub diagnostic: String,
    /// What it means.
    pub verdict: Verdict,
}

impl Finding {
    /// Whether it is about the address with this [`mail::Address::key`], under its last or its first name.
    #[must_use]
    pub fn is_about(&self, address_key: &str) -> bool {
        [&self.recipient, &self.original_recipient]
            .into_iter()
            .any(|name| key_of(name).as_deref() == Some(address_key))
    }

    /// Whether it was this very address that failed, and not one that its mail is forwarded to. A server may tell the
    /// address under a host of its own: `h@mx1.midori.example` for `h@midori.example`.
    #[must_use]
    pub fn is_own(&self, address_key: &str) -> bool {
        let last = key_of(&self.recipient);
        if last.is_none() || last.as_deref() == Some(address_key) {
            return true;
        }
        let domain = |key: &str| key.rsplit_once('@').map(|(_, domain)| domain.to_owned());
        let (Some(own), Some(told)) = (domain(address_key), last.as_deref().and_then(domain)) else {
            return false;
        };
        let within = told == own || told.ends_with(&format!(".{own}")) || own.ends_with(&format!(".{told}"));
        within && self.is_about(address_key)
    }

    /// Whether the message may still arrive: the other side goes on trying.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.action.as_deref() == Some("delayed")
    }

    /// The reply of the refusing server; code 0 where only words are known.
    #[must_use]
    pub fn reply(&self) -> Reply {
        Reply { code: self.reply_code.unwrap_or(0), status: self.status, text: self.diagnostic.clone() }
    }

    /// Whose mailbox it is.
    #[must_use]
    pub fn provider(&self) -> Option<&'static Provider> {
        [&self.recipient, &self.original_recipient]
            .into_iter()
            .flatten()
            .find_map(|address| addressing::provider_of(address.rsplit_once('@')?.1))
    }
}

fn key_of(address: &Option<String>) -> Option<String> {
    address.as_deref().and_then(|text| Address::parse(text).ok()).map(|address| address.key())
}

/// Reads a kept message.
#[must_use]
pub fn recognise(raw: &[u8], arrived_at: i64) -> Recognised {
    let (mut report, _defects) = report::read(raw);
    let kind = match report.kind {
        Kind::Bounce => ArrivalKind::Bounce,
        Kind::Delayed => ArrivalKind::Delayed,
        Kind::Delivered => ArrivalKind::Delivered,
        Kind::Complaint => ArrivalKind::Complaint,
        Kind::AutoReply => ArrivalKind::AutoReply,
        Kind::Correspondence | Kind::Empty => ArrivalKind::Correspondence,
    };
    let original = std::mem::take(&mut report.original);
    let findings = match kind {
        ArrivalKind::Correspondence => Vec::new(),
        _ => findings(&mut report, arrived_at),
    };
    let trace = original.headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(TRACE_FIELD));
    Recognised {
        kind,
        about_message_id: original.message_id.map(|id| id.trim_matches(['<', '>', ' ']).to_owned()),
        about_trace: trace.map(|(_, value)| value.trim().to_owned()),
        about_subject: original.subject,
        text: report.text,
        feedback_type: report.feedback_type,
        findings,
    }
}

fn findings(report: &mut Report, arrived_at: i64) -> Vec<Finding> {
    if report.recipients.is_empty() && matches!(report.kind, Kind::Bounce | Kind::Complaint) {
        report.recipients.push(RecipientReport::of(None));
    }
    let provider_of = |domain: &str| addressing::provider_of(domain).map(|provider| provider.id.clone());
    let is_late = report.kind == Kind::Delayed;
    judge(report, &provider_of, arrived_at).into_iter().map(|judged| finding(judged, is_late)).collect()
}

/// Who is only late may still get the mail, whatever the reason.
fn finding(judged: Judged, is_late: bool) -> Finding {
    let Judged { recipient: told, mut verdict } = judged;
    let action = told.action.or_else(|| is_late.then(|| "delayed".to_owned()));
    if is_late || action.as_deref() == Some("delayed") {
        verdict.permanence = Permanence::Temporary;
    }
    let recipient = told.final_recipient.or_else(|| told.original_recipient.clone());
    Finding {
        original_recipient: told.original_recipient.filter(|original| Some(original) != recipient.as_ref()),
        recipient,
        action,
        status: told.status,
        reply_code: told.reply_code,
        diagnostic: told.diagnostic,
        verdict,
    }
}

#[cfg(test)]
mod tests {
    use bounce::Reason;

    use super::*;

    const DSN: &str = "From: MAILER-DAEMON@mx.midori.example\r\nTo: b-1@bounce.hanaya.example\r\n\
        Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n\
        --x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.midori.example\r\n\r\n\
        Original-Recipient: rfc822; hanako@midori.example\r\n\
        Final-Recipient: rfc822; hana@mori.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\
        Diagnostic-Code: smtp; 550 5.1.1 <hana@mori.example>: User unknown\r\n\
        --x\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <m-1-2@hanaya.example>\r\n\
        X-Todoku-Trace: m-1-2\r\nSubject: Your order\r\nTo: hanako@midori.example\r\n--x--\r\n";

    #[test]
    fn a_bounce_tells_whom_and_why() {
        let seen = recognise(DSN.as_bytes(), 0);
        assert_eq!(seen.kind, ArrivalKind::Bounce);
        assert_eq!(seen.about_message_id.as_deref(), Some("m-1-2@hanaya.example"));
        assert_eq!(seen.about_trace.as_deref(), Some("m-1-2"));
        assert_eq!(seen.about_subject.as_deref(), Some("Your order"));
        let [finding] = seen.findings.as_slice() else { panic!("{:?}", seen.findings) };
        assert_eq!(finding.recipient.as_deref(), Some("hana@mori.example"));
        assert_eq!(finding.original_recipient.as_deref(), Some("hanako@midori.example"));
        assert_eq!(
            (finding.reply_code, finding.status.map(|s| s.to_string())),
            (Some(550), Some("5.1.1".into()))
        );
        assert_eq!(finding.verdict.reason, Reason::UserUnknown);
        assert!(finding.diagnostic.contains("User unknown"), "{}", finding.diagnostic);
    }

    #[test]
    fn a_forwarding_target_is_somebody_else() {
        let check = |last: &str, first: &str, about: bool, own: bool| {
            let name = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let told = Finding {
                recipient: name(last),
                original_recipient: name(first),
                action: None,
                status: None,
                reply_code: None,
                diagnostic: String::new(),
                verdict: bounce::known(Reason::UserUnknown, ""),
            };
            let seen = (told.is_about("hanako@midori.example"), told.is_own("hanako@midori.example"));
            assert_eq!(seen, (about, own), "{last} {first}");
        };
        check("hanako@midori.example", "", true, true);
        check("Hanako@Midori.Example", "", true, true);
        check("hana@mori.example", "hanako@midori.example", true, false);
        check("hanako@mx1.midori.example", "hanako@midori.example", true, true);
        check("hanako@xmidori.example", "hanako@midori.example", true, false);
        check("taro@midori.example", "", false, false);
        check("", "", false, true);
    }

    #[test]
    fn a_letter_is_no_bounce() {
        let seen = recognise(b"From: hanako@midori.example\r\nSubject: hello\r\n\r\nPlease call me.\r\n", 0);
        assert_eq!((seen.kind, seen.findings.len()), (ArrivalKind::Correspondence, 0));
        assert_eq!(recognise(b"", 0).findings.len(), 0);
    }
}
