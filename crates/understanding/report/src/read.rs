//! Reads one mail from end to end: what it is, whom it is about, what it says.

use crate::header::Header;
use crate::mime::{self, Part, note};
use crate::notice::{self, knowledge::KNOWLEDGE};
use crate::{
    Defect, Kind, OriginalMessage, RecipientReport, Report, address_list, auto_reply, date, diagnosis,
    disposition, dsn, feedback, lines, merge, original, sns,
};

/// Longest returned message that is read as a bounce of its own, in bytes.
const NESTED_BYTES_MAX: usize = 1024 * 1024;
/// How much of a notice is looked at to tell what it is, in bytes.
const HINT_BYTES_MAX: usize = 4 * 1024;
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
    let mut report = Report { text: words_for_people(&parts, &mut defects), ..empty(&header) };
    if header.is_empty() && report.text.trim().is_empty() {
        report.kind = Kind::Empty;
        return (report, defects);
    }
    Mail { header: &header, parts: &parts, depth: 0 }.classify(&mut report, &mut defects);
    (report, defects)
}

/// The mail that is read.
struct Mail<'m, 'a> {
    header: &'m Header<'a>,
    parts: &'m [Part<'a>],
    /// How many bounces are around this one.
    depth: u32,
}

/// What makes a mail a notice.
struct Signs {
    program: bool,
    is_notice: bool,
    delay: bool,
    mta: Option<&'static str>,
}

impl<'a> Mail<'_, 'a> {
    fn classify(&self, report: &mut Report, defects: &mut Vec<Defect>) {
        if self.complaint(report) {
            return;
        }
        if let Some(part) = self.find("message/disposition-notification") {
            let seen = disposition::read(&part.bytes());
            report.kind = Kind::Delivered;
            report.recipients = seen.recipient.into_iter().collect();
            report.original = self.returned().map(Part::original).unwrap_or_default();
            report.original.message_id = seen.message_id.or(report.original.message_id.take());
            return;
        }
        if let Some(seen) = sns::read(&report.text) {
            report.kind = seen.kind;
            report.recipients = seen.recipients;
            report.original.message_id = seen.message_id;
            report.feedback_type = seen.feedback_type;
            report.mta = Some("amazonses".to_owned());
            return;
        }
        let cut = notice::cut(&report.text);
        let marked = self.returned();
        report.original = marked.map_or_else(|| original::read(cut.returned.as_bytes()), Part::original);
        let delivery = self.delivery_status(&report.text, defects);
        let has_returned = marked.is_some() || !cut.returned.is_empty();
        let notice_end = cut.notice.len();
        report.text.truncate(notice_end);
        let signs = self.signs(report, has_returned);
        if delivery.is_none() && !signs.program && auto_reply::is_auto_reply(self.header, &report.subject) {
            report.kind = Kind::AutoReply;
            report.recipients = vec![RecipientReport::of(report.from.clone())];
            return;
        }
        if delivery.is_none() && !signs.is_notice {
            return;
        }
        report.mta = signs.mta.map(str::to_owned);
        self.fill(report, delivery);
        if report.recipients.is_empty() && self.nested(report, marked.map(|part| part.body)) {
            return;
        }
        if report.recipients.is_empty() {
            report.recipients = self.person_of_original(report);
        }
        report.kind = kind_of(&report.recipients, signs.delay);
    }

    /// Whether the mail is a notice, from its sender, its subject and its words.
    fn signs(&self, report: &Report, has_returned: bool) -> Signs {
        let from = self.header.text("from").unwrap_or_default();
        let mailer = self.header.text("x-mailer").unwrap_or_default();
        let mut words = collapse(&report.text);
        for more in [mailer.as_bytes(), from.as_bytes(), report.subject.as_bytes()] {
            words.push(b' ');
            words.extend_from_slice(more);
        }
        let hints = KNOWLEDGE.body_hints(&words);
        let program = KNOWLEDGE.is_sender(&from) || from.contains("<>");
        let subject = KNOWLEDGE.is_subject(&report.subject);
        let certain = self.header.raw("x-failed-recipients").is_some() || hints.certain;
        let forwarded = !program && is_reply_or_forward(&report.subject);
        let unnamed = hints.opening && has_returned && (subject || KNOWLEDGE.is_unattended(&from));
        let is_notice =
            (program && (subject || hints.opening || has_returned)) || (!forwarded && (certain || unnamed));
        Signs { program, is_notice, delay: hints.delay, mta: hints.mta }
    }

    /// Puts the recipients of both parts into the report.
    fn fill(&self, report: &mut Report, delivery: Option<dsn::DeliveryStatus>) {
        let addresses =
            |name: &str| self.header.text(name).map(|v| address_list::addresses(&v)).unwrap_or_default();
        let told = || notice::recipients(&report.text, &addresses("to"), &addresses("x-failed-recipients"));
        report.recipients = match delivery {
            Some(delivery) => {
                report.reporting_mta = delivery.reporting_mta;
                let seen = delivery.recipients;
                let complete = !seen.is_empty() && seen.iter().all(merge::is_complete);
                let told = if complete { Vec::new() } else { told() };
                merge::merge(seen, told)
            }
            None => told(),
        };
        let session = notice::Session::read(&report.text);
        for recipient in &mut report.recipients {
            let address = recipient.final_recipient.as_deref().unwrap_or("");
            if let Some(refused) = session.refused(address) {
                merge::answer(recipient, refused.stage, &refused.answer);
            }
        }
    }

    /// A gateway may wrap a bounce that it received: then the bounce inside tells more.
    fn nested(&self, report: &mut Report, returned: Option<&[u8]>) -> bool {
        let Some(bytes) = returned.filter(|bytes| bytes.len() < NESTED_BYTES_MAX) else { return false };
        let (header, body) = Header::split(bytes);
        let is_program = header.text("from").is_some_and(|from| KNOWLEDGE.is_sender(&from));
        if !is_program || self.depth > 0 {
            return false;
        }
        let parts = mime::parts(&header, body, &mut Vec::new());
        let mut inner = Report { text: words_for_people(&parts, &mut Vec::new()), ..empty(&header) };
        Mail { header: &header, parts: &parts, depth: self.depth + 1 }.classify(&mut inner, &mut Vec::new());
        if inner.recipients.is_empty() {
            return false;
        }
        inner.subject = std::mem::take(&mut report.subject);
        inner.from = report.from.take();
        inner.written_at = report.written_at.or(inner.written_at);
        *report = inner;
        true
    }

    /// A feedback report, also in the form of Microsoft's junk mail reporting, which is none of RFC 5965.
    fn complaint(&self, report: &mut Report) -> bool {
        if let Some(part) = self.find("message/feedback-report") {
            report.original = self.returned().map(Part::original).unwrap_or_default();
            complaint(report, feedback::read(&part.bytes()));
            return true;
        }
        let begins =
            report.subject.trim_start().to_ascii_lowercase().starts_with("complaint about message from");
        let Some(part) = self.returned().filter(|_| begins) else { return false };
        report.original = part.original();
        let (returned, _) = Header::split(part.body);
        let named = returned.text("x-hmxmroriginalrecipient").and_then(|value| address_list::clean(&value));
        let recipients = named.map(|address| RecipientReport::of(Some(address))).into_iter().collect();
        complaint(
            report,
            feedback::Feedback { kind: Some("abuse".to_owned()), recipients, reporting_mta: None },
        );
        true
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
    fn returned(&self) -> Option<&Part<'a>> {
        let kinds = ["message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"];
        let is_returned = |part: &&Part<'a>| part.inside == 0 && kinds.contains(&part.kind.as_str());
        let hidden = || {
            let mut text = self.parts.iter().skip(1).filter(|part| part.inside == 0);
            text.find(|part| original::looks_like_header(part.body, 3))
        };
        self.parts.iter().find(is_returned).or_else(hidden)
    }

    /// A notice that names nobody is about the one person the returned message was sent to; list mail names no
    /// person.
    fn person_of_original(&self, report: &Report) -> Vec<RecipientReport> {
        let listed =
            |name: &str| report.original.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let [only] = report.original.to.as_slice() else { return Vec::new() };
        let own = self.header.text("to").map(|v| address_list::addresses(&v)).unwrap_or_default();
        let is_own = own.iter().any(|address| address.eq_ignore_ascii_case(only));
        if is_own || listed("x-beenthere") || listed("list-id") || listed("list-post") {
            return Vec::new();
        }
        let mut recipient = RecipientReport::of(Some(only.clone()));
        merge::fill(&mut recipient, &report.text);
        recipient.diagnostic.clear();
        vec![recipient]
    }
}

fn complaint(report: &mut Report, seen: feedback::Feedback) {
    report.kind = Kind::Complaint;
    report.feedback_type = seen.kind;
    report.reporting_mta = seen.reporting_mta;
    report.recipients = seen.recipients;
    if report.recipients.is_empty() {
        // The complainant may be hidden on purpose (RFC 6590); the complaint counts all the same.
        report.recipients = vec![RecipientReport::of(report.original.to.first().cloned())];
    }
}

/// True for `Re:` and `Fwd:`: a person wrote, and quotes or attaches a notice.
fn is_reply_or_forward(subject: &str) -> bool {
    let subject = subject.trim_start().to_lowercase();
    ["re:", "re[", "fw:", "fwd:", "aw:", "wg:", "tr:", "転送:", "返信:"]
        .iter()
        .any(|begin| subject.starts_with(begin))
}

/// A report that only knows the header.
fn empty(header: &Header<'_>) -> Report {
    Report {
        kind: Kind::Correspondence,
        recipients: Vec::new(),
        original: OriginalMessage::default(),
        mta: None,
        reporting_mta: None,
        feedback_type: None,
        text: String::new(),
        subject: header.text("subject").unwrap_or_default().into_owned(),
        from: header.text("from").and_then(|value| address_list::first_address(&value)),
        written_at: header.text("date").and_then(|value| date::read(&value)),
    }
}

/// A report is a bounce as soon as one recipient failed.
fn kind_of(recipients: &[RecipientReport], delay: bool) -> Kind {
    let action = |name: &str| recipients.iter().any(|r| r.action.as_deref() == Some(name));
    let all = |names: &[&str]| {
        !recipients.is_empty()
            && recipients.iter().all(|r| r.action.as_deref().is_some_and(|a| names.contains(&a)))
    };
    let done =
        |r: &RecipientReport| r.status.is_some_and(|s| s.class == 2) && r.action.as_deref() != Some("failed");
    if all(&["delivered", "relayed", "expanded"]) || (!recipients.is_empty() && recipients.iter().all(done)) {
        return Kind::Delivered;
    }
    let told = recipients.iter().any(|r| r.action.is_some());
    match (action("delayed") && !action("failed")) || (delay && !told) {
        true => Kind::Delayed,
        false => Kind::Bounce,
    }
}

/// Joins lines, so that words are found where a line was folded; only the beginning, where notices say what they
/// are.
fn collapse(text: &str) -> Vec<u8> {
    let mut joined = vec![0; text.len() + 1];
    let (mut len, mut last) = (0, b' ');
    // Without a branch for each space: where words end no processor can guess.
    for byte in text.bytes() {
        let is_space = byte.is_ascii_whitespace();
        if len > HINT_BYTES_MAX && last == b' ' && !is_space {
            break;
        }
        let byte = if is_space { b' ' } else { byte };
        joined[len] = byte;
        len += usize::from((byte != b' ') | (last != b' '));
        last = byte;
    }
    joined.truncate(len);
    if last != b' ' {
        joined.push(b' ');
    }
    joined
}

fn words_for_people(parts: &[Part<'_>], defects: &mut Vec<Defect>) -> String {
    let plain = |part: &&Part<'_>| {
        part.inside == 0 && (part.kind == "text/plain" || part.kind.starts_with("multipart/"))
    };
    let html = |part: &&Part<'_>| part.inside == 0 && part.kind == "text/html";
    let bytes: usize = parts.iter().filter(plain).take(20).map(|part| part.body.len() + 1).sum();
    let mut text = String::with_capacity(bytes.min(TEXT_BYTES_MAX));
    for part in parts.iter().filter(plain).take(20) {
        part.push_text(&mut text, defects);
        text.push('\n');
    }
    if text.trim().is_empty() {
        for part in parts.iter().filter(html).take(5) {
            let mut written = String::new();
            part.push_text(&mut written, defects);
            text.push_str(&notice::html::to_text(&written));
            text.push('\n');
        }
    }
    if text.len() > TEXT_BYTES_MAX {
        note(defects, Defect::TooLong);
        text.truncate(diagnosis::within(&text, TEXT_BYTES_MAX).len());
    }
    text
}
