//! The hours in which advertising may leave, for every broadcast without hours of its own.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use delivery::pacing::hours::Hours;
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    form::Form,
    parts::{field::Field, flash},
    problem::Answer,
    say::t,
    visit::{Owner, Visit},
};

/// What is in the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    hours: String,
}

/// `GET /queue/hours`.
pub(crate) async fn show(Owner(visit): Owner) -> Answer {
    let hours = visit.house.pacing.advertising_hours().await?;
    let entry = Entry { hours: hours.map(|hours| hours.to_string()).unwrap_or_default() };
    Ok(page(&visit, &entry, None))
}

/// `POST /queue/hours`.
pub(crate) async fn save(Owner(visit): Owner, Form(entry): Form<Entry>) -> Answer {
    let typed = addressing::to_half_width(entry.hours.trim());
    let hours = match Some(typed.as_str()).filter(|text| !text.is_empty()).map(Hours::read).transpose() {
        Ok(hours) => hours,
        Err(_) => {
            let wrong = t!(visit.say, "pace-wrong-hours");
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&visit, &entry, Some(&wrong))).into_response());
        }
    };
    visit.house.pacing.set_advertising_hours(hours, visit.actor(), visit.now()).await?;
    Ok(flash::done("/queue/hours", "hours-saved").into_response())
}

fn page(visit: &Visit, entry: &Entry, wrong: Option<&str>) -> Response {
    let say = visit.say;
    let title = t!(say, "hours-title");
    let (label, hint) = (t!(say, "pace-hours"), t!(say, "hours-hint"));
    let field =
        Field { name: "hours", label: &label, value: &entry.hours, hint: &hint, wrong, ..Field::default() };
    let body = html! {
        p { a href="/queue" { (t!(say, "frame-queue")) } }
        h1 { (title) }
        p.lead { (t!(say, "hours-lead")) }
        form.card method="post" action="/queue/hours" {
            (visit.token_field())
            (field.input())
            div.actions { button.btn.primary type="submit" { (t!(say, "limits-save")) } }
        }
    };
    visit.page(&title, &body).into_response()
}

/// On a broadcast's page: which hours of the house hold for it, where it has none of its own.
pub(super) fn remark(visit: &Visit, own: Option<Hours>, house: Option<Hours>) -> Markup {
    let say = visit.say;
    html! {
        @if let (None, Some(hours)) = (own, house) {
            p { (t!(say, "hours-of-house", hours = hours.to_string())) " "
                @if visit.is_owner() { a href="/queue/hours" { (t!(say, "hours-change")) } } }
        }
    }
}
