//! One source: how it stands, what left by it, its limits, its health, and what can be done with it.

use axum::{extract::Path, response::IntoResponse};
use delivery::source::{
    Source,
    counts::{Counts, HourCount, caps, day_of, first_hour, hour_of},
    warm_up,
};
use maud::{Markup, html};

use super::{health, token, waiting};
use crate::{
    links,
    parts::source as words,
    parts::{explain, field::confirmed, time},
    problem::{Answer, Problem},
    say::{Say, grouped, t},
    visit::{Owner, Visit},
};

/// What is counted, in the order it is shown.
const COUNTED: [&str; 4] = ["source-accepted", "source-deferred", "source-refused", "source-complained"];
/// Days shown of what left.
const DAYS: i64 = 7;

/// The source of an address.
pub(super) async fn find(visit: &Visit, id: i64) -> Result<Source, Problem> {
    visit.house.sources.source(id).await?.ok_or(Problem::NotFound)
}

/// `GET /sources/{id}`.
pub(crate) async fn show(Owner(visit): Owner, Path(id): Path<i64>) -> Answer {
    let (say, now) = (visit.say, visit.now());
    let source = find(&visit, id).await?;
    let since = first_hour(day_of(hour_of(now)) - DAYS + 1);
    let counted = visit.house.sources.source_counts(since).await?;
    let own: Vec<HourCount> = counted.into_iter().filter(|count| count.source == id).collect();
    let title = words::name(say, &source);
    let body = html! {
        p { a href="/sources" { (t!(say, "frame-sources")) } }
        div.head {
            h1 { (title) " " (words::chip(say, &source, now)) }
            div.actions { a.btn.primary href={ (links::source(id)) "/edit" } { (t!(say, "source-edit")) } }
        }
        p.lead { (words::way(say, &source)) }
        @if let Some(rest) = words::rest(say, &source, now) {
            div.card { (rest) div.actions { (button(&visit, id, "lift", "source-lift", "btn primary")) } }
        }
        div.row.two {
            (numbers(say, &source, &own, now))
            (limits(say, &source, &own, now))
        }
        (token::card(&visit, source.id).await?)
        (waiting::card(&visit, &source).await?)
        (health::card(&visit, &source))
        div.actions.apart {
            @if source.resting(now).is_none() { (rest_form(&visit, id)) }
            (remove_form(&visit, id))
        }
    };
    Ok(visit.page(&title, &body).into_response())
}

/// What left in the last days, newest first.
fn numbers(say: Say, source: &Source, own: &[HourCount], now: i64) -> Markup {
    let today = day_of(hour_of(now));
    let days = (0..DAYS).map(|ago| today - ago).map(|day| {
        let of_day: Vec<&HourCount> = own.iter().filter(|count| day_of(count.hour) == day).collect();
        let sum = |pick: fn(&HourCount) -> u64| of_day.iter().map(|count| pick(count)).sum::<u64>();
        (day, [sum(|c| c.accepted), sum(|c| c.deferred), sum(|c| c.refused), sum(|c| c.complained)])
    });
    let days: Vec<_> = days.filter(|(day, sums)| *day == today || sums.iter().any(|n| *n > 0)).collect();
    html! {
        div.card id="numbers" {
            h2 { (t!(say, "source-numbers")) }
            table.folds {
                thead { tr {
                    th { (t!(say, "source-day")) }
                    @for key in COUNTED { th.num { (say.with(key, None)) } }
                } }
                tbody { @for (day, sums) in &days {
                    tr {
                        td { (date(*day)) }
                        @for (n, key) in sums.iter().zip(COUNTED) { td.num data-label=(say.with(key, None)) { (grouped(*n)) } }
                    }
                } }
            }
            (providers(say, own, today))
            @if source.draft.curve.is_some() {
                p { a href={ (links::source(source.id)) "/warm-up" } { (t!(say, "source-see-warm-up")) } }
            }
        }
    }
}

/// Today's tries by provider: the rows behind the first line.
fn providers(say: Say, own: &[HourCount], today: i64) -> Markup {
    let mut sums: std::collections::BTreeMap<&str, [u64; 3]> = std::collections::BTreeMap::new();
    for count in own.iter().filter(|count| day_of(count.hour) == today) {
        let sum = sums.entry(&count.provider).or_default();
        sum[0] += count.accepted;
        sum[1] += count.deferred;
        sum[2] += count.refused;
    }
    html! {
        @if !sums.is_empty() {
            details {
                summary { (t!(say, "source-by-provider")) }
                table {
                    tbody { @for (provider, sum) in &sums {
                        tr {
                            td { @if provider.is_empty() { (t!(say, "source-provider-none")) } @else { (explain::provider_name(say, provider)) } }
                            @for n in sum { td.num { (grouped(*n)) } }
                        }
                    } }
                }
            }
        }
    }
}

/// The day in Japan as people write it.
pub(super) fn date(day: i64) -> String {
    time::sortable((first_hour(day) + 12) * delivery::source::counts::HOUR_MS).chars().take(10).collect()
}

fn limits(say: Say, source: &Source, own: &[HourCount], now: i64) -> Markup {
    let mut counts = Counts::default();
    counts.learn(own);
    let quota = source.draft.quota;
    let plain = Source { warm_ups: Vec::new(), ..source.clone() };
    let caps = caps(&plain, "", now);
    let used = |index: usize| caps.get(index).map_or(0, |cap| counts.used(source.id, cap));
    let daily_at = usize::from(quota.hourly.is_some());
    html! {
        div.card id="limits" {
            h2 { (t!(say, "source-limits")) }
            dl.facts {
                dt { (t!(say, "source-hourly")) }
                dd { (limit(say, used(0), quota.hourly)) }
                dt { (t!(say, "source-daily")) }
                dd { (limit(say, used(daily_at), quota.daily)) }
                dt { (t!(say, "source-pool")) }
                dd { (source.draft.pool) " · " (t!(say, "source-weight-is", weight = source.draft.weight)) }
                dt { (t!(say, "source-curve")) }
                dd {
                    @match source.draft.curve.as_ref().and_then(|(id, _)| warm_up::curve(id)) {
                        Some(curve) => { a href={ (links::source(source.id)) "/warm-up" } { (say.pick(&curve.ja, &curve.en)) } },
                        None => (t!(say, "source-curve-none")),
                    }
                }
            }
        }
    }
}

fn limit(say: Say, used: u64, most: Option<u32>) -> String {
    match most {
        Some(most) => t!(say, "source-used-of", used = grouped(used), most = grouped(most.into())),
        None => t!(say, "source-unlimited"),
    }
}

fn button(visit: &Visit, id: i64, act: &str, key: &str, class: &str) -> Markup {
    html! {
        form method="post" action={ (links::source(id)) "/" (act) } {
            (visit.token_field())
            button class=(class) type="submit" { (visit.say.with(key, None)) }
        }
    }
}

fn rest_form(visit: &Visit, id: i64) -> Markup {
    let say = visit.say;
    let form = button(visit, id, "rest", "source-rest-yes", "btn primary");
    confirmed(&t!(say, "source-rest"), &t!(say, "source-rest-ask"), &form)
}

fn remove_form(visit: &Visit, id: i64) -> Markup {
    let say = visit.say;
    let form = button(visit, id, "remove", "source-remove-yes", "btn danger");
    confirmed(&t!(say, "source-remove"), &t!(say, "source-remove-what"), &form)
}
