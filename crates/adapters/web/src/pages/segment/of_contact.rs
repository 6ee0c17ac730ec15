//! To which segments one customer belongs, each with its reasons.

use audience::segment::sentence;
use axum::{extract::Path, response::IntoResponse};
use maud::html;

use super::said;
use crate::{
    links,
    pages::contact::list::shown_name,
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// `GET /contacts/{id}/segments`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let (say, house) = (visit.say, &visit.house);
    let contact = house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
    let name = shown_name(&visit, &contact);
    let known = house.segments.known().await?;
    let found = house.segments.segments_of(id, visit.now()).await?;
    let title = t!(say, "of-contact-title", name = name.as_str());
    let body = html! {
        p.up { a href=(links::contact(id)) { (name) } }
        h1 { (title) }
        div.card {
            @if found.is_empty() { p.empty { (t!(say, "segments-none")) } }
            ul.stack {
                @for (segment, belongs) in &found {
                    li {
                        @match belongs {
                            Some(true) => span.chip.evidenced { (t!(say, "why-belongs")) },
                            Some(false) => span.chip.withheld { (t!(say, "why-outside")) },
                            None => span.chip.refused { (t!(say, "segment-has-problem")) },
                        }
                        " " a href=(links::segment(segment.id)) { b { (segment.name) } }
                        " " a href=(links::why(segment.id, id)) { (t!(say, "why-link")) }
                        @if let Some(rule) = &segment.rule { div.sub { (said(say, &sentence(rule, &known))) } }
                    }
                }
            }
        }
    };
    Ok(visit.page(&title, &body).into_response())
}
