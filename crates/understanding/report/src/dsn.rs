//! The machine-readable part of a delivery report (RFC 3464 section 2), also where it is malformed or misplaced.

use mail::EnhancedStatus;

use crate::header::{self, Header};
use crate::mime::note;
use crate::{Defect, RecipientReport, address_list, diagnosis};

/// Most recipients of one report.
const RECIPIENTS_MAX: usize = 1000;

/// The fields of one delivery report.
#[derive(Debug, Default)]
pub(crate) struct DeliveryStatus {
    pub(crate) reporting_mta: Option<String>,
    pub(crate) recipients: Vec<RecipientReport>,
}

/// Reads the groups of fields. Groups without an address and a status are no recipients.
pub(crate) fn read(bytes: &[u8], defects: &mut Vec<Defect>) -> DeliveryStatus {
    let mut seen = DeliveryStatus::default();
    let mut rest = bytes;
    while !rest.is_empty() && seen.recipients.len() < RECIPIENTS_MAX {
        while let Some(after) = rest.strip_prefix(b"\n") {
            rest = after;
        }
        let line_end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        if header::fields(&rest[..line_end]).next().is_none() {
            // A line that is no field; the next may be one again.
            rest = &rest[line_end..];
            continue;
        }
        let end = second_recipient(rest).unwrap_or(rest.len());
        let (group, left) = Header::split(&rest[..end]);
        rest = &rest[end - left.len()..];
        if seen.reporting_mta.is_none() {
            seen.reporting_mta =
                group.text("reporting-mta").map(|value| host_of(&value)).filter(|h| !h.is_empty());
        }
        if let Some(recipient) = recipient(&group, defects) {
            seen.recipients.push(recipient);
        }
    }
    if !rest.trim_ascii().is_empty() {
        note(defects, Defect::TooLong);
    }
    seen
}

/// Where a second `Final-Recipient` begins in this group: some forget the empty line between recipients.
fn second_recipient(bytes: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"final-recipient:";
    let mut from = 0;
    let mut seen = false;
    for line in bytes.split(|b| *b == b'\n') {
        // Also at a stray line, where the group ends by itself: looking on would cost the square of the size.
        if from > 0 && header::is_stray(line) {
            return None;
        }
        if line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME) {
            if seen {
                return Some(from);
            }
            seen = true;
        }
        from += line.len() + 1;
    }
    None
}

/// One group of per-recipient fields.
fn recipient(group: &Header<'_>, defects: &mut Vec<Defect>) -> Option<RecipientReport> {
    let address = |name: &str| group.text(name).and_then(|value| address_of(&value));
    let last = address("final-recipient").or_else(|| address("x-actual-recipient"));
    let first = address("original-recipient");
    let action = group.text("action").map(|value| action_of(&value)).filter(|action| !action.is_empty());
    let status_text = group.text("status").unwrap_or_default();
    if last.is_none() && first.is_none() && (action.is_none() || status_text.is_empty()) {
        return None;
    }
    if action.is_none() || status_text.is_empty() {
        note(defects, Defect::FieldMissing);
    }
    let mut report = RecipientReport::of(last.or_else(|| first.clone()));
    report.original_recipient = first;
    report.action = action;
    report.remote_mta = group.text("remote-mta").map(|value| host_of(&value)).filter(|host| !host.is_empty());
    let diagnostic = group.text("diagnostic-code").unwrap_or_default();
    let typed = type_of(&diagnostic);
    report.tags.extend(typed.map(|(kind, _)| kind.to_ascii_lowercase()).filter(|kind| kind != "smtp"));
    report
        .tags
        .extend(group.text("x-powermta-bouncecategory").map(|value| value.trim().to_ascii_lowercase()));
    let words = typed.map_or(&*diagnostic, |(_, words)| words);
    report.diagnostic = diagnosis::shorten(diagnosis::remote_words(words));
    let seen = diagnosis::read(&report.diagnostic);
    // Relays write a status of their own; the one in the remote server's words is the cause.
    report.status = seen.said_status.or(status_of(&status_text)).or(seen.status);
    report.reply_code = seen.code;
    report.stage = seen.stage.unwrap_or(report.stage);
    report.remote_mta = report.remote_mta.or(seen.host);
    Some(report)
}

/// The address of `rfc822; a@b.example`, also without its type or with brackets; empty values give nothing.
fn address_of(value: &str) -> Option<String> {
    let value = match value.split_once(';') {
        Some((kind, rest)) if kind.trim().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => rest,
        _ => value,
    };
    address_list::clean(value)
}

/// The first word, lower case: some write `failed (bounced)` or `Failed`.
fn action_of(value: &str) -> String {
    let word: String = value.trim().chars().take_while(char::is_ascii_alphabetic).collect();
    match word.to_ascii_lowercase().as_str() {
        "failure" | "fail" | "error" => "failed".to_owned(),
        "delay" | "deferred" => "delayed".to_owned(),
        "undeliverable" => "failed".to_owned(),
        "deliverable" | "delivery" => "delivered".to_owned(),
        word => word.to_owned(),
    }
}

/// A status, also `5.1.1 (text)`; `5.0` and the like are none.
fn status_of(value: &str) -> Option<EnhancedStatus> {
    let value = value.trim();
    EnhancedStatus::strip_from(value).map(|(status, _)| status).or_else(|| diagnosis::status_anywhere(value))
}

/// Splits `smtp; words` into type and words.
fn type_of(value: &str) -> Option<(&str, &str)> {
    let (kind, words) = value.split_once(';')?;
    let kind = kind.trim();
    let plain =
        !kind.is_empty() && kind.len() <= 20 && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain.then_some((kind, words.trim()))
}

/// The host of `dns; mx.example`, also with an address literal behind it.
fn host_of(value: &str) -> String {
    let host = type_of(value).map_or(value, |(_, host)| host).trim();
    host.split([' ', '(', '[']).next().unwrap_or("").trim_end_matches('.').to_ascii_lowercase()
}

/// Where per-recipient fields begin in a text that is not marked as a delivery report.
pub(crate) fn begin_in(bytes: &[u8]) -> Option<usize> {
    let is_field = |line: &[u8]| {
        [&b"reporting-mta:"[..], b"final-recipient:", b"original-recipient:"]
            .iter()
            .any(|name| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name))
    };
    let mut from = 0;
    for line in bytes.split(|b| *b == b'\n') {
        if is_field(line) {
            return Some(from);
        }
        from += line.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: &str, expected: &str) {
        let seen = read(fields.as_bytes(), &mut Vec::new());
        let lines: Vec<String> = seen
            .recipients
            .iter()
            .map(|r| {
                format!(
                    "{} {} {} {} {}",
                    r.final_recipient.as_deref().unwrap_or("-"),
                    r.action.as_deref().unwrap_or("-"),
                    r.status.map_or("-".to_owned(), |s| s.to_string()),
                    r.reply_code.unwrap_or(0),
                    r.diagnostic
                )
            })
            .collect();
        assert_eq!(lines.join("\n"), expected, "{fields}");
    }

    #[test]
    fn groups() {
        check(
            "Reporting-MTA: dns; mx.shop.example\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no\n such user\n",
            "a@b.example failed 5.1.1 550 550 5.1.1 no such user",
        );
        check("Final-Recipient: a@b.example\nAction: Failed\n", "a@b.example failed - 0 ");
        check(
            "Final-Recipient: RFC822; <a@b.example>\nStatus: 5.0.0 (permanent)\n",
            "a@b.example - 5.0.0 0 ",
        );
        check(
            "Reporting-MTA: dns; x\nFinal-Recipient: rfc822;a@b.example\nAction: failed\nStatus: 4.4.7\n\n\nFinal-Recipient: rfc822;c@d.example\nAction: delayed\nStatus: 4.4.1\n",
            "a@b.example failed 4.4.7 0 \nc@d.example delayed 4.4.1 0 ",
        );
        check(
            "Final-Recipient: a@b.example\nAction: failed\nStatus: 5.1.1\nFinal-Recipient: c@d.example\nAction: failed\nStatus: 5.2.2\n",
            "a@b.example failed 5.1.1 0 \nc@d.example failed 5.2.2 0 ",
        );
        check("nothing\n\nhere", "");
        check("", "");
    }
}
