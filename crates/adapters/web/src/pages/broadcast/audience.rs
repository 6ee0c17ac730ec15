//! The second step of a broadcast: who is asked for, and which rules leave people out.

use audience::{ContactFilter, Standing, segment::Segment};
use axum::{
    extract::Path,
    response::{IntoResponse, Redirect},
};
use campaigns::{
    audience::{AudienceRules, Duplicates},
    broadcast::{AudienceKind, Broadcast, BroadcastDraft, Purpose},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    find_draft, limits,
    steps::{Step, steps},
};
use crate::{
    form::Form,
    links,
    parts::{field::Field, flash, time},
    problem::{Answer, Problem},
    say::{grouped, t},
    visit::Visit,
};

/// Picks that are counted; more than any shop has customers.
pub(super) const PICKS_MAX: u64 = 10_000_000;

/// The choice.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Choice {
    kind: String,
    segment: String,
    /// Empty for what the house does.
    duplicates: String,
    /// Empty for none.
    topic: String,
    again: bool,
    go: String,
}

/// `GET /broadcasts/{id}/audience`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let Some(broadcast) = find_draft(&visit, id).await? else {
        return Ok(Redirect::to(&links::broadcast(id)).into_response());
    };
    let (say, house, purpose) = (visit.say, &visit.house, broadcast.draft.purpose);
    let rules = house.broadcasts.audience_rules(id).await?;
    let body = html! {
        p { a href="/broadcasts" { (t!(say, "frame-broadcasts")) } }
        h1 { (broadcast.draft.name) }
        (steps(say, Some(&broadcast), Step::Audience))
        form.card method="post" action={ (links::broadcast(id)) "/audience" } {
            (visit.token_field())
            h2 { (t!(say, "audience-title")) }
            (choices(&visit, &broadcast, &rules).await?)
            p.hint { (say.with(&format!("audience-hint-{}", purpose.name()), None)) }
            (by_hand(&visit, &broadcast).await?)
            (leaving_out(&visit, &broadcast, &rules).await?)
            div.actions {
                button.btn.primary type="submit" name="go" value="next" { (t!(say, "audience-next")) }
                a.btn href={ (links::broadcast(id)) "/edit" } { (t!(say, "button-back")) }
            }
        }
    };
    Ok(visit.page(&broadcast.draft.name, &body).into_response())
}

async fn choices(visit: &Visit, broadcast: &Broadcast, rules: &AudienceRules) -> Result<Markup, Problem> {
    let (say, house, id) = (visit.say, &visit.house, broadcast.id);
    let filter = |standing| ContactFilter { standing, ..ContactFilter::default() };
    let everyone = house.contacts.count(&filter(None)).await?;
    let sendable = house.contacts.count(&filter(Some(Standing::Sendable))).await?;
    let picked = house.broadcasts.picked(id, PICKS_MAX).await?.len() as u64;
    let segments = house.segments.list(false).await?;
    let is = |kind| broadcast.draft.audience == kind;
    let frozen = rules.frozen.as_ref().filter(|_| is(AudienceKind::Picked));
    Ok(html! {
        @if broadcast.draft.purpose == Purpose::Advertising {
            (choice(visit, AudienceKind::Sendable, is(AudienceKind::Sendable), &html! {
                a.num href="/contacts?standing=sendable" { (t!(say, "audience-people", n = grouped(sendable), count = sendable)) }
            }))
        }
        (choice(visit, AudienceKind::All, is(AudienceKind::All), &html! {
            a.num href="/contacts" { (t!(say, "audience-people", n = grouped(everyone), count = everyone)) }
        }))
        (choice(visit, AudienceKind::Conditions, is(AudienceKind::Conditions), &segment_choice(visit, &segments, rules)))
        @if is(AudienceKind::Conditions) && rules.segment_id.is_some() {
            div.actions.under {
                button.btn type="submit" name="go" value="freeze" { (t!(say, "audience-freeze")) }
                span.sub { (t!(say, "audience-freeze-what")) }
            }
        }
        (choice(visit, AudienceKind::Picked, is(AudienceKind::Picked), &html! {
            a.num href={ (links::broadcast(id)) "/pick" } { (t!(say, "audience-people", n = grouped(picked), count = picked)) }
        }))
        @if let Some(frozen) = frozen {
            p.hint {
                (t!(say, "audience-frozen", at = time::said(say, frozen.at, visit.now()), n = grouped(frozen.people))) " "
                a href=(links::segment(frozen.segment_id)) { (t!(say, "audience-frozen-from")) }
            }
        }
    })
}

fn choice(visit: &Visit, kind: AudienceKind, chosen: bool, beside: &Markup) -> Markup {
    let say = visit.say;
    html! {
        div.choice {
            label {
                input type="radio" name="kind" value=(kind.name()) checked[chosen];
                span {
                    b { (say.with(&format!("audience-{}", kind.name()), None)) }
                    span.sub { (say.with(&format!("audience-what-{}", kind.name()), None)) }
                }
            }
            (beside)
        }
    }
}

fn segment_choice(visit: &Visit, segments: &[Segment], rules: &AudienceRules) -> Markup {
    let say = visit.say;
    html! {
        @if segments.is_empty() {
            a.btn href="/segments/new" { (t!(say, "segments-new")) }
        } @else {
            select name="segment" aria-label=(t!(say, "audience-segment")) {
                option value="" { (t!(say, "segment-choose")) }
                @for segment in segments {
                    option value=(segment.id) selected[rules.segment_id == Some(segment.id)] { (segment.name) }
                }
            }
        }
    }
}

/// Who was put in and taken out by hand.
async fn by_hand(visit: &Visit, broadcast: &Broadcast) -> Result<Markup, Problem> {
    let say = visit.say;
    let counts = visit.house.broadcasts.by_hand(broadcast.id).await?;
    let includes = broadcast.draft.audience == AudienceKind::Conditions;
    Ok(html! {
        p {
            @if includes { (t!(say, "audience-included", n = grouped(counts.included))) " " }
            (t!(say, "audience-excluded", n = grouped(counts.excluded))) " "
            a href={ (links::broadcast(broadcast.id)) "/by-hand" } { (t!(say, "audience-by-hand")) }
        }
    })
}

/// The rules an operator can set for this sending, and the one of the house.
async fn leaving_out(visit: &Visit, broadcast: &Broadcast, rules: &AudienceRules) -> Result<Markup, Problem> {
    let say = visit.say;
    let cap = visit.house.broadcasts.frequency_cap().await?;
    let house = visit.house.broadcasts.house_rules().await?;
    let advertises = broadcast.draft.purpose == Purpose::Advertising;
    Ok(html! {
        @if advertises { (topic_choice(visit, rules).await?) }
        details open[rules.send_again || rules.duplicates.is_some()] {
            summary { (t!(say, "audience-rules")) }
            (duplicates_choice(visit, rules, house.duplicates))
            label.check {
                input type="checkbox" name="again" value="true" checked[rules.send_again];
                span { (t!(say, "audience-again")) br; span.sub { (t!(say, "audience-again-what")) } }
            }
            @if advertises {
                p { (limits::demand_words(say, &house.consent)) }
                p {
                    @match cap {
                        Some(cap) => (t!(say, "audience-cap", mails = cap.mails, days = cap.days)),
                        None => (t!(say, "audience-no-cap")),
                    }
                    @if visit.is_owner() { " " a href="/broadcasts/limits" { (t!(say, "audience-cap-change")) } }
                }
            }
        }
    })
}

/// The topic it is about, where the house has topics.
async fn topic_choice(visit: &Visit, rules: &AudienceRules) -> Result<Markup, Problem> {
    let say = visit.say;
    let chosen = rules.topic_id.map(|id| id.to_string()).unwrap_or_default();
    let topics = visit.house.topics.topics().await?.into_iter();
    let offered = topics.filter(|topic| topic.archived_at.is_none() || Some(topic.id) == rules.topic_id);
    let mut choices = vec![(String::new(), t!(say, "audience-topic-none"))];
    choices.extend(offered.map(|topic| (topic.id.to_string(), topic.name)));
    let select = Field {
        name: "topic",
        label: &t!(say, "audience-topic"),
        value: &chosen,
        hint: &t!(say, "audience-topic-hint"),
        ..Field::default()
    };
    Ok(html! { @if choices.len() > 1 { (select.select(&choices)) } })
}

/// What is done about several contacts with one address: as the house does, or otherwise.
fn duplicates_choice(visit: &Visit, rules: &AudienceRules, house: Duplicates) -> Markup {
    let say = visit.say;
    let words = |way: Duplicates| say.with(&format!("duplicates-{}", way.name()), None);
    let mut choices = vec![(String::new(), t!(say, "duplicates-house", way = words(house)))];
    choices.extend(Duplicates::ALL.iter().map(|way| (way.name().to_owned(), words(*way))));
    Field {
        name: "duplicates",
        label: &t!(say, "audience-duplicates"),
        value: rules.duplicates.map(Duplicates::name).unwrap_or_default(),
        hint: &t!(say, "audience-duplicates-hint"),
        ..Field::default()
    }
    .select(&choices)
}

/// `POST /broadcasts/{id}/audience`.
pub(crate) async fn choose(visit: Visit, Path(id): Path<i64>, Form(choice): Form<Choice>) -> Answer {
    let Some(broadcast) = find_draft(&visit, id).await? else {
        return Ok(Redirect::to(&links::broadcast(id)).into_response());
    };
    let store = &visit.house.broadcasts;
    let before = store.audience_rules(id).await?;
    let segment_id = choice.segment.parse().ok().or(before.segment_id.filter(|_| choice.segment.is_empty()));
    let rules = AudienceRules {
        segment_id,
        duplicates: Duplicates::from_name(&choice.duplicates),
        topic_id: choice.topic.parse().ok(),
        send_again: choice.again,
        ..before
    };
    store.set_audience_rules(id, &rules).await?;
    let audience = AudienceKind::from_name(&choice.kind).unwrap_or(broadcast.draft.audience);
    if let ("freeze", Some(segment)) = (choice.go.as_str(), segment_id) {
        return freeze(&visit, broadcast, segment).await;
    }
    let draft = BroadcastDraft { audience, ..broadcast.draft };
    store.update(id, &draft).await?;
    let next = if audience == AudienceKind::Picked { "pick" } else { "confirm" };
    Ok(Redirect::to(&format!("{}/{next}", links::broadcast(id))).into_response())
}

/// The people of the segment as they are now become the list.
async fn freeze(visit: &Visit, broadcast: Broadcast, segment: i64) -> Answer {
    let (id, store) = (broadcast.id, &visit.house.broadcasts);
    match store.freeze(id, segment, visit.now()).await? {
        Ok(people) => {
            let draft = BroadcastDraft { audience: AudienceKind::Picked, ..broadcast.draft };
            store.update(id, &draft).await?;
            let path = format!("{}/audience", links::broadcast(id));
            Ok(flash::done_n(&path, "audience-frozen", people).into_response())
        }
        // The page before the start says what is wrong with the conditions.
        Err(_) => Ok(Redirect::to(&format!("{}/confirm", links::broadcast(id))).into_response()),
    }
}
