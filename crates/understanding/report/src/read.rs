//! Reads one mail from end to end: what it is, whom it is about, what it says.

use crate::header::{self, Header};
use crate::mime::{self, Part, note};
use crate::notice::{self, knowledge::KNOWLEDGE};
use crate::{
    Defect, Kind, OriginalMessage, RecipientReport, Report, auto_reply, date, dsn, feedback, lines, merge,
    original,
};

/// Longest text for people that is kept, in bytes.
const TEXT_BYTES_MAX: usize = 64 * 1024;

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
        written_at: header.text("date").and_then(|value| date::read(&value)),
    };
    if header.is_empty() && report.text.trim().is_empty() {
        report.kind = Kind::Empty;
        return (report, defects);
    }
    let mail = Mail { header: &header, parts: &parts };
    mail.classify(&mut report, &mut defects);
    (report, defects)
}

/// The mail that is read.
struct Mail<'m, 'a> {
    header: &'m Header<'a>,
    parts: &'m [Part<'a>],
}

impl<'a> Mail<'_, 'a> {
    fn classify(&self, report: &mut Report, defects: &mut Vec<Defect>) {
        if let Some(part) = self.find("message/feedback-report") {
            report.original = self.returned().map(original::read).unwrap_or_default();
            complaint(report, feedback::read(&part.bytes()));
            return;
        }
        let text = std::mem::take(&mut report.text);
        let cut = notice::cut(&text);
        report.original = match self.returned() {
            Some(bytes) => original::read(bytes),
            None => original::read(cut.returned.as_bytes()),
        };
        report.text = cut.notice.to_owned();
        let delivery = self.delivery_status(&text, defects);
        let from = self.header.text("from").unwrap_or_default();
        let program = KNOWLEDGE.is_sender(&from) || from.contains("<>");
        if delivery.is_none() && !program && auto_reply::is_auto_reply(self.header, &report.subject) {
            report.kind = Kind::AutoReply;
            report.recipients =
                report.from.iter().map(|from| RecipientReport::of(Some(from.clone()))).collect();
            return;
        }
        let failed =
            self.header.text("x-failed-recipients").map(|v| header::addresses(&v)).unwrap_or_default();
        let hints = KNOWLEDGE.body_hints(&collapse(&report.text));
        let subject = KNOWLEDGE.is_subject(&report.subject);
        let signs = usize::from(program) + usize::from(subject) + usize::from(hints.opening);
        if delivery.is_none() && failed.is_empty() && signs < 2 {
            return;
        }
        let own = self.header.text("to").map(|v| header::addresses(&v)).unwrap_or_default();
        let told = notice::recipients(&report.text, &own, &failed);
        report.mta = self.mta(report);
        report.recipients = match delivery {
            Some(delivery) => {
                report.reporting_mta = delivery.reporting_mta;
                merge::merge(delivery.recipients, told)
            }
            None => told,
        };
        if report.recipients.is_empty() {
            report.recipients = from_original(report);
        }
        report.kind = kind_of(&report.recipients, hints.delay);
    }

    fn find(&self, kind: &str) -> Option<&Part<'a>> {
        self.parts.iter().find(|part| part.inside == 0 && part.kind == kind)
    }

    /// The machine-readable part, also where it is not marked as one.
    fn delivery_status(&self, text: &str, defects: &mut Vec<Defect>) -> Option<dsn::DeliveryStatus> {
        let kinds = ["message/delivery-status", "message/global-delivery-status"];
        if let Some(part) = kinds.iter().find_map(|kind| self.find(kind)) {
            return Some(dsn::read(&part.bytes(), defects));
        }
        let seen = dsn::read(&text.as_bytes()[dsn::begin_in(text.as_bytes())?..], defects);
        note(defects, Defect::Structure);
        (!seen.recipients.is_empty()).then_some(seen)
    }

    /// The returned message, or its header.
    fn returned(&self) -> Option<&'a [u8]> {
        let kinds = ["message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"];
        let is_returned = |part: &&Part<'a>| part.inside == 0 && kinds.contains(&part.kind.as_str());
        let marked = self.parts.iter().find(is_returned).map(|part| part.body);
        let hidden = || {
            let text = self.parts.iter().skip(1).filter(|part| part.inside == 0);
            text.map(|part| part.body).find(|body| original::looks_like_header(body, 3))
        };
        marked.or_else(hidden)
    }

    /// The program that wrote the notice.
    fn mta(&self, report: &Report) -> Option<String> {
        let mailer = self.header.text("x-mailer").unwrap_or_default();
        let from = self.header.text("from").unwrap_or_default();
        let words = format!("{} {mailer} {from} {}", collapse(&report.text), report.subject);
        KNOWLEDGE.mta(&words).map(str::to_owned)
    }
}

fn complaint(report: &mut Report, seen: feedback::Feedback) {
    report.kind = Kind::Complaint;
    report.feedback_type = seen.kind;
    report.reporting_mta = seen.reporting_mta;
    report.recipients = seen.recipients;
    if report.recipients.is_empty() {
        let to = report.original.to.iter().take(1).cloned();
        report.recipients = to.map(|address| RecipientReport::of(Some(address))).collect();
    }
}

/// A notice that names nobody is about the one person the returned message was sent to; list mail names no person.
fn from_original(report: &Report) -> Vec<RecipientReport> {
    let listed =
        |name: &str| report.original.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let [only] = report.original.to.as_slice() else { return Vec::new() };
    if listed("x-beenthere") || listed("list-id") || listed("list-post") {
        return Vec::new();
    }
    let mut recipient = RecipientReport::of(Some(only.clone()));
    merge::fill(&mut recipient, &report.text);
    vec![recipient]
}

/// A report is a bounce as soon as one recipient failed.
fn kind_of(recipients: &[RecipientReport], delay: bool) -> Kind {
    let action = |name: &str| recipients.iter().any(|r| r.action.as_deref() == Some(name));
    let all = |names: &[&str]| {
        !recipients.is_empty()
            && recipients.iter().all(|r| r.action.as_deref().is_some_and(|a| names.contains(&a)))
    };
    if all(&["delivered", "relayed", "expanded"]) {
        return Kind::Delivered;
    }
    let told = recipients.iter().any(|r| r.action.is_some());
    match (action("delayed") && !action("failed")) || (delay && !told) {
        true => Kind::Delayed,
        false => Kind::Bounce,
    }
}

/// Joins lines, so that words are found where a line was folded.
fn collapse(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn words_for_people(parts: &[Part<'_>], defects: &mut Vec<Defect>) -> String {
    let plain = |part: &&Part<'_>| {
        part.inside == 0 && (part.kind == "text/plain" || part.kind.starts_with("multipart/"))
    };
    let html = |part: &&Part<'_>| part.inside == 0 && part.kind == "text/html";
    let mut text = String::new();
    for part in parts.iter().filter(plain).take(20) {
        text.push_str(&part.text(defects));
        text.push('\n');
    }
    if text.trim().is_empty() {
        for part in parts.iter().filter(html).take(5) {
            text.push_str(&notice::html::to_text(&part.text(defects)));
            text.push('\n');
        }
    }
    if text.len() > TEXT_BYTES_MAX {
        note(defects, Defect::TooLong);
        let mut end = TEXT_BYTES_MAX;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}
