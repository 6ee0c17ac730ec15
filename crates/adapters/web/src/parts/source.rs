//! Says of a source what it is, how it stands, and what a message waits for, in words.

use delivery::source::{
    Source, Way,
    choose::{Wait, WaitFor},
    counts::CapKind,
};
use maud::{Markup, html};

use crate::{
    links,
    parts::time,
    say::{Say, grouped, t},
};

/// What people call it.
pub(crate) fn name(say: Say, source: &Source) -> String {
    call(say, source.id, &source.draft.name)
}

/// The same of what is remembered of one.
pub(crate) fn call(say: Say, id: i64, name: &str) -> String {
    if name.is_empty() { t!(say, "source-nameless", id = id.to_string()) } else { name.to_owned() }
}

/// How mail leaves by it, in one line.
pub(crate) fn way(say: Say, source: &Source) -> String {
    match &source.draft.way {
        Way::Direct(direct) if direct.bind.is_empty() => t!(say, "source-way-direct"),
        Way::Direct(direct) => t!(
            say,
            "source-way-bound",
            ips = direct.bind.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        ),
        Way::SmartHost(host) => {
            t!(say, "source-way-relay", host = host.host.as_str(), port = host.port.to_string())
        }
    }
}

/// How it stands, as a chip.
pub(crate) fn chip(say: Say, source: &Source, now: i64) -> Markup {
    let (class, words) = match (source.draft.enabled, source.resting(now)) {
        (false, _) => ("withheld", t!(say, "source-off")),
        (true, Some(_)) => ("doubtful", t!(say, "source-resting")),
        (true, None) if is_warming(source) => ("deferred", t!(say, "source-warming")),
        (true, None) => ("evidenced", t!(say, "source-awake")),
    };
    html! { span class={ "chip " (class) } { (words) } }
}

/// Whether a warm-up of it goes on.
pub(crate) fn is_warming(source: &Source) -> bool {
    use delivery::source::warm_up::Stage;
    source.warm_ups.iter().any(|state| state.stage != Stage::Done)
}

/// Why it rests, and until when.
pub(crate) fn rest(say: Say, source: &Source, now: i64) -> Option<Markup> {
    let rest = source.resting(now)?;
    let why = rest_reason(say, &rest.reason);
    let until = match rest.until {
        Some(until) => t!(say, "source-rest-until", at = time::said(say, until, now)),
        None => t!(say, "source-rest-open"),
    };
    Some(html! {
        div.cause.doubt {
            h3 { (t!(say, "source-rests-because", why = why)) }
            p { (until) " " (t!(say, "source-rest-what")) }
            @if !rest.sample.is_empty() {
                details { summary { (t!(say, "explain-original")) } pre { (rest.sample) } }
            }
        }
    })
}

fn rest_reason(say: Say, reason: &str) -> String {
    let known = say.find(&format!("source-rest-reason-{}", reason.replace('_', "-")), None);
    known.unwrap_or_else(|| t!(say, "source-rest-reason-rule", rule = reason))
}

/// What a message waits for, as a sentence. `None` when it is its servers' turn, which others explain.
pub(crate) fn waits(say: Say, wait: &Wait, now: i64) -> Option<String> {
    let at = time::said(say, wait.until, now);
    Some(match &wait.why {
        WaitFor::NoSource { pool } => t!(say, "source-wait-none", pool = pool.as_str()),
        WaitFor::Resting { reason } => t!(say, "source-wait-resting", why = rest_reason(say, reason)),
        WaitFor::Limit { kind, most } => {
            let most = grouped(*most);
            match kind {
                CapKind::Hourly => t!(say, "source-wait-hourly", at = at, most = most),
                CapKind::Daily => t!(say, "source-wait-daily", at = at, most = most),
                CapKind::WarmUpDay => t!(say, "source-wait-warm-up-day", at = at, most = most),
                CapKind::WarmUpHour => t!(say, "source-wait-warm-up-hour", at = at, most = most),
            }
        }
        WaitFor::Servers { .. } => return None,
    })
}

/// A source as a link.
pub(crate) fn link(say: Say, source: &Source) -> Markup {
    html! { a href=(links::source(source.id)) { b { (name(say, source)) } } }
}
