//! What was kept of the consent of somebody whose data were erased, found by the address she says she has.

use audience::ConsentEntry;
use axum::{extract::Query, response::IntoResponse};
use maud::{Markup, html};
use serde::Deserialize;

use super::consent;
use crate::{
    parts::{field::Field, time},
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// Whom is asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    address: String,
}

/// `GET /contacts/erased`: only who knows the address finds anything, because it is not kept.
pub(crate) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    let say = visit.say;
    let typed = asked.address.trim();
    let address = addressing::read(typed).address;
    let label = t!(say, "contact-address");
    let unread = t!(say, "erased-unread");
    let wrong = (!typed.is_empty() && address.is_none()).then_some(unread.as_str());
    let found = match &address {
        Some(address) => {
            Some((address.to_string(), visit.house.consents.ledger_of_erased(&address.key()).await?))
        }
        None => None,
    };
    let field =
        Field { name: "address", label: &label, value: typed, wrong, required: true, ..Field::default() };
    let body = html! {
        p.up.screen-only { a href="/contacts" { (t!(say, "frame-contacts")) } }
        h1 { (t!(say, "erased-title")) }
        form.card.screen-only method="get" action="/contacts/erased" {
            p { (t!(say, "erased-what")) }
            (field.input())
            div.actions { button.btn.primary type="submit" { (t!(say, "contacts-search")) } }
        }
        @if let Some((address, entries)) = found { (ledger(&visit, &address, entries).await?) }
    };
    Ok(visit.page(&t!(say, "erased-title"), &body).into_response())
}

async fn ledger(visit: &Visit, address: &str, entries: Vec<ConsentEntry>) -> Result<Markup, Problem> {
    let say = visit.say;
    let topics = visit.house.topics.topics().await?;
    Ok(html! {
        div.card {
            h2 { (t!(say, "consent-ledger")) }
            dl.facts {
                dt { (t!(say, "contact-address")) } dd { (address) }
                dt { (t!(say, "consent-printed")) } dd { (time::said(say, visit.now(), 0)) }
            }
            @if entries.is_empty() { p.empty { (t!(say, "erased-none")) } }
            ol.ledger {
                @for mut entry in entries {
                    @let topic = consent::topic_name(say, &topics, entry.topic_id);
                    // The fingerprint says nothing to a reader; it was found by it.
                    @let () = entry.address.clear();
                    li { (consent::line(visit, &entry, &topic)) }
                }
            }
        }
    })
}
