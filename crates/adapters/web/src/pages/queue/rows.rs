//! The messages behind a number of the queue, each with why it waits.

use axum::{extract::Query, response::IntoResponse};
use delivery::pacing::{
    explain::{of_holds, of_row},
    store::{Queued, Scope},
};
use maud::html;
use serde::Deserialize;

use super::{moment, name, why};
use crate::{
    links,
    parts::{
        pager::{Page, ROWS},
        time,
    },
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// Of what, and which page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Which {
    shard: Option<String>,
    broadcast: Option<i64>,
    source: Option<i64>,
    page: Option<u64>,
}

/// `GET /queue/rows?shard=…`, `?broadcast=…` or `?source=…`.
pub(crate) async fn show(visit: Visit, Query(which): Query<Which>) -> Answer {
    let say = visit.say;
    let (scope, title) = match (&which.shard, which.broadcast) {
        (Some(shard), _) => (Scope::Shard(shard.clone()), name(say, shard)),
        (None, Some(id)) => (Scope::Broadcast(id), t!(say, "frame-broadcasts")),
        (None, None) => match which.source {
            Some(id) => (Scope::Source(id), source_name(&visit, id).await?),
            None => return Err(Problem::NotFound),
        },
    };
    let moment = moment(&visit).await?;
    let page = Page::of(which.page);
    let (rows, total) = visit.house.pacing.rows(&scope, page.offset(), ROWS).await?;
    let pace = |id: i64| moment.standing.paces.iter().find(|pace| pace.broadcast_id == id);
    let waits = |row: &Queued| {
        let why = of_row(row, &moment.told, pace(row.broadcast_id), &moment.book, visit.now());
        let held = of_holds(&moment.standing.holds, &row.shard, visit.now());
        held.filter(|_| why.name == "due").unwrap_or(why)
    };
    let address = |n: u64| {
        let number = |id: Option<i64>| id.map(|id| id.to_string());
        let (n, id, source) = (n.to_string(), number(which.broadcast), number(which.source));
        let pairs = [
            ("shard", which.shard.as_deref()),
            ("broadcast", id.as_deref()),
            ("source", source.as_deref()),
            ("page", Some(n.as_str())),
        ];
        links::query("/queue/rows", &pairs)
    };
    let body = html! {
        p { a href="/queue" { (t!(say, "frame-queue")) } }
        h1 { (t!(say, "queue-rows-of", group = title)) }
        div.card {
            table.folds {
                thead { tr { th { (t!(say, "queue-address")) } th { (t!(say, "queue-why")) } th { (t!(say, "queue-due")) } th { (t!(say, "queue-gives-up")) } } }
                tbody {
                    @for (row, to) in &rows {
                        tr {
                            td { a href=(links::message(row.id)) { (to) } }
                            td data-label=(t!(say, "queue-why")) {
                                (why(&visit, &waits(row)))
                            }
                            td data-label=(t!(say, "queue-due")) { (time::when(say, row.due_at, visit.now())) }
                            td data-label=(t!(say, "queue-gives-up")) { (time::when(say, row.expires_at, visit.now())) }
                        }
                    }
                }
            }
            (page.markup(say, total, address))
        }
    };
    Ok(visit.page(&t!(say, "frame-queue"), &body).into_response())
}

async fn source_name(visit: &Visit, id: i64) -> Result<String, Problem> {
    let source = visit.house.sources.source(id).await?.ok_or(Problem::NotFound)?;
    Ok(crate::parts::source::name(visit.say, &source))
}
