//! One operator, with everything an owner can do about her.

use accounts::{Operator, Role};
use axum::{extract::Path, response::IntoResponse};
use maud::{Markup, html};

use super::{add, list};
use crate::{
    parts::{
        field::{Field, confirmed},
        time::when,
    },
    problem::{Answer, Problem},
    say::t,
    visit::{Owner, Visit},
};

/// `GET /operators/{id}`.
pub(crate) async fn show(Owner(visit): Owner, Path(id): Path<i64>) -> Answer {
    let operator = visit.house.operators.by_id(id).await?.ok_or(Problem::NotFound)?;
    Ok(page(&visit, &operator, None, None).into_response())
}

/// The page; `refused` is why something was not done, `password` what is wrong with a new password.
pub(super) fn page(
    visit: &Visit,
    operator: &Operator,
    refused: Option<&str>,
    password: Option<&str>,
) -> Markup {
    let say = visit.say;
    let body = html! {
        p.up { a href="/operators" { (t!(say, "operators-title")) } }
        h1 { (operator.name) }
        @if let Some(refused) = refused {
            div.notice.bad role="alert" { p { (refused) } }
        }
        div.card {
            dl.facts {
                dt { (t!(say, "operator-login")) } dd { (operator.login) }
                dt { (t!(say, "operator-standing")) }
                dd {
                    (list::lock(say, operator))
                    @if operator.locked_at.is_some() { (unlock(visit, operator)) }
                }
                dt { (t!(say, "operator-last-login")) }
                dd {
                    @match operator.logged_in_at {
                        Some(at) => (when(say, at, visit.now())),
                        None => (t!(say, "operator-never")),
                    }
                }
                dt { (t!(say, "operator-since")) } dd { (when(say, operator.created_at, visit.now())) }
            }
        }
        (role_form(visit, operator))
        @if operator.id == visit.operator.id {
            div.card { p { a href="/account" { (t!(say, "operator-own-password")) } } }
        } @else {
            form.card method="post" action={ "/operators/" (operator.id) "/password" } {
                h2 { (t!(say, "operator-set-password")) }
                p { (t!(say, "operator-set-password-what")) }
                (visit.token_field())
                (add::password_fields(say, password))
                button.btn type="submit" { (t!(say, "operator-set-password")) }
            }
        }
        div.actions { (removal(visit, operator)) }
    };
    visit.page(&operator.name, &body)
}

fn unlock(visit: &Visit, operator: &Operator) -> Markup {
    let say = visit.say;
    html! {
        p { (t!(say, "operator-locked-what")) }
        form method="post" action={ "/operators/" (operator.id) "/unlock" } {
            (visit.token_field())
            button.btn.primary type="submit" { (t!(say, "operator-unlock")) }
        }
    }
}

fn role_form(visit: &Visit, operator: &Operator) -> Markup {
    let say = visit.say;
    let role = Field {
        name: "role",
        label: &t!(say, "operator-role"),
        value: operator.role.name(),
        hint: &t!(say, "operator-role-hint"),
        ..Field::default()
    };
    html! {
        form.card method="post" action={ "/operators/" (operator.id) "/role" } {
            (visit.token_field())
            (role.select(&add::roles(say)))
            button.btn type="submit" { (t!(say, "operator-change-role")) }
        }
    }
}

fn removal(visit: &Visit, operator: &Operator) -> Markup {
    let say = visit.say;
    let what = if operator.role == Role::Owner {
        t!(say, "operator-remove-owner-what", name = operator.name.as_str())
    } else {
        t!(say, "operator-remove-what", name = operator.name.as_str())
    };
    let form = html! {
        form method="post" action={ "/operators/" (operator.id) "/remove" } {
            (visit.token_field())
            button.btn.danger type="submit" { (t!(say, "operator-remove-now")) }
        }
    };
    confirmed(&t!(say, "operator-remove"), &what, &form)
}
