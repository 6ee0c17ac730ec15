//! How many advertising mails one person may get in some days, for the whole house.

use axum::response::IntoResponse;
use campaigns::audience::FrequencyCap;
use maud::html;
use serde::Deserialize;

use crate::{
    form::Form,
    parts::{field::Field, flash},
    problem::Answer,
    say::t,
    visit::{Owner, Visit},
};

/// As typed; both empty for no limit.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    mails: String,
    days: String,
}

/// `GET /broadcasts/limits`.
pub(crate) async fn show(Owner(visit): Owner) -> Answer {
    let cap = visit.house.broadcasts.frequency_cap().await?;
    let entry = cap.map_or_else(Entry::default, |cap| Entry {
        mails: cap.mails.to_string(),
        days: cap.days.to_string(),
    });
    page(&visit, &entry, None)
}

/// `POST /broadcasts/limits`.
pub(crate) async fn save(Owner(visit): Owner, Form(entry): Form<Entry>) -> Answer {
    let cap = match (entry.mails.trim(), entry.days.trim()) {
        ("", "") => None,
        (mails, days) => {
            let read = mails.parse().ok().zip(days.parse().ok());
            match read.map(|(mails, days)| FrequencyCap { mails, days }).filter(|cap| cap.is_sound()) {
                Some(cap) => Some(cap),
                None => {
                    return page(
                        &visit,
                        &entry,
                        Some(&t!(visit.say, "limits-wrong", max = FrequencyCap::MAX)),
                    );
                }
            }
        }
    };
    visit.house.broadcasts.set_frequency_cap(cap, visit.actor(), visit.now()).await?;
    Ok(flash::done("/broadcasts/limits", "limits-saved").into_response())
}

fn page(visit: &Visit, entry: &Entry, wrong: Option<&str>) -> Answer {
    let say = visit.say;
    let field = |name, label: &str, value: &str| {
        Field { name, label, value, kind: "number", ..Field::default() }.input()
    };
    let body = html! {
        p { a href="/broadcasts" { (t!(say, "frame-broadcasts")) } }
        h1 { (t!(say, "limits-title")) }
        p.lead { (t!(say, "limits-lead")) }
        form.card method="post" action="/broadcasts/limits" {
            (visit.token_field())
            @if let Some(wrong) = wrong { p.wrong role="alert" { (wrong) } }
            (field("mails", &t!(say, "limits-mails"), &entry.mails))
            (field("days", &t!(say, "limits-days"), &entry.days))
            p.hint { (t!(say, "limits-hint")) }
            div.actions { button.btn.primary type="submit" { (t!(say, "limits-save")) } }
        }
    };
    let status = if wrong.is_some() {
        axum::http::StatusCode::UNPROCESSABLE_ENTITY
    } else {
        axum::http::StatusCode::OK
    };
    Ok((status, visit.page(&t!(say, "limits-title"), &body)).into_response())
}
