//! The list of addresses and domains nothing is sent to: who is on it and why, putting on and taking off.

use audience::{SUPPRESSION_NOTE_CHARS_MAX, Suppression, read_suppressions};
use axum::{extract::Query, http::StatusCode, response::IntoResponse};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    form::Form,
    links,
    parts::{
        field::Field,
        flash,
        pager::{Page, ROWS},
        time,
    },
    problem::Answer,
    say::t,
    visit::Visit,
};

/// Lines one form may hold.
const LINES_MAX: usize = 1_000;

/// What is looked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    q: String,
    page: Option<u64>,
}

/// What is put on the list.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    keys: String,
    note: String,
}

/// Which one is taken off.
#[derive(Deserialize)]
pub(crate) struct Which {
    key: String,
}

/// `GET /suppressions`.
pub(crate) async fn show(visit: Visit, Query(search): Query<Search>) -> Answer {
    page(&visit, &search, &Entry::default(), None).await
}

/// `POST /suppressions`: all lines or none, so that nobody has to look which of them were read.
pub(crate) async fn add(visit: Visit, Form(entry): Form<Entry>) -> Answer {
    let say = visit.say;
    let (keys, odd) = read_suppressions(&entry.keys);
    let note = entry.note.trim();
    let wrong = if !odd.is_empty() {
        let shown: Vec<String> = odd.iter().take(5).map(|line| line.chars().take(80).collect()).collect();
        Some(t!(say, "suppressions-odd", lines = shown.join(" / ")))
    } else if keys.is_empty() || keys.len() > LINES_MAX {
        Some(t!(say, "suppressions-how-many", max = LINES_MAX as u64))
    } else if note.chars().count() > SUPPRESSION_NOTE_CHARS_MAX {
        Some(t!(say, "suppressions-note-long", max = SUPPRESSION_NOTE_CHARS_MAX as u64))
    } else {
        None
    };
    if wrong.is_some() {
        return page(&visit, &Search::default(), &entry, wrong.as_deref()).await;
    }
    let added = visit.house.suppressions.suppress(&keys, note, visit.actor(), visit.now()).await?;
    Ok(flash::done_n("/suppressions", "suppressions-added", added).into_response())
}

/// `POST /suppressions/lift`.
pub(crate) async fn lift(visit: Visit, Form(which): Form<Which>) -> Answer {
    visit.house.suppressions.lift_suppression(&which.key, visit.actor(), visit.now()).await?;
    Ok(flash::done("/suppressions", "suppressions-lifted").into_response())
}

async fn page(visit: &Visit, search: &Search, entry: &Entry, wrong: Option<&str>) -> Answer {
    let say = visit.say;
    let shown = Page::of(search.page);
    let (found, total) = visit.house.suppressions.suppressions(&search.q, shown.offset(), ROWS).await?;
    let keys = Field {
        name: "keys",
        label: &t!(say, "suppressions-keys"),
        value: &entry.keys,
        hint: &t!(say, "suppressions-keys-hint"),
        wrong,
        required: true,
        ..Field::default()
    };
    let note = Field {
        name: "note",
        label: &t!(say, "suppressions-note"),
        value: &entry.note,
        hint: &t!(say, "suppressions-note-hint"),
        ..Field::default()
    };
    let body = html! {
        p.up { a href="/contacts" { (t!(say, "frame-contacts")) } }
        h1 { (t!(say, "suppressions-title")) }
        p.lead { (t!(say, "suppressions-lead")) }
        div.row.two {
            div.card {
                form.search method="get" action="/suppressions" role="search" {
                    input type="search" name="q" value=(search.q) aria-label=(t!(say, "suppressions-search"));
                    button.btn type="submit" { (t!(say, "contacts-search")) }
                }
                @if found.is_empty() {
                    p.empty { @if search.q.trim().is_empty() { (t!(say, "suppressions-none")) } @else { (t!(say, "suppressions-not-found")) } }
                } @else {
                    ul.stack { @for one in &found { (line(visit, one)) } }
                    (shown.markup(say, total, |n| links::query("/suppressions", &[("q", Some(&search.q)), ("page", Some(&n.to_string()))])))
                }
            }
            form.card method="post" action="/suppressions" {
                (visit.token_field())
                h2 { (t!(say, "suppressions-add")) }
                (keys.area(4))
                (note.input())
                div.actions { button.btn.primary type="submit" { (t!(say, "suppressions-add-button")) } }
            }
        }
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, visit.page(&t!(say, "suppressions-title"), &body)).into_response())
}

fn line(visit: &Visit, one: &Suppression) -> Markup {
    let say = visit.say;
    let whole = one.key.starts_with('@');
    html! {
        li.head {
            span {
                b { (one.key) }
                @if whole { " " span.tag { (t!(say, "suppressions-whole")) } }
                div.sub { (time::when(say, one.added_at, visit.now())) @if !one.note.is_empty() { " \u{b7} " (one.note) } }
            }
            form method="post" action="/suppressions/lift" {
                (visit.token_field())
                input type="hidden" name="key" value=(one.key);
                button.btn type="submit" { (t!(say, "suppressions-lift")) }
            }
        }
    }
}
