//! One segment: its sentence, how many, twenty of them, what uses it; and everybody, page by page.

use audience::{
    Contact,
    segment::{Found, RuleProblem, Segment, UsedBy, sentence},
};
use axum::{
    extract::{Path, Query},
    response::IntoResponse,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{find, said};
use crate::{
    links,
    pages::contact::list::shown_name,
    parts::{
        chip,
        field::confirmed,
        pager::{Page, ROWS},
    },
    problem::{Answer, Problem},
    say::{grouped, t},
    visit::Visit,
};

/// People shown as an example.
const SAMPLE: u64 = 20;

/// Which page.
#[derive(Deserialize)]
pub(crate) struct Which {
    page: Option<u64>,
}

/// `GET /segments/{id}`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let say = visit.say;
    let segment = find(&visit, id).await?;
    let used = visit.house.segments.used_by(id).await?;
    let body = html! {
        p.up { a href="/segments" { (t!(say, "frame-segments")) } }
        div.head {
            h1 { (segment.name) }
            div.actions {
                @if segment.archived_at.is_none() {
                    a.btn.primary href={ (links::segment(id)) "/edit" } { (t!(say, "segment-change")) }
                    a.btn href={ "/broadcasts/new?segment=" (id) } { (t!(say, "segment-send")) }
                }
            }
        }
        div.row.two {
            (found(&visit, &segment).await?)
            div {
                div.card {
                    h2 { (t!(say, "segment-used-by")) }
                    @if used.is_empty() { p { (t!(say, "segment-not-used")) } } @else { (used_list(&used)) }
                    (archive(&visit, &segment, &used))
                }
            }
        }
    };
    Ok(visit.page(&segment.name, &body).into_response())
}

async fn found(visit: &Visit, segment: &Segment) -> Result<Markup, Problem> {
    let (say, store) = (visit.say, &visit.house.segments);
    let Some(rule) = &segment.rule else {
        return Ok(html! { div.card { p.wrong { (said(say, &audience::segment::unreadable())) } } });
    };
    let known = store.known().await?;
    let count = store.count(rule, visit.now()).await?;
    let people = store.people(rule, visit.now(), 0, SAMPLE).await?;
    Ok(html! {
        div.card {
            p.lead { (said(say, &sentence(rule, &known))) }
            @match (count, people) {
                (Ok(count), Ok(people)) => {
                    p.num-big { a href={ (links::segment(segment.id)) "/people" } { b { (grouped(count)) } } (t!(say, "segment-people-unit")) }
                    @if !people.is_empty() {
                        h2 { (t!(say, "segment-sample", n = people.len() as u64)) }
                        (list(visit, segment.id, &people))
                    }
                }
                (Err(problems), _) | (_, Err(problems)) => (problem_list(visit, segment.id, &problems)),
            }
        }
    })
}

fn problem_list(visit: &Visit, id: i64, problems: &[RuleProblem]) -> Markup {
    let say = visit.say;
    html! {
        div.cause.ours {
            p { b { (t!(say, "segment-broken")) } }
            ul.problems { @for problem in problems { li { (said(say, &problem.words)) } } }
            div.actions { a.btn.primary href={ (links::segment(id)) "/edit" } { (t!(say, "obstacle-mend")) } }
        }
    }
}

fn list(visit: &Visit, id: i64, people: &[Contact]) -> Markup {
    let say = visit.say;
    html! {
        ul.stack {
            @for contact in people {
                li {
                    a href=(links::contact(contact.id)) { (shown_name(visit, contact)) }
                    " " span.sub { (contact.address.as_deref().unwrap_or_default()) }
                    " " (chip::standing(say, contact.standing()))
                    " " a.sub href=(links::why(id, contact.id)) { (t!(say, "segment-why-in")) }
                }
            }
        }
    }
}

/// What uses a segment, with links.
pub(super) fn used_list(used: &UsedBy) -> Markup {
    html! {
        ul.stack {
            @for (id, name) in &used.segments { li { a href=(links::segment(*id)) { (name) } } }
            @for (id, name) in &used.broadcasts { li { a href=(links::broadcast(*id)) { (name) } } }
        }
    }
}

fn archive(visit: &Visit, segment: &Segment, used: &UsedBy) -> Markup {
    let say = visit.say;
    let form = |verb: &str, label: &str| {
        html! {
            form method="post" action={ (links::segment(segment.id)) "/" (verb) } {
                (visit.token_field())
                button.btn type="submit" { (label) }
            }
        }
    };
    html! {
        div.actions.apart {
            @if segment.archived_at.is_some() {
                p { (t!(say, "segment-is-archived")) }
                (form("restore", &t!(say, "segment-restore")))
            } @else {
                (confirmed(
                    &t!(say, "segment-archive"),
                    &if used.is_empty() { t!(say, "segment-archive-what") } else { t!(say, "segment-archive-used") },
                    &form("archive", &t!(say, "segment-archive-yes")),
                ))
            }
        }
    }
}

/// `GET /segments/{id}/people`.
pub(crate) async fn people(visit: Visit, Path(id): Path<i64>, Query(which): Query<Which>) -> Answer {
    let (say, store) = (visit.say, &visit.house.segments);
    let segment = find(&visit, id).await?;
    let page = Page::of(which.page);
    let path = format!("{}/people", links::segment(id));
    let (total, people): (u64, Found<Vec<Contact>>) = match &segment.rule {
        Some(rule) => (
            store.count(rule, visit.now()).await?.unwrap_or_default(),
            store.people(rule, visit.now(), page.offset(), ROWS).await?,
        ),
        None => (0, Ok(Vec::new())),
    };
    let body = html! {
        p.up { a href=(links::segment(id)) { (segment.name) } }
        h1 { (t!(say, "segment-people")) }
        div.card {
            @match people {
                Err(problems) => (problem_list(&visit, id, &problems)),
                Ok(people) if people.is_empty() => p.empty { (t!(say, "contacts-none-found")) },
                Ok(people) => {
                    (list(&visit, id, &people))
                    (page.markup(say, total, |n| links::query(&path, &[("page", Some(&n.to_string()))])))
                }
            }
        }
    };
    Ok(visit.page(&segment.name, &body).into_response())
}
