//! The people behind a number of the waterfall before the start.

use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
};
use campaigns::broadcast::{AudiencePart, Waterfall};
use delivery::recipient::WithheldReason;
use maud::html;
use serde::Deserialize;

use super::{find_draft, report};
use crate::{
    links,
    parts::pager::{Page, ROWS},
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// Which number.
#[derive(Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    part: String,
    page: Option<u64>,
}

/// `GET /broadcasts/{id}/people?part=…`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>, Query(which): Query<Which>) -> Answer {
    let Some(broadcast) = find_draft(&visit, id).await? else {
        return Ok(Redirect::to(&links::broadcast(id)).into_response());
    };
    let (say, store) = (visit.say, &visit.house.broadcasts);
    let part = part_of(&which.part).ok_or(Problem::NotFound)?;
    let page = Page::of(which.page);
    let people = store.audience(id, part, (page.offset(), ROWS), visit.now()).await?;
    let total = match part {
        AudiencePart::Unrecorded => store.unrecorded(id, visit.now()).await?,
        part => people_in(&store.preview(id, visit.now()).await?, part),
    };
    let path = format!("{}/people", links::broadcast(id));
    let title = match part {
        AudiencePart::Everyone => t!(say, "people-everyone"),
        AudiencePart::Remaining => t!(say, "people-remaining"),
        AudiencePart::Unrecorded => t!(say, "people-unrecorded"),
        AudiencePart::LeftOut(reason) => report::left_out(say, reason),
    };
    let body = html! {
        p { a href={ (links::broadcast(id)) "/confirm" } { (t!(say, "people-back", name = broadcast.draft.name.as_str())) } }
        h1 { (title) }
        @if let AudiencePart::LeftOut(reason) = part { p.lead { (report::left_out_why(say, reason)) } }
        div.card {
            @if people.is_empty() {
                p.empty { (t!(say, "contacts-none-found")) }
            } @else {
                ul.stack {
                    @for person in &people {
                        li {
                            a href=(links::contact(person.contact_id)) {
                                @if person.name.is_empty() { (t!(say, "contact-nameless")) } @else { (person.name) }
                            }
                            " " span.sub { (person.address) }
                            @if part == AudiencePart::Unrecorded || part == AudiencePart::LeftOut(WithheldReason::NoConsent) {
                                " " a.sub href={ (links::contact(person.contact_id)) "/consent" } { (t!(say, "people-record")) }
                            }
                        }
                    }
                }
                (page.markup(say, total, |n| links::query(&path, &[("part", Some(&which.part)), ("page", Some(&n.to_string()))])))
            }
        }
    };
    Ok(visit.page(&title, &body).into_response())
}

/// The address of a number's people.
pub(super) fn link(id: i64, part: AudiencePart) -> String {
    let name = match part {
        AudiencePart::Everyone => "everyone",
        AudiencePart::Remaining => "remaining",
        AudiencePart::Unrecorded => "unrecorded",
        AudiencePart::LeftOut(reason) => reason.name(),
    };
    format!("{}/people?part={name}", links::broadcast(id))
}

fn part_of(name: &str) -> Option<AudiencePart> {
    match name {
        "everyone" => Some(AudiencePart::Everyone),
        "remaining" => Some(AudiencePart::Remaining),
        "unrecorded" => Some(AudiencePart::Unrecorded),
        reason => WithheldReason::from_name(reason).map(AudiencePart::LeftOut),
    }
}

fn people_in(waterfall: &Waterfall, part: AudiencePart) -> u64 {
    match part {
        AudiencePart::Everyone => waterfall.asked,
        AudiencePart::Remaining | AudiencePart::Unrecorded => waterfall.remaining,
        AudiencePart::LeftOut(reason) => {
            waterfall.withheld.iter().find(|(known, _)| *known == reason).map_or(0, |(_, people)| *people)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_back() {
        for part in [
            AudiencePart::Everyone,
            AudiencePart::Remaining,
            AudiencePart::Unrecorded,
            AudiencePart::LeftOut(WithheldReason::OptedOut),
        ] {
            let link = link(1, part);
            assert_eq!(part_of(link.rsplit('=').next().unwrap()), Some(part), "{link}");
        }
        assert_eq!(part_of("nonsense"), None);
    }
}
