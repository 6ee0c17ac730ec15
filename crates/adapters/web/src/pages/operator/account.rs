//! An operator's own settings: password and language.

use accounts::LoginOutcome;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{add, enter::enter, list::role_name, password};
use crate::{
    form::Form,
    parts::field::Field,
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// The old password once, the new one twice.
#[derive(Deserialize)]
pub(crate) struct OwnPassword {
    current: String,
    password: String,
    again: String,
}

/// `GET /account`.
pub(crate) async fn show(visit: Visit) -> Markup {
    page(&visit, None, None)
}

/// `POST /account/password`. A wrong current password counts as a wrong login, so a forgotten open screen is no way
/// to guess it.
pub(crate) async fn set_password(visit: Visit, Form(form): Form<OwnPassword>) -> Answer {
    let (say, house) = (visit.say, &visit.house);
    let hash = match password::hashed(say, &form.password, &form.again).await? {
        Ok(hash) => hash,
        Err(wrong) => {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&visit, None, Some(&wrong))).into_response());
        }
    };
    let login = &visit.operator.login;
    match accounts::log_in(house.operators.as_ref(), login, &form.current, visit.now()).await? {
        LoginOutcome::Welcome(_) => {}
        LoginOutcome::Wrong { left } => {
            let words = t!(say, "account-current-wrong", left = left);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&visit, Some(&words), None)).into_response());
        }
        LoginOutcome::Locked | LoginOutcome::Unknown => return Ok(Redirect::to("/login").into_response()),
    }
    let id = visit.operator.id;
    if house.operators.set_password(id, hash, visit.actor(), visit.now()).await? != accounts::Change::Done {
        return Err(Problem::NotFound);
    }
    // Every session was closed with the old password; this one goes on under a new token.
    enter(house, id, "/account?done=password").await
}

fn page(visit: &Visit, current_wrong: Option<&str>, new_wrong: Option<&str>) -> Markup {
    let say = visit.say;
    let current = Field {
        name: "current",
        label: &t!(say, "account-current"),
        kind: "password",
        wrong: current_wrong,
        autocomplete: "current-password",
        required: true,
        ..Field::default()
    };
    let language = Field {
        name: "language",
        label: &t!(say, "operator-language"),
        value: say.0.name(),
        ..Field::default()
    };
    let body = html! {
        h1 { (t!(say, "account-title")) }
        p.lead {
            (visit.operator.name) " (" (visit.operator.login) ") " span.tag { (role_name(say, visit.operator.role)) }
        }
        form.card method="post" action="/account/password" {
            h2 { (t!(say, "account-password")) }
            p { (t!(say, "account-password-what")) }
            (visit.token_field())
            (current.input())
            (add::password_fields(say, new_wrong))
            button.btn.primary type="submit" { (t!(say, "account-password")) }
        }
        form.card method="post" action="/language" {
            (visit.token_field())
            input type="hidden" name="back" value="/account?done=language";
            (language.select(&add::languages()))
            button.btn type="submit" { (t!(say, "account-language")) }
        }
    };
    visit.page(&t!(say, "account-title"), &body)
}
