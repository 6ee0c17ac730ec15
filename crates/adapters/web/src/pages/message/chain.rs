//! Everything that happened to one message, in order: what was decided, each try, what came back later.

use std::collections::BTreeMap;

use delivery::{event as kind, source::NO_SOURCE};
use evidence::history::{Event, MessageStory, RecordedAttempt};
use maud::{Markup, html};

use super::{
    quote::marked,
    talk::{self, Talks},
};
use crate::{
    links,
    parts::{assurance, chip, explain, source, story, time},
    say::{Say, t},
};

/// Operator id → name.
pub(super) type Names = BTreeMap<i64, String>;

/// What is known beside the story.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// What happened, oldest first.
    pub(super) events: &'a [Event],
    /// Who did it.
    pub(super) names: &'a Names,
    /// What was said in the tries.
    pub(super) talks: &'a Talks,
}

/// One step, with the instant it is ordered by.
enum Step<'a> {
    Happened(&'a Event),
    /// The person's own copy was made.
    Made(i64),
    Tried(&'a RecordedAttempt),
}

impl Step<'_> {
    fn at(&self) -> i64 {
        match self {
            Self::Happened(event) => moment(event),
            Self::Made(at) => *at,
            Self::Tried(attempt) => attempt.ended_at,
        }
    }
}

/// What a try ended in is told by the try.
fn told_by_a_try(event: &Event) -> bool {
    [kind::ACCEPTED, kind::DEFERRED, kind::REFUSED].contains(&event.kind.as_str())
}

fn steps<'a>(story: &'a MessageStory, events: &'a [Event]) -> Vec<Step<'a>> {
    let tried = !story.attempts.is_empty();
    let mut steps: Vec<Step> = events
        .iter()
        .filter(|event| !told_by_its_news(event))
        .filter(|event| !(tried && told_by_a_try(event)))
        .map(Step::Happened)
        .collect();
    let first = story.attempts.first().filter(|_| story.values.is_some());
    steps.extend(first.map(|attempt| Step::Made(attempt.started_at)));
    steps.extend(story.attempts.iter().map(Step::Tried));
    steps.sort_by_key(Step::at);
    steps
}

/// The chain.
pub(super) fn markup(say: Say, story: &MessageStory, known: &Known<'_>, now: i64) -> Markup {
    let Known { events, names, talks } = *known;
    html! {
        ol.chain {
            @for step in steps(story, events) {
                @match step {
                    Step::Happened(event) => li class=(class_of(&event.kind)) {
                        (time::exactly(say, moment(event), now))
                        (happened(say, story, event, names))
                        (about_the_mail(say, event, events))
                    },
                    Step::Made(at) => li {
                        (time::exactly(say, at, now))
                        p { (t!(say, "chain-made")) " " a href={ (links::message(story.id)) "/sent" } { (t!(say, "chain-see-sent")) } }
                    },
                    Step::Tried(attempt) => li class=(story::step_class(attempt.state)) {
                        (time::exactly(say, attempt.started_at, now))
                        (tried(say, story, attempt, now))
                        (talk::markup(say, talks.get(&attempt.number), now))
                    },
                }
            }
        }
    }
}

/// When it happened; a click is written down once it is sure that it was a person's.
fn moment(event: &Event) -> i64 {
    event.detail.get("at").and_then(serde_json::Value::as_i64).unwrap_or(event.at)
}

/// That a mail came in and was read is told by what it said: a bounce, a reply.
fn told_by_its_news(event: &Event) -> bool {
    matches!(event.kind.as_str(), reception::event::ARRIVED | reception::event::RECOGNISED)
}

fn class_of(event: &str) -> &'static str {
    match event {
        kind::BOUNCED | kind::REFUSED => "bad",
        kind::EVIDENCED | campaigns::event::CLICKED => "good",
        kind::IN_DOUBT => "doubt",
        _ => "",
    }
}

fn happened(say: Say, story: &MessageStory, event: &Event, names: &Names) -> Markup {
    let text = |key: &str| event.detail.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let who =
        event.operator_id.map(|id| names.get(&id).cloned().unwrap_or_else(|| t!(say, "chain-somebody")));
    let words = match event.kind.as_str() {
        kind::QUEUED => match (&who, event.detail.get("resend_of").is_some()) {
            (Some(name), true) => t!(say, "chain-resent-by", name = name.as_str()),
            (None, true) => t!(say, "chain-resent"),
            _ => t!(say, "chain-queued"),
        },
        kind::WITHHELD => story::withheld(say, text("reason")),
        kind::BOUNCED => t!(say, "chain-bounced"),
        kind::EVIDENCED => say
            .find(&format!("chain-evidence-{}", text("kind").replace('_', "-")), None)
            .unwrap_or_else(|| t!(say, "story-evidenced")),
        kind::IN_DOUBT => t!(say, "chain-in-doubt"),
        kind::HANDLED => t!(say, "story-handled", note = text("note")),
        kind::REOPENED => t!(say, "event-mail-reopened"),
        campaigns::event::CLICKED => t!(say, "chain-clicked"),
        audience::event::ADDRESS_INVALID => t!(say, "chain-address-off"),
        other => t!(say, "event-other", kind = other),
    };
    let arrival = event.detail.get("arrival_id").and_then(serde_json::Value::as_i64);
    html! {
        p {
            (words)
            @if [kind::HANDLED, kind::REOPENED].contains(&event.kind.as_str()) { @if let Some(name) = &who { " (" (name) ")" } }
            @if !text("reason").is_empty() && event.kind != kind::WITHHELD { " " b { (explain::title(say, text("reason"))) } }
            @if event.kind == campaigns::event::CLICKED { " " span.address { (text("target")) } }
            @if arrival.is_some() {
                " " a href={ (links::message(story.id)) "/bounce" } { (t!(say, "chain-see-mail")) }
            }
        }
        (original(say, text("reply"), &evidence_of(story, text("reply")), ""))
    }
}

/// Whom a bounce is about where it is not the customer herself, and how sure it is that it is about this message.
fn about_the_mail(say: Say, event: &Event, events: &[Event]) -> Markup {
    let arrival = event.detail.get("arrival_id").filter(|_| event.kind.starts_with("mail."));
    let is_its =
        |read: &&Event| read.kind == reception::event::RECOGNISED && read.detail.get("arrival_id") == arrival;
    let read = arrival.and_then(|_| events.iter().find(is_its));
    let joined = read.and_then(|read| read.detail.get("joined_by")?.as_str());
    let joined = joined.and_then(|by| say.find(&format!("joined-{}", by.replace('_', "-")), None));
    let about = event.detail.get("about").and_then(serde_json::Value::as_str);
    html! {
        @if event.detail.get("aside").is_some_and(|aside| aside == true) {
            p {
                @if let Some(about) = about { (t!(say, "chain-about", address = about)) " " }
                (t!(say, "chain-aside"))
            }
        }
        @if let Some(words) = joined { p.sub { (words) } }
    }
}

/// The proving words of the verdict that counts, where they stand in this text.
fn evidence_of(story: &MessageStory, text: &str) -> String {
    story
        .verdict
        .as_ref()
        .map(|verdict| verdict.evidence.clone())
        .filter(|_| !text.is_empty())
        .unwrap_or_default()
}

fn tried(say: Say, story: &MessageStory, attempt: &RecordedAttempt, now: i64) -> Markup {
    let to = match (attempt.host.as_str(), story.provider.as_str()) {
        ("", "") => t!(say, "chain-their-server"),
        (_, provider) if !provider.is_empty() => explain::provider_name(say, provider),
        (host, _) => host.to_owned(),
    };
    let words = attempt.reply.as_ref().map_or_else(|| attempt.detail.clone(), mail::Reply::line);
    let evidence = attempt.verdict.as_ref().map(|verdict| verdict.evidence.as_str()).unwrap_or_default();
    html! {
        p {
            (t!(say, "chain-try", number = attempt.number, to = to)) " " (chip::state(say, attempt.state)) " "
            @if let Some(verdict) = &attempt.verdict { b { (explain::title(say, verdict.reason.name())) } }
        }
        @if let Some(words) = trouble(say, attempt) { p { (words) } }
        @if let Some(next_at) = attempt.next_at { p.sub { (t!(say, "story-next", at = time::said(say, next_at, now))) } }
        @if let Some(words) = assurance::sentence(say, attempt) { p.sub { (words) } }
        @if attempt.source_id != NO_SOURCE {
            p.sub { (t!(say, "chain-source", source = source::call(say, attempt.source_id, &attempt.source_name))) }
        }
        (original(say, &words, evidence, &circumstances(say, attempt)))
    }
}

/// Our own word for what went wrong where no server said anything.
fn trouble(say: Say, attempt: &RecordedAttempt) -> Option<String> {
    let name = attempt.trouble.as_deref()?;
    say.find(&format!("trouble-{}", name.replace('_', "-")), None)
}

/// Folded: what the other side said, and under which circumstances.
fn original(say: Say, words: &str, evidence: &str, circumstances: &str) -> Markup {
    html! {
        @if !words.is_empty() || !circumstances.is_empty() {
            details {
                summary { (t!(say, "explain-original")) }
                pre {
                    (marked(words, evidence))
                    @if !circumstances.is_empty() { "\n\n" (circumstances) }
                }
            }
        }
    }
}

fn circumstances(say: Say, attempt: &RecordedAttempt) -> String {
    let stage = say.with(&format!("stage-{}", attempt.stage.name()), None);
    let seconds = format!("{:.1}", (attempt.ended_at - attempt.started_at).max(0) as f64 / 1000.0);
    let mut lines = vec![t!(say, "chain-stage", stage = stage, seconds = seconds)];
    if !attempt.host.is_empty() || !attempt.peer_address.is_empty() {
        lines.push(format!("{} {}", attempt.host, attempt.peer_address).trim().to_owned());
        lines.extend(attempt.tls.clone());
        lines.extend(assurance::data(attempt));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use delivery::attempt::Trouble;
    use mail::Stage;

    use super::*;

    #[test]
    fn everything_has_words() {
        let say = Say::default();
        for stage in [
            Stage::Dns,
            Stage::Connect,
            Stage::Greeting,
            Stage::Ehlo,
            Stage::Tls,
            Stage::Auth,
            Stage::Mail,
            Stage::Rcpt,
            Stage::Data,
            Stage::Content,
            Stage::Later,
        ] {
            assert!(say.find(&format!("stage-{}", stage.name()), None).is_some(), "{stage:?}");
        }
        for trouble in [
            Trouble::NoSuchDomain,
            Trouble::NullMx,
            Trouble::NoMailHost,
            Trouble::DnsTrouble,
            Trouble::Refused,
            Trouble::TimedOut,
            Trouble::Disconnected,
            Trouble::Unreachable,
            Trouble::TlsFailed,
            Trouble::TlsUnproven,
            Trouble::MxNotInPolicy,
            Trouble::DnssecBroken,
            Trouble::NotOffered,
            Trouble::TooLarge,
            Trouble::NotSmtp,
            Trouble::AuthRefused,
            Trouble::Unrenderable,
        ] {
            assert!(
                say.find(&format!("trouble-{}", trouble.name().replace('_', "-")), None).is_some(),
                "{trouble:?}"
            );
        }
        for by in ["return-path", "message-id", "trace", "recipient"] {
            assert!(reception::JoinedBy::from_name(&by.replace('-', "_")).is_some(), "{by}");
            assert!(say.find(&format!("joined-{by}"), None).is_some(), "{by}");
        }
        for evidence in ["delivered-dsn", "auto-reply", "complaint", "click"] {
            assert!(say.find(&format!("chain-evidence-{evidence}"), None).is_some(), "{evidence}");
        }
    }
}
