//! One field: its label, choices and whether it is asked for.

use audience::{DraftProblem, Field as HouseField, FieldDraft, FieldKind};
use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use maud::{Markup, html};
use serde::Deserialize;

use super::list::kind_name;
use crate::{
    form::Form,
    parts::{
        field::{Field, confirmed},
        flash,
    },
    problem::{Answer, Problem},
    say::{Say, t},
    visit::Visit,
};

/// The form of a field.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Draft {
    pub(super) label: String,
    pub(super) kind: String,
    /// One choice a line.
    pub(super) choices: String,
    required: Option<String>,
}

impl Draft {
    pub(super) fn of(field: &HouseField) -> Self {
        Self {
            label: field.label.clone(),
            kind: field.kind.name().to_owned(),
            choices: field.choices.join("\n"),
            required: field.required.then(String::new),
        }
    }

    /// The draft as it can be kept, or what is wrong with it.
    pub(super) fn cleaned(&self, say: Say) -> Result<FieldDraft, String> {
        let draft = FieldDraft {
            label: self.label.clone(),
            kind: FieldKind::from_name(&self.kind).unwrap_or(FieldKind::Text),
            choices: self.choices.lines().map(str::to_owned).collect(),
            required: self.required.is_some(),
        };
        draft.cleaned().map_err(|problem| match problem {
            DraftProblem::NoLabel => t!(say, "field-no-label"),
            DraftProblem::LongLabel => t!(say, "field-long-label"),
            DraftProblem::NoChoices => t!(say, "field-no-choices"),
            DraftProblem::BadChoices => t!(say, "field-bad-choices"),
        })
    }
}

/// The inputs. The kind can be chosen once; later it is changed by a trial.
pub(super) fn inputs(say: Say, draft: &Draft, with_kind: bool, wrong: Option<&str>) -> Markup {
    let kinds: Vec<_> =
        FieldKind::ALL.iter().map(|kind| (kind.name().to_owned(), kind_name(say, *kind))).collect();
    let (label, kind, choices) = (t!(say, "field-label"), t!(say, "field-kind"), t!(say, "field-choices"));
    let hint = t!(say, "field-choices-hint");
    let asks_choices = with_kind || FieldKind::from_name(&draft.kind).is_some_and(FieldKind::has_choices);
    html! {
        div.columns {
            (Field { name: "label", label: &label, value: &draft.label, wrong, required: true, ..Field::default() }.input())
            @if with_kind {
                (Field { name: "kind", label: &kind, value: &draft.kind, ..Field::default() }.select(&kinds))
            }
        }
        @if asks_choices {
            (Field { name: "choices", label: &choices, value: &draft.choices, hint: &hint, ..Field::default() }.area(4))
        }
        label.check {
            input type="checkbox" name="required" value="1" checked[draft.required.is_some()];
            span { (t!(say, "field-required")) }
        }
    }
}

/// The field of a path.
pub(super) async fn found(visit: &Visit, id: i64) -> Result<HouseField, Problem> {
    let fields = visit.house.fields.fields().await?;
    fields.into_iter().find(|field| field.id == id).ok_or(Problem::NotFound)
}

/// `GET /fields/{id}`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let field = found(&visit, id).await?;
    Ok(page(&visit, &field, &Draft::of(&field), None).into_response())
}

/// `POST /fields/{id}`.
pub(crate) async fn save(visit: Visit, Path(id): Path<i64>, Form(typed): Form<Draft>) -> Answer {
    let field = found(&visit, id).await?;
    let typed = Draft { kind: field.kind.name().to_owned(), ..typed };
    let wrong = match typed.cleaned(visit.say) {
        Ok(draft) => {
            if visit.house.fields.change_field(id, &draft, visit.actor(), visit.now()).await? {
                return Ok(flash::done("/fields", "field-saved").into_response());
            }
            t!(visit.say, "field-label-taken")
        }
        Err(words) => words,
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&visit, &field, &typed, Some(&wrong))).into_response())
}

fn page(visit: &Visit, field: &HouseField, draft: &Draft, wrong: Option<&str>) -> Markup {
    let say = visit.say;
    let here = format!("/fields/{}", field.id);
    let kinds: Vec<_> =
        FieldKind::ALL.iter().map(|kind| (kind.name().to_owned(), kind_name(say, *kind))).collect();
    let (kind, choices) = (t!(say, "field-new-kind"), t!(say, "field-choices"));
    let hint = t!(say, "field-choices-retype");
    let away = html! {
        form method="post" action={ (here) "/archive" } {
            (visit.token_field())
            button.btn.primary type="submit" { (t!(say, "reach-yes")) }
        }
    };
    let body = html! {
        p.up { a href="/fields" { (t!(say, "fields-title")) } }
        h1 { (field.label) }
        p.lead { (t!(say, "field-merge-what")) " " code { "{{ " (field.key) " }}" } }
        form.card method="post" action=(here) {
            (visit.token_field())
            (inputs(say, draft, false, wrong))
            div.actions {
                button.btn.primary type="submit" { (t!(say, "contact-save")) }
                a.btn href="/fields" { (t!(say, "button-back")) }
            }
        }
        form.card method="get" action={ (here) "/retype" } {
            h2 { (t!(say, "field-retype")) }
            p { (t!(say, "field-retype-what", kind = kind_name(say, field.kind))) }
            (Field { name: "kind", label: &kind, value: field.kind.name(), ..Field::default() }.select(&kinds))
            (Field { name: "choices", label: &choices, value: &draft.choices, hint: &hint, ..Field::default() }.area(3))
            div.actions { button.btn type="submit" { (t!(say, "field-try")) } }
        }
        div.actions.apart { (confirmed(&t!(say, "field-archive"), &t!(say, "field-archive-what"), &away)) }
    };
    visit.page(&field.label, &body)
}
