//! What a kept message is, and what it tells about which recipient. Pure and total, so it can be done again.

use bounce::{Reason, Refusal, Verdict};
use report::{Kind, RecipientReport, Report};

use crate::ArrivalKind;

/// What reading found.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    /// What it is.
    pub kind: ArrivalKind,
    /// The Message-ID of the mail it is about, without angle brackets.
    pub about_message_id: Option<String>,
    /// One per recipient it tells about; at least one for bounces and complaints.
    pub findings: Vec<Finding>,
}

/// What it tells about one recipient.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The recipient as the report names it.
    pub recipient: Option<String>,
    /// What it means.
    pub verdict: Verdict,
}

/// Reads a kept message.
#[must_use]
pub fn recognise(raw: &[u8], arrived_at: i64) -> Recognised {
    let (report, _defects) = report::read(raw);
    let kind = match report.kind {
        Kind::Bounce => ArrivalKind::Bounce,
        Kind::Delayed => ArrivalKind::Delayed,
        Kind::Delivered => ArrivalKind::Delivered,
        Kind::Complaint => ArrivalKind::Complaint,
        Kind::AutoReply => ArrivalKind::AutoReply,
        Kind::Correspondence | Kind::Empty => ArrivalKind::Correspondence,
    };
    let findings = match kind {
        ArrivalKind::Bounce => bounces(&report, arrived_at),
        ArrivalKind::Complaint => {
            vec![Finding { recipient: None, verdict: bounce::known(Reason::Feedback, &report.subject) }]
        }
        _ => Vec::new(),
    };
    let about_message_id =
        report.original.message_id.as_deref().map(|id| id.trim_matches(['<', '>', ' ']).to_owned());
    Recognised { kind, about_message_id, findings }
}

fn bounces(report: &Report, arrived_at: i64) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        report.recipients.iter().map(|told| finding(report, told, arrived_at)).collect();
    if findings.is_empty() {
        findings.push(Finding {
            recipient: None,
            verdict: bounce::known(Reason::OnHold, report.text.lines().next().unwrap_or_default()),
        });
    }
    findings
}

fn finding(report: &Report, told: &RecipientReport, arrived_at: i64) -> Finding {
    let recipient = told.original_recipient.clone().or_else(|| told.final_recipient.clone());
    let domain = recipient.as_deref().and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain);
    let provider = domain.and_then(addressing::provider_of).map(|provider| provider.id.as_str());
    let reply = told.reply();
    let verdict = bounce::understand(&Refusal {
        provider,
        recipient: recipient.as_deref(),
        remote_host: told.remote_mta.as_deref(),
        original_text: Some(&report.text),
        mta: report.mta.as_deref(),
        ..Refusal::new(&reply, told.stage, arrived_at)
    });
    Finding { recipient, verdict }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DSN: &str = "From: MAILER-DAEMON@mx.midori.example\r\nTo: b-1@bounce.hanaya.example\r\n\
        Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n\
        --x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.midori.example\r\n\r\n\
        Final-Recipient: rfc822; hanako@midori.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\
        Diagnostic-Code: smtp; 550 5.1.1 <hanako@midori.example>: User unknown\r\n\
        --x\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <m-1-2@hanaya.example>\r\n\
        To: hanako@midori.example\r\n--x--\r\n";

    #[test]
    fn a_bounce_tells_whom_and_why() {
        let seen = recognise(DSN.as_bytes(), 0);
        assert_eq!(seen.kind, ArrivalKind::Bounce);
        assert_eq!(seen.about_message_id.as_deref(), Some("m-1-2@hanaya.example"));
        assert_eq!(seen.findings.len(), 1);
        assert_eq!(seen.findings[0].recipient.as_deref(), Some("hanako@midori.example"));
        assert_eq!(seen.findings[0].verdict.reason, Reason::UserUnknown);
    }

    #[test]
    fn a_letter_is_no_bounce() {
        let seen = recognise(b"From: hanako@midori.example\r\nSubject: hello\r\n\r\nPlease call me.\r\n", 0);
        assert_eq!((seen.kind, seen.findings.len()), (ArrivalKind::Correspondence, 0));
        assert_eq!(recognise(b"", 0).findings.len(), 0);
    }
}
