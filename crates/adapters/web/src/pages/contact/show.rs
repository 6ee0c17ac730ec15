//! One customer: whether mail can go to her, what to do about it, and everything that happened.

use audience::{
    Contact, ContactPoint, ContactStatus, Field as HouseField, FieldKind, Standing, Topic, TopicRefusal,
};
use axum::{extract::Path, response::IntoResponse};
use maud::{Markup, html};

use super::{
    consent, file,
    list::shown_name,
    points,
    timeline::{self, Names},
    validity::{self, Known},
};
use crate::{
    links,
    pages::duplicate,
    parts::{chip, explain, field::confirmed, time, value},
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// Events and messages the page shows at most.
const EVENTS_MAX: u64 = 200;
const MESSAGES_MAX: u64 = 100;

/// `GET /contacts/{id}`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let (say, house) = (visit.say, &visit.house);
    let contact = house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
    let events = house.history.of_contact(id, EVENTS_MAX).await?;
    let messages = house.history.messages_to(id, MESSAGES_MAX).await?;
    let cut = events.len() as u64 == EVENTS_MAX || messages.len() as u64 == MESSAGES_MAX;
    let names: Names = house.operators.list().await?.into_iter().map(|one| (one.id, one.name)).collect();
    let known = Known::of(&visit, &contact, &events).await?;
    let fields = house.imports.import_fields().await?;
    let (topics, refusals) = (house.topics.topics().await?, house.topics.topic_refusals(id).await?);
    let merges = house.merges.merges_of(id).await?;
    let points = house.points.points(id).await?;
    let entries = timeline::merged(events, messages);
    let name = shown_name(&visit, &contact);
    let body = html! {
        p.up { a href="/contacts" { (t!(say, "frame-contacts")) } }
        div.head {
            div {
                h1 { (name) @if !contact.name.is_empty() { (t!(say, "contact-honorific")) } }
                @if !contact.kana.is_empty() { p.lead { (contact.kana) } }
            }
            a.btn href={ (links::contact(id)) "/edit" } { (t!(say, "contact-edit")) }
        }
        @if contact.trashed_at.is_some() { (in_trash(&visit, &contact)) }
        div.row.two {
            div.card {
                h2 { (t!(say, "contact-timeline")) }
                @if entries.is_empty() {
                    p.empty { (t!(say, "contact-timeline-empty")) }
                } @else {
                    (timeline::markup(say, &entries, &names, visit.now()))
                }
                @if cut { p.fine { (t!(say, "contact-timeline-cut")) } }
            }
            div.soon {
                (standing_card(&visit, &contact, &known, &points))
                (points::card(&visit, &contact, &points))
                (consent::card(&visit, &contact))
                (topics_card(&visit, &contact, &topics, &refusals))
                (facts_card(&visit, &contact, &fields))
                (file::card(&visit, &contact, &fields))
                @if contact.trashed_at.is_none() {
                    (duplicate::merge::made(&visit, &merges))
                    ul.links {
                        li { a href={ (links::contact(id)) "/data.json" } { (t!(say, "rights-copy")) } }
                        @if visit.is_owner() { li { a href={ (links::contact(id)) "/erase" } { (t!(say, "rights-erase")) } } }
                    }
                    div.actions { (act(&visit, &contact, "trash", &t!(say, "contact-trash"), &t!(say, "contact-trash-what"))) }
                }
            }
        }
    };
    Ok(visit.page(&name, &body).into_response())
}

fn standing_card(visit: &Visit, contact: &Contact, known: &Known, points: &[ContactPoint]) -> Markup {
    let say = visit.say;
    html! {
        div.card {
            h2 { (t!(say, "contact-reach")) }
            p {
                @if let Some(address) = &contact.address { code { (address) } br; }
                (chip::standing(say, contact.standing()))
            }
            @match contact.standing() {
                Standing::Sendable => {
                    p { (t!(say, "reach-sendable")) }
                    (validity::watched(visit, known))
                    div.actions { (opt_out(visit, contact)) (validity::switch_off(visit, contact)) }
                }
                Standing::OptedOut => {
                    p { (opted_out_words(visit, contact)) }
                    div.actions { (opt_in(visit, contact)) }
                }
                Standing::DmRefused => {
                    p { (t!(say, "reach-dm-refused")) }
                    div.actions {
                        a.btn href={ (links::contact(contact.id)) "/edit" } { (t!(say, "contact-edit")) }
                        (opt_out(visit, contact))
                    }
                }
                Standing::Resigned => {
                    p { (t!(say, "reach-resigned")) }
                    div.actions { a.btn href={ (links::contact(contact.id)) "/edit" } { (t!(say, "contact-edit")) } }
                }
                Standing::Invalid => {
                    (points::instead(visit, points))
                    (validity::invalid(visit, contact, known))
                }
                Standing::Lookalike => (lookalike(visit, contact)),
                Standing::NoAddress => {
                    (points::instead(visit, points))
                    p { (t!(say, "reach-no-address")) }
                    div.actions {
                        a.btn.primary href={ (links::contact(contact.id)) "/edit" } { (t!(say, "reach-enter-address")) }
                    }
                }
            }
        }
    }
}

fn opted_out_words(visit: &Visit, contact: &Contact) -> String {
    let say = visit.say;
    let route = contact
        .opt_out_route
        .map(|route| say.with(&format!("route-{}", route.name().replace('_', "-")), None));
    let at = contact.opted_out_at.map(|at| time::said(say, at, visit.now())).unwrap_or_default();
    t!(say, "reach-opted-out", at = at, route = route.unwrap_or_default())
}

fn lookalike(visit: &Visit, contact: &Contact) -> Markup {
    let say = visit.say;
    let meant = contact.lookalike_of.as_deref().unwrap_or_default();
    html! {
        div.cause.doubt { p { (t!(say, "reach-lookalike", meant = meant)) } }
        div.actions {
            a.btn.primary href={ (links::contact(contact.id)) "/edit" } { (t!(say, "reach-correct-address")) }
            (act(visit, contact, "confirm-address", &t!(say, "reach-confirm"), &t!(say, "reach-confirm-what")))
        }
    }
}

fn opt_out(visit: &Visit, contact: &Contact) -> Markup {
    let say = visit.say;
    act(visit, contact, "opt-out", &t!(say, "reach-opt-out"), &t!(say, "reach-opt-out-what"))
}

fn opt_in(visit: &Visit, contact: &Contact) -> Markup {
    let say = visit.say;
    act(visit, contact, "opt-in", &t!(say, "reach-opt-in"), &t!(say, "reach-opt-in-what"))
}

fn act(visit: &Visit, contact: &Contact, verb: &str, label: &str, what: &str) -> Markup {
    let form = html! {
        form method="post" action={ (links::contact(contact.id)) "/" (verb) } {
            (visit.token_field())
            button.btn.primary type="submit" { (t!(visit.say, "reach-yes")) }
        }
    };
    confirmed(label, what, &form)
}

/// It can be taken out again, with everything that was known.
fn in_trash(visit: &Visit, contact: &Contact) -> Markup {
    let say = visit.say;
    html! {
        div.notice {
            p { (t!(say, "contact-in-trash")) }
            form method="post" action={ (links::contact(contact.id)) "/restore" } {
                (visit.token_field())
                button.btn.primary type="submit" { (t!(say, "contact-restore")) }
            }
        }
    }
}

/// What of the advertising the customer wants, topic by topic.
fn topics_card(visit: &Visit, contact: &Contact, topics: &[Topic], refusals: &[TopicRefusal]) -> Markup {
    let say = visit.say;
    let live: Vec<&Topic> = topics.iter().filter(|topic| topic.archived_at.is_none()).collect();
    html! {
        @if !live.is_empty() {
            div.card {
                h2 { (t!(say, "topics-title")) }
                form method="post" action={ (links::contact(contact.id)) "/topics" } {
                    (visit.token_field())
                    @for topic in live {
                        @let refusal = refusals.iter().find(|refusal| refusal.topic_id == topic.id);
                        label.check {
                            input type="checkbox" name={ "topic-" (topic.id) } value="1" checked[refusal.is_none()];
                            span {
                                (topic.name)
                                @if let Some(refusal) = refusal {
                                    span.sub { " " (t!(say, "topic-refused", at = time::said(say, refusal.at, visit.now()))) }
                                }
                            }
                        }
                    }
                    button.btn type="submit" { (t!(say, "contact-save")) }
                }
            }
        }
    }
}

fn facts_card(visit: &Visit, contact: &Contact, fields: &[HouseField]) -> Markup {
    let say = visit.say;
    let provider = (!contact.provider.is_empty()).then(|| explain::provider_name(say, &contact.provider));
    let facts = [
        (t!(say, "contact-company"), contact.company.clone()),
        (t!(say, "contact-external-id"), contact.external_id.clone()),
        (t!(say, "contact-provider"), provider.unwrap_or_default()),
        (t!(say, "contact-note"), contact.note.clone()),
        (t!(say, "contact-since"), time::said(say, contact.created_at, visit.now())),
    ];
    // Files have a card of their own.
    let filled = fields
        .iter()
        .filter(|field| field.kind != FieldKind::File && contact.fields.contains_key(&field.key));
    let status = say.with(&format!("contact-status-{}", contact.status.name()), None);
    html! {
        div.card {
            h2 { (t!(say, "contact-facts")) }
            dl.facts {
                @for (name, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
                    dt { (name) } dd { (value) }
                }
                @if contact.status != ContactStatus::Registered { dt { (t!(say, "contact-status")) } dd { (status) } }
                @for field in filled { dt { (field.label) } dd { (value::shown(say, field, contact)) } }
            }
        }
    }
}
