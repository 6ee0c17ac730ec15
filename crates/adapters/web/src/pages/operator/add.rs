//! Adds an operator.

use accounts::{Creation, Language, NewOperator, PASSWORD_CHARS_MIN, Role};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{list::role_name, password};
use crate::{
    form::Form,
    parts::{field::Field, flash},
    problem::{Answer, Problem},
    say::{Say, t},
    visit::{Owner, Visit},
};

/// Longest login and name, in characters.
const NAME_CHARS_MAX: usize = 100;

/// An operator's data as typed.
#[derive(Default, Deserialize)]
pub(crate) struct Entry {
    name: String,
    login: String,
    role: String,
    language: String,
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

/// `GET /operators/new`.
pub(crate) async fn show(Owner(visit): Owner) -> Markup {
    let entry = Entry {
        role: Role::Member.name().to_owned(),
        language: visit.say.0.name().to_owned(),
        ..Entry::default()
    };
    page(&visit, &entry, &Wrong::default())
}

/// `POST /operators`.
pub(crate) async fn add(Owner(visit): Owner, Form(entry): Form<Entry>) -> Answer {
    let say = visit.say;
    let role = Role::from_name(&entry.role).ok_or(Problem::Unreadable)?;
    let language = Language::from_name(&entry.language).ok_or(Problem::Unreadable)?;
    let hash = password::hashed(say, &entry.password, &entry.again).await?;
    let mut wrong = Wrong {
        name: name_problem(say, &entry.name),
        login: login_problem(say, &entry.login),
        password: hash.as_ref().err().cloned(),
    };
    let Ok(password_hash) = hash else { return refused(&visit, &entry, &wrong) };
    if wrong.name.is_some() || wrong.login.is_some() {
        return refused(&visit, &entry, &wrong);
    }
    let (login, name) = (entry.login.trim().to_owned(), entry.name.trim().to_owned());
    let new = NewOperator { login, name, role, language, password_hash };
    match visit.house.operators.create(new, visit.actor(), visit.now()).await? {
        Creation::Created(_) => Ok(flash::done("/operators", "operator-added").into_response()),
        Creation::LoginTaken | Creation::NotFirst => {
            wrong.login = Some(t!(say, "operator-login-taken"));
            refused(&visit, &entry, &wrong)
        }
    }
}

/// What is wrong with a login name.
pub(super) fn login_problem(say: Say, login: &str) -> Option<String> {
    let login = login.trim();
    if login.is_empty() || login.chars().count() > NAME_CHARS_MAX {
        return Some(t!(say, "operator-login-empty"));
    }
    login.chars().any(|c| c.is_whitespace() || c.is_control()).then(|| t!(say, "operator-login-space"))
}

fn name_problem(say: Say, name: &str) -> Option<String> {
    let chars = name.trim().chars().count();
    (chars == 0 || chars > NAME_CHARS_MAX).then(|| t!(say, "operator-name-empty"))
}

/// A new password, typed twice.
pub(super) fn password_fields(say: Say, wrong: Option<&str>) -> Markup {
    let first = Field {
        name: "password",
        label: &t!(say, "operator-password"),
        kind: "password",
        hint: &t!(say, "password-hint", min = PASSWORD_CHARS_MIN),
        wrong,
        autocomplete: "new-password",
        required: true,
        ..Field::default()
    };
    let again = Field {
        name: "again",
        label: &t!(say, "operator-password-again"),
        kind: "password",
        autocomplete: "new-password",
        required: true,
        ..Field::default()
    };
    html! { (first.input()) (again.input()) }
}

/// Both roles with their words.
pub(super) fn roles(say: Say) -> Vec<(String, String)> {
    [Role::Member, Role::Owner].map(|role| (role.name().to_owned(), role_name(say, role))).into()
}

/// Both languages, each in its own words.
pub(super) fn languages() -> Vec<(String, String)> {
    [Language::Ja, Language::En]
        .map(|language| (language.name().to_owned(), t!(Say(language), "language-name")))
        .into()
}

fn refused(visit: &Visit, entry: &Entry, wrong: &Wrong) -> Result<Response, Problem> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(visit, entry, wrong)).into_response())
}

fn page(visit: &Visit, entry: &Entry, wrong: &Wrong) -> Markup {
    let say = visit.say;
    let name = Field {
        name: "name",
        label: &t!(say, "operator-name"),
        value: &entry.name,
        hint: &t!(say, "operator-name-hint"),
        wrong: wrong.name.as_deref(),
        required: true,
        ..Field::default()
    };
    let login = Field {
        name: "login",
        label: &t!(say, "operator-login"),
        value: &entry.login,
        hint: &t!(say, "operator-login-hint"),
        wrong: wrong.login.as_deref(),
        required: true,
        ..Field::default()
    };
    let role = Field {
        name: "role",
        label: &t!(say, "operator-role"),
        value: &entry.role,
        hint: &t!(say, "operator-role-hint"),
        ..Field::default()
    };
    let language = Field {
        name: "language",
        label: &t!(say, "operator-language"),
        value: &entry.language,
        ..Field::default()
    };
    let body = html! {
        h1 { (t!(say, "operators-add")) }
        p.lead { (t!(say, "operators-add-lead")) }
        form.card method="post" action="/operators" {
            (visit.token_field())
            (name.input())
            (login.input())
            (role.select(&roles(say)))
            (language.select(&languages()))
            (password_fields(say, wrong.password.as_deref()))
            div.actions {
                button.btn.primary type="submit" { (t!(say, "operators-add")) }
                a.btn href="/operators" { (t!(say, "button-back")) }
            }
        }
    };
    visit.page(&t!(say, "operators-add"), &body)
}
