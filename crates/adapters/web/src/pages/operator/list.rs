//! Who may log in, with what they may do and whether they are locked.

use accounts::{Operator, Role};
use axum::response::IntoResponse;
use maud::{Markup, html};

use crate::{
    parts::time::when,
    problem::Answer,
    say::{Say, t},
    visit::{Owner, Visit},
};

/// `GET /operators`.
pub(crate) async fn show(Owner(visit): Owner) -> Answer {
    let say = visit.say;
    let operators = visit.house.operators.list().await?;
    let body = html! {
        div.head {
            div {
                h1 { (t!(say, "operators-title")) }
                p.lead { (t!(say, "operators-lead")) }
            }
            a.btn.primary href="/operators/new" { (t!(say, "operators-add")) }
        }
        div.card {
            table.folds {
                thead {
                    tr {
                        th { (t!(say, "operator-name")) }
                        th { (t!(say, "operator-login")) }
                        th { (t!(say, "operator-role")) }
                        th { (t!(say, "operator-last-login")) }
                        th { (t!(say, "operator-standing")) }
                    }
                }
                tbody {
                    @for operator in &operators { (row(&visit, operator)) }
                }
            }
        }
    };
    Ok(visit.page(&t!(say, "operators-title"), &body).into_response())
}

fn row(visit: &Visit, operator: &Operator) -> Markup {
    let say = visit.say;
    html! {
        tr {
            td {
                a href={ "/operators/" (operator.id) } { (operator.name) }
                @if operator.id == visit.operator.id { " " span.tag { (t!(say, "operator-you")) } }
            }
            td data-label=(t!(say, "operator-login")) { span { (operator.login) } }
            td data-label=(t!(say, "operator-role")) { span { (role_name(say, operator.role)) } }
            td data-label=(t!(say, "operator-last-login")) {
                @match operator.logged_in_at {
                    Some(at) => (when(say, at, visit.now())),
                    None => span.sub { (t!(say, "operator-never")) },
                }
            }
            td data-label=(t!(say, "operator-standing")) { (lock(say, operator)) }
        }
    }
}

/// Whether somebody can log in.
pub(super) fn lock(say: Say, operator: &Operator) -> Markup {
    html! {
        @if operator.locked_at.is_some() {
            span class="chip refused" { (t!(say, "operator-locked")) }
        } @else {
            span class="chip evidenced" { (t!(say, "operator-open")) }
        }
    }
}

/// The role in words.
pub(super) fn role_name(say: Say, role: Role) -> String {
    match role {
        Role::Owner => t!(say, "role-owner"),
        Role::Member => t!(say, "role-member"),
    }
}
