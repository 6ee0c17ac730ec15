//! Why a person belongs to a segment or not: every condition with what she has there, and whether it holds.

use std::collections::HashMap;

use audience::{
    Contact,
    segment::{
        Condition, Group, Join, Known, Part, Subject, Tick, Why, condition_sentence, subject_name, value_name,
    },
};
use axum::{extract::Path, response::IntoResponse};
use maud::{Markup, html};

use super::{find, said};
use crate::{
    links,
    pages::contact::list::shown_name,
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// `GET /segments/{id}/why/{contact}`.
pub(crate) async fn show(visit: Visit, Path((id, contact)): Path<(i64, i64)>) -> Answer {
    let (say, house) = (visit.say, &visit.house);
    let segment = find(&visit, id).await?;
    let contact = house.contacts.get(contact).await?.ok_or(Problem::NotFound)?;
    let name = shown_name(&visit, &contact);
    let known = house.segments.known().await?;
    let inside = match &segment.rule {
        None => html! { p.wrong { (said(say, &audience::segment::unreadable())) } },
        Some(rule) => {
            match house.segments.why(rule, contact.id, visit.now()).await?.ok_or(Problem::NotFound)? {
                Ok(why) => reasons(&Told::new(&visit, &known, &contact, &why), &rule.root),
                Err(problems) => html! {
                    p { b { (t!(say, "segment-broken")) } }
                    ul.problems { @for problem in &problems { li { (said(say, &problem.words)) } } }
                },
            }
        }
    };
    let title = t!(say, "why-title", name = name.as_str(), segment = segment.name.as_str());
    let body = html! {
        p.up {
            a href=(links::segment(id)) { (segment.name) } " \u{b7} "
            a href=(links::contact(contact.id)) { (name) }
        }
        h1 { (title) }
        div.card { (inside) }
        p.fine { (t!(say, "why-same")) " " a href={ (links::contact(contact.id)) "/segments" } { (t!(say, "why-others")) } }
    };
    Ok(visit.page(&title, &body).into_response())
}

/// What a page of reasons is made of.
struct Told<'a> {
    visit: &'a Visit,
    known: &'a Known,
    contact: &'a Contact,
    why: &'a Why,
    ticks: HashMap<&'a [usize], &'a Tick>,
}

impl<'a> Told<'a> {
    fn new(visit: &'a Visit, known: &'a Known, contact: &'a Contact, why: &'a Why) -> Self {
        let ticks = why.ticks.iter().map(|tick| (tick.at.as_slice(), tick)).collect();
        Self { visit, known, contact, why, ticks }
    }

    fn holds(&self, at: &[usize]) -> bool {
        self.ticks.get(at).is_some_and(|tick| tick.holds)
    }
}

fn reasons(told: &Told<'_>, root: &Group) -> Markup {
    let say = told.visit.say;
    html! {
        div class=(if told.why.belongs { "cause good" } else { "cause plain" }) {
            p { b { @if told.why.belongs { (t!(say, "why-yes")) } @else { (t!(say, "why-no")) } } }
            @if told.contact.trashed_at.is_some() { p { (t!(say, "why-trashed")) } }
        }
        (group(told, root, &mut Vec::new()))
    }
}

fn group(told: &Told<'_>, group: &Group, at: &mut Vec<usize>) -> Markup {
    let say = told.visit.say;
    let words = match (group.join, group.negated) {
        (Join::All, false) => t!(say, "why-all"),
        (Join::Any, false) => t!(say, "why-any"),
        (Join::All, true) => t!(say, "why-not-all"),
        (Join::Any, true) => t!(say, "why-not-any"),
    };
    let parts: Vec<Markup> = group
        .parts
        .iter()
        .enumerate()
        .map(|(n, part)| {
            at.push(n);
            let markup = match part {
                Part::Group(inner) => html! { li { (self::group(told, inner, at)) } },
                Part::Condition(condition) => line(told, condition, at),
            };
            at.pop();
            markup
        })
        .collect();
    html! {
        p { (mark(told, told.holds(at))) " " (words) }
        ul.why { @for part in parts { (part) } }
    }
}

fn line(told: &Told<'_>, condition: &Condition, at: &[usize]) -> Markup {
    let say = told.visit.say;
    html! {
        li {
            (mark(told, told.holds(at))) " " (said(say, &condition_sentence(condition, told.known)))
            div.sub { (what_she_has(told, condition, at)) }
        }
    }
}

/// A sign and a word: nobody has to know the sign.
fn mark(told: &Told<'_>, holds: bool) -> Markup {
    let say = told.visit.say;
    html! {
        @if holds { span.chip.evidenced { (t!(say, "why-holds")) } } @else { span.chip.withheld { (t!(say, "why-fails")) } }
    }
}

fn what_she_has(told: &Told<'_>, condition: &Condition, at: &[usize]) -> Markup {
    let say = told.visit.say;
    let value = told.ticks.get(at).map(|tick| tick.value.as_str()).unwrap_or_default();
    let name = said(say, &subject_name(&condition.of, told.known));
    match &condition.of {
        Subject::Segment => {
            let id = condition.value(0).parse::<i64>().unwrap_or_default();
            html! { a href=(links::why(id, told.contact.id)) { (t!(say, "why-inside")) } }
        }
        Subject::Share => html! {},
        Subject::Deed(_) => html! { (t!(say, "why-times", value = value)) },
        Subject::Permission => {
            let words =
                if value.is_empty() { t!(say, "why-permission-yes") } else { t!(say, "why-permission-no") };
            html! { (words) }
        }
        Subject::Consent => consent(told, value),
        _ if value.is_empty() => html! { (t!(say, "why-empty", of = name.as_str())) },
        _ => {
            let kind = told.known.kind_of(&condition.of);
            let shown = match kind {
                Some(
                    kind @ (audience::segment::Kind::Standing
                    | audience::segment::Kind::Status
                    | audience::segment::Kind::Validity
                    | audience::segment::Kind::Provider),
                ) => said(say, &value_name(kind, condition.test, value)),
                _ => value.to_owned(),
            };
            html! { (t!(say, "why-value", of = name.as_str(), value = shown.as_str())) }
        }
    }
}

/// The agreement in force, and the way to the ledger.
fn consent(told: &Told<'_>, value: &str) -> Markup {
    let say = told.visit.say;
    let (basis, day) = value.split_once(' ').unwrap_or_default();
    let basis =
        said(say, &value_name(audience::segment::Kind::Consent, audience::segment::Test::Given, basis));
    html! {
        @if value.is_empty() { (t!(say, "why-consent-none")) }
        @else { (t!(say, "why-consent", basis = basis.as_str(), day = day)) }
        " " a href={ (links::contact(told.contact.id)) "/consent" } { (t!(say, "why-consent-proof")) }
    }
}
