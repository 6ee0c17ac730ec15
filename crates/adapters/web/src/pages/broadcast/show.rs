//! One broadcast: watched while it runs, read as a report afterwards.

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect},
};
use campaigns::{
    broadcast::{Broadcast, BroadcastState},
    report::Counts,
};
use delivery::recipient::State;
use maud::{Markup, html};

use super::{act, clicks, find, reasons, report, steps::state_tag};
use crate::{
    links,
    parts::{explain, progress, time},
    problem::{Answer, Problem},
    say::{grouped, t},
    visit::Visit,
};

/// Up to so many people the pictures are drawn anew every second; above it only the numbers are.
const LIVE_PICTURES_MAX: u64 = 50_000;

/// `GET /broadcasts/{id}`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let broadcast = find(&visit, id).await?;
    if broadcast.state == BroadcastState::Draft {
        return Ok(Redirect::to(&format!("{}/confirm", links::broadcast(id))).into_response());
    }
    let say = visit.say;
    let causes = visit.house.broadcasts.by_reason(id).await?;
    let body = html! {
        p { a href="/broadcasts" { (t!(say, "frame-broadcasts")) } }
        div.head {
            div {
                h1 { (broadcast.draft.name) " " (state_tag(say, broadcast.state)) }
                p.lead { (when(&visit, &broadcast)) }
            }
            (act::buttons(&visit, &broadcast))
        }
        (live_box(&visit, &broadcast).await?)
        (clicks::card(&visit, &broadcast).await?)
        (reasons::card(say, id, &causes))
        div.card {
            h2 { (t!(say, "report-more")) }
            ul.links {
                li { a href=(links::broadcast_rows(id, None, None, None)) { (t!(say, "report-rows")) } }
                li { a href={ "/desk?broadcast=" (id) } { (t!(say, "report-desk")) } }
                li { a href={ (links::broadcast(id)) "/rows.csv" } { (t!(say, "report-csv")) } }
                li { a href={ "/queue/broadcasts/" (id) } { (t!(say, "pace-link")) } }
                li { a href=(links::template(broadcast.draft.template_id)) { (t!(say, "report-template")) } }
            }
        }
    };
    Ok(visit.page(&broadcast.draft.name, &body).into_response())
}

/// `GET /broadcasts/{id}/live`: a fragment.
pub(crate) async fn live(visit: Visit, Path(id): Path<i64>) -> Result<Markup, Problem> {
    let broadcast = find(&visit, id).await?;
    live_box(&visit, &broadcast).await
}

async fn live_box(visit: &Visit, broadcast: &Broadcast) -> Result<Markup, Problem> {
    let (id, say) = (broadcast.id, visit.say);
    let counts = visit.house.broadcasts.counts(id).await?;
    let running = matches!(broadcast.state, BroadcastState::Preparing | BroadcastState::Running);
    let pictures = counts.total() > 0 && (!running || counts.total() <= LIVE_PICTURES_MAX);
    let inside = html! {
        div.card {
            @if broadcast.state != BroadcastState::Finished { (bar(visit, broadcast, &counts)) }
            (report::numbers(say, id, &counts))
            p.fine { (t!(say, "home-accepted-what")) }
        }
        @if pictures { (pictures_of(visit, id, &counts).await?) }
    };
    Ok(progress::live(&format!("{}/live", links::broadcast(id)), running, &inside))
}

async fn pictures_of(visit: &Visit, id: i64, counts: &Counts) -> Result<Markup, Problem> {
    let (say, store) = (visit.say, &visit.house.broadcasts);
    let waterfall = store.waterfall(id).await?;
    let cells = store.by_provider(id).await?;
    Ok(html! {
        div.card {
            h2 { (t!(say, "report-who")) }
            (report::outcome(say, id, &waterfall, counts))
        }
        div.card {
            h2 { (t!(say, "report-heat")) }
            (report::heat(say, id, &cells))
        }
    })
}

fn bar(visit: &Visit, broadcast: &Broadcast, counts: &Counts) -> Markup {
    let say = visit.say;
    let (total, withheld) = (counts.total(), counts.of(State::Withheld));
    let sent_to = total - withheld;
    let left = counts.of(State::Waiting) + counts.of(State::Deferred);
    let words = match broadcast.state {
        BroadcastState::Preparing => t!(say, "live-preparing", n = grouped(total)),
        BroadcastState::Paused => t!(say, "live-paused", n = grouped(left)),
        BroadcastState::Cancelled => t!(say, "live-cancelled"),
        _ => t!(say, "live-running", done = grouped(sent_to - left), total = grouped(sent_to)),
    };
    html! {
        (progress::bar(sent_to - left, sent_to, &words))
        @if broadcast.state == BroadcastState::Running && counts.of(State::Waiting) == 0 && left > 0 {
            p.hint { (t!(say, "live-only-retries", n = grouped(left))) }
        }
    }
}

fn when(visit: &Visit, broadcast: &Broadcast) -> String {
    let (say, now) = (visit.say, visit.now());
    let said = |at: Option<i64>| at.map(|at| time::said(say, at, now)).unwrap_or_default();
    let (start, end) = (said(broadcast.started_at), said(broadcast.finished_at));
    let from = broadcast.draft.from_address.as_str();
    match (broadcast.started_at, broadcast.state) {
        (None, _) => t!(say, "report-never-started", from = from),
        (_, BroadcastState::Finished) => t!(say, "report-finished", from = from, start = start, end = end),
        (_, BroadcastState::Cancelled) => t!(say, "report-cancelled", from = from, start = start, end = end),
        _ => t!(say, "report-started", from = from, start = start),
    }
}

/// The reason of a row in short words: why it was left out, or what the server meant.
pub(super) fn reason_of(visit: &Visit, row: &campaigns::report::Row) -> String {
    match (row.withheld, &row.reason) {
        (Some(reason), _) => report::left_out(visit.say, reason),
        (None, Some(reason)) => explain::title(visit.say, reason),
        (None, None) if row.state == State::Doubtful => t!(visit.say, "story-in-doubt-title"),
        (None, None) => String::new(),
    }
}
