//! Reads one mail from end to end: what it is, whom it is about, what it says.

use crate::header::{self, Header};
use crate::mime::{self, Part, note};
use crate::{
    Defect, Kind, OriginalMessage, RecipientReport, Report, auto_reply, dsn, feedback, lines, original,
};

/// Longest text for people that is kept, in characters.
const TEXT_CHARS_MAX: usize = 20_000;

/// Reads a mail. Total: any bytes give a report, and what was wrong with them.
#[must_use]
pub fn read(bytes: &[u8]) -> (Report, Vec<Defect>) {
    let mut defects = Vec::new();
    let bytes = lines::to_lf(bytes);
    let (header, body) = Header::split(&bytes);
    if header.is_empty() {
        note(&mut defects, Defect::NoHeader);
    }
    let parts = mime::parts(&header, body, &mut defects);
    let mut report = Report {
        kind: Kind::Correspondence,
        recipients: Vec::new(),
        original: OriginalMessage::default(),
        mta: None,
        reporting_mta: None,
        feedback_type: None,
        text: words_for_people(&parts, &mut defects),
        subject: header.text("subject").unwrap_or_default(),
        from: header.text("from").and_then(|value| header::addresses(&value).into_iter().next()),
    };
    if header.is_empty() && report.text.trim().is_empty() {
        report.kind = Kind::Empty;
        return (report, defects);
    }
    classify(&mut report, &header, &parts, &mut defects);
    (report, defects)
}

fn classify(report: &mut Report, header: &Header<'_>, parts: &[Part<'_>], defects: &mut Vec<Defect>) {
    report.original = returned(parts).map(original::read).unwrap_or_default();
    if let Some(part) = find(parts, "message/feedback-report") {
        let seen = feedback::read(&part.bytes());
        report.kind = Kind::Complaint;
        report.feedback_type = seen.kind;
        report.reporting_mta = seen.reporting_mta;
        report.recipients = seen.recipients;
        if report.recipients.is_empty() {
            let to = report.original.to.iter().take(1).cloned();
            report.recipients = to.map(|address| RecipientReport::of(Some(address))).collect();
        }
        return;
    }
    let delivery =
        find(parts, "message/delivery-status").or_else(|| find(parts, "message/global-delivery-status"));
    if let Some(part) = delivery {
        let seen = dsn::read(&part.bytes(), defects);
        report.reporting_mta = seen.reporting_mta;
        report.recipients = seen.recipients;
        report.kind = kind_of(&report.recipients);
        return;
    }
    if auto_reply::is_auto_reply(header, &report.subject) {
        report.kind = Kind::AutoReply;
        report.recipients = report.from.iter().map(|from| RecipientReport::of(Some(from.clone()))).collect();
    }
}

/// A report is a bounce as soon as one recipient failed.
fn kind_of(recipients: &[RecipientReport]) -> Kind {
    let action = |name: &str| recipients.iter().any(|r| r.action.as_deref() == Some(name));
    let all = |names: &[&str]| {
        !recipients.is_empty()
            && recipients.iter().all(|r| r.action.as_deref().is_some_and(|a| names.contains(&a)))
    };
    if all(&["delivered", "relayed", "expanded"]) {
        return Kind::Delivered;
    }
    match action("delayed") && !action("failed") {
        true => Kind::Delayed,
        false => Kind::Bounce,
    }
}

fn find<'p, 'a>(parts: &'p [Part<'a>], kind: &str) -> Option<&'p Part<'a>> {
    parts.iter().find(|part| part.inside == 0 && part.kind == kind)
}

/// The returned message, or its header.
fn returned<'a>(parts: &[Part<'a>]) -> Option<&'a [u8]> {
    let kinds = ["message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"];
    parts.iter().find(|part| part.inside == 0 && kinds.contains(&part.kind.as_str())).map(|part| part.body)
}

fn words_for_people(parts: &[Part<'_>], defects: &mut Vec<Defect>) -> String {
    let readable = |part: &&Part<'_>| {
        part.inside == 0 && (part.kind == "text/plain" || part.kind.starts_with("multipart/"))
    };
    let mut text = String::new();
    for part in parts.iter().filter(readable).take(20) {
        text.push_str(&part.text(defects));
        text.push('\n');
    }
    if text.len() > TEXT_CHARS_MAX * 4 {
        note(defects, Defect::TooLong);
        text = text.chars().take(TEXT_CHARS_MAX).collect();
    }
    text
}
