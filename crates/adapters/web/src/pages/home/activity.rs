//! What was sent in the last day, and how the latest broadcasts stand.

use campaigns::{
    broadcast::{Broadcast, BroadcastState},
    report::Counts,
};
use delivery::recipient::State;
use evidence::desk::Activity;
use maud::{Markup, html};

use crate::{
    links,
    parts::{chip, progress, time},
    problem::Problem,
    say::{grouped, t},
    visit::Visit,
};

const DAY_MS: i64 = 24 * 3600 * 1000;
const BROADCASTS_MAX: u64 = 5;

/// Messages of the last 24 hours by what became of them.
pub(super) async fn last_day(visit: &Visit) -> Result<Markup, Problem> {
    let say = visit.say;
    let activity = visit.house.desk.activity(visit.now() - DAY_MS).await?;
    let of = |states: &[State]| sum(&activity, states);
    let missing = of(&[State::Refused, State::Bounced, State::Doubtful]);
    let waiting = of(&[State::Waiting, State::Deferred]);
    Ok(html! {
        div.card {
            h2 { (t!(say, "home-last-day")) }
            div.kpis {
                div.kpi { b { (grouped(of(&[State::Accepted]))) } (chip::state(say, State::Accepted)) }
                div.kpi { b { (grouped(of(&[State::Evidenced]))) } (chip::state(say, State::Evidenced)) }
                a.kpi href="/desk" { b { (grouped(missing)) } (chip::state(say, State::Refused)) }
                @if waiting > 0 {
                    div.kpi { b { (grouped(waiting)) } (chip::state(say, State::Waiting)) }
                }
            }
            p.fine { (t!(say, "home-accepted-what")) }
        }
    })
}

fn sum(activity: &Activity, states: &[State]) -> u64 {
    activity.by_state.iter().filter(|(state, _)| states.contains(state)).map(|(_, messages)| messages).sum()
}

/// The newest broadcasts with their counts.
pub(super) async fn recent_broadcasts(visit: &Visit) -> Result<Markup, Problem> {
    let (say, house) = (visit.say, &visit.house);
    let mut lines = Vec::new();
    for broadcast in house.broadcasts.list(0, BROADCASTS_MAX).await? {
        let counts = house.broadcasts.counts(broadcast.id).await?;
        lines.push(line(visit, &broadcast, &counts));
    }
    Ok(html! {
        @if !lines.is_empty() {
            div.card {
                h2 { (t!(say, "home-broadcasts")) }
                ul.stack { @for line in &lines { (line) } }
                p.fine { a href="/broadcasts" { (t!(say, "home-all-broadcasts")) } }
            }
        }
    })
}

fn line(visit: &Visit, broadcast: &Broadcast, counts: &Counts) -> Markup {
    let say = visit.say;
    let total = counts.total();
    let waiting = counts.of(State::Waiting) + counts.of(State::Deferred);
    let running = matches!(broadcast.state, BroadcastState::Preparing | BroadcastState::Running);
    let missing = counts.of(State::Refused) + counts.of(State::Bounced) + counts.of(State::Doubtful);
    html! {
        li {
            a href=(links::broadcast(broadcast.id)) { (broadcast.draft.name) } " "
            span.tag { (say.with(&format!("broadcast-state-{}", broadcast.state.name()), None)) }
            div.sub {
                (time::when(say, broadcast.started_at.unwrap_or(broadcast.created_at), visit.now()))
                @if total > 0 { " \u{b7} " (t!(say, "home-broadcast-total", n = total)) }
                @if missing > 0 { " \u{b7} " (t!(say, "home-broadcast-missing", n = missing)) }
            }
            @if running && total > 0 {
                (progress::bar(total - waiting, total, &t!(say, "home-broadcast-left", n = waiting)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::say::Say;

    #[test]
    fn every_state_of_a_broadcast_has_words() {
        for name in ["draft", "preparing", "running", "paused", "cancelled", "finished"] {
            assert!(BroadcastState::from_name(name).is_some());
            assert!(Say::default().find(&format!("broadcast-state-{name}"), None).is_some(), "{name}");
        }
    }
}
