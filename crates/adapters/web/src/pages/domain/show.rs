//! One sending domain: its badge, the records to add, and the buttons.

use authentication::wanted_records;
use axum::{extract::Path, response::IntoResponse};
use delivery::source::{Route, SendingDomain};
use maud::{Markup, html};

use super::{names, plan, records};
use crate::{
    links,
    parts::{
        domain::{Kept, Ready, badge, kept},
        field::confirmed,
        time,
    },
    problem::{Answer, Problem},
    say::t,
    visit::{Owner, Visit},
};

/// `GET /domains/{id}`.
pub(crate) async fn show(Owner(visit): Owner, Path(id): Path<i64>) -> Answer {
    let (say, house) = (visit.say, &visit.house);
    let domain = house.sources.domain(id).await?.ok_or(Problem::NotFound)?;
    let names = names(house);
    let wanted = wanted_records(&plan(&domain, &names));
    let kept = kept(&domain);
    let relayed =
        matches!(house.sources.route().await?, Route::SmartHost(_)) && names.smart_host_spf.is_none();
    let body = html! {
        p { a href="/domains" { (t!(say, "frame-domains")) } }
        div.head {
            h1 { (domain.name) " " (badge(say, Ready::of(&kept))) }
            div.actions { (check_form(&visit, &domain)) }
        }
        p.lead { (standing(&visit, &domain, &kept)) }
        @if relayed { p.notice { (t!(say, "domain-relay-spf")) } }
        @if house.sending_ips.is_empty() && !relayed { p.notice { (t!(say, "domain-no-ips")) } }
        @if Ready::of(&kept) != Ready::Good { p { (t!(say, "domain-how")) } }
        (records::cards(say, &domain.name, &wanted, &kept))
        (records::letter(say, &domain.name, &wanted, &kept))
        div.actions.apart { (remove_form(&visit, &domain)) }
    };
    Ok(visit.page(&domain.name, &body).into_response())
}

fn standing(visit: &Visit, domain: &SendingDomain, kept: &[Kept]) -> String {
    let say = visit.say;
    let what = Ready::of(kept).sentence(say, &domain.name);
    match domain.checked_at {
        Some(at) => {
            let at = t!(say, "domain-checked-at", at = time::said(say, at, visit.now()));
            t!(say, "domain-standing", what = what, at = at)
        }
        None => what,
    }
}

fn check_form(visit: &Visit, domain: &SendingDomain) -> Markup {
    html! {
        form method="post" action={ (links::domain(domain.id)) "/check" } {
            (visit.token_field())
            button.btn.primary type="submit" { (t!(visit.say, "domain-check")) }
        }
    }
}

fn remove_form(visit: &Visit, domain: &SendingDomain) -> Markup {
    let say = visit.say;
    let form = html! {
        form method="post" action={ (links::domain(domain.id)) "/remove" } {
            (visit.token_field())
            button.btn.danger type="submit" { (t!(say, "domain-remove-yes")) }
        }
    };
    confirmed(&t!(say, "domain-remove"), &t!(say, "domain-remove-what"), &form)
}
