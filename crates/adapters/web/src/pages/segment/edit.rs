//! Building and changing a segment. Nothing is lost when something is wrong, and a change says who comes and who goes.

use audience::segment::{Known, Rule, Saved, Segment, SegmentDraft, SegmentId, problems, sentence};
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{
    builder::{self, Shown},
    count,
    entry::{Entry, Fields, NAME_CHARS_MAX, first_condition},
    find, said,
};
use crate::{
    form::Form,
    links,
    parts::{field::Field, flash},
    problem::{Answer, Problem},
    say::{grouped, t},
    visit::Visit,
};

/// What a page of the builder is made of.
struct Page<'a> {
    id: Option<SegmentId>,
    known: &'a Known,
    entry: &'a Entry,
    /// What is wrong with the name.
    wrong_name: Option<String>,
    /// The operator has asked to save.
    tell: bool,
    /// People that come and go, where the operator is asked once more.
    ask: Option<(u64, u64)>,
    /// The segment as somebody else has saved it meanwhile.
    overtaken: Option<Segment>,
}

impl<'a> Page<'a> {
    fn of(id: Option<SegmentId>, known: &'a Known, entry: &'a Entry, tell: bool) -> Self {
        Self { id, known, entry, wrong_name: None, tell, ask: None, overtaken: None }
    }
}

/// `GET /segments/new`, with the conditions a form of the builder would have where a page leads to them.
pub(crate) async fn fresh(visit: Visit, Query(fields): Query<Fields>) -> Answer {
    let known = visit.house.segments.known().await?;
    if fields.iter().any(|(key, _)| key.starts_with("of-")) {
        let entry = Entry { name: String::new(), go: String::new(), ..Entry::read(&fields, &known) };
        return page(&visit, &Page::of(None, &known, &entry, false)).await;
    }
    let mut rule = Rule::empty();
    rule.root.parts.push(first_condition());
    let entry = Entry { name: String::new(), rule, go: String::new(), seen: 0 };
    page(&visit, &Page::of(None, &known, &entry, false)).await
}

/// `GET /segments/{id}/edit`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let segment = find(&visit, id).await?;
    let known = visit.house.segments.known().await?;
    let rule = segment.rule.unwrap_or_else(Rule::empty);
    let entry = Entry { name: segment.name, rule, go: String::new(), seen: segment.version };
    page(&visit, &Page::of(Some(id), &known, &entry, true)).await
}

/// `POST /segments`: adds a row, takes one away, shows the number, or saves.
pub(crate) async fn add(visit: Visit, Form(fields): Form<Fields>) -> Answer {
    act(&visit, None, &fields).await
}

/// `POST /segments/{id}/edit`.
pub(crate) async fn save(visit: Visit, Path(id): Path<i64>, Form(fields): Form<Fields>) -> Answer {
    find(&visit, id).await?;
    act(&visit, Some(id), &fields).await
}

async fn act(visit: &Visit, id: Option<SegmentId>, fields: &Fields) -> Answer {
    let known = visit.house.segments.known().await?;
    let entry = Entry::read(fields, &known);
    let saves = matches!(entry.go.as_str(), "save" | "confirm");
    let mut shown = Page::of(id, &known, &entry, saves);
    if !saves {
        return page(visit, &shown).await;
    }
    shown.wrong_name = wrong_name(visit, &entry.name);
    if shown.wrong_name.is_some() || !problems(&entry.rule, &known, id).is_empty() {
        return page(visit, &shown).await;
    }
    if let (Some(id), "save") = (id, entry.go.as_str()) {
        shown.ask = count::difference(visit, id, &entry.rule).await?.filter(|changed| *changed != (0, 0));
        if shown.ask.is_some() {
            return page(visit, &shown).await;
        }
    }
    let draft = SegmentDraft { name: entry.name.trim().to_owned(), rule: entry.rule.clone() };
    let (store, actor) = (&visit.house.segments, visit.actor());
    let saved = match id {
        Some(id) => store.save_version((id, entry.seen), &draft, actor, visit.now()).await?,
        None => store.save(None, &draft, actor, visit.now()).await?,
    };
    match saved {
        Saved::Yes(id) => Ok(flash::done(&links::segment(id), "segment-saved").into_response()),
        Saved::Gone => Err(Problem::NotFound),
        Saved::Overtaken => {
            shown.overtaken = store.get(id.unwrap_or_default()).await?;
            page(visit, &shown).await
        }
        Saved::NameTaken => {
            shown.wrong_name = Some(t!(visit.say, "segment-name-taken"));
            page(visit, &shown).await
        }
    }
}

fn wrong_name(visit: &Visit, name: &str) -> Option<String> {
    let chars = name.trim().chars().count();
    let fits = (1..=NAME_CHARS_MAX).contains(&chars);
    (!fits).then(|| t!(visit.say, "segment-name-wrong", max = NAME_CHARS_MAX))
}

async fn page(visit: &Visit, shown: &Page<'_>) -> Answer {
    let say = visit.say;
    let title = if shown.id.is_some() { t!(say, "segment-change") } else { t!(say, "segments-new") };
    let action = shown.id.map_or_else(|| "/segments".to_owned(), |id| format!("{}/edit", links::segment(id)));
    let found = problems(&shown.entry.rule, shown.known, shown.id);
    let told = Shown { say, known: shown.known, problems: &found, tell: shown.tell };
    let beside = count::card(visit, shown.known, &shown.entry.rule, shown.id).await?;
    let name = Field {
        name: "name",
        label: &t!(say, "segment-name"),
        value: &shown.entry.name,
        hint: &t!(say, "segment-name-hint"),
        wrong: shown.wrong_name.as_deref(),
        ..Field::default()
    };
    let used = match shown.id {
        Some(id) => visit.house.segments.used_by(id).await?,
        None => Default::default(),
    };
    let body = html! {
        p.up { a href="/segments" { (t!(say, "frame-segments")) } }
        h1 { (title) }
        @if !used.is_empty() { p.notice { (t!(say, "segment-used-note")) } (super::show::used_list(&used)) }
        form method="post" action=(action) data-count="/segments/count" {
            (visit.token_field())
            // Enter in a field shows the number and saves nothing.
            button.unseen type="submit" name="go" value="show" tabindex="-1" aria-hidden="true" data-again-button {}
            @if let Some(id) = shown.id { input type="hidden" name="id" value=(id); }
            input type="hidden" name="version" value=(shown.overtaken.as_ref().map_or(shown.entry.seen, |theirs| theirs.version));
            (overtaken(visit, shown))
            div.row.two {
                div.card {
                    (name.input())
                    h2 { (t!(say, "segment-who")) }
                    (builder::rule(&told, &shown.entry.rule.root))
                }
                div {
                    (beside)
                    (buttons(visit, shown))
                }
            }
        }
    };
    let status = if shown.overtaken.is_some() {
        axum::http::StatusCode::CONFLICT
    } else if shown.tell && (shown.wrong_name.is_some() || !found.is_empty()) && is_post(shown) {
        axum::http::StatusCode::UNPROCESSABLE_ENTITY
    } else {
        axum::http::StatusCode::OK
    };
    let response: Response = (status, visit.page(&title, &body)).into_response();
    Ok(response)
}

/// What somebody else has saved meanwhile, beside what stands in the form now.
fn overtaken(visit: &Visit, shown: &Page<'_>) -> Markup {
    let say = visit.say;
    let Some(theirs) = &shown.overtaken else { return html! {} };
    html! {
        div.card {
            div.cause.ours role="alert" {
                p { b { (t!(say, "segment-overtaken")) } }
                p { (t!(say, "segment-overtaken-name", name = theirs.name.as_str())) }
                @if let Some(rule) = &theirs.rule { p { (said(say, &sentence(rule, shown.known))) } }
                p { (t!(say, "segment-overtaken-what")) }
                div.actions {
                    a.btn href={ (links::segment(theirs.id)) "/edit" } { (t!(say, "segment-overtaken-take")) }
                }
            }
        }
    }
}

fn is_post(shown: &Page<'_>) -> bool {
    !shown.entry.go.is_empty()
}

fn buttons(visit: &Visit, shown: &Page<'_>) -> Markup {
    let say = visit.say;
    html! {
        @if let Some((more, fewer)) = shown.ask {
            div.card {
                div.cause.wait {
                    p { b { (t!(say, "segment-ask", more = grouped(more), fewer = grouped(fewer))) } }
                    div.actions {
                        button.btn.primary type="submit" name="go" value="confirm" { (t!(say, "segment-ask-yes")) }
                    }
                }
            }
        }
        div.actions {
            @if shown.ask.is_none() {
                button.btn.primary type="submit" name="go" value="save" { (t!(say, "segment-save")) }
            }
            button.btn type="submit" name="go" value="show" { (t!(say, "segment-show-count")) }
            a.btn href=(shown.id.map_or_else(|| "/segments".to_owned(), links::segment)) { (t!(say, "button-back")) }
        }
    }
}
