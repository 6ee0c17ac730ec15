//! Checks a sending domain against the DNS, and removes one.

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use doctor::check_domain;
use maud::html;

use super::{names, plan};
use crate::{
    form::{Form, Nothing},
    links,
    parts::{domain::Kept, flash},
    problem::{Answer, Problem},
    say::t,
    visit::Owner,
};

/// `POST /domains/{id}/check`.
pub(crate) async fn check(
    Owner(visit): Owner,
    Path(id): Path<i64>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let house = &visit.house;
    let domain = house.sources.domain(id).await?.ok_or(Problem::NotFound)?;
    let names = names(house);
    let found = check_domain(&*house.dns, &plan(&domain, &names)).await;
    let kept: Vec<Kept> = found.iter().map(Kept::from).collect();
    let json = serde_json::to_string(&kept).map_err(|error| Problem::Store(error.into()))?;
    house.sources.save_standing(id, &json, visit.now()).await?;
    Ok(flash::done(&links::domain(id), "domain-checked").into_response())
}

/// `POST /domains/{id}/remove`.
pub(crate) async fn remove(
    Owner(visit): Owner,
    Path(id): Path<i64>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let say = visit.say;
    let domain = visit.house.sources.domain(id).await?.ok_or(Problem::NotFound)?;
    if visit.house.sources.remove_domain(id, visit.actor(), visit.now()).await? {
        return Ok(flash::done("/domains", "domain-removed").into_response());
    }
    let title = t!(say, "domain-in-use-title");
    let body = html! {
        div.card {
            h1 { (title) }
            p { (t!(say, "domain-in-use", domain = domain.name.as_str())) }
            div.actions {
                a.btn.primary href="/broadcasts" { (t!(say, "home-all-broadcasts")) }
                a.btn href=(links::domain(id)) { (t!(say, "button-back")) }
            }
        }
    };
    Ok((StatusCode::CONFLICT, visit.page(&title, &body)).into_response())
}
