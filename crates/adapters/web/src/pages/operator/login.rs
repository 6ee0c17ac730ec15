//! Lets operators in, and says how many tries are left.

use accounts::LoginOutcome;
use axum::{
    extract::Query,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::html;
use serde::Deserialize;

use super::enter::enter;
use crate::{
    cookie,
    form::Form,
    links,
    parts::{field::Field, flash::Flash},
    problem::{Answer, Problem},
    say::t,
    visit::Guest,
};

/// Where to go after the login.
#[derive(Default, Deserialize)]
pub(crate) struct Goal {
    #[serde(default)]
    next: String,
}

/// The login form.
#[derive(Deserialize)]
pub(crate) struct Entry {
    login: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /login`.
pub(crate) async fn show(guest: Guest, Query(goal): Query<Goal>) -> Answer {
    if guest.house.operators.count().await? == 0 {
        return Ok(Redirect::to("/welcome").into_response());
    }
    if guest.signed_in {
        return Ok(Redirect::to(links::local(&goal.next)).into_response());
    }
    Ok(page(&guest, "", &goal.next, None))
}

/// `POST /login`.
pub(crate) async fn enter_house(guest: Guest, Form(entry): Form<Entry>) -> Answer {
    let house = &guest.house;
    if !house.logins.take(guest.from, house.now()) {
        let words = t!(guest.say, "login-slow-down");
        return refused(&guest, &entry, StatusCode::TOO_MANY_REQUESTS, &words);
    }
    let outcome =
        accounts::log_in(house.operators.as_ref(), &entry.login, &entry.password, house.now()).await?;
    let left = match outcome {
        LoginOutcome::Welcome(operator) => {
            let mut response = enter(house, operator.id, &entry.next).await?;
            cookie::add(response.headers_mut(), cookie::language(house, operator.language.name()));
            return Ok(response);
        }
        LoginOutcome::Wrong { left } => Some(left),
        LoginOutcome::Unknown => house.logins.stranger(&entry.login),
        LoginOutcome::Locked => None,
    };
    let words = match left {
        Some(left) => t!(guest.say, "login-wrong", left = left),
        None => t!(guest.say, "login-locked"),
    };
    refused(&guest, &entry, StatusCode::UNAUTHORIZED, &words)
}

fn refused(guest: &Guest, entry: &Entry, status: StatusCode, words: &str) -> Result<Response, Problem> {
    Ok((status, page(guest, &entry.login, &entry.next, Some(words))).into_response())
}

fn page(guest: &Guest, login: &str, next: &str, wrong: Option<&str>) -> Response {
    let say = guest.say;
    let name = Field {
        name: "login",
        label: &t!(say, "operator-login"),
        value: login,
        autocomplete: "username",
        required: true,
        ..Field::default()
    };
    let password = Field {
        name: "password",
        label: &t!(say, "operator-password"),
        kind: "password",
        autocomplete: "current-password",
        required: true,
        ..Field::default()
    };
    let query = guest.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let body = html! {
        @if let Some(flash) = Flash::of(query) { (flash.markup(say)) }
        form.card method="post" action="/login" {
            h1 { (t!(say, "login-title")) }
            @if let Some(wrong) = wrong {
                div.notice.bad role="alert" { p { (wrong) } }
            }
            (guest.token_field())
            input type="hidden" name="next" value=(next);
            (name.input())
            (password.input())
            button.btn.primary type="submit" { (t!(say, "login-enter")) }
            details {
                summary { (t!(say, "login-forgotten")) }
                p { (t!(say, "login-forgotten-what")) }
            }
        }
        p.fine { a href="/explain" { (t!(say, "explain-link")) } }
    };
    guest.page(&t!(say, "login-title"), &body)
}
