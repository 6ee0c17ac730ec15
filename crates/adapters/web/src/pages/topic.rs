//! The topics customers may refuse one by one.

use audience::{TOPIC_CHARS_MAX, Topic};
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    form::Form,
    parts::{field::Field, flash},
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// Longest description, in characters.
const DESCRIPTION_CHARS_MAX: usize = 200;

/// The form of a topic.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Draft {
    name: String,
    description: String,
}

/// Whether a topic is put away.
#[derive(Deserialize)]
pub(crate) struct Away {
    away: String,
}

/// `GET /topics`.
pub(crate) async fn show(visit: Visit) -> Answer {
    Ok(page(&visit, &Draft::default(), None).await?.into_response())
}

/// `POST /topics`.
pub(crate) async fn add(visit: Visit, Form(draft): Form<Draft>) -> Answer {
    save(&visit, None, &draft).await
}

/// `POST /topics/{id}`.
pub(crate) async fn change(visit: Visit, Path(id): Path<i64>, Form(draft): Form<Draft>) -> Answer {
    save(&visit, Some(id), &draft).await
}

/// `POST /topics/{id}/archive`.
pub(crate) async fn archive(visit: Visit, Path(id): Path<i64>, Form(Away { away }): Form<Away>) -> Answer {
    let away = away == "yes";
    visit.house.topics.archive_topic(id, away, visit.now()).await?;
    Ok(flash::done("/topics", if away { "topic-archived" } else { "topic-restored" }).into_response())
}

async fn save(visit: &Visit, id: Option<i64>, draft: &Draft) -> Result<Response, Problem> {
    let (name, description) = (draft.name.trim(), draft.description.trim());
    let long = name.chars().count() > TOPIC_CHARS_MAX
        || description.chars().count() > DESCRIPTION_CHARS_MAX
        || name.is_empty();
    let saved = match long {
        true => None,
        false => visit.house.topics.save_topic(id, (name, description), visit.now()).await?,
    };
    if saved.is_some() {
        return Ok(flash::done("/topics", "topic-saved").into_response());
    }
    let key = if long { "topic-bad-name" } else { "topic-taken" };
    let words = visit.say.with(key, None);
    let page = page(visit, draft, Some(&words)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn page(visit: &Visit, draft: &Draft, wrong: Option<&str>) -> Result<Markup, Problem> {
    let say = visit.say;
    let topics = visit.house.topics.topics().await?;
    let body = html! {
        p.up { a href="/contacts" { (t!(say, "frame-contacts")) } }
        h1 { (t!(say, "topics-title")) }
        p.lead { (t!(say, "topics-lead")) }
        @if topics.is_empty() { div.card { p.empty { (t!(say, "topics-none")) } } }
        @for topic in &topics { (card(visit, topic)) }
        form.card method="post" action="/topics" {
            (visit.token_field())
            h2 { (t!(say, "topic-new")) }
            (inputs(visit, "new", &draft.name, &draft.description, wrong))
            div.actions { button.btn.primary type="submit" { (t!(say, "topic-add")) } }
        }
    };
    Ok(visit.page(&t!(say, "topics-title"), &body))
}

fn card(visit: &Visit, topic: &Topic) -> Markup {
    let say = visit.say;
    let archived = topic.archived_at.is_some();
    let here = format!("/topics/{}", topic.id);
    html! {
        details.card {
            summary {
                b { (topic.name) } " "
                @if archived { span.tag { (t!(say, "topic-away")) } }
                @if !topic.description.is_empty() { div.sub { (topic.description) } }
            }
            form method="post" action=(here) {
                (visit.token_field())
                (inputs(visit, &topic.id.to_string(), &topic.name, &topic.description, None))
                div.actions { button.btn.primary type="submit" { (t!(say, "contact-save")) } }
            }
            form method="post" action={ (here) "/archive" } {
                (visit.token_field())
                input type="hidden" name="away" value=(if archived { "no" } else { "yes" });
                p.hint { (t!(say, "topic-archive-what")) }
                button.btn type="submit" {
                    @if archived { (t!(say, "field-restore")) } @else { (t!(say, "topic-archive")) }
                }
            }
        }
    }
}

fn inputs(visit: &Visit, id: &str, name: &str, description: &str, wrong: Option<&str>) -> Markup {
    let say = visit.say;
    let (label, about) = (t!(say, "topic-name"), t!(say, "topic-description"));
    let name = Field { name: "name", label: &label, value: name, wrong, required: true, ..Field::default() };
    let about = Field { name: "description", label: &about, value: description, ..Field::default() };
    html! { div.columns data-topic=(id) { (name.input()) (about.input()) } }
}
