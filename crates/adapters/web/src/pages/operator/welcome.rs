//! The very first page of a new house: creates the owner, once.

use accounts::{Creation, NewOperator, Role};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::html;
use serde::Deserialize;

use super::{enter::enter, password};
use crate::{
    form::Form,
    parts::field::Field,
    problem::{Answer, Problem},
    say::t,
    visit::Guest,
};

/// The first owner's data.
#[derive(Default, Deserialize)]
pub(crate) struct First {
    name: String,
    login: String,
    password: String,
    again: String,
}

/// What is wrong, field by field.
#[derive(Default)]
struct Wrong {
    name: Option<String>,
    login: Option<String>,
    password: Option<String>,
}

/// `GET /welcome`.
pub(crate) async fn show(guest: Guest) -> Answer {
    if guest.house.operators.count().await? > 0 {
        return Ok(Redirect::to("/login").into_response());
    }
    Ok(page(&guest, &First::default(), &Wrong::default()))
}

/// `POST /welcome`.
pub(crate) async fn create(guest: Guest, Form(first): Form<First>) -> Answer {
    let hash = password::hashed(guest.say, &first.password, &first.again).await?;
    let wrong = Wrong {
        name: first.name.trim().is_empty().then(|| t!(guest.say, "operator-name-empty")),
        login: super::add::login_problem(guest.say, &first.login),
        password: hash.as_ref().err().cloned(),
    };
    let Ok(password_hash) = hash else { return refused(&guest, &first, &wrong) };
    if wrong.name.is_some() || wrong.login.is_some() {
        return refused(&guest, &first, &wrong);
    }
    let new = NewOperator {
        login: first.login.trim().to_owned(),
        name: first.name.trim().to_owned(),
        role: Role::Owner,
        language: guest.say.0,
        password_hash,
    };
    match guest.house.operators.create_first_owner(new, guest.house.now()).await? {
        Creation::Created(id) => enter(&guest.house, id, "/?done=welcome").await,
        Creation::LoginTaken | Creation::NotFirst => Ok(Redirect::to("/login").into_response()),
    }
}

fn refused(guest: &Guest, first: &First, wrong: &Wrong) -> Result<Response, Problem> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(guest, first, wrong)).into_response())
}

fn page(guest: &Guest, first: &First, wrong: &Wrong) -> Response {
    let say = guest.say;
    let name = Field {
        name: "name",
        label: &t!(say, "operator-name"),
        value: &first.name,
        hint: &t!(say, "operator-name-hint"),
        wrong: wrong.name.as_deref(),
        autocomplete: "name",
        required: true,
        ..Field::default()
    };
    let login = Field {
        name: "login",
        label: &t!(say, "operator-login"),
        value: &first.login,
        hint: &t!(say, "operator-login-hint"),
        wrong: wrong.login.as_deref(),
        autocomplete: "username",
        required: true,
        ..Field::default()
    };
    let body = html! {
        form.card method="post" action="/welcome" {
            h1 { (t!(say, "welcome-title")) }
            p.lead { (t!(say, "welcome-lead")) }
            (guest.token_field())
            (name.input())
            (login.input())
            (super::add::password_fields(say, wrong.password.as_deref()))
            button.btn.primary type="submit" { (t!(say, "welcome-create")) }
        }
    };
    guest.page(&t!(say, "welcome-title"), &body)
}
