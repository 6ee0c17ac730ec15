//! The sending domains with their badges, and the form for another one.

use axum::response::{IntoResponse, Response};
use delivery::source::SendingDomain;
use maud::{Markup, html};

use crate::{
    links,
    parts::{
        domain::{Ready, badge, kept},
        field::Field,
        time,
    },
    problem::{Answer, Problem},
    say::t,
    visit::{Owner, Visit},
};

/// `GET /domains`.
pub(crate) async fn show(Owner(visit): Owner) -> Answer {
    page(&visit, "", None).await
}

/// The page, with what was typed and what is wrong with it.
pub(super) async fn page(visit: &Visit, typed: &str, wrong: Option<&str>) -> Result<Response, Problem> {
    let say = visit.say;
    let domains = visit.house.sources.domains().await?;
    let label = t!(say, "domain-name");
    let hint = t!(say, "domain-name-hint");
    let field = Field {
        name: "name",
        label: &label,
        value: typed,
        hint: &hint,
        wrong,
        required: true,
        ..Field::default()
    };
    let body = html! {
        h1 { (t!(say, "frame-domains")) }
        p.lead { (t!(say, "domains-lead")) }
        div.card {
            @if domains.is_empty() {
                p.empty { (t!(say, "domains-none")) }
            } @else {
                ul.stack { @for domain in &domains { (line(visit, domain)) } }
            }
        }
        form.card method="post" action="/domains" {
            (visit.token_field())
            h2 { (t!(say, "domains-add")) }
            (field.input())
            button.btn.primary type="submit" { (t!(say, "domains-add-yes")) }
        }
    };
    Ok(visit.page(&t!(say, "frame-domains"), &body).into_response())
}

fn line(visit: &Visit, domain: &SendingDomain) -> Markup {
    let say = visit.say;
    html! {
        li {
            a href=(links::domain(domain.id)) { b { (domain.name) } } " " (badge(say, Ready::of(&kept(domain))))
            div.sub {
                @match domain.checked_at {
                    Some(at) => (t!(say, "domain-checked-at", at = time::said(say, at, visit.now()))),
                    None => (t!(say, "domain-never-checked")),
                }
            }
        }
    }
}
