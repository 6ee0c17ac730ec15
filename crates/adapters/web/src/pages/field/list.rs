//! The list of fields, with the form for a new one.

use audience::{Field as HouseField, FieldKind};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::edit::{Draft, inputs};
use crate::{
    form::Form,
    parts::flash,
    problem::{Answer, Problem},
    say::{Say, t},
    visit::Visit,
};

/// `GET /fields`.
pub(crate) async fn show(visit: Visit) -> Answer {
    Ok(page(&visit, &Draft::default(), None).await?.into_response())
}

/// `POST /fields`.
pub(crate) async fn add(visit: Visit, Form(draft): Form<Draft>) -> Answer {
    let cleaned = match draft.cleaned(visit.say) {
        Ok(cleaned) => cleaned,
        Err(words) => return again(&visit, &draft, &words).await,
    };
    match visit.house.fields.add_field(&cleaned, visit.actor(), visit.now()).await? {
        Some(_) => Ok(flash::done("/fields", "field-added").into_response()),
        None => again(&visit, &draft, &t!(visit.say, "field-label-taken")).await,
    }
}

async fn again(visit: &Visit, draft: &Draft, words: &str) -> Result<Response, Problem> {
    let page = page(visit, draft, Some(words)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// The name of a kind.
pub(super) fn kind_name(say: Say, kind: FieldKind) -> String {
    say.with(&format!("field-kind-{}", kind.name().replace('_', "-")), None)
}

async fn page(visit: &Visit, draft: &Draft, wrong: Option<&str>) -> Result<Markup, Problem> {
    let say = visit.say;
    let (archived, live): (Vec<_>, Vec<_>) =
        visit.house.fields.fields().await?.into_iter().partition(|field| field.archived_at.is_some());
    let body = html! {
        p.up { a href="/contacts" { (t!(say, "frame-contacts")) } }
        h1 { (t!(say, "fields-title")) }
        p.lead { (t!(say, "fields-lead")) }
        div.card {
            @if live.is_empty() { p.empty { (t!(say, "fields-none")) } } @else { (table(visit, &live)) }
        }
        form.card method="post" action="/fields" id="new" {
            (visit.token_field())
            h2 { (t!(say, "field-new")) }
            (inputs(say, draft, true, wrong))
            div.actions { button.btn.primary type="submit" { (t!(say, "field-add")) } }
        }
        @if !archived.is_empty() {
            div.card {
                h2 { (t!(say, "fields-archived")) }
                p { (t!(say, "fields-archived-what")) }
                ul.stack {
                    @for field in &archived {
                        li {
                            b { (field.label) } " " span.tag { (kind_name(say, field.kind)) } " "
                            (button(visit, field, "restore", "", &t!(say, "field-restore")))
                        }
                    }
                }
            }
        }
    };
    Ok(visit.page(&t!(say, "fields-title"), &body))
}

fn table(visit: &Visit, fields: &[HouseField]) -> Markup {
    let say = visit.say;
    html! {
        table.folds {
            thead {
                tr {
                    th { (t!(say, "field-label")) }
                    th { (t!(say, "field-kind")) }
                    th { (t!(say, "field-merge")) }
                    th {}
                }
            }
            tbody {
                @for field in fields {
                    tr {
                        td {
                            a href={ "/fields/" (field.id) } { b { (field.label) } }
                            @if field.required { " " span.tag { (t!(say, "field-required-short")) } }
                        }
                        td data-label=(t!(say, "field-kind")) {
                            (kind_name(say, field.kind))
                            @if field.kind.has_choices() { div.sub { (field.choices.join(" / ")) } }
                            @if field.retyping_up_to.is_some() { div.sub { (t!(say, "field-retyping")) } }
                        }
                        td data-label=(t!(say, "field-merge")) { code { "{{ " (field.key) " }}" } }
                        td {
                            div.actions {
                                (button(visit, field, "move", "up", "↑"))
                                (button(visit, field, "move", "down", "↓"))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn button(visit: &Visit, field: &HouseField, verb: &str, way: &str, words: &str) -> Markup {
    let say = visit.say;
    let label = match way {
        "up" => t!(say, "field-up", name = field.label.as_str()),
        "down" => t!(say, "field-down", name = field.label.as_str()),
        _ => words.to_owned(),
    };
    html! {
        form.inline method="post" action={ "/fields/" (field.id) "/" (verb) } {
            (visit.token_field())
            @if !way.is_empty() { input type="hidden" name="way" value=(way); }
            button.btn type="submit" aria-label=(label) { (words) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_words() {
        for kind in FieldKind::ALL {
            assert!(!kind_name(Say::default(), kind).starts_with("field-kind"), "{}", kind.name());
        }
    }
}
