//! Another kind for a field: first a trial that says what would not convert, then the decision.

use audience::{Field as HouseField, FieldDraft, FieldKind, RetypeTrial};
use axum::{
    extract::{Path, Query},
    response::IntoResponse,
};
use maud::{Markup, html};

use super::{
    edit::{Draft, found},
    list::kind_name,
};
use crate::{form::Form, links, parts::flash, problem::Answer, say::t, visit::Visit};

/// `GET /fields/{id}/retype`: reads every value as the other kind, and changes nothing.
pub(crate) async fn trial(visit: Visit, Path(id): Path<i64>, Query(typed): Query<Draft>) -> Answer {
    let field = found(&visit, id).await?;
    let mut draft = wanted(&field, &typed);
    let mut proposed = false;
    if draft.kind.has_choices() && draft.choices.is_empty() {
        let seen = audience::try_retype(visit.house.fields.as_ref(), &field, &draft).await?;
        draft.choices = proposals(&draft, &seen);
        proposed = true;
    }
    let draft = match draft.cleaned() {
        Ok(draft) => draft,
        Err(_) => return Ok(no_choices(&visit, &field).into_response()),
    };
    let trial = audience::try_retype(visit.house.fields.as_ref(), &field, &draft).await?;
    Ok(page(&visit, &field, &draft, &trial, proposed).into_response())
}

/// `POST /fields/{id}/retype`.
pub(crate) async fn decide(visit: Visit, Path(id): Path<i64>, Form(typed): Form<Draft>) -> Answer {
    let field = found(&visit, id).await?;
    let Ok(draft) = wanted(&field, &typed).cleaned() else {
        return Ok(no_choices(&visit, &field).into_response());
    };
    visit.house.fields.retype_field(id, &draft, visit.actor(), visit.now()).await?;
    Ok(flash::done(&format!("/fields/{id}"), "field-retyped").into_response())
}

fn wanted(field: &HouseField, typed: &Draft) -> FieldDraft {
    FieldDraft {
        label: field.label.clone(),
        kind: FieldKind::from_name(&typed.kind).unwrap_or(field.kind),
        choices: typed
            .choices
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect(),
        required: field.required,
    }
}

/// What stands in the values, as choices.
fn proposals(draft: &FieldDraft, seen: &RetypeTrial) -> Vec<String> {
    let texts = seen.different.iter().map(|(text, _)| text.as_str());
    if draft.kind == FieldKind::Choice {
        return texts.map(str::to_owned).collect();
    }
    let mut parts: Vec<String> = Vec::new();
    for part in texts.flat_map(|text| text.split(['、', ',', ';', '|', '\n'])).map(str::trim) {
        if !part.is_empty() && parts.iter().all(|known| known != part) {
            parts.push(part.to_owned());
        }
    }
    parts
}

fn no_choices(visit: &Visit, field: &HouseField) -> Markup {
    let say = visit.say;
    let body = html! {
        p.up { a href={ "/fields/" (field.id) } { (field.label) } }
        h1 { (t!(say, "field-retype")) }
        div.notice { p { (t!(say, "field-too-many-choices")) } }
        div.actions { a.btn href={ "/fields/" (field.id) } { (t!(say, "button-back")) } }
    };
    visit.page(&field.label, &body)
}

fn page(
    visit: &Visit,
    field: &HouseField,
    draft: &FieldDraft,
    trial: &RetypeTrial,
    proposed: bool,
) -> Markup {
    let say = visit.say;
    let (before, after) = (kind_name(say, field.kind), kind_name(say, draft.kind));
    let body = html! {
        p.up { a href={ "/fields/" (field.id) } { (field.label) } }
        h1 { (t!(say, "field-trial-title", name = field.label.as_str(), before = before, after = after)) }
        div.card {
            p { (t!(say, "field-trial-values", n = trial.values)) }
            @if trial.unreadable == 0 {
                p { b { (t!(say, "field-trial-all")) } }
            } @else {
                div.cause.doubt {
                    p { b { (t!(say, "field-trial-some", n = trial.unreadable)) } }
                    p { (t!(say, "field-trial-kept")) }
                }
                table {
                    thead { tr { th { (t!(say, "field-trial-value")) } th { (t!(say, "field-trial-people")) } } }
                    tbody {
                        @for (value, n) in &trial.examples {
                            tr {
                                td { a href=(links::query("/contacts", &[("q", Some(value))])) { (value) } }
                                td.num { (crate::say::grouped(*n)) }
                            }
                        }
                    }
                }
            }
        }
        @if draft.kind.has_choices() {
            div.card {
                h2 { (t!(say, "field-choices")) }
                @if proposed { p { (t!(say, "field-choices-proposed")) } }
                p { (draft.choices.join(" / ")) }
            }
        }
        form method="post" action={ "/fields/" (field.id) "/retype" } {
            (visit.token_field())
            input type="hidden" name="kind" value=(draft.kind.name());
            input type="hidden" name="choices" value=(draft.choices.join("\n"));
            div.actions {
                button.btn.primary type="submit" { (t!(say, "field-retype-yes")) }
                a.btn href={ "/fields/" (field.id) } { (t!(say, "button-back")) }
            }
        }
    };
    visit.page(&field.label, &body)
}
