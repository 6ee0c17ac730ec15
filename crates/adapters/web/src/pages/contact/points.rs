//! Everything a customer is reached by on one card: which is preferred, which works, and what can be done with each.

use audience::{Contact, ContactPoint, PointKind};
use maud::{Markup, html};

use super::validity::{LIFT_REASONS, OFF_REASONS};
use crate::{
    links,
    parts::{
        explain,
        field::{Field, confirmed},
    },
    say::t,
    visit::Visit,
};

/// The card; `points` as the store gives them, those taken off behind the others.
pub(super) fn card(visit: &Visit, contact: &Contact, points: &[ContactPoint]) -> Markup {
    let say = visit.say;
    let used = |kind: PointKind| {
        points.iter().filter(move |point| point.removed_at.is_none() && point.draft.kind == kind)
    };
    let gone: Vec<&ContactPoint> = points.iter().filter(|point| point.removed_at.is_some()).collect();
    let here = links::contact(contact.id);
    html! {
        div.card id="points" {
            h2 { (t!(say, "points-title")) }
            ul.stack {
                @if let Some(address) = &contact.address {
                    (preferred(visit, (address, &contact.address_label), contact.invalid_reason.as_deref(), &here))
                }
                @for point in used(PointKind::Address) { (row(visit, point)) }
                @if !contact.phone.is_empty() {
                    (preferred(visit, (&contact.phone, &contact.phone_label), None, &here))
                }
                @for point in used(PointKind::Phone) { (row(visit, point)) }
            }
            @if contact.trashed_at.is_none() {
                div.actions {
                    a.btn href={ (here) "/points/new?kind=address" } { (t!(say, "points-add-address")) }
                    a.btn href={ (here) "/points/new?kind=phone" } { (t!(say, "points-add-phone")) }
                }
            }
            @if !gone.is_empty() { (taken_off(visit, &gone)) }
        }
    }
}

fn preferred(visit: &Visit, (value, label): (&str, &str), invalid: Option<&str>, here: &str) -> Markup {
    let say = visit.say;
    html! {
        li {
            code { (value) } " "
            @if !label.is_empty() { span.tag { (label) } " " }
            span.tag { (t!(say, "points-preferred")) }
            @if let Some(reason) = invalid { div { (broken(visit, reason)) } }
            div.actions { a href={ (here) "/edit" } { (t!(say, "contact-edit")) } }
        }
    }
}

fn row(visit: &Visit, point: &ContactPoint) -> Markup {
    let say = visit.say;
    let here = links::point(point.contact_id, point.id);
    let is_address = point.draft.kind == PointKind::Address;
    html! {
        li {
            code { (point.draft.value) } " "
            @if !point.draft.label.is_empty() { span.tag { (point.draft.label) } }
            @if let Some(reason) = &point.invalid_reason { div { (broken(visit, reason)) } }
            @if let Some(meant) = &point.draft.lookalike_of {
                div { span class="chip doubtful" { (t!(say, "points-lookalike", meant = meant.as_str())) } }
            }
            div.actions {
                (press(visit, &format!("{here}/prefer"), &t!(say, "points-prefer")))
                a href={ (here) "/edit" } { (t!(say, "points-change")) }
                (press(visit, &format!("{here}/remove"), &t!(say, "points-remove")))
                @if is_address { (judge(visit, point, &here)) }
            }
        }
    }
}

fn broken(visit: &Visit, reason: &str) -> Markup {
    let say = visit.say;
    let why = match bounce::Reason::from_name(reason) {
        Some(reason) => explain::title(say, reason.name()),
        None => t!(say, "points-off-by-hand"),
    };
    html! { span class="chip refused" { (t!(say, "points-invalid", reason = why)) } }
}

/// A person says that it works, or that it does not.
fn judge(visit: &Visit, point: &ContactPoint, here: &str) -> Markup {
    let say = visit.say;
    let works = point.invalid_at.is_some() || point.draft.lookalike_of.is_some();
    let (keys, label, what): (&[&str], _, _) = if works {
        (&LIFT_REASONS, "reach-mark-valid", "reach-mark-valid-what")
    } else {
        (&OFF_REASONS, "validity-off", "validity-off-what")
    };
    let choices: Vec<_> = keys.iter().map(|key| ((*key).to_owned(), say.with(key, None))).collect();
    let (why, note) = (t!(say, "validity-why"), t!(say, "validity-note"));
    let form = html! {
        form method="post" action={ (here) "/judge" } {
            (visit.token_field())
            input type="hidden" name="works" value=(if works { "yes" } else { "no" });
            (Field { name: "why", label: &why, ..Field::default() }.select(&choices))
            (Field { name: "note", label: &note, ..Field::default() }.input())
            button.btn.primary type="submit" { (t!(say, "reach-yes")) }
        }
    };
    confirmed(&say.with(label, None), &say.with(what, None), &form)
}

fn press(visit: &Visit, action: &str, label: &str) -> Markup {
    html! {
        form.inline method="post" action=(action) {
            (visit.token_field())
            button.plain type="submit" { (label) }
        }
    }
}

fn taken_off(visit: &Visit, gone: &[&ContactPoint]) -> Markup {
    let say = visit.say;
    html! {
        details {
            summary { (t!(say, "points-removed", n = gone.len())) }
            ul.stack {
                @for point in gone {
                    li {
                        code { (point.draft.value) } " "
                        (press(visit, &format!("{}/restore", links::point(point.contact_id, point.id)), &t!(say, "points-restore")))
                    }
                }
            }
        }
    }
}

/// Where the preferred address does not work: the others that do, each with the button that prefers it.
pub(super) fn instead(visit: &Visit, points: &[ContactPoint]) -> Markup {
    let say = visit.say;
    let working: Vec<&ContactPoint> = points.iter().filter(|point| point.is_sendable()).collect();
    html! {
        @if !working.is_empty() {
            div.cause.good {
                p { b { (t!(say, "points-instead")) } }
                @for point in working {
                    form method="post" action={ (links::point(point.contact_id, point.id)) "/prefer" } {
                        (visit.token_field())
                        button.btn.primary type="submit" {
                            (t!(say, "points-prefer-this", address = point.draft.value.as_str()))
                        }
                    }
                }
            }
        }
    }
}
