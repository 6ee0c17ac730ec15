//! Who followed the links of a broadcast: a table of the links, and the people behind each of its numbers.

use axum::{
    extract::{Path, Query},
    response::IntoResponse,
};
use campaigns::{
    broadcast::Broadcast,
    clicks::{Clicker, Clicks, LinkCount, WhoFilter},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::find;
use crate::{
    links,
    parts::{
        pager::{Page, ROWS},
        time,
    },
    problem::{Answer, Problem},
    say::{Say, grouped, t},
    visit::Visit,
};

/// Longest address in the table, in characters; the whole of it is its title.
const SHOWN_CHARS_MAX: usize = 70;

/// The links with their numbers; nothing where they are not recorded.
pub(super) async fn card(visit: &Visit, broadcast: &Broadcast) -> Result<Markup, Problem> {
    if !broadcast.draft.records_clicks {
        return Ok(html! {});
    }
    let (say, id) = (visit.say, broadcast.id);
    let found = visit.house.clicks.link_counts(id).await?;
    let total = visit.house.clicks.click_total(id).await?;
    Ok(html! {
        div.card {
            h2 { (t!(say, "clicks-title")) }
            @if found.is_empty() {
                p.empty { (t!(say, "clicks-no-links")) }
            } @else {
                p.lead { (summary(say, id, &total)) }
                (table(say, id, &found, &total))
                p.fine { (t!(say, "clicks-machines-what")) }
            }
        }
    })
}

/// In one sentence how many people followed links.
fn summary(say: Say, id: i64, total: &Clicks) -> Markup {
    html! {
        @if total.people == 0 {
            (t!(say, "clicks-none"))
        } @else {
            (t!(say, "clicks-summary", people = grouped(total.people), count = total.people, times = grouped(total.times))) " "
            a href=(as_segment(id, None)) { (t!(say, "clicks-as-segment")) }
        }
    }
}

fn table(say: Say, id: i64, found: &[LinkCount], total: &Clicks) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr {
                    th { (t!(say, "clicks-link")) }
                    th.num { (t!(say, "clicks-people")) }
                    th.num { (t!(say, "clicks-times")) }
                    th.num { (t!(say, "clicks-machine")) }
                } }
                tbody {
                    @for link in found {
                        tr {
                            td title=(link.target) { (shown(&link.target)) }
                            (numbers(id, Some(link.number), &link.clicks))
                        }
                    }
                    @if found.len() > 1 {
                        tr { td { b { (t!(say, "clicks-all")) } } (numbers(id, None, total)) }
                    }
                }
            }
        }
        @if found.len() > 1 { p.fine { (t!(say, "clicks-once")) } }
    }
}

fn numbers(id: i64, number: Option<u32>, clicks: &Clicks) -> Markup {
    let cell = |count: u64, machine: bool| {
        html! {
            td.num {
                @if count == 0 { "0" } @else { a href=(who(id, number, machine, None)) { (grouped(count)) } }
            }
        }
    };
    html! { (cell(clicks.people, false)) (cell(clicks.times, false)) (cell(clicks.machine, true)) }
}

/// An address without its scheme, as much as fits.
fn shown(target: &str) -> String {
    let plain = target.split_once("://").map_or(target, |(_, rest)| rest);
    if plain.chars().count() <= SHOWN_CHARS_MAX {
        return plain.to_owned();
    }
    plain.chars().take(SHOWN_CHARS_MAX).chain(['\u{2026}']).collect()
}

/// The list behind a number.
fn who(id: i64, number: Option<u32>, machine: bool, page: Option<u64>) -> String {
    let (number, page) = (number.map(|n| n.to_string()), page.map(|n| n.to_string()));
    let pairs = [("link", number.as_deref()), ("machine", machine.then_some("1")), ("page", page.as_deref())];
    links::query(&format!("{}/clicks", links::broadcast(id)), &pairs)
}

/// The builder of segments with the people behind a number.
fn as_segment(id: i64, number: Option<u32>) -> String {
    let (about, link) = (id.to_string(), number.map(|n| format!("{id}:{n}")).unwrap_or_default());
    let value = |value| ("v-0", Some(value));
    let pairs = [
        ("of-0", Some("deed:clicked")),
        ("test-0", Some("did")),
        value("1"),
        value(""),
        value(""),
        value(""),
        value(&about),
        value(&link),
        value(""),
    ];
    links::query("/segments/new", &pairs)
}

/// Which list.
#[derive(Deserialize)]
pub(crate) struct Which {
    link: Option<u32>,
    machine: Option<String>,
    page: Option<u64>,
}

/// `GET /broadcasts/{id}/clicks`: the people who followed a link or any, or for whom a machine did.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>, Query(which): Query<Which>) -> Answer {
    let broadcast = find(&visit, id).await?;
    let (say, store) = (visit.say, &visit.house.clicks);
    let filter = WhoFilter { number: which.link, machine: which.machine.is_some() };
    let page = Page::of(which.page);
    let (people, total) = store.clickers(id, filter, (page.offset(), ROWS)).await?;
    let counts = store.link_counts(id).await?;
    let link = which.link.and_then(|number| counts.iter().find(|link| link.number == number));
    let title = if filter.machine { t!(say, "clicks-machine-title") } else { t!(say, "clicks-who-title") };
    let body = html! {
        p { a href=(links::broadcast(id)) { (broadcast.draft.name) } }
        h1 { (title) }
        p.lead {
            @match link {
                Some(link) => span.address { (link.target) },
                None => (t!(say, "clicks-any-link")),
            }
        }
        @if filter.machine { p { (t!(say, "clicks-machines-what")) } }
        div.card {
            @if people.is_empty() {
                p.empty { (t!(say, "contacts-none-found")) }
            } @else {
                (list(say, &people, visit.now()))
                (page.markup(say, total, |n| who(id, filter.number, filter.machine, Some(n))))
                @if !filter.machine { p { a href=(as_segment(id, filter.number)) { (t!(say, "clicks-as-segment")) } } }
            }
        }
    };
    Ok(visit.page(&title, &body).into_response())
}

fn list(say: Say, people: &[Clicker], now: i64) -> Markup {
    html! {
        ul.stack {
            @for person in people {
                li {
                    @if person.name.is_empty() && person.address.is_empty() {
                        (t!(say, "clicks-erased"))
                    } @else {
                        a href=(links::contact(person.contact_id)) {
                            @if person.name.is_empty() { (t!(say, "contact-nameless")) } @else { (person.name) }
                        }
                    }
                    " " span.sub { (person.address) }
                    p.sub {
                        (t!(say, "clicks-of-person", times = grouped(person.clicks), at = time::said(say, person.last_at, now)))
                        @for sign in &person.signs {
                            " " (say.with(&format!("clicks-sign-{}", sign.name().replace('_', "-")), None))
                        }
                        " " a href=(links::message(person.recipient_id)) { (t!(say, "clicks-message")) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use campaigns::clicks::Sign;

    use super::*;

    #[test]
    fn every_sign_has_words() {
        for sign in Sign::ALL {
            let key = format!("clicks-sign-{}", sign.name().replace('_', "-"));
            assert!(Say::default().find(&key, None).is_some(), "{key}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(who(7, Some(2), true, Some(3)), "/broadcasts/7/clicks?link=2&machine=1&page=3");
        assert_eq!(who(7, None, false, None), "/broadcasts/7/clicks");
        assert_eq!(shown("https://a.example/x"), "a.example/x");
        assert_eq!(shown(&"x".repeat(71)).chars().count(), 71);
    }
}
