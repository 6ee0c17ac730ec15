//! The list of broadcasts with how each of them stands.

use axum::{extract::Query, response::IntoResponse};
use campaigns::{
    broadcast::{Broadcast, BroadcastState},
    report::Counts,
};
use delivery::recipient::State;
use maud::{Markup, html};
use serde::Deserialize;

use super::steps::state_tag;
use crate::{
    links,
    parts::{progress, time},
    problem::{Answer, Problem},
    say::{grouped, t},
    visit::Visit,
};

/// Broadcasts on one page.
const ROWS: u64 = 20;

/// Which page.
#[derive(Deserialize)]
pub(crate) struct Pages {
    page: Option<u64>,
}

/// `GET /broadcasts`.
pub(crate) async fn show(visit: Visit, Query(pages): Query<Pages>) -> Answer {
    let say = visit.say;
    let page = pages.page.unwrap_or(1).clamp(1, 100_000);
    let mut found = visit.house.broadcasts.list((page - 1) * ROWS, ROWS + 1).await?;
    let more = found.len() as u64 > ROWS;
    found.truncate(ROWS as usize);
    let body = html! {
        div.head {
            h1 { (t!(say, "frame-broadcasts")) }
            div.actions { a.btn.primary href="/broadcasts/new" { (t!(say, "broadcasts-new")) } }
        }
        div.card {
            @if found.is_empty() {
                p.empty { (t!(say, "broadcasts-none")) }
            } @else {
                ul.stack { @for broadcast in &found { (line(&visit, broadcast).await?) } }
            }
            @if page > 1 || more {
                nav.pager aria-label=(t!(say, "pager-name")) {
                    @if page > 1 {
                        a.btn rel="prev" href={ "/broadcasts?page=" (page - 1) } { (t!(say, "broadcasts-newer")) }
                    }
                    @if more { a.btn rel="next" href={ "/broadcasts?page=" (page + 1) } { (t!(say, "broadcasts-older")) } }
                }
            }
        }
    };
    Ok(visit.page(&t!(say, "frame-broadcasts"), &body).into_response())
}

async fn line(visit: &Visit, broadcast: &Broadcast) -> Result<Markup, Problem> {
    let (say, now) = (visit.say, visit.now());
    let counts = visit.house.broadcasts.counts(broadcast.id).await?;
    let running = matches!(broadcast.state, BroadcastState::Preparing | BroadcastState::Running);
    let left = counts.of(State::Waiting) + counts.of(State::Deferred);
    Ok(html! {
        li {
            a href=(links::broadcast(broadcast.id)) { b { (broadcast.draft.name) } } " " (state_tag(say, broadcast.state))
            div.sub {
                (time::when(say, broadcast.started_at.unwrap_or(broadcast.created_at), now))
                " \u{b7} " (broadcast.draft.from_address)
            }
            @if counts.total() > 0 { (numbers(visit, broadcast.id, &counts)) }
            @if running && counts.total() > 0 {
                (progress::bar(counts.total() - left, counts.total(), &t!(say, "home-broadcast-left", n = left)))
            }
        }
    })
}

fn numbers(visit: &Visit, id: i64, counts: &Counts) -> Markup {
    let say = visit.say;
    html! {
        ul.links {
            @for state in State::ALL.iter().filter(|state| counts.of(**state) > 0) {
                li {
                    a.sub href=(links::broadcast_rows(id, Some(*state), None, None)) {
                        (crate::parts::chip::state_name(say, *state)) " " (grouped(counts.of(*state)))
                    }
                }
            }
        }
    }
}
