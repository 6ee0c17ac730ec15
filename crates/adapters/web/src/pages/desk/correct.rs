//! Corrects a customer's address and sends the message again in one go.

use addressing::Reading;
use audience::Contact;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use delivery::ports::Submitted;
use evidence::history::MessageStory;
use maud::{Markup, html};
use serde::Deserialize;

use super::resend;
use crate::{
    form::Form,
    links,
    pages::contact::{
        address,
        entry::{Decision, Entry},
        list::shown_name,
    },
    parts::{explain, story},
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// What was typed, and which button was pressed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    address: String,
    fix: String,
    keep: String,
}

/// What to say about the address.
enum Remark {
    About(Box<Reading>),
    Wrong(String),
    Nothing,
}

/// `GET /desk/{id}/correct`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let (story, contact) = found(&visit, id).await?;
    let now = contact.address.clone().unwrap_or_default();
    let remark =
        if now.is_empty() { Remark::Nothing } else { Remark::About(Box::new(addressing::read(&now))) };
    Ok(page(&visit, &story, &contact, &now, &remark).into_response())
}

/// `POST /desk/{id}/correct`.
pub(crate) async fn save(visit: Visit, Path(id): Path<i64>, Form(typed): Form<Typed>) -> Answer {
    let (story, contact) = found(&visit, id).await?;
    let meant = if typed.fix.is_empty() { &typed.address } else { &typed.fix }.clone();
    let again = |remark: &Remark| {
        (StatusCode::UNPROCESSABLE_ENTITY, page(&visit, &story, &contact, &meant, remark)).into_response()
    };
    if meant.trim().is_empty() {
        return Ok(again(&Remark::Wrong(t!(visit.say, "correct-empty"))));
    }
    let wire = addressing::read(&meant).address.map(|address| address.to_string());
    let unchanged = wire.is_some() && wire == contact.address;
    if unchanged && wire.as_deref() == Some(story.address.as_str()) && typed.keep.is_empty() {
        return Ok(again(&Remark::Wrong(t!(visit.say, "correct-same"))));
    }
    let entry = Entry::with_address(&contact, typed.address.clone(), typed.fix.clone(), typed.keep.clone());
    match entry.with_fix().decide(visit.say, Some(&contact), &[]) {
        Decision::Ask(reading) => return Ok(again(&Remark::About(reading))),
        Decision::Wrong(_, words) => return Ok(again(&Remark::Wrong(words))),
        Decision::Save { draft, confirmed } => {
            let (actor, now) = (visit.actor(), visit.now());
            if !unchanged && !visit.house.contacts.edit(contact.id, &draft, actor, now).await? {
                return Ok(again(&Remark::Wrong(t!(visit.say, "correct-not-saved"))));
            }
            if confirmed {
                visit.house.contacts.confirm_address(contact.id, actor, now).await?;
            }
        }
    }
    let (Submitted::Queued(new) | Submitted::Withheld(new, _)) = resend::again(&visit, id).await?;
    Ok(Redirect::to(&format!("{}?done=desk-corrected", links::message(new))).into_response())
}

async fn found(visit: &Visit, id: i64) -> Result<(MessageStory, Contact), Problem> {
    let story = visit.house.history.message(id).await?.ok_or(Problem::NotFound)?;
    let contact = visit.house.contacts.get(story.contact_id).await?.ok_or(Problem::NotFound)?;
    Ok((story, contact))
}

fn page(visit: &Visit, story: &MessageStory, contact: &Contact, typed: &str, remark: &Remark) -> Markup {
    let say = visit.say;
    let name = shown_name(visit, contact);
    let elsewhere = contact.address.as_deref().is_some_and(|address| address != story.address);
    let body = html! {
        p { a href="/desk" { (t!(say, "frame-desk")) } }
        h1 { (t!(say, "correct-title", name = name.as_str())) }
        p.lead { (t!(say, "correct-lead", what = story.broadcast_name.as_str(), address = story.address.as_str())) }
        div.row.two {
            form.card method="post" action={ "/desk/" (story.id) "/correct" } {
                (visit.token_field())
                // Enter in the field presses the first submit button: it must be "save", not a suggestion.
                button.unseen type="submit" tabindex="-1" aria-hidden="true" {}
                @if elsewhere { p.notice { (t!(say, "correct-changed-already")) } }
                div.field {
                    label for="address" { (t!(say, "correct-address")) }
                    input id="address" name="address" value=(typed) inputmode="email" autocomplete="off"
                        autocapitalize="off" spellcheck="false" data-check="/contacts/address-note"
                        data-into="#address-note" aria-describedby="address-note";
                    div id="address-note" { (notes(visit, remark)) }
                }
                p.hint { (t!(say, "correct-what")) }
                @if !contact.phone.is_empty() { p.hint { (t!(say, "correct-phone", phone = contact.phone.as_str())) } }
                div.actions {
                    button.btn.primary type="submit" { (t!(say, "correct-yes")) }
                    a.btn href="/desk" { (t!(say, "button-back")) }
                }
            }
            div.card {
                h2 { (t!(say, "correct-why")) }
                @match &story.verdict {
                    Some(verdict) => (explain::card(say, verdict.reason, &story.provider, &reply(story))),
                    None => (story::standing(say, story, visit.now())),
                }
            }
        }
    };
    visit.page(&name, &body)
}

fn reply(story: &MessageStory) -> String {
    story.reply.as_ref().map(mail::Reply::line).unwrap_or_default()
}

fn notes(visit: &Visit, remark: &Remark) -> Markup {
    html! {
        @match remark {
            Remark::About(reading) => (address::notes(visit.say, reading, &address::decide_buttons(visit.say, reading))),
            Remark::Wrong(words) => p.wrong role="alert" { (words) },
            Remark::Nothing => {},
        }
    }
}
