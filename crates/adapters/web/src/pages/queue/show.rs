//! One provider or domain: what holds for it, what it waits for, what its servers said, and what can be done.

use axum::{extract::Query, response::IntoResponse};
use delivery::{
    pacing::{
        explain::{ceiling, flow_of, of_wait},
        facts::FlowFacts,
        limits::{Limits, Origin, Span},
        pack::pack,
        store::{Hold, Scope},
    },
    recipient::Lane,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{act_form, holds, moment, name, origin, pick, why};
use crate::{
    links,
    parts::time,
    problem::{Answer, Problem},
    say::{Say, grouped, t},
    visit::Visit,
};

/// Which.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct At {
    shard: String,
}

/// `GET /queue/at?shard=…`.
pub(crate) async fn show(visit: Visit, Query(at): Query<At>) -> Answer {
    let say = visit.say;
    if at.shard.is_empty() {
        return Err(Problem::NotFound);
    }
    let moment = moment(&visit).await?;
    let flow = flow_of(&moment.told, &at.shard);
    let group = flow.map_or(at.shard.as_str(), |flow| flow.group.as_str());
    let of_book = moment.book.limits(group);
    let limits = flow.map_or(&*of_book, |flow| &flow.limits);
    let concerns = |hold: &&Hold| hold.group.as_deref().is_none_or(|known| known == group);
    let here: Vec<&Hold> = moment.standing.holds.iter().filter(concerns).collect();
    let rows = visit.house.pacing.count(&Scope::Shard(at.shard.clone())).await?;
    let title = name(say, &at.shard);
    let body = html! {
        p { a href="/queue" { (t!(say, "frame-queue")) } }
        h1 { (title) }
        (holds(&visit, &moment.sources, &here))
        (now_box(&visit, &at.shard, flow, rows))
        (limits_card(&visit, group, limits))
        @if visit.is_owner() { (acts(&visit, &at.shard, group, flow, rows)) }
    };
    Ok(visit.page(&title, &body).into_response())
}

fn now_box(visit: &Visit, shard: &str, flow: Option<&FlowFacts>, rows: u64) -> Markup {
    let say = visit.say;
    let link = links::query("/queue/rows", &[("shard", Some(shard))]);
    html! {
        div.card {
            h2 { (t!(say, "queue-now")) }
            p { a href=(link) { (t!(say, "queue-waiting-n", n = rows)) } }
            @if let Some(flow) = flow {
                @if let Some(wait) = &flow.wait { p { (why(visit, &of_wait(wait, Some(&flow.limits)))) } }
                p { (t!(say, "queue-connections-n", n = flow.connections as u64, m = u64::from(flow.per_minute))) }
                @if !flow.sites.is_empty() {
                    details {
                        summary { (t!(say, "queue-sites", n = flow.sites_total as u64)) }
                        ul {
                            @for site in &flow.sites {
                                li {
                                    code { (site.site) } " "
                                    (t!(say, "queue-site", n = site.ready as u64, c = site.connections as u64, b = u64::from(site.bears)))
                                }
                            }
                        }
                    }
                }
                @if !flow.replies.is_empty() {
                    details open {
                        summary { (t!(say, "queue-replies")) }
                        @for (at, words) in flow.replies.iter().rev() {
                            p.sub { (time::when(say, *at, visit.now())) }
                            pre { (words) }
                        }
                    }
                }
            } @else {
                p.sub { (t!(say, "queue-idle")) }
            }
        }
    }
}

fn limits_card(visit: &Visit, group: &str, limits: &Limits) -> Markup {
    let say = visit.say;
    let most = ceiling(limits);
    let known = pack().group(group);
    let (ja, en) = known.map_or_else(|| pack().default_note(), |known| (&known.note_ja, &known.note_en));
    html! {
        div.card {
            h2 { (t!(say, "queue-limits")) }
            p { (say.pick(ja, en)) }
            p {
                @match most.per_hour {
                    Some(per_hour) => (t!(say, "queue-ceiling-by", n = per_hour as u64, by = pick(say, &most.by))),
                    None => (t!(say, "queue-no-limit")),
                }
            }
            table.folds { tbody { @for (key, value, from) in lines(limits) { (limit(say, key, &value, from)) } } }
            p { (given_up(visit)) }
            @if let Some(known) = known {
                p.sub { (t!(say, "queue-checked", date = known.checked.clone(), version = pack().version.clone())) }
                @for url in &known.sources { p.sub { a href=(url) rel="noreferrer" { (url) } } }
            }
            @if visit.is_owner() {
                p { a href=(links::query("/queue/limits", &[("group", Some(group))])) { (t!(say, "queue-limits-change")) } }
            }
        }
    }
}

/// When messages of each lane are given up.
fn given_up(visit: &Visit) -> String {
    let say = visit.say;
    let lanes = Lane::ALL.iter().map(|lane| {
        let name = say.with(&format!("source-lane-{}", lane.name().replace('_', "-")), None);
        let hours = visit.house.tries.ms(*lane) / 3_600_000;
        match hours {
            0 => t!(say, "queue-lane-minutes", lane = name, n = visit.house.tries.ms(*lane) / 60_000),
            hours => t!(say, "queue-lane-hours", lane = name, n = hours),
        }
    });
    t!(say, "queue-given-up-after", lanes = lanes.collect::<Vec<_>>().join(say.pick("、", ", ")))
}

fn limit(say: Say, key: &str, value: &str, from: &Origin) -> Markup {
    html! {
        tr {
            th scope="row" { (say.with(&format!("limit-{}", key.replace('_', "-")), None)) }
            td { (value) }
            td.sub { (origin(say, from)) }
        }
    }
}

/// Every limit by its name, with its value and who says it.
pub(super) fn lines(limits: &Limits) -> Vec<(&'static str, String, &Origin)> {
    let count = |value: u32| grouped(u64::from(value));
    let retry: Vec<String> = limits.retry.value.iter().map(Span::to_string).collect();
    vec![
        ("connections", count(limits.connections.value), &limits.connections.origin),
        (
            "connections_per_site",
            count(limits.connections_per_site.value),
            &limits.connections_per_site.origin,
        ),
        ("connect_rate", limits.connect_rate.value.to_string(), &limits.connect_rate.origin),
        (
            "messages_per_connection",
            count(limits.messages_per_connection.value),
            &limits.messages_per_connection.origin,
        ),
        (
            "recipients_per_session",
            count(limits.recipients_per_session.value),
            &limits.recipients_per_session.origin,
        ),
        ("rate", limits.rate.value.to_string(), &limits.rate.origin),
        ("hour_start_rest", count(limits.hour_start_rest.value), &limits.hour_start_rest.origin),
        ("retry", retry.join(", "), &limits.retry.origin),
    ]
}

fn acts(visit: &Visit, shard: &str, group: &str, flow: Option<&FlowFacts>, rows: u64) -> Markup {
    let say = visit.say;
    let who = name(say, shard);
    let ask = |key: &str| {
        let mut args = fluent::FluentArgs::new();
        args.set("group", who.clone());
        args.set("n", rows);
        say.with(key, Some(&args))
    };
    html! {
        div.card {
            h2 { (t!(say, "queue-acts")) }
            div.actions {
                (act_form(visit, ("try-now", "shard", shard), Some(&ask("queue-try-now-what"))))
                (act_form(visit, ("pause", "shard", group), Some(&ask("queue-pause-what"))))
                @if let Some(flow) = flow {
                    (act_form(visit, ("reroute", "shard", &format!("{} {group}", flow.source)), Some(&ask("queue-reroute-what"))))
                }
                (act_form(visit, ("give-up", "shard", shard), Some(&ask("queue-give-up-what"))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_a_name() {
        for (key, _, _) in lines(&pack().limits("docomo")) {
            let key = format!("limit-{}", key.replace('_', "-"));
            assert!(Say::default().find(&key, None).is_some(), "{key}");
        }
    }
}
