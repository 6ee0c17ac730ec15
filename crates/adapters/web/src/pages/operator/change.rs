//! What an owner does to an operator: role, lock, password, removal; the last owner is refused with the reason.

use accounts::{Change, Role};
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{password, show};
use crate::{
    form::{Form, Nothing},
    parts::flash,
    problem::{Answer, Problem},
    say::t,
    visit::{Owner, Visit},
};

/// A role.
#[derive(Deserialize)]
pub(crate) struct NewRole {
    role: String,
}

/// A password, typed twice.
#[derive(Deserialize)]
pub(crate) struct NewPassword {
    password: String,
    again: String,
}

/// `POST /operators/{id}/role`.
pub(crate) async fn role(Owner(visit): Owner, Path(id): Path<i64>, Form(form): Form<NewRole>) -> Answer {
    let role = Role::from_name(&form.role).ok_or(Problem::Unreadable)?;
    let change = visit.house.operators.set_role(id, role, visit.actor(), visit.now()).await?;
    answer(&visit, id, change, "operator-role").await
}

/// `POST /operators/{id}/unlock`.
pub(crate) async fn unlock(
    Owner(visit): Owner,
    Path(id): Path<i64>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let change = visit.house.operators.unlock(id, visit.actor(), visit.now()).await?;
    answer(&visit, id, change, "operator-unlocked").await
}

/// `POST /operators/{id}/password`.
pub(crate) async fn set_password(
    Owner(visit): Owner,
    Path(id): Path<i64>,
    Form(form): Form<NewPassword>,
) -> Answer {
    let operator = visit.house.operators.by_id(id).await?.ok_or(Problem::NotFound)?;
    let hash = match password::hashed(visit.say, &form.password, &form.again).await? {
        Ok(hash) => hash,
        Err(wrong) => {
            let page = show::page(&visit, &operator, None, Some(&wrong));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let change = visit.house.operators.set_password(id, hash, visit.actor(), visit.now()).await?;
    answer(&visit, id, change, "operator-password").await
}

/// `POST /operators/{id}/remove`.
pub(crate) async fn remove(
    Owner(visit): Owner,
    Path(id): Path<i64>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let change = visit.house.operators.remove(id, visit.actor(), visit.now()).await?;
    match change {
        Change::Done => Ok(flash::done("/operators", "operator-removed").into_response()),
        refused => answer(&visit, id, refused, "").await,
    }
}

async fn answer(visit: &Visit, id: i64, change: Change, done: &str) -> Result<Response, Problem> {
    match change {
        Change::Done => Ok(flash::done(&format!("/operators/{id}"), done).into_response()),
        Change::Unknown => Err(Problem::NotFound),
        Change::LastOwner => {
            let operator = visit.house.operators.by_id(id).await?.ok_or(Problem::NotFound)?;
            let words = t!(visit.say, "operator-last-owner");
            Ok((StatusCode::CONFLICT, show::page(visit, &operator, Some(&words), None)).into_response())
        }
    }
}
