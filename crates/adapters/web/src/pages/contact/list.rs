//! The list of customers, with search and standing; every count is a query over the same rows as the list.

use audience::{Contact, ContactFilter, Standing};
use axum::{extract::Query, response::IntoResponse};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    links,
    parts::{
        chip, explain,
        pager::{Page, ROWS},
    },
    problem::{Answer, Problem},
    say::{grouped, t},
    visit::Visit,
};

/// What is looked for.
#[derive(Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    standing: String,
    page: Option<u64>,
    /// Anything: what is in the trash.
    #[serde(default)]
    trash: String,
}

const STANDINGS: [Standing; 7] = [
    Standing::Sendable,
    Standing::OptedOut,
    Standing::DmRefused,
    Standing::Invalid,
    Standing::Lookalike,
    Standing::NoAddress,
    Standing::Resigned,
];

/// `GET /contacts`.
pub(crate) async fn show(visit: Visit, Query(search): Query<Search>) -> Answer {
    let say = visit.say;
    let standing = Standing::from_name(&search.standing);
    let trashed = !search.trash.is_empty();
    let filter = ContactFilter { search: search.q.trim().to_owned(), standing, trashed };
    let page = Page::of(search.page);
    let found = visit.house.contacts.list(&filter, page.offset(), ROWS).await?;
    let link = |n: u64| match trashed {
        true => links::query("/contacts", &[("trash", Some("1")), ("page", Some(&n.to_string()))]),
        false => address(&search.q, &search.standing, n),
    };
    let body = html! {
        div.head {
            h1 { @if trashed { (t!(say, "contacts-trash")) } @else { (t!(say, "frame-contacts")) } }
            div.actions {
                a.btn.primary href="/contacts/new" { (t!(say, "contacts-add")) }
                a.btn href="/imports/new" { (t!(say, "contacts-import")) }
            }
        }
        form.search method="get" action="/contacts" role="search" {
            input type="search" name="q" value=(search.q) aria-label=(t!(say, "contacts-search"))
                placeholder=(t!(say, "contacts-search-hint"));
            @if let Some(standing) = standing { input type="hidden" name="standing" value=(standing.name()); }
            button.btn type="submit" { (t!(say, "contacts-search")) }
        }
        @if trashed {
            p.lead { (t!(say, "contacts-trash-what")) }
            p { a href="/contacts" { (t!(say, "contacts-show-all")) } }
        } @else {
            (tabs(&visit, &search, standing).await?)
        }
        div.card {
            @if found.contacts.is_empty() {
                (nobody(&visit, &filter))
            } @else {
                (table(&visit, &found.contacts))
                (page.markup(say, found.total, link))
            }
        }
        ul.links.apart {
            li { a href="/imports" { (t!(say, "contacts-imports")) } }
            li { a href="/duplicates" { (t!(say, "duplicates-title")) } }
            li {
                a href=(links::query("/contacts/export", &[("q", Some(&search.q)), ("standing", Some(&search.standing))])) {
                    (t!(say, "export-title"))
                }
            }
            li { a href="/fields" { (t!(say, "fields-title")) } }
            li { a href="/topics" { (t!(say, "topics-title")) } }
            li { a href="/contacts?trash=1" { (t!(say, "contacts-trash")) } }
            li { a href="/contacts/erased" { (t!(say, "erased-title")) } }
        }
    };
    Ok(visit.page(&t!(say, "frame-contacts"), &body).into_response())
}

async fn tabs(visit: &Visit, search: &Search, chosen: Option<Standing>) -> Result<Markup, Problem> {
    let say = visit.say;
    let mut tabs = Vec::new();
    for standing in std::iter::once(None).chain(STANDINGS.map(Some)) {
        let filter =
            ContactFilter { search: search.q.trim().to_owned(), standing, ..ContactFilter::default() };
        let count = visit.house.contacts.count(&filter).await?;
        let name =
            standing.map_or_else(|| t!(say, "contacts-all"), |standing| chip::standing_name(say, standing));
        let href = address(&search.q, standing.map(Standing::name).unwrap_or_default(), 1);
        tabs.push((standing == chosen, href, name, count));
    }
    Ok(html! {
        ul.tabs {
            @for (current, href, name, count) in tabs {
                li {
                    a href=(href) aria-current=[current.then_some("true")] {
                        (name) " " span.n { (grouped(count)) }
                    }
                }
            }
        }
    })
}

fn table(visit: &Visit, contacts: &[Contact]) -> Markup {
    let say = visit.say;
    html! {
        table.folds {
            thead {
                tr {
                    th { (t!(say, "contact-name")) }
                    th { (t!(say, "contact-address")) }
                    th { (t!(say, "contact-phone")) }
                    th { (t!(say, "contact-standing")) }
                }
            }
            tbody {
                @for contact in contacts {
                    tr {
                        td {
                            a href=(links::contact(contact.id)) { (shown_name(visit, contact)) }
                            @if !contact.kana.is_empty() { div.sub { (contact.kana) } }
                            @if !contact.company.is_empty() { div.sub { (contact.company) } }
                        }
                        td data-label=(t!(say, "contact-address")) {
                            span {
                                (contact.address.as_deref().unwrap_or_default())
                                @if !contact.provider.is_empty() {
                                    div.sub { (explain::provider_name(say, &contact.provider)) }
                                }
                            }
                        }
                        td data-label=(t!(say, "contact-phone")) { span { (contact.phone) } }
                        td data-label=(t!(say, "contact-standing")) { (chip::standing(say, contact.standing())) }
                    }
                }
            }
        }
    }
}

/// The name, or what else tells who it is.
pub(crate) fn shown_name(visit: &Visit, contact: &Contact) -> String {
    let candidates =
        [contact.name.as_str(), contact.company.as_str(), contact.address.as_deref().unwrap_or_default()];
    let first = candidates.into_iter().find(|text| !text.trim().is_empty());
    first.map_or_else(|| t!(visit.say, "contact-nameless"), str::to_owned)
}

fn nobody(visit: &Visit, filter: &ContactFilter) -> Markup {
    let say = visit.say;
    let empty_house = filter.search.is_empty() && filter.standing.is_none();
    if filter.trashed {
        return html! { p.empty { (t!(say, "contacts-trash-empty")) } };
    }
    html! {
        div.empty {
            @if empty_house {
                p { (t!(say, "contacts-none-yet")) }
                div.actions {
                    a.btn.primary href="/imports/new" { (t!(say, "contacts-import")) }
                    a.btn href="/contacts/new" { (t!(say, "contacts-add")) }
                }
            } @else {
                p { (t!(say, "contacts-none-found")) }
                a href="/contacts" { (t!(say, "contacts-show-all")) }
            }
        }
    }
}

fn address(search: &str, standing: &str, page: u64) -> String {
    let page = (page > 1).then(|| page.to_string());
    let given = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
    let (search, standing) = (given(search), given(standing));
    links::query(
        "/contacts",
        &[("q", search.as_deref()), ("standing", standing.as_deref()), ("page", page.as_deref())],
    )
}
