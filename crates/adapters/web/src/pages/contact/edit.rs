//! Adds and edits a customer. An address is read, explained and asked about, never changed by itself.

use addressing::Reading;
use audience::{Contact, ContactStatus, Edited, Field as HouseField, FieldKind, PointKind};
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{
    address,
    entry::{Decision, Entry},
    overtaken, point,
};
use crate::{
    form::Form,
    links,
    parts::{field::Field, flash, value},
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// What to say beside the fields.
#[derive(Default)]
struct Remarks {
    reading: Option<Reading>,
    wrong: Option<(String, String)>,
    /// The fields of the house that are in use.
    fields: Vec<HouseField>,
}

impl Remarks {
    async fn none(visit: &Visit) -> Result<Self, Problem> {
        Ok(Self { fields: visit.house.imports.import_fields().await?, ..Self::default() })
    }

    fn about(&self, name: &str) -> Option<&str> {
        self.wrong.as_ref().filter(|(field, _)| field == name).map(|(_, words)| words.as_str())
    }
}

/// `GET /contacts/new`.
pub(crate) async fn fresh(visit: Visit) -> Answer {
    let remarks = Remarks::none(&visit).await?;
    Ok(page(&visit, None, &Entry::default(), &remarks).into_response())
}

/// `POST /contacts`.
pub(crate) async fn add(visit: Visit, Form(entry): Form<Entry>) -> Answer {
    let (entry, remarks) = (entry.with_fix(), Remarks::none(&visit).await?);
    let (draft, confirmed) = match entry.decide(visit.say, None, &remarks.fields) {
        Decision::Save { draft, confirmed } => (draft, confirmed),
        other => return Ok(asked(&visit, None, &entry, remarks, other)),
    };
    let (actor, now) = (visit.actor(), visit.now());
    let Some(id) = visit.house.contacts.add(&draft, actor, now).await? else {
        return Ok(asked(&visit, None, &entry, remarks, number_taken(&visit)));
    };
    if confirmed {
        visit.house.contacts.confirm_address(id, actor, now).await?;
    }
    name_preferred(&visit, id, &entry).await?;
    Ok(flash::done(&links::contact(id), "contact-added").into_response())
}

/// `GET /contacts/{id}/edit`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let contact = visit.house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
    let remarks = Remarks::none(&visit).await?;
    let entry = Entry::of(&contact).readable(&remarks.fields);
    Ok(page(&visit, Some(&contact), &entry, &remarks).into_response())
}

/// `POST /contacts/{id}/edit`.
pub(crate) async fn save(visit: Visit, Path(id): Path<i64>, Form(entry): Form<Entry>) -> Answer {
    let contact = visit.house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
    let (entry, remarks) = (entry.with_fix(), Remarks::none(&visit).await?);
    let (draft, confirmed) = match entry.decide(visit.say, Some(&contact), &remarks.fields) {
        Decision::Save { draft, confirmed } => (draft, confirmed),
        other => return Ok(asked(&visit, Some(&contact), &entry, remarks, other)),
    };
    let (actor, now) = (visit.actor(), visit.now());
    let version = entry.version.parse().unwrap_or(contact.version);
    match visit.house.contacts.edit_version((id, version), &draft, actor, now).await? {
        Edited::Saved => {}
        Edited::Refused => return Ok(asked(&visit, Some(&contact), &entry, remarks, number_taken(&visit))),
        Edited::Overtaken => {
            let contact = visit.house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
            let page = overtaken::page(&visit, &contact, &entry, &remarks.fields);
            return Ok((StatusCode::CONFLICT, page).into_response());
        }
    }
    if confirmed {
        visit.house.contacts.confirm_address(id, actor, now).await?;
    }
    name_preferred(&visit, id, &entry).await?;
    Ok(flash::done(&links::contact(id), "contact-saved").into_response())
}

async fn name_preferred(visit: &Visit, id: i64, entry: &Entry) -> Result<(), Problem> {
    for (kind, label) in [(PointKind::Address, &entry.address_label), (PointKind::Phone, &entry.phone_label)]
    {
        if let Some(label) = label {
            visit.house.points.label_preferred((id, kind), label, (visit.actor(), visit.now())).await?;
        }
    }
    Ok(())
}

fn number_taken(visit: &Visit) -> Decision {
    Decision::Wrong("external_id".to_owned(), t!(visit.say, "contact-number-taken"))
}

fn asked(
    visit: &Visit,
    contact: Option<&Contact>,
    entry: &Entry,
    mut remarks: Remarks,
    decision: Decision,
) -> Response {
    match decision {
        Decision::Ask(reading) => remarks.reading = Some(*reading),
        Decision::Wrong(field, words) => remarks.wrong = Some((field, words)),
        Decision::Save { .. } => {}
    }
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
            input type="hidden" name="version" value=(entry.version);
            input type="hidden" name="seen" value=(entry.seen);
            // Enter in a field presses the first submit button: it must be "save", not a suggestion.
            button.unseen type="submit" tabindex="-1" aria-hidden="true" {}
            (address_field(visit, entry, remarks))
            (point::named(visit, "address_label", entry.address_label.as_deref().unwrap_or_default()))
            div.columns {
                (field(visit, "name", &entry.name, remarks))
                (field(visit, "kana", &entry.kana, remarks))
                (field(visit, "phone", &entry.phone, remarks))
                (point::named(visit, "phone_label", entry.phone_label.as_deref().unwrap_or_default()))
                (field(visit, "company", &entry.company, remarks))
                (field(visit, "external_id", &entry.external_id, remarks))
            }
            (note_field(visit, entry, remarks))
            (extra_fields(visit, entry, remarks))
            (permission(visit, entry))
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
    let wrong = remarks.about(name);
    Field { name, label: &label, value, wrong, ..Field::default() }.input()
}

fn note_field(visit: &Visit, entry: &Entry, remarks: &Remarks) -> Markup {
    let label = t!(visit.say, "contact-note");
    let wrong = remarks.about("note");
    Field { name: "note", label: &label, value: &entry.note, wrong, ..Field::default() }.area(3)
}

fn extra_fields(visit: &Visit, entry: &Entry, remarks: &Remarks) -> Markup {
    let (say, typed) = (visit.say, entry.extra());
    let asked = || remarks.fields.iter().filter(|field| field.kind != FieldKind::File);
    let is_known = |key: &String| remarks.fields.iter().any(|field| field.key == *key);
    html! {
        @if asked().next().is_some() || !typed.is_empty() {
            details open {
                summary { (t!(say, "contact-extra")) }
                div.columns {
                    @for field in asked() {
                        @let name = format!("{}{}", value::EXTRA, field.key);
                        @let given = typed.get(&field.key).map_or("", String::as_str);
                        (value::input(say, field, given, remarks.about(&name)))
                    }
                    // A field that was put away keeps its value through a save.
                    @for (name, given) in typed.iter().filter(|(name, _)| !is_known(name)) {
                        input type="hidden" name={ (value::EXTRA) (name) } value=(given);
                    }
                }
            }
        }
    }
}

/// Status and permission as the shop knows them.
fn permission(visit: &Visit, entry: &Entry) -> Markup {
    let say = visit.say;
    let statuses: Vec<_> = ContactStatus::ALL
        .iter()
        .map(|status| {
            (status.name().to_owned(), say.with(&format!("contact-status-{}", status.name()), None))
        })
        .collect();
    let wishes = [("yes", "contact-dm-yes"), ("no", "contact-dm-no")];
    let wishes = wishes.map(|(value, key)| (value.to_owned(), say.with(key, None)));
    let status = if entry.status.is_empty() { ContactStatus::Registered.name() } else { &entry.status };
    let dm = if entry.dm.is_empty() { "yes" } else { &entry.dm };
    let (label, wish) = (t!(say, "contact-status"), t!(say, "contact-dm"));
    let (hint, wish_hint) = (t!(say, "contact-status-hint"), t!(say, "contact-dm-hint"));
    html! {
        div.columns {
            (Field { name: "status", label: &label, value: status, hint: &hint, ..Field::default() }.select(&statuses))
            (Field { name: "dm", label: &wish, value: dm, hint: &wish_hint, ..Field::default() }.select(&wishes))
        }
    }
}
