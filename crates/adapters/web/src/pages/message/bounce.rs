//! The mail that came back later, as text: what it says to people, and all of it.

use axum::{extract::Path, response::IntoResponse};
use maud::html;

use super::{find, quote::marked};
use crate::{
    links,
    parts::time,
    problem::{Answer, Problem},
    say::{grouped, t},
    visit::Visit,
};

/// How much of a mail is shown, in bytes; the rest is mostly our own message sent back.
const SHOWN_BYTES_MAX: usize = 64 * 1024;

/// `GET /messages/{id}/bounce`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let (say, house) = (visit.say, &visit.house);
    let story = find(&visit, id).await?;
    let arrival_id = story.arrival_id.ok_or(Problem::NotFound)?;
    let arrival = house.arrivals.get(arrival_id).await?.ok_or(Problem::NotFound)?;
    let raw = house.arrivals.raw(arrival_id).await?.ok_or(Problem::NotFound)?;
    let (report, _) = report::read(&raw);
    let evidence = story.verdict.as_ref().map(|verdict| verdict.evidence.as_str()).unwrap_or_default();
    let shown = String::from_utf8_lossy(&raw[..raw.len().min(SHOWN_BYTES_MAX)]).into_owned();
    let peer = arrival.peer.as_str();
    let body = html! {
        p { a href=(links::message(id)) { (t!(say, "message-back")) } }
        h1 { (t!(say, "message-bounce")) }
        p.lead { (t!(say, "bounce-came", at = time::said(say, arrival.arrived_at, visit.now()), peer = peer)) }
        @if !report.text.trim().is_empty() {
            div.card {
                h2 { @if report.subject.is_empty() { (t!(say, "bounce-words")) } @else { (report.subject) } }
                pre { (marked(report.text.trim(), evidence)) }
            }
        }
        div.card {
            h2 { (t!(say, "bounce-raw")) }
            @if raw.len() > SHOWN_BYTES_MAX {
                p.hint { (t!(say, "bounce-cut", shown = grouped(SHOWN_BYTES_MAX as u64), size = grouped(arrival.size))) }
            }
            pre { (marked(&shown, evidence)) }
        }
    };
    Ok(visit.page(&t!(say, "message-bounce"), &body).into_response())
}
