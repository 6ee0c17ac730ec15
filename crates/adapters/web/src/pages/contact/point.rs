//! Adds, changes, prefers, judges and takes off one further address or telephone number of a customer.

use addressing::Reading;
use audience::{Contact, ContactPoint, PointDraft, PointKind, PointOutcome};
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{address, change, list::shown_name, validity};
use crate::{
    form::{Form, Nothing},
    links,
    parts::{field::Field, flash},
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// What is to be added.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    kind: String,
}

/// What was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    kind: String,
    value: String,
    label: String,
    /// The suggestion, when its button was pressed.
    fix: String,
    /// The address as typed, when "leave it as it is" was pressed.
    keep: String,
}

/// What to say beside the fields.
enum Remark {
    None,
    Ask(Box<Reading>),
    Wrong(String),
}

impl Typed {
    fn kind(&self) -> PointKind {
        PointKind::from_name(&self.kind).unwrap_or(PointKind::Address)
    }

    fn of(point: &ContactPoint) -> Self {
        Self {
            kind: point.draft.kind.name().to_owned(),
            value: point.draft.value.clone(),
            label: point.draft.label.clone(),
            ..Self::default()
        }
    }

    /// The draft, or what to ask first. `before` is taken as it was without asking again.
    fn decide(&self, visit: &Visit, before: &str) -> Result<PointDraft, Remark> {
        if self.kind() == PointKind::Phone {
            return PointDraft::phone(&self.value, &self.label)
                .ok_or_else(|| Remark::Wrong(t!(visit.say, "point-phone-wrong")));
        }
        let typed = if self.fix.is_empty() { &self.value } else { &self.fix };
        let reading = addressing::read(typed);
        let confirmed = self.keep == *typed || before == *typed;
        let draft = PointDraft::address(&reading, &self.label);
        match draft {
            Some(mut draft) if confirmed || reading.suggestion.is_none() => {
                if confirmed {
                    draft.lookalike_of = None;
                }
                Ok(draft)
            }
            _ => Err(Remark::Ask(Box::new(reading))),
        }
    }
}

/// `GET /contacts/{id}/points/new?kind=…`.
pub(crate) async fn fresh(visit: Visit, Path(id): Path<i64>, Query(wanted): Query<Wanted>) -> Answer {
    let contact = visit.house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
    let typed = Typed { kind: wanted.kind, ..Typed::default() };
    Ok(page(&visit, &contact, None, &typed, &Remark::None).into_response())
}

/// `POST /contacts/{id}/points`.
pub(crate) async fn add(visit: Visit, Path(id): Path<i64>, Form(typed): Form<Typed>) -> Answer {
    let contact = visit.house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
    let draft = match typed.decide(&visit, "") {
        Ok(draft) => draft,
        Err(remark) => return Ok(asked(&visit, &contact, None, &typed, &remark)),
    };
    let outcome = visit.house.points.add_point(id, &draft, (visit.actor(), visit.now())).await?;
    Ok(told(&visit, &contact, None, &typed, outcome))
}

/// `GET /contacts/{id}/points/{point}/edit`.
pub(crate) async fn show(visit: Visit, Path((id, point)): Path<(i64, i64)>) -> Answer {
    let (contact, point) = both(&visit, id, point).await?;
    Ok(page(&visit, &contact, Some(&point), &Typed::of(&point), &Remark::None).into_response())
}

/// `POST /contacts/{id}/points/{point}/edit`.
pub(crate) async fn save(
    visit: Visit,
    Path((id, point)): Path<(i64, i64)>,
    Form(typed): Form<Typed>,
) -> Answer {
    let (contact, point) = both(&visit, id, point).await?;
    let draft = match typed.decide(&visit, &point.draft.value) {
        Ok(draft) => draft,
        Err(remark) => return Ok(asked(&visit, &contact, Some(&point), &typed, &remark)),
    };
    let by = (visit.actor(), visit.now());
    let outcome = visit.house.points.change_point((id, point.id), &draft, by).await?;
    Ok(told(&visit, &contact, Some(&point), &typed, outcome))
}

/// `POST /contacts/{id}/points/{point}/prefer`.
pub(crate) async fn prefer(
    visit: Visit,
    Path((id, point)): Path<(i64, i64)>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let done = visit.house.points.prefer_point((id, point), (visit.actor(), visit.now())).await?;
    back(id, done, "point-preferred")
}

/// `POST /contacts/{id}/points/{point}/remove`.
pub(crate) async fn remove(
    visit: Visit,
    Path((id, point)): Path<(i64, i64)>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let done = visit.house.points.remove_point((id, point), true, (visit.actor(), visit.now())).await?;
    back(id, done, "point-removed")
}

/// `POST /contacts/{id}/points/{point}/restore`.
pub(crate) async fn restore(
    visit: Visit,
    Path((id, point)): Path<(i64, i64)>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let done = visit.house.points.remove_point((id, point), false, (visit.actor(), visit.now())).await?;
    Ok(flash::done(&links::contact(id), if done { "point-restored" } else { "point-known" }).into_response())
}

/// Whether an address works, as a person knows it.
#[derive(Deserialize)]
pub(crate) struct Judged {
    works: String,
    #[serde(flatten)]
    why: change::Why,
}

/// `POST /contacts/{id}/points/{point}/judge`.
pub(crate) async fn judge(
    visit: Visit,
    Path((id, point)): Path<(i64, i64)>,
    Form(judged): Form<Judged>,
) -> Answer {
    let works = judged.works == "yes";
    let keys: &[&str] = if works { &validity::LIFT_REASONS } else { &validity::OFF_REASONS };
    let note = judged.why.words(&visit, keys);
    let by = (visit.actor(), visit.now());
    let done = visit.house.points.judge_point((id, point), (works, &note), by).await?;
    back(id, done, if works { "contact-valid" } else { "contact-off" })
}

fn back(id: i64, done: bool, key: &str) -> Answer {
    if done { Ok(flash::done(&links::contact(id), key).into_response()) } else { Err(Problem::NotFound) }
}

async fn both(visit: &Visit, id: i64, point: i64) -> Result<(Contact, ContactPoint), Problem> {
    let contact = visit.house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
    let points = visit.house.points.points(id).await?;
    let point = points.into_iter().find(|one| one.id == point && one.removed_at.is_none());
    Ok((contact, point.ok_or(Problem::NotFound)?))
}

fn told(
    visit: &Visit,
    contact: &Contact,
    point: Option<&ContactPoint>,
    typed: &Typed,
    outcome: PointOutcome,
) -> Response {
    let words = match outcome {
        PointOutcome::Done(_) => {
            return flash::done(&links::contact(contact.id), "contact-saved").into_response();
        }
        PointOutcome::Known => t!(visit.say, "point-known"),
        PointOutcome::Full => t!(visit.say, "point-full", max = audience::POINTS_MAX),
        PointOutcome::Gone => return Problem::NotFound.into_response(),
    };
    asked(visit, contact, point, typed, &Remark::Wrong(words))
}

fn asked(
    visit: &Visit,
    contact: &Contact,
    point: Option<&ContactPoint>,
    typed: &Typed,
    remark: &Remark,
) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page(visit, contact, point, typed, remark)).into_response()
}

fn page(
    visit: &Visit,
    contact: &Contact,
    point: Option<&ContactPoint>,
    typed: &Typed,
    remark: &Remark,
) -> Markup {
    let say = visit.say;
    let here = links::contact(contact.id);
    let is_address = typed.kind() == PointKind::Address;
    let key = match (point.is_some(), is_address) {
        (false, true) => "points-add-address",
        (false, false) => "points-add-phone",
        (true, true) => "point-change-address",
        (true, false) => "point-change-phone",
    };
    let title = say.with(key, None);
    let action = point.map_or_else(
        || format!("{here}/points"),
        |point| format!("{}/edit", links::point(contact.id, point.id)),
    );
    let body = html! {
        p.up { a href=(here) { (shown_name(visit, contact)) } }
        h1 { (title) }
        form.card method="post" action=(action) {
            (visit.token_field())
            input type="hidden" name="kind" value=(typed.kind().name());
            // Enter in a field presses the first submit button: it must be "save", not a suggestion.
            button.unseen type="submit" tabindex="-1" aria-hidden="true" {}
            (value_field(visit, typed, remark))
            (named(visit, "label", &typed.label))
            div.actions {
                button.btn.primary type="submit" { (t!(say, "contact-save")) }
                a.btn href=(here) { (t!(say, "button-back")) }
            }
        }
    };
    visit.page(&title, &body)
}

fn value_field(visit: &Visit, typed: &Typed, remark: &Remark) -> Markup {
    let say = visit.say;
    let is_address = typed.kind() == PointKind::Address;
    let label = if is_address { t!(say, "contact-address") } else { t!(say, "contact-phone") };
    let wrong = if let Remark::Wrong(words) = remark { Some(words.as_str()) } else { None };
    let hint = if is_address { t!(say, "contact-address-hint") } else { t!(say, "point-phone-hint") };
    html! {
        (Field { name: "value", label: &label, value: &typed.value, hint: &hint, wrong, required: true, ..Field::default() }.input())
        @if let Remark::Ask(reading) = remark {
            (address::notes(say, reading, &address::decide_buttons(say, reading)))
        }
    }
}

/// The input for what an address or a number is called, with the usual words to choose from.
pub(super) fn named(visit: &Visit, name: &str, value: &str) -> Markup {
    let say = visit.say;
    let label = match name {
        "address_label" => t!(say, "contact-address-label"),
        "phone_label" => t!(say, "contact-phone-label"),
        _ => t!(say, "point-label"),
    };
    let list = format!("{name}-words");
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) value=(value) list=(list) autocomplete="off"
                maxlength=(audience::POINT_LABEL_CHARS_MAX);
            datalist id=(list) {
                @for key in ["label-home", "label-office", "label-mobile", "label-family"] {
                    option value=(say.with(key, None)) {}
                }
            }
            @if name == "label" { p.hint { (t!(say, "point-label-hint")) } }
        }
    }
}
