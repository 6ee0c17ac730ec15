//! Why fewer people get a mail than a search finds: every rule in the order in which it is asked, with its people, its
//! reason and the place where somebody can change it.

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect},
};
use campaigns::broadcast::{AudienceKind, AudiencePart, Broadcast};
use delivery::recipient::WithheldReason;
use maud::{Markup, html};

use super::{find_draft, members, report};
use crate::{
    links,
    problem::{Answer, Problem},
    say::{grouped, t},
    visit::Visit,
};

/// `GET /broadcasts/{id}/difference`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let Some(broadcast) = find_draft(&visit, id).await? else {
        return Ok(Redirect::to(&links::broadcast(id)).into_response());
    };
    let say = visit.say;
    let shown = visit.house.broadcasts.preview(id, visit.now()).await?;
    let mut left = shown.asked;
    let mut lines = Vec::new();
    for (reason, people) in &shown.withheld {
        left = left.saturating_sub(*people);
        lines.push((*reason, *people, left));
    }
    let asked = asked_words(&visit, &broadcast).await?;
    let unrecorded = visit.house.broadcasts.unrecorded(id, visit.now()).await?;
    let body = html! {
        p { a href={ (links::broadcast(id)) "/confirm" } { (t!(say, "people-back", name = broadcast.draft.name.as_str())) } }
        h1 { (t!(say, "difference-title", asked = grouped(shown.asked), remaining = grouped(shown.remaining))) }
        p.lead { (t!(say, "difference-lead")) }
        div.card {
            p { b { a href=(members::link(id, AudiencePart::Everyone)) { (t!(say, "audience-people", n = grouped(shown.asked), count = shown.asked)) } } " " (asked) }
            @if lines.is_empty() { p { (t!(say, "difference-none")) } }
            @for (reason, people, left) in lines {
                div.reason {
                    h3 {
                        (report::left_out(say, reason))
                        a href=(members::link(id, AudiencePart::LeftOut(reason))) { "\u{2212}" (t!(say, "audience-people", n = grouped(people), count = people)) }
                    }
                    p { (report::left_out_why(say, reason)) " " @if let Some((words, place)) = change(&visit, id, reason) { a href=(place) { (words) } } }
                    p.sub { (t!(say, "difference-left", n = grouped(left), count = left)) }
                }
            }
            div.reason {
                h3 {
                    (t!(say, "waterfall-remaining"))
                    a href=(members::link(id, AudiencePart::Remaining)) { (t!(say, "audience-people", n = grouped(shown.remaining), count = shown.remaining)) }
                }
                (unrecorded_note(&visit, id, unrecorded))
            }
        }
        p.fine { (t!(say, "difference-again")) }
    };
    Ok(visit.page(&broadcast.draft.name, &body).into_response())
}

/// How many get it without consent on record, with their names and what can be done.
pub(super) fn unrecorded_note(visit: &Visit, id: i64, people: u64) -> Markup {
    let say = visit.say;
    html! {
        @if people > 0 {
            p.notice {
                (t!(say, "unrecorded-note", n = grouped(people))) " "
                a href=(members::link(id, AudiencePart::Unrecorded)) { (t!(say, "unrecorded-who")) }
                @if visit.is_owner() { " \u{b7} " a href="/broadcasts/limits" { (t!(say, "difference-demand")) } }
            }
        }
    }
}

/// Whom the broadcast asks for, in words.
async fn asked_words(visit: &Visit, broadcast: &Broadcast) -> Result<String, Problem> {
    let (say, house) = (visit.say, &visit.house);
    let kind = broadcast.draft.audience;
    if kind == AudienceKind::Conditions
        && let Some(id) = house.broadcasts.audience_rules(broadcast.id).await?.segment_id
        && let Some(rule) = house.segments.get(id).await?.and_then(|segment| segment.rule)
    {
        let words = audience::segment::sentence(&rule, &house.segments.known().await?);
        return Ok(say.pick(&words.ja, &words.en).to_owned());
    }
    Ok(say.with(&format!("audience-{}", kind.name()), None))
}

/// The place where somebody can change what leaves these people out, where there is one.
fn change(visit: &Visit, id: i64, reason: WithheldReason) -> Option<(String, String)> {
    let say = visit.say;
    let audience = format!("{}/audience", links::broadcast(id));
    Some(match reason {
        WithheldReason::Excluded => {
            (t!(say, "difference-by-hand"), format!("{}/by-hand", links::broadcast(id)))
        }
        WithheldReason::Duplicate | WithheldReason::AlreadySent => (t!(say, "difference-rules"), audience),
        WithheldReason::Suppressed => (t!(say, "suppressions-open"), "/suppressions".to_owned()),
        WithheldReason::NoConsent if visit.is_owner() => {
            (t!(say, "difference-demand"), "/broadcasts/limits".to_owned())
        }
        WithheldReason::TopicRefused => (t!(say, "difference-topic"), audience),
        WithheldReason::FrequencyCap if visit.is_owner() => {
            (t!(say, "audience-cap-change"), "/broadcasts/limits".to_owned())
        }
        _ => return None,
    })
}
