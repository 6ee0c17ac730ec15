//! The list of segments, with how many people each finds now.

use audience::segment::{Segment, sentence};
use axum::{extract::Query, response::IntoResponse};
use maud::{Markup, html};
use serde::Deserialize;

use super::said;
use crate::{
    links,
    parts::time,
    problem::{Answer, Problem},
    say::{grouped, t},
    visit::Visit,
};

/// Which ones.
#[derive(Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    archived: bool,
}

/// `GET /segments`.
pub(crate) async fn show(visit: Visit, Query(which): Query<Which>) -> Answer {
    let say = visit.say;
    let segments = visit.house.segments.list(which.archived).await?;
    let body = html! {
        div.head {
            div {
                h1 { (t!(say, "frame-segments")) }
                p.lead { (t!(say, "segments-lead")) }
            }
            div.actions { a.btn.primary href="/segments/new" { (t!(say, "segments-new")) } }
        }
        ul.tabs {
            li { a href="/segments" aria-current=[(!which.archived).then_some("true")] { (t!(say, "segments-in-use")) } }
            li { a href="/segments?archived=true" aria-current=[which.archived.then_some("true")] { (t!(say, "segments-archived")) } }
        }
        div.card {
            @if segments.is_empty() {
                p.empty { @if which.archived { (t!(say, "segments-none-archived")) } @else { (t!(say, "segments-none")) } }
            } @else {
                (table(&visit, &segments).await?)
            }
        }
    };
    Ok(visit.page(&t!(say, "frame-segments"), &body).into_response())
}

async fn table(visit: &Visit, segments: &[Segment]) -> Result<Markup, Problem> {
    let (say, store) = (visit.say, &visit.house.segments);
    let known = store.known().await?;
    let mut rows = Vec::new();
    for segment in segments {
        let count = match &segment.rule {
            Some(rule) if segment.archived_at.is_none() => Some(store.count(rule, visit.now()).await?),
            _ => None,
        };
        let words = segment.rule.as_ref().map(|rule| said(say, &sentence(rule, &known)));
        rows.push((segment, words, count));
    }
    Ok(html! {
        table.folds {
            thead {
                tr {
                    th { (t!(say, "segment-name")) }
                    th.num { (t!(say, "segment-count")) }
                    th { (t!(say, "segment-changed-at")) }
                }
            }
            tbody {
                @for (segment, words, count) in rows {
                    tr {
                        td {
                            a href=(links::segment(segment.id)) { b { (segment.name) } }
                            div.sub { (words.unwrap_or_else(|| t!(say, "segment-unreadable"))) }
                        }
                        td.num data-label=(t!(say, "segment-count")) {
                            @match count {
                                Some(Ok(people)) => a href={ (links::segment(segment.id)) "/people" } { (grouped(people)) },
                                Some(Err(_)) => span.chip.refused { (t!(say, "segment-has-problem")) },
                                None => "\u{2013}",
                            }
                        }
                        td data-label=(t!(say, "segment-changed-at")) { (time::when(say, segment.updated_at, visit.now())) }
                    }
                }
            }
        }
    })
}
