//! 「送信待ち」: everything that waits, by provider, with the reason.

use axum::response::IntoResponse;
use delivery::pacing::{
    explain::{ceiling, flow_of, of_holds, of_wait},
    store::{Hold, ShardCount},
};
use maud::{Markup, html};

use super::{Moment, at, holds, moment, name, why};
use crate::{
    links,
    parts::{progress, time},
    problem::{Answer, Problem},
    say::{grouped, t},
    visit::Visit,
};

/// Providers and domains listed at most.
const SHARDS_MAX: u64 = 200;

/// `GET /queue`.
pub(crate) async fn show(visit: Visit) -> Answer {
    let say = visit.say;
    let body = html! {
        h1 { (t!(say, "frame-queue")) }
        p.lead { (t!(say, "queue-lead")) }
        (live_box(&visit).await?)
        @if visit.is_owner() {
            p { a href="/queue/limits" { (t!(say, "queue-limits-link")) } " \u{b7} " a href="/queue/hours" { (t!(say, "hours-link")) } }
        }
    };
    Ok(visit.page(&t!(say, "frame-queue"), &body).into_response())
}

/// `GET /queue/live`: a fragment.
pub(crate) async fn live(visit: Visit) -> Result<Markup, Problem> {
    live_box(&visit).await
}

async fn live_box(visit: &Visit) -> Result<Markup, Problem> {
    let say = visit.say;
    let moment = moment(visit).await?;
    let shards = visit.house.pacing.waiting(None, visit.now(), SHARDS_MAX).await?;
    let total: u64 = shards.iter().map(|shard| shard.rows).sum();
    let all: Vec<&Hold> = moment.standing.holds.iter().collect();
    let inside = html! {
        (holds(visit, &moment.sources, &all))
        div.card {
            @if shards.is_empty() {
                p { (t!(say, "queue-empty")) }
            } @else {
                p { (t!(say, "queue-total", n = total)) }
                (table(visit, &moment, &shards))
            }
        }
    };
    Ok(progress::live("/queue/live", total > 0, &inside))
}

fn table(visit: &Visit, moment: &Moment, shards: &[ShardCount]) -> Markup {
    let say = visit.say;
    html! {
        table.folds {
            thead {
                tr {
                    th { (t!(say, "queue-to")) }
                    th { (t!(say, "queue-rows")) }
                    th { (t!(say, "queue-why")) }
                    th { (t!(say, "queue-next")) }
                    th { (t!(say, "queue-ceiling")) }
                }
            }
            tbody { @for shard in shards { (line(visit, moment, shard)) } }
        }
    }
}

fn line(visit: &Visit, moment: &Moment, shard: &ShardCount) -> Markup {
    let say = visit.say;
    let flow = flow_of(&moment.told, &shard.shard);
    let limits = moment.book.limits(flow.map_or(&shard.shard, |flow| &flow.group));
    let most = ceiling(flow.map_or(&limits, |flow| &flow.limits)).per_hour;
    let held = of_holds(&moment.standing.holds, &shard.shard, visit.now());
    let waits = held.or_else(|| flow.and_then(|flow| Some(of_wait(flow.wait.as_ref()?, Some(&flow.limits)))));
    html! {
        tr {
            td { a href=(at(&shard.shard)) { (name(say, &shard.shard)) } }
            td data-label=(t!(say, "queue-rows")) {
                a.n href=(links::query("/queue/rows", &[("shard", Some(&shard.shard))])) { (grouped(shard.rows)) }
            }
            td data-label=(t!(say, "queue-why")) {
                @match waits {
                    Some(waits) => (why(visit, &waits)),
                    None => span { (reason(visit, shard)) },
                }
            }
            td data-label=(t!(say, "queue-next")) {
                @if let Some(next) = shard.next_at { (time::when(say, next, visit.now())) } @else { "–" }
            }
            td data-label=(t!(say, "queue-ceiling")) {
                @match most {
                    Some(most) => (t!(say, "queue-per-hour", n = most as u64)),
                    None => (t!(say, "queue-no-limit")),
                }
            }
        }
    }
}

/// What the numbers alone tell.
fn reason(visit: &Visit, shard: &ShardCount) -> String {
    let say = visit.say;
    match shard {
        shard if shard.paused == shard.rows => t!(say, "queue-why-paused"),
        shard if shard.leased > 0 => t!(say, "queue-why-sending", n = shard.leased),
        shard if shard.put_off > 0 => t!(say, "queue-why-put-off"),
        shard if shard.due > 0 => t!(say, "queue-why-due"),
        _ => t!(say, "queue-why-retry"),
    }
}
