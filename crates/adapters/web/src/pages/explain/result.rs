//! What an error mail means, for each person it is about: why, how sure, whose turn, what to do, and the proof.

use std::borrow::Cow;

use axum::response::Response;
use maud::{Markup, html};
use reception::{ArrivalKind, Finding, Pasted, Recognised};

use super::{ask, caller::Caller};
use crate::{
    parts::explain,
    say::{Say, t},
};

/// Recipients that are shown at most.
const FINDINGS_MAX: usize = 50;
/// How much of the mail is shown, in bytes.
const SHOWN_BYTES_MAX: usize = 64 * 1024;

/// The page.
pub(super) fn page(caller: &Caller, pasted: &Pasted, mail: &[u8]) -> Response {
    let say = caller.say();
    let seen = &pasted.seen;
    let is_error = matches!(seen.kind, ArrivalKind::Bounce | ArrivalKind::Delayed | ArrivalKind::Complaint);
    let left_out = seen.findings.len().saturating_sub(FINDINGS_MAX);
    let body = html! {
        h1 { (headline(say, seen)) }
        @if let Some(subject) = &seen.about_subject {
            p.lead { (t!(say, "explain-about", subject = subject.as_str())) }
        }
        @if pasted.words_only { div.notice { p { (t!(say, "explain-words-only")) } } }
        @if !is_error { div.card.wide { (no_error(say, seen)) } }
        @if is_error || seen.kind == ArrivalKind::Delivered {
            @for finding in seen.findings.iter().take(FINDINGS_MAX) { (card(say, seen, finding)) }
        }
        @if left_out > 0 { p { (t!(say, "explain-left-out", n = left_out as u64)) } }
        (whole(say, seen, mail))
        h2 { (t!(say, "explain-another")) }
        (ask::form(caller, None))
        p.fine { (t!(say, "explain-keeps-nothing")) }
    };
    caller.page(&t!(say, "explain-title"), &body)
}

fn headline(say: Say, seen: &Recognised) -> String {
    match seen.kind {
        ArrivalKind::Bounce => t!(say, "explain-bounce"),
        ArrivalKind::Delayed => t!(say, "explain-delayed"),
        ArrivalKind::Delivered => t!(say, "explain-delivered"),
        ArrivalKind::Complaint => t!(say, "explain-complaint"),
        ArrivalKind::AutoReply => t!(say, "explain-auto-reply"),
        ArrivalKind::Unread | ArrivalKind::Correspondence | ArrivalKind::Unmatched => t!(say, "explain-none"),
    }
}

fn no_error(say: Say, seen: &Recognised) -> Markup {
    html! {
        @match seen.kind {
            ArrivalKind::Delivered => p { (t!(say, "explain-delivered-what")) },
            ArrivalKind::AutoReply => p { (t!(say, "explain-auto-reply-what")) },
            _ => {
                p { (t!(say, "explain-none-what")) }
                ul {
                    li { (t!(say, "explain-none-whole")) }
                    li { (t!(say, "explain-none-sender")) }
                    li { (t!(say, "explain-none-silent")) }
                }
            }
        }
    }
}

fn card(say: Say, seen: &Recognised, finding: &Finding) -> Markup {
    let verdict = &finding.verdict;
    let provider = finding.provider();
    let words = bounce::explain(verdict.reason, provider.map(|provider| provider.id.as_str()));
    let customer = say.pick(&words.customer_ja, &words.customer_en);
    html! {
        section.card.wide {
            h2 {
                @match &finding.recipient {
                    Some(recipient) => (recipient),
                    None => (t!(say, "explain-nobody-named")),
                }
            }
            @if let Some(original) = &finding.original_recipient {
                p.sub { (t!(say, "explain-forwarded", address = original.as_str())) }
            }
            div class=(explain::edge(words.turn)) {
                @if finding.is_late() {
                    p { (t!(say, "explain-delayed-what")) }
                } @else {
                    h3 { (say.pick(&words.title_ja, &words.title_en)) }
                    (explain::sentences(say, &words))
                    p.sub { (explain::sureness(say, verdict.confidence)) }
                    @if !customer.is_empty() {
                        h3 { (t!(say, "explain-for-customer")) }
                        p { (customer) }
                    }
                }
            }
            (proof(say, seen, finding))
            p.fine { (codes(say, finding, words.origin_code)) }
        }
    }
}

/// The server's words with those marked that prove it; the notice around them where they are not in the reply.
fn proof(say: Say, seen: &Recognised, finding: &Finding) -> Markup {
    let evidence = finding.verdict.evidence.trim();
    let told = finding.diagnostic.to_ascii_lowercase().contains(&evidence.to_ascii_lowercase());
    let original = if told && !finding.diagnostic.is_empty() { &finding.diagnostic } else { &seen.text };
    html! {
        @if !original.trim().is_empty() {
            h3 { (t!(say, "explain-original")) }
            pre { (explain::marked_each(shortened(original.trim()), &[evidence])) }
        }
    }
}

fn codes(say: Say, finding: &Finding, origin_code: &str) -> String {
    let told =
        [finding.reply_code.map(|code| code.to_string()), finding.status.map(|status| status.to_string())];
    let told: Vec<String> = told.into_iter().flatten().collect();
    let mut text = t!(say, "explain-class", reason = finding.verdict.reason.name());
    if !told.is_empty() {
        text.push_str(&t!(say, "explain-smtp", code = told.join(" ")));
    }
    if !origin_code.is_empty() {
        text.push_str(&t!(say, "explain-origin", code = origin_code));
    }
    text
}

fn whole(say: Say, seen: &Recognised, mail: &[u8]) -> Markup {
    let text: Cow<'_, str> = String::from_utf8_lossy(&mail[..mail.len().min(SHOWN_BYTES_MAX)]);
    let evidence: Vec<&str> =
        seen.findings.iter().take(FINDINGS_MAX).map(|finding| finding.verdict.evidence.as_str()).collect();
    html! {
        details {
            summary { (t!(say, "explain-whole")) }
            pre { (explain::marked_each(&text, &evidence)) }
            @if mail.len() > SHOWN_BYTES_MAX { p.fine { (t!(say, "explain-whole-cut")) } }
        }
    }
}

fn shortened(text: &str) -> &str {
    let mut end = text.len().min(SHOWN_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
