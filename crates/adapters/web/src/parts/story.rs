//! One message to one person as a chain of what happened: each try, what the other side said, where it stands.

use delivery::recipient::State;
use evidence::history::{MessageStory, RecordedAttempt};
use maud::{Markup, html};

use crate::{
    parts::{chip, explain, source, time},
    say::{Say, t},
};

/// The class that colours a step of a chain.
pub(crate) fn step_class(state: State) -> &'static str {
    match state {
        State::Refused | State::Bounced => "bad",
        State::Evidenced => "good",
        State::Doubtful => "doubt",
        State::Deferred => "wait",
        State::Accepted => "taken",
        State::Withheld | State::Waiting => "",
    }
}

/// Where the message stands, in a sentence or two, with the explanation where there is a verdict.
pub(crate) fn standing(say: Say, story: &MessageStory, now: i64) -> Markup {
    let provider = explain::provider_name(say, &story.provider);
    let original = story.reply.as_ref().map(mail::Reply::line).unwrap_or_default();
    html! {
        @match story.state {
            State::Withheld => {
                @if let Some(reason) = story.withheld { p { (withheld(say, reason.name())) } }
            }
            State::Waiting => {
                p { (waiting(say, story, now)) }
                (held_up(say, story, now))
            }
            State::Deferred => {
                p { (deferred(say, story, now)) }
                (held_up(say, story, now))
                (verdict(say, story, &original))
            }
            State::Accepted => p { (t!(say, "story-accepted", provider = provider)) (worth(say, &story.provider)) },
            State::Evidenced => p { (t!(say, "story-evidenced")) },
            State::Doubtful if story.verdict.is_none() => {
                div.cause {
                    h3 { (t!(say, "story-in-doubt-title")) }
                    (in_doubt(say))
                }
            }
            State::Refused | State::Bounced | State::Doubtful => (verdict(say, story, &original)),
        }
        @if story.handled_at.is_some() {
            p { (t!(say, "story-handled", note = story.handled_note.as_str())) }
        }
    }
}

/// The line was cut before the answer to the whole message.
pub(crate) fn in_doubt(say: Say) -> Markup {
    html! {
        p { (t!(say, "story-in-doubt")) " " span.turn { (t!(say, "story-in-doubt-turn")) } }
        p { (t!(say, "story-in-doubt-do")) }
    }
}

/// All tries, oldest first.
pub(crate) fn attempts(say: Say, story: &MessageStory, now: i64) -> Markup {
    html! {
        ol.chain {
            @for attempt in &story.attempts {
                li class=(step_class(attempt.state)) {
                    (time::when(say, attempt.started_at, now))
                    (attempt_sentence(say, attempt, now))
                }
            }
        }
    }
}

/// Why somebody was left out, as a sentence; `reason` is the stored name.
pub(crate) fn withheld(say: Say, reason: &str) -> String {
    say.with(&format!("withheld-{}", reason.replace('_', "-")), None)
}

fn attempt_sentence(say: Say, attempt: &RecordedAttempt, now: i64) -> Markup {
    let original = attempt.reply.as_ref().map_or_else(|| attempt.detail.clone(), mail::Reply::line);
    let peer =
        [attempt.host.as_str(), attempt.peer_address.as_str(), attempt.tls.as_deref().unwrap_or_default()];
    let peer = peer.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" / ");
    html! {
        p {
            (t!(say, "story-attempt", number = attempt.number)) " "
            (chip::state(say, attempt.state)) " "
            @if let Some(verdict) = &attempt.verdict { (explain::title(say, verdict.reason.name())) " " }
            @if let Some(next_at) = attempt.next_at {
                (t!(say, "story-next", at = time::said(say, next_at, now)))
            }
        }
        @if !original.is_empty() || !peer.is_empty() {
            details {
                summary { (t!(say, "explain-original")) }
                pre { (original) "\n" (peer) }
            }
        }
    }
}

/// What it waits for, where its source is not free.
fn held_up(say: Say, story: &MessageStory, now: i64) -> Markup {
    let wait = story.waits.as_ref().filter(|wait| wait.until > now);
    html! {
        @if let Some(words) = wait.and_then(|wait| source::waits(say, wait, now)) { p { b { (words) } } }
    }
}

fn waiting(say: Say, story: &MessageStory, now: i64) -> String {
    match story.next_at.filter(|next_at| *next_at > now) {
        Some(next_at) => t!(say, "story-waiting-until", at = time::said(say, next_at, now)),
        None => t!(say, "story-waiting"),
    }
}

fn deferred(say: Say, story: &MessageStory, now: i64) -> String {
    let said = |at: Option<i64>| at.map(|at| time::said(say, at, now)).unwrap_or_default();
    t!(say, "story-deferred", next = said(story.next_at), until = said(story.expires_at))
}

fn verdict(say: Say, story: &MessageStory, original: &str) -> Markup {
    html! {
        @match &story.verdict {
            Some(verdict) => (explain::verdict_card(say, verdict, &story.provider, original)),
            None => (explain::original_text(say, original)),
        }
    }
}

/// What "taken" is worth at this provider.
fn worth(say: Say, provider: &str) -> String {
    addressing::provider_by_id(provider)
        .map(|provider| say.pick(&provider.accept_means_ja, &provider.accept_means_en).to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use delivery::recipient::WithheldReason;

    use super::*;

    #[test]
    fn every_reason_for_leaving_out_has_words() {
        for reason in WithheldReason::ALL {
            assert!(!withheld(Say::default(), reason.name()).starts_with("withheld-"), "{reason:?}");
        }
    }
}
