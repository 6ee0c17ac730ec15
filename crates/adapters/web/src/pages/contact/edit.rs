//! Adds and edits a customer. An address is read, explained and asked about, never changed by itself.

use addressing::Reading;
use audience::Contact;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{
    address,
    entry::{Decision, EXTRA, Entry},
};
use crate::{
    form::Form,
    links,
    parts::{field::Field, flash},
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// What to say beside the fields.
#[derive(Default)]
struct Remarks {
    reading: Option<Reading>,
    wrong: Option<(&'static str, String)>,
}

/// `GET /contacts/new`.
pub(crate) async fn fresh(visit: Visit) -> Markup {
    page(&visit, None, &Entry::default(), &Remarks::default())
}

/// `POST /contacts`.
pub(crate) async fn add(visit: Visit, Form(entry): Form<Entry>) -> Answer {
    let entry = entry.with_fix();
    let (draft, confirmed) = match entry.decide(visit.say, None) {
        Decision::Save { draft, confirmed } => (draft, confirmed),
        other => return Ok(asked(&visit, None, &entry, other)),
    };
    let (actor, now) = (visit.actor(), visit.now());
    let Some(id) = visit.house.contacts.add(&draft, actor, now).await? else {
        return Ok(asked(&visit, None, &entry, number_taken(&visit)));
    };
    if confirmed {
        visit.house.contacts.confirm_address(id, actor, now).await?;
    }
    Ok(flash::done(&links::contact(id), "contact-added").into_response())
}

/// `GET /contacts/{id}/edit`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let contact = visit.house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
    Ok(page(&visit, Some(&contact), &Entry::of(&contact), &Remarks::default()).into_response())
}

/// `POST /contacts/{id}/edit`.
pub(crate) async fn save(visit: Visit, Path(id): Path<i64>, Form(entry): Form<Entry>) -> Answer {
    let contact = visit.house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
    let entry = entry.with_fix();
    let (draft, confirmed) = match entry.decide(visit.say, Some(&contact)) {
        Decision::Save { draft, confirmed } => (draft, confirmed),
        other => return Ok(asked(&visit, Some(&contact), &entry, other)),
    };
    let (actor, now) = (visit.actor(), visit.now());
    if !visit.house.contacts.edit(id, &draft, actor, now).await? {
        return Ok(asked(&visit, Some(&contact), &entry, number_taken(&visit)));
    }
    if confirmed {
        visit.house.contacts.confirm_address(id, actor, now).await?;
    }
    Ok(flash::done(&links::contact(id), "contact-saved").into_response())
}

fn number_taken(visit: &Visit) -> Decision {
    Decision::Wrong("external_id", t!(visit.say, "contact-number-taken"))
}

fn asked(visit: &Visit, contact: Option<&Contact>, entry: &Entry, decision: Decision) -> Response {
    let remarks = match decision {
        Decision::Ask(reading) => Remarks { reading: Some(*reading), wrong: None },
        Decision::Wrong(field, words) => Remarks { reading: None, wrong: Some((field, words)) },
        Decision::Save { .. } => Remarks::default(),
    };
    (StatusCode::UNPROCESSABLE_ENTITY, page(visit, contact, entry, &remarks)).into_response()
}

fn page(visit: &Visit, contact: Option<&Contact>, entry: &Entry, remarks: &Remarks) -> Markup {
    let say = visit.say;
    let (title, action, back) = match contact {
        Some(contact) => {
            let back = links::contact(contact.id);
            (t!(say, "contact-edit-title"), format!("{back}/edit"), back)
        }
        None => (t!(say, "contacts-add"), "/contacts".to_owned(), "/contacts".to_owned()),
    };
    let body = html! {
        h1 { (title) }
        form.card method="post" action=(action) {
            (visit.token_field())
            // Enter in a field presses the first submit button: it must be "save", not a suggestion.
            button.unseen type="submit" tabindex="-1" aria-hidden="true" {}
            (address_field(visit, entry, remarks))
            div.columns {
                (field(visit, "name", &entry.name, remarks))
                (field(visit, "kana", &entry.kana, remarks))
                (field(visit, "phone", &entry.phone, remarks))
                (field(visit, "company", &entry.company, remarks))
                (field(visit, "external_id", &entry.external_id, remarks))
            }
            (note_field(visit, entry, remarks))
            (extra_fields(visit, entry))
            div.actions {
                button.btn.primary type="submit" { (t!(say, "contact-save")) }
                a.btn href=(back) { (t!(say, "button-back")) }
            }
        }
    };
    visit.page(&title, &body)
}

fn address_field(visit: &Visit, entry: &Entry, remarks: &Remarks) -> Markup {
    let say = visit.say;
    let notes = remarks
        .reading
        .as_ref()
        .map(|reading| address::notes(say, reading, &address::decide_buttons(say, reading)));
    html! {
        div.field {
            label for="address" { (t!(say, "contact-address")) }
            // Not type=email: a browser would refuse addresses that Japanese carriers gave out.
            input id="address" name="address" value=(entry.address) inputmode="email" autocomplete="off"
                autocapitalize="off" spellcheck="false" data-check="/contacts/address-note" data-into="#address-note"
                aria-describedby="address-note" aria-invalid=[notes.as_ref().map(|_| "true")];
            p.hint { (t!(say, "contact-address-hint")) }
            div id="address-note" {
                @if let Some(notes) = notes { (notes) }
            }
        }
    }
}

fn field(visit: &Visit, name: &'static str, value: &str, remarks: &Remarks) -> Markup {
    let label = visit.say.with(&format!("contact-{}", name.replace('_', "-")), None);
    let wrong = remarks.wrong.as_ref().filter(|(field, _)| *field == name).map(|(_, words)| words.as_str());
    Field { name, label: &label, value, wrong, ..Field::default() }.input()
}

fn note_field(visit: &Visit, entry: &Entry, remarks: &Remarks) -> Markup {
    let label = t!(visit.say, "contact-note");
    let wrong = remarks.wrong.as_ref().filter(|(field, _)| *field == "note").map(|(_, words)| words.as_str());
    Field { name: "note", label: &label, value: &entry.note, wrong, ..Field::default() }.area(3)
}

fn extra_fields(visit: &Visit, entry: &Entry) -> Markup {
    let extra = entry.extra();
    html! {
        @if !extra.is_empty() {
            details open {
                summary { (t!(visit.say, "contact-extra")) }
                div.columns {
                    @for (name, value) in &extra {
                        (Field {
                            name: &format!("{EXTRA}{name}"),
                            label: name,
                            value,
                            ..Field::default()
                        }.input())
                    }
                }
            }
        }
    }
}
