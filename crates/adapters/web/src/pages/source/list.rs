//! The sources with how they stand, and which mail leaves by which pool.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Redirect, Response};
use delivery::source::{
    Source, SourceId,
    counts::{HourCount, day_of, first_hour, hour_of},
};
use doctor::{Worth, explain_finding, source_care::kept_findings};
use maud::{Markup, html};

use super::pools;
use crate::{
    parts::source as words,
    problem::{Answer, Problem},
    say::{Say, grouped, t},
    visit::{Owner, Visit},
};

/// What left by each source today, in Japan's day.
pub(super) fn today(counted: &[HourCount]) -> BTreeMap<SourceId, [u64; 3]> {
    let mut sums: BTreeMap<SourceId, [u64; 3]> = BTreeMap::new();
    for count in counted {
        let sum = sums.entry(count.source).or_default();
        sum[0] += count.accepted;
        sum[1] += count.deferred;
        sum[2] += count.refused;
    }
    sums
}

/// The first hour of today in Japan.
pub(super) fn today_since(now: i64) -> i64 {
    first_hour(day_of(hour_of(now)))
}

/// `GET /route`: where this used to be.
pub(crate) async fn old_address(Owner(visit): Owner) -> Answer {
    let sources = visit.house.sources.sources().await?;
    Ok(match sources.as_slice() {
        [only] => Redirect::to(&format!("{}/edit", crate::links::source(only.id))),
        _ => Redirect::to("/sources"),
    }
    .into_response())
}

/// `GET /sources`.
pub(crate) async fn show(Owner(visit): Owner) -> Answer {
    page(&visit).await
}

async fn page(visit: &Visit) -> Result<Response, Problem> {
    let (say, house) = (visit.say, &visit.house);
    let sources = house.sources.sources().await?;
    let counted = house.sources.source_counts(today_since(visit.now())).await?;
    let today = today(&counted);
    let lanes = house.sources.lane_pools().await?;
    let body = html! {
        div.head {
            h1 { (t!(say, "frame-sources")) }
            div.actions { a.btn.primary href="/sources/new" { (t!(say, "source-add")) } }
        }
        p.lead { (t!(say, "sources-lead")) }
        p { a href="/encryption" { (t!(say, "encryption-title")) } }
        div.card {
            table.folds {
                thead { tr {
                    th { (t!(say, "source-label")) }
                    th { (t!(say, "source-standing")) }
                    th { (t!(say, "source-pool")) }
                    th.num { (t!(say, "source-today")) }
                    th { (t!(say, "source-health")) }
                } }
                tbody { @for source in &sources { (line(visit, source, &today)) } }
            }
        }
        @if sources.len() > 1 || !lanes.0.is_empty() { (pools::card(visit, &sources, &lanes)) }
    };
    Ok(visit.page(&t!(say, "frame-sources"), &body).into_response())
}

fn line(visit: &Visit, source: &Source, today: &BTreeMap<SourceId, [u64; 3]>) -> Markup {
    let (say, now) = (visit.say, visit.now());
    let [accepted, deferred, refused] = today.get(&source.id).copied().unwrap_or_default();
    let label = |key: &str| say.with(key, None);
    html! {
        tr {
            td { (words::link(say, source)) div.sub { (words::way(say, source)) } }
            td data-label=(label("source-standing")) { (words::chip(say, source, now)) }
            td data-label=(label("source-pool")) { (source.draft.pool) }
            td.num data-label=(label("source-today")) {
                a href={ (crate::links::source(source.id)) "#numbers" } {
                    (t!(say, "source-today-numbers", accepted = grouped(accepted), deferred = grouped(deferred), refused = grouped(refused)))
                }
            }
            td data-label=(label("source-health")) { (health(say, source)) }
        }
    }
}

/// How many things stand in the way, in words.
fn health(say: Say, source: &Source) -> String {
    if source.checked_at.is_none() {
        return t!(say, "source-never-checked");
    }
    let findings = kept_findings(source);
    let bad = findings
        .iter()
        .filter(|finding| explain_finding(finding).is_some_and(|words| words.worth == Worth::Bad))
        .count();
    if bad == 0 { t!(say, "source-health-good") } else { t!(say, "source-health-bad", n = bad) }
}
