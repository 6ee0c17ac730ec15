//! A template as one customer would get it: a saved one, or what stands in the editor right now.

use audience::{Contact, ContactFilter};
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Response},
};
use campaigns::{start, template::TemplateDraft};
use maud::{Markup, html};
use serde::Deserialize;

use super::entry::Entry;
use crate::{
    form::Form,
    headers, links,
    parts::{letter, problems},
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// People offered at once.
const CHOICES: u64 = 8;

/// As whom to look at it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reader {
    q: String,
    contact: Option<i64>,
}

/// The editor's content, and as whom to look at it.
#[derive(Debug, Deserialize)]
pub(crate) struct Unsaved {
    #[serde(flatten)]
    entry: Entry,
    #[serde(default)]
    q: String,
    #[serde(default)]
    contact: String,
}

/// `GET /templates/{id}/preview`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>, Query(reader): Query<Reader>) -> Answer {
    let template = visit.house.templates.get(id).await?.ok_or(Problem::NotFound)?;
    let around = |choices: &Markup| {
        html! {
            form method="get" action={ (links::template(id)) "/preview" } { (choices) }
        }
    };
    let back = html! { a href=(links::template(id)) { (template.draft.name) } };
    page(&visit, &template.draft, &reader, (&back, &around)).await
}

/// `POST /templates/preview`: what is in the editor, unsaved.
pub(crate) async fn unsaved(visit: Visit, Form(form): Form<Unsaved>) -> Answer {
    let reader = Reader { q: form.q, contact: form.contact.parse().ok() };
    let entry = form.entry;
    let around = |choices: &Markup| {
        html! {
            form method="post" action="/templates/preview" {
                (visit.token_field())
                @for (name, value) in [("name", &entry.name), ("subject", &entry.subject), ("text", &entry.text), ("html", &entry.html)] {
                    textarea.unseen name=(name) hidden { "\n" (value) }
                }
                (choices)
            }
        }
    };
    let back = html! { (t!(visit.say, "preview-unsaved")) };
    page(&visit, &entry.draft(), &reader, (&back, &around)).await
}

type Around<'a> = (&'a Markup, &'a (dyn Fn(&Markup) -> Markup + Sync));

async fn page(
    visit: &Visit,
    draft: &TemplateDraft,
    reader: &Reader,
    (back, around): Around<'_>,
) -> Result<Response, Problem> {
    let (say, house) = (visit.say, &visit.house);
    let filter = ContactFilter { search: reader.q.trim().to_owned(), ..ContactFilter::default() };
    let found = house.contacts.list(&filter, 0, CHOICES).await?.contacts;
    let chosen = match reader.contact {
        Some(id) => house.contacts.get(id).await?,
        None => found.first().cloned(),
    };
    let fields = start::known_fields(&*house.contacts).await?;
    let values = chosen.as_ref().map(letter::values_of).unwrap_or_default();
    let title = t!(say, "template-preview");
    let body = html! {
        p { (back) }
        h1 { (title) }
        p.lead {
            @match &chosen {
                Some(contact) => (t!(say, "preview-as", name = shown_name(visit, contact))),
                None => (t!(say, "preview-as-nobody")),
            }
        }
        div.row.two {
            div.card {
                @match letter::render(draft, &fields, &values, &house.base_url) {
                    Ok(rendered) => (letter::letter(say, &rendered)),
                    Err(found) => {
                        p.wrong { (t!(say, "preview-cannot")) }
                        (problems::list(say, &found))
                    }
                }
            }
            div.card {
                h2 { (t!(say, "preview-choose")) }
                (around(&choices(visit, reader, &found, chosen.as_ref())))
            }
        }
    };
    Ok(headers::with_letter(visit.page(&title, &body).into_response()))
}

fn choices(visit: &Visit, reader: &Reader, found: &[Contact], chosen: Option<&Contact>) -> Markup {
    let say = visit.say;
    html! {
        div.search {
            input type="search" name="q" value=(reader.q) aria-label=(t!(say, "contacts-search"))
                placeholder=(t!(say, "contacts-search-hint"));
            button.btn type="submit" { (t!(say, "contacts-search")) }
        }
        @if found.is_empty() { p.hint { (t!(say, "contacts-none-found")) } }
        ul.people {
            @for contact in found {
                li {
                    button.btn type="submit" name="contact" value=(contact.id)
                        aria-pressed=[chosen.is_some_and(|chosen| chosen.id == contact.id).then_some("true")] {
                        (shown_name(visit, contact))
                        span.sub { (contact.address.as_deref().unwrap_or_default()) }
                    }
                }
            }
        }
    }
}

fn shown_name(visit: &Visit, contact: &Contact) -> String {
    crate::pages::contact::list::shown_name(visit, contact)
}
