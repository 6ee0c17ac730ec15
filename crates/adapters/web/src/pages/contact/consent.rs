//! What a customer agreed to: the card on her page, the form to write it down, and the printable proof.

use audience::{CONSENT_ROUTES, ConsentBasis, ConsentEntry, Contact, NewConsent, Topic, TopicId};
use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use maud::{Markup, html};
use serde::Deserialize;

use super::list::shown_name;
use crate::{
    form::Form,
    links,
    parts::{field::Field, flash, time},
    problem::{Answer, Problem},
    say::{Say, t},
    visit::Visit,
};

/// Longest wording or evidence, in characters.
const TEXT_CHARS_MAX: usize = 2_000;

/// An agreement as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    basis: String,
    route: String,
    day: String,
    wording: String,
    evidence: String,
}

impl Typed {
    fn consent(&self, contact_id: i64, now: i64) -> Option<NewConsent> {
        let at = if self.day.trim().is_empty() { now } else { time::day_start(&self.day)? };
        let route = CONSENT_ROUTES.iter().find(|route| **route == self.route)?;
        let cut = |text: &str| text.trim().chars().take(TEXT_CHARS_MAX).collect::<String>();
        let evidence = cut(&self.evidence);
        (at <= now && !evidence.is_empty()).then_some(())?;
        Some(NewConsent {
            contact_id,
            topic_id: None,
            basis: ConsentBasis::from_name(&self.basis)?,
            at,
            route: (*route).to_owned(),
            wording: cut(&self.wording),
            evidence,
            ip: None,
            user_agent: None,
            confirmation: None,
        })
    }
}

/// `POST /contacts/{id}/consent`.
pub(crate) async fn record(visit: Visit, Path(id): Path<i64>, Form(typed): Form<Typed>) -> Answer {
    let contact = visit.house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
    if let Some(new) = typed.consent(id, visit.now()) {
        visit.house.consents.record_consent(&new, visit.actor(), visit.now()).await?;
        return Ok(flash::done(&format!("/contacts/{id}/consent"), "consent-recorded").into_response());
    }
    let page = page(&visit, &contact, &typed, Some(&t!(visit.say, "consent-needs-proof"))).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// `GET /contacts/{id}/consent`: 同意の証明, made to be printed.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let contact = visit.house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
    Ok(page(&visit, &contact, &Typed::default(), None).await?.into_response())
}

async fn page(
    visit: &Visit,
    contact: &Contact,
    typed: &Typed,
    wrong: Option<&str>,
) -> Result<Markup, Problem> {
    let say = visit.say;
    let entries = visit.house.consents.ledger(contact.id).await?;
    let topics = visit.house.topics.topics().await?;
    let name = shown_name(visit, contact);
    let body = html! {
        p.up.screen-only { a href=(links::contact(contact.id)) { (name) } }
        h1 { (t!(say, "consent-proof")) }
        dl.facts {
            dt { (t!(say, "contact-name")) } dd { (name) }
            dt { (t!(say, "contact-address")) } dd { (contact.address.as_deref().unwrap_or_default()) }
            dt { (t!(say, "contact-external-id")) } dd { (contact.external_id) }
            dt { (t!(say, "consent-now")) } dd { (now_words(visit, contact)) }
            dt { (t!(say, "consent-printed")) } dd { (time::said(say, visit.now(), 0)) }
        }
        div.card {
            h2 { (t!(say, "consent-ledger")) }
            @if entries.is_empty() { p.empty { (t!(say, "consent-none")) } }
            ol.ledger {
                @for entry in &entries { li { (line(visit, entry, &topic_name(say, &topics, entry.topic_id))) } }
            }
            p.fine { (t!(say, "consent-append-only")) }
        }
        (form(visit, contact, typed, wrong))
    };
    Ok(visit.page(&t!(say, "consent-proof"), &body))
}

fn now_words(visit: &Visit, contact: &Contact) -> String {
    let say = visit.say;
    match (contact.opted_out_at, contact.consent, contact.consented_at) {
        (Some(at), _, _) => t!(say, "consent-now-withdrawn", at = time::said(say, at, 0)),
        (None, Some(basis), Some(at)) => {
            t!(say, "consent-now-given", at = time::said(say, at, 0), basis = basis_name(say, basis))
        }
        _ => t!(say, "consent-now-none"),
    }
}

fn basis_name(say: Say, basis: ConsentBasis) -> String {
    say.with(&format!("consent-basis-{}", basis.name()), None)
}

fn route_name(say: Say, route: &str) -> String {
    let name = route.replace('_', "-");
    let given = say.find(&format!("consent-route-{name}"), None);
    given.or_else(|| say.find(&format!("route-{name}"), None)).unwrap_or_else(|| route.to_owned())
}

/// What an entry is about: one topic, or all there is.
pub(super) fn topic_name(say: Say, topics: &[Topic], id: Option<TopicId>) -> String {
    let Some(id) = id else { return t!(say, "consent-all") };
    topics.iter().find(|topic| topic.id == id).map(|topic| topic.name.clone()).unwrap_or_default()
}

/// One entry with everything that proves it.
pub(super) fn line(visit: &Visit, entry: &ConsentEntry, topic: &str) -> Markup {
    let say = visit.say;
    let what = match entry.basis {
        Some(basis) => t!(say, "consent-given", basis = basis_name(say, basis)),
        None => t!(say, "consent-withdrawn"),
    };
    let facts = [
        ("consent-scope", topic.to_owned()),
        ("consent-route", route_name(say, &entry.route)),
        ("consent-address", entry.address.clone()),
        ("consent-wording", entry.wording.clone()),
        ("consent-evidence", entry.evidence.clone()),
        ("consent-ip", entry.ip.clone().unwrap_or_default()),
        ("consent-browser", entry.user_agent.clone().unwrap_or_default()),
        ("consent-confirmed", entry.confirmation.map(|(_, at)| time::said(say, at, 0)).unwrap_or_default()),
        ("consent-recorded-at", time::said(say, entry.recorded_at, 0)),
    ];
    html! {
        p { (time::when(say, entry.at, 0)) " " b { (what) } }
        dl.facts {
            @for (key, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
                dt { (say.with(key, None)) } dd { (value) }
            }
            @if let Some(mail) = entry.confirmation.map(|(mail, _)| mail) {
                dt { (t!(say, "consent-mail")) } dd { a href=(links::message(mail)) { (mail) } }
            }
            @if let Some(import) = entry.import_id {
                dt { (t!(say, "consent-import")) } dd { a href=(links::import(import)) { (import) } }
            }
        }
    }
}

fn form(visit: &Visit, contact: &Contact, typed: &Typed, wrong: Option<&str>) -> Markup {
    let say = visit.say;
    let bases: Vec<_> =
        ConsentBasis::ALL.iter().map(|basis| (basis.name().to_owned(), basis_name(say, *basis))).collect();
    let routes: Vec<_> = CONSENT_ROUTES.map(|route| (route.to_owned(), route_name(say, route))).into();
    let words = ["consent-basis", "consent-route", "consent-day", "consent-wording", "consent-evidence"]
        .map(|key| say.with(key, None));
    let hints =
        ["consent-day-hint", "consent-wording-hint", "consent-evidence-hint"].map(|key| say.with(key, None));
    let field = |at: usize| Field { label: &words[at], ..Field::default() };
    html! {
        details.card.screen-only open[wrong.is_some()] {
            summary { (t!(say, "consent-record")) }
            form method="post" action={ (links::contact(contact.id)) "/consent" } {
                (visit.token_field())
                div.columns {
                    (Field { name: "basis", value: &typed.basis, ..field(0) }.select(&bases))
                    (Field { name: "route", value: &typed.route, ..field(1) }.select(&routes))
                    (Field { name: "day", value: &typed.day, hint: &hints[0], ..field(2) }.input())
                    (Field { name: "evidence", value: &typed.evidence, hint: &hints[2], wrong, ..field(4) }.input())
                }
                (Field { name: "wording", value: &typed.wording, hint: &hints[1], ..field(3) }.area(2))
                button.btn.primary type="submit" { (t!(say, "consent-record-yes")) }
            }
        }
    }
}

/// The card on the customer's page.
pub(super) fn card(visit: &Visit, contact: &Contact) -> Markup {
    let say = visit.say;
    html! {
        div.card {
            h2 { (t!(say, "consent-title")) }
            p { (now_words(visit, contact)) }
            p { a href={ (links::contact(contact.id)) "/consent" } { (t!(say, "consent-proof")) } }
        }
    }
}
