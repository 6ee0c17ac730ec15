//! How many people a rule finds, beside the builder: now, and compared with how it was saved.

use audience::segment::{Known, Rule, SegmentId, problems, sentence};
use axum::response::IntoResponse;
use maud::{Markup, html};

use super::{
    entry::{Entry, Fields},
    said,
};
use crate::{
    form::Form,
    links,
    pages::contact::list::shown_name,
    problem::{Answer, Problem},
    say::{grouped, t},
    visit::Visit,
};

/// People shown as an example.
const SAMPLE: u64 = 20;

/// `POST /segments/count`: the fragment beside the builder; changes nothing.
pub(crate) async fn fragment(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    let known = visit.house.segments.known().await?;
    let entry = Entry::read(&fields, &known);
    let id = fields.iter().find(|(key, _)| key == "id").and_then(|(_, id)| id.parse().ok());
    Ok(card(&visit, &known, &entry.rule, id).await?.into_response())
}

/// The sentence, the number, and what changes against the saved rule.
pub(super) async fn card(
    visit: &Visit,
    known: &Known,
    rule: &Rule,
    id: Option<SegmentId>,
) -> Result<Markup, Problem> {
    let say = visit.say;
    let found = problems(rule, known, id);
    if !found.is_empty() {
        return Ok(html! {
            div.card id="count" {
                h2 { (t!(say, "segment-count")) }
                p.num-big { "\u{2013}" }
                ul.problems { @for problem in &found { li { (said(say, &problem.words)) } } }
            }
        });
    }
    let store = &visit.house.segments;
    let people = store.count(rule, visit.now()).await?.unwrap_or_default();
    let sample = store.people(rule, visit.now(), 0, SAMPLE).await?.unwrap_or_default();
    let changed = match id {
        Some(id) => difference(visit, id, rule).await?,
        None => None,
    };
    Ok(html! {
        div.card id="count" {
            h2 { (t!(say, "segment-count")) }
            p.num-big { b { (grouped(people)) } (t!(say, "segment-people-unit")) }
            p { (said(say, &sentence(rule, known))) }
            @if !sample.is_empty() {
                details {
                    summary { (t!(say, "segment-sample", n = sample.len() as u64)) }
                    ul.stack {
                        @for contact in &sample {
                            li {
                                a href=(links::contact(contact.id)) { (shown_name(visit, contact)) }
                                " " span.sub { (contact.address.as_deref().unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
            @if let Some((more, fewer)) = changed.filter(|changed| *changed != (0, 0)) {
                p.notice { (t!(say, "segment-difference", more = grouped(more), fewer = grouped(fewer))) }
            }
        }
    })
}

/// How many come and how many go, against the rule as it is saved; `None` where that one cannot be asked.
pub(super) async fn difference(
    visit: &Visit,
    id: SegmentId,
    rule: &Rule,
) -> Result<Option<(u64, u64)>, Problem> {
    let Some(saved) = visit.house.segments.get(id).await?.and_then(|segment| segment.rule) else {
        return Ok(None);
    };
    if saved == *rule {
        return Ok(Some((0, 0)));
    }
    Ok(visit.house.segments.difference(&saved, rule, visit.now()).await?.ok())
}
