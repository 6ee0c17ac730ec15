//! Says beside the From address whether its domain is ready to be sent as.

use axum::extract::Query;
use delivery::source::SendingDomain;
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    parts::domain::{Ready, badge, kept},
    problem::Problem,
    say::{Say, t},
    visit::Visit,
};

/// What was typed.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    value: String,
}

/// `GET /broadcasts/from-note?value=…`: a fragment.
pub(crate) async fn note(visit: Visit, Query(typed): Query<Typed>) -> Result<Markup, Problem> {
    remark(&visit, &typed.value).await
}

/// The badge of the address's domain, or why it cannot be sent as.
pub(super) async fn remark(visit: &Visit, typed: &str) -> Result<Markup, Problem> {
    let Some(address) = addressing::read(typed).address else { return Ok(html! {}) };
    let name = address.domain();
    Ok(match visit.house.sources.domain_by_name(name).await? {
        Some(domain) => ready(visit.say, &domain, visit.is_owner()),
        None => foreign(visit.say, name, visit.is_owner()),
    })
}

fn ready(say: Say, domain: &SendingDomain, is_owner: bool) -> Markup {
    let ready = Ready::of(&kept(domain));
    html! {
        p.hint {
            (badge(say, ready)) " " (ready.sentence(say, &domain.name))
            @if ready != Ready::Good && is_owner {
                " " a href={ "/domains/" (domain.id) } { (t!(say, "ready-look")) }
            }
        }
    }
}

fn foreign(say: Say, name: &str, is_owner: bool) -> Markup {
    html! {
        p.wrong {
            @if addressing::provider_of(name).is_some() {
                (t!(say, "from-provider", domain = name))
            } @else {
                (t!(say, "from-unknown", domain = name))
            }
            @if is_owner { " " a href="/domains" { (t!(say, "from-add-domain")) } }
        }
    }
}
