//! Puts single people into an audience or takes them out, whatever the conditions say.

use audience::ContactFilter;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
};
use campaigns::broadcast::{AudienceKind, AudienceMember, Broadcast};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    find_draft,
    steps::{Step, steps},
};
use crate::{
    form::Form,
    links,
    pages::contact::list::shown_name,
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// People shown at once.
const SHOWN_MAX: u64 = 200;
/// People a search shows.
const FOUND_MAX: u64 = 20;

/// What is looked for.
#[derive(Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
}

/// Which button was pressed: `in 12`, `out 12`, `drop-in 12`, `drop-out 12`.
#[derive(Deserialize)]
pub(crate) struct Press {
    #[serde(default)]
    q: String,
    go: String,
}

/// `GET /broadcasts/{id}/by-hand`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>, Query(search): Query<Search>) -> Answer {
    let Some(broadcast) = find_draft(&visit, id).await? else {
        return Ok(Redirect::to(&links::broadcast(id)).into_response());
    };
    let (say, store) = (visit.say, &visit.house.broadcasts);
    let out = store.hand_picked(id, true, 0, SHOWN_MAX).await?;
    let takes_in = broadcast.draft.audience == AudienceKind::Conditions;
    let inside = if takes_in { store.hand_picked(id, false, 0, SHOWN_MAX).await? } else { Vec::new() };
    let path = format!("{}/by-hand", links::broadcast(id));
    let body = html! {
        p { a href={ (links::broadcast(id)) "/audience" } { (broadcast.draft.name) } }
        h1 { (t!(say, "by-hand-title")) }
        (steps(say, Some(&broadcast), Step::Audience))
        form.search method="get" action=(path) role="search" {
            input type="search" name="q" value=(search.q) aria-label=(t!(say, "contacts-search"))
                placeholder=(t!(say, "contacts-search-hint"));
            button.btn type="submit" { (t!(say, "contacts-search")) }
        }
        form method="post" action=(path) {
            (visit.token_field())
            input type="hidden" name="q" value=(search.q);
            @if !search.q.trim().is_empty() { (found(&visit, &broadcast, &search.q).await?) }
            @if takes_in { (list(&visit, &t!(say, "by-hand-in"), "drop-in", &inside)) }
            (list(&visit, &t!(say, "by-hand-out"), "drop-out", &out))
        }
        div.actions { a.btn.primary href={ (links::broadcast(id)) "/confirm" } { (t!(say, "audience-next")) } }
    };
    Ok(visit.page(&broadcast.draft.name, &body).into_response())
}

async fn found(visit: &Visit, broadcast: &Broadcast, search: &str) -> Result<Markup, Problem> {
    let say = visit.say;
    let filter = ContactFilter { search: search.trim().to_owned(), ..ContactFilter::default() };
    let found = visit.house.contacts.list(&filter, 0, FOUND_MAX).await?.contacts;
    Ok(html! {
        div.card {
            @if found.is_empty() { p.empty { (t!(say, "contacts-none-found")) } }
            ul.stack {
                @for contact in &found {
                    li.head {
                        span {
                            a href=(links::contact(contact.id)) { (shown_name(visit, contact)) } " "
                            span.sub { (contact.address.as_deref().unwrap_or_default()) }
                        }
                        span.actions {
                            @if broadcast.draft.audience == AudienceKind::Conditions {
                                button.btn type="submit" name="go" value={ "in " (contact.id) } { (t!(say, "by-hand-put-in")) }
                            }
                            button.btn type="submit" name="go" value={ "out " (contact.id) } { (t!(say, "by-hand-take-out")) }
                        }
                    }
                }
            }
        }
    })
}

fn list(visit: &Visit, title: &str, verb: &str, people: &[AudienceMember]) -> Markup {
    let say = visit.say;
    html! {
        div.card {
            h2 { (title) }
            @if people.is_empty() { p.sub { (t!(say, "by-hand-nobody")) } }
            ul.stack {
                @for person in people {
                    li.head {
                        span {
                            a href=(links::contact(person.contact_id)) {
                                @if person.name.is_empty() { (t!(say, "contact-nameless")) } @else { (person.name) }
                            }
                            " " span.sub { (person.address) }
                        }
                        button.btn type="submit" name="go" value={ (verb) " " (person.contact_id) } { (t!(say, "by-hand-undo")) }
                    }
                }
            }
        }
    }
}

/// `POST /broadcasts/{id}/by-hand`.
pub(crate) async fn press(visit: Visit, Path(id): Path<i64>, Form(press): Form<Press>) -> Answer {
    let store = &visit.house.broadcasts;
    if let Some((verb, contact)) = press.go.split_once(' ')
        && let Ok(contact) = contact.parse::<i64>()
    {
        match verb {
            "in" => store.pick(id, &[contact], true).await?,
            "out" => store.exclude(id, &[contact], true).await?,
            "drop-in" => store.pick(id, &[contact], false).await?,
            "drop-out" => store.exclude(id, &[contact], false).await?,
            _ => false,
        };
    }
    let query = Some(press.q.as_str()).filter(|q| !q.is_empty());
    let path = format!("{}/by-hand", links::broadcast(id));
    Ok(Redirect::to(&links::query(&path, &[("q", query)])).into_response())
}
