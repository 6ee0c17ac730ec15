//! What a person may ask for: a copy of everything that is kept about her, and that it is erased.

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};
use maud::html;
use serde_json::{Value, json};

use super::list::shown_name;
use crate::{
    form::{Form, Nothing},
    links,
    parts::time,
    problem::{Answer, Problem},
    say::t,
    visit::{Owner, Visit},
};

/// Events and messages in a copy.
const EVENTS_MAX: u64 = 10_000;

/// `GET /contacts/{id}/data.json`: everything that is kept about one person.
pub(crate) async fn copy(visit: Visit, Path(id): Path<i64>) -> Answer {
    let house = &visit.house;
    let contact = house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
    let events = house.history.of_contact(id, EVENTS_MAX).await?;
    let events: Vec<Value> = events
        .into_iter()
        .map(|event| json!({ "at": time::iso(event.at), "kind": event.kind, "detail": event.detail }))
        .collect();
    let messages: Vec<Value> = house
        .history
        .messages_to(id, EVENTS_MAX)
        .await?
        .into_iter()
        .map(|message| {
            json!({
                "broadcast": message.broadcast_name, "address": message.address, "state": message.state.name(),
                "state_at": time::iso(message.state_at),
            })
        })
        .collect();
    let points = house.points.points(id).await?;
    let refusals = house.topics.topic_refusals(id).await?;
    let refusals: Vec<Value> =
        refusals.iter().map(|one| json!({ "topic": one.topic_id, "at": time::iso(one.at) })).collect();
    let text = json!({
        "exported_at": time::iso(visit.now()), "contact": contact, "contact_points": points, "consents": house.consents.ledger(id).await?,
        "topics_refused": refusals, "events": events, "messages": messages,
    });
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"customer-{id}.json\"")),
    ];
    Ok::<Response, _>((headers, format!("{text:#}")).into_response())
}

/// `GET /contacts/{id}/erase`: what would go, what would stay and why.
pub(crate) async fn ask(Owner(visit): Owner, Path(id): Path<i64>) -> Answer {
    let say = visit.say;
    let contact = visit.house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
    let entries = visit.house.consents.ledger(id).await?.len();
    let name = shown_name(&visit, &contact);
    let body = html! {
        p.up { a href=(links::contact(id)) { (name) } }
        h1 { (t!(say, "erase-title", name = name.as_str())) }
        div.card {
            h2 { (t!(say, "erase-goes")) }
            p { (t!(say, "erase-goes-what")) }
            h2 { (t!(say, "erase-stays")) }
            ul {
                li { (t!(say, "erase-stays-ledger", n = entries)) }
                li { (t!(say, "erase-stays-numbers")) }
                @if contact.opted_out_at.is_some() { li { (t!(say, "erase-stays-refusal")) } }
                li { (t!(say, "erase-stays-mail")) }
            }
            p { a href={ (links::contact(id)) "/data.json" } { (t!(say, "erase-copy-first")) } }
        }
        div.cause.doubt { p { b { (t!(say, "erase-no-undo")) } } }
        form method="post" action={ (links::contact(id)) "/erase" } {
            (visit.token_field())
            div.actions {
                button.btn.danger type="submit" { (t!(say, "erase-yes")) }
                a.btn href=(links::contact(id)) { (t!(say, "button-back")) }
            }
        }
    };
    Ok(visit.page(&name, &body).into_response())
}

/// `POST /contacts/{id}/erase`.
pub(crate) async fn erase(
    Owner(visit): Owner,
    Path(id): Path<i64>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let say = visit.say;
    let erased =
        visit.house.consents.erase(id, visit.actor(), visit.now()).await?.ok_or(Problem::NotFound)?;
    let body = html! {
        h1 { (t!(say, "erase-done")) }
        div.card {
            ul {
                li { (t!(say, "erase-done-ledger", n = erased.ledger_entries, until = time::said(say, erased.kept_until, 0))) }
                li { (t!(say, "erase-done-messages", n = erased.messages)) }
                @if erased.stays_opted_out { li { (t!(say, "erase-stays-refusal")) } }
            }
            p { a href="/contacts/erased" { (t!(say, "erased-find")) } }
            a.btn.primary href="/contacts" { (t!(say, "frame-contacts")) }
        }
    };
    Ok(visit.page(&t!(say, "erase-done"), &body).into_response())
}
