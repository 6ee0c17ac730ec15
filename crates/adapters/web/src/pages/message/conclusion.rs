//! What to make of it now: what happened, how sure that is, whose turn it is, and what to do next.

use addressing::{AcceptWorth, Provider};
use bounce::{Reason, Verdict};
use delivery::recipient::State;
use evidence::{history::MessageStory, origin};
use maud::{Markup, html};

use crate::{
    links,
    pages::desk::{handle, resend, row},
    parts::{chip, copy, explain, story},
    say::{Say, t},
    visit::Visit,
};

/// The card. `domain` is the shop's own, for the customer's receive settings.
pub(super) fn card(visit: &Visit, story: &MessageStory, domain: &str) -> Markup {
    let (say, now) = (visit.say, visit.now());
    html! {
        div.card {
            h2 { (t!(say, "conclusion-title")) }
            p { (chip::state(say, story.state)) }
            @match (&story.verdict, story.state) {
                (Some(verdict), State::Refused | State::Bounced | State::Doubtful) => (explained(say, story, verdict)),
                _ => (story::standing(say, story, now)),
            }
            @if story.state == State::Accepted { p { (t!(say, "conclusion-accepted-then")) } }
            (codes(say, story))
            (guide(say, story, domain))
            (buttons(visit, story))
            (neighbours(say, story))
        }
    }
}

fn explained(say: Say, story: &MessageStory, verdict: &Verdict) -> Markup {
    let words = bounce::explain(verdict.reason, Some(story.provider.as_str()).filter(|id| !id.is_empty()));
    let customer = say.pick(&words.customer_ja, &words.customer_en);
    html! {
        div class=(explain::edge(words.turn)) {
            h3 { (say.pick(&words.title_ja, &words.title_en)) }
            (explain::sentences(say, &words))
            @if !customer.is_empty() {
                p { b { (t!(say, "explain-for-customer")) } br; (customer) }
            }
        }
        p.sub { (explain::sureness(say, verdict.confidence)) }
        details {
            summary { (t!(say, "conclusion-why")) }
            p {
                @if verdict.evidence.is_empty() { (t!(say, "conclusion-no-words")) } @else {
                    (t!(say, "conclusion-words")) " " mark { (verdict.evidence) }
                }
            }
            p.fine { (t!(say, "conclusion-rule", rule = verdict.rule.as_str(), pack = verdict.rule_pack.as_str())) }
        }
        @if story.handled_at.is_some() { p { (t!(say, "story-handled", note = handled_note(say, story))) } }
    }
}

/// The codes that people know from older systems.
fn codes(say: Say, story: &MessageStory) -> Markup {
    let codes = origin::codes_of(story.state, story.verdict.as_ref());
    html! {
        @if !codes.is_empty() { p.fine { (t!(say, "conclusion-codes", codes = codes.join(" / "))) } }
    }
}

/// The store's own word for a resend is no note of a person.
fn handled_note(say: Say, story: &MessageStory) -> String {
    if story.handled_note == "resent" { t!(say, "conclusion-resent") } else { story.handled_note.clone() }
}

/// Whether the customer's own settings may keep the mail from her.
fn settings_may_matter(story: &MessageStory, provider: &Provider) -> bool {
    let filtered = [Reason::Filtered, Reason::SpamDetected, Reason::PolicyViolation, Reason::Rejected];
    match story.state {
        State::Accepted => provider.silent_drop || provider.accept_worth == AcceptWorth::Weak,
        State::Doubtful => true,
        State::Refused | State::Bounced | State::Deferred => {
            story.verdict.as_ref().is_some_and(|verdict| filtered.contains(&verdict.reason))
        }
        State::Withheld | State::Waiting | State::Evidenced => false,
    }
}

/// The way through the customer's own settings, to be copied into an SMS or read out on the telephone.
fn guide(say: Say, story: &MessageStory, domain: &str) -> Markup {
    let provider =
        addressing::provider_by_id(&story.provider).filter(|provider| settings_may_matter(story, provider));
    html! {
        @if let Some(provider) = provider {
            @let text = if say.0 == accounts::Language::Ja { provider.guide_ja_for(domain) } else { provider.guide_en_for(domain) };
            details open[story.state != State::Accepted] {
                summary { (t!(say, "conclusion-guide", provider = say.pick(&provider.name_ja, &provider.name_en))) }
                p id="guide" { (text) }
                div.actions {
                    (copy::button(say, "guide"))
                    @for (n, url) in provider.urls.iter().enumerate() {
                        a.btn href=(url) rel="noreferrer" target="_blank" {
                            (t!(say, "conclusion-guide-page"))
                            @if provider.urls.len() > 1 { " " (n + 1) }
                        }
                    }
                }
            }
        }
    }
}

fn buttons(visit: &Visit, story: &MessageStory) -> Markup {
    let say = visit.say;
    let hard = story.verdict.as_ref().is_some_and(bounce::is_hard);
    let open = story.state.needs_somebody();
    html! {
        @if open && story.handled_at.is_none() && story.state == State::Doubtful {
            div.actions.apart {
                (resend::doubt_button(visit, story.id))
                (handle::leave_button(visit, story.id))
                (handle::button(visit, story.id))
            }
        } @else if open && story.handled_at.is_none() {
            div.actions.apart {
                a class=(if row::needs_address(story.verdict.as_ref()) { "btn primary" } else { "btn" }) href={ "/desk/" (story.id) "/correct" } { (t!(say, "desk-correct")) }
                @if !hard { (resend::button(visit, story.id)) }
                (handle::button(visit, story.id))
            }
        } @else if open && story.resent_as.is_none() {
            div.actions.apart { (handle::undo_form(visit, &story.id.to_string(), &links::message(story.id))) }
        } @else if story.state == State::Accepted {
            div.actions.apart { (resend::button(visit, story.id)) }
        } @else if story.state == State::Withheld && story.address.is_empty() {
            div.actions.apart {
                a.btn.primary href={ (links::contact(story.contact_id)) "/edit" } { (t!(say, "reach-enter-address")) }
            }
        }
    }
}

/// The messages this one repeats, or that repeat it.
fn neighbours(say: Say, story: &MessageStory) -> Markup {
    html! {
        @if let Some(id) = story.resent_as {
            p { a href=(links::message(id)) { (t!(say, "conclusion-resent-as")) } }
        }
        @if let Some(id) = story.resend_of {
            p { a href=(links::message(id)) { (t!(say, "conclusion-resend-of")) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_sure() {
        let check = |confidence, part: &str| {
            let words = explain::sureness(Say::default(), confidence);
            assert!(words.contains(part), "{confidence}: {words}");
        };
        check(100, "確かです");
        check(85, "確かです");
        check(84, "おそらく");
        check(59, "推測");
        check(0, "分かりません");
    }
}
