//! The pictures of a broadcast: who was left out and who was written to, and provider by provider what came of it.

use std::collections::BTreeMap;

use campaigns::{
    broadcast::{AudiencePart, Waterfall},
    report::{Counts, ProviderCount},
};
use delivery::recipient::{State, WithheldReason};
use maud::{Markup, html};

use crate::{
    links,
    parts::{
        chip, explain,
        waterfall::{Bar, waterfall},
    },
    say::{Say, grouped, t},
};

/// The order in which outcomes are shown: what is known to be good first.
const ORDER: [State; 7] = [
    State::Evidenced,
    State::Accepted,
    State::Waiting,
    State::Deferred,
    State::Doubtful,
    State::Bounced,
    State::Refused,
];

/// Short words for why somebody is left out.
pub(super) fn left_out(say: Say, reason: WithheldReason) -> String {
    say.with(&format!("left-out-{}", reason.name().replace('_', "-")), None)
}

/// The same as a sentence.
pub(super) fn left_out_why(say: Say, reason: WithheldReason) -> String {
    say.with(&format!("left-out-why-{}", reason.name().replace('_', "-")), None)
}

type Link<'a> = &'a dyn Fn(AudiencePart) -> Option<String>;

/// The exclusion waterfall; its numbers add up from the top to the bottom.
pub(super) fn who(say: Say, shown: &Waterfall, link: Link<'_>) -> Markup {
    waterfall(shown.asked, &who_bars(say, shown, link))
}

fn who_bars(say: Say, shown: &Waterfall, link: Link<'_>) -> Vec<Bar> {
    let mut bars = vec![Bar {
        label: html! { (t!(say, "waterfall-asked")) },
        count: shown.asked,
        start: 0,
        class: "total",
        link: link(AudiencePart::Everyone),
    }];
    let mut left = shown.asked;
    for (reason, people) in &shown.withheld {
        left = left.saturating_sub(*people);
        bars.push(Bar {
            label: html! { (left_out(say, *reason)) },
            count: *people,
            start: left,
            class: "cut",
            link: link(AudiencePart::LeftOut(*reason)),
        });
    }
    bars.push(Bar {
        label: html! { b { (t!(say, "waterfall-remaining")) } },
        count: shown.remaining,
        start: 0,
        class: "total",
        link: link(AudiencePart::Remaining),
    });
    bars
}

/// The waterfall after the start: below those who remain stands what became of them.
pub(super) fn outcome(say: Say, id: i64, shown: &Waterfall, counts: &Counts) -> Markup {
    let link = |part| match part {
        AudiencePart::Everyone => Some(links::broadcast_rows(id, None, None, None)),
        AudiencePart::LeftOut(reason) => {
            Some(links::broadcast_rows(id, Some(State::Withheld), Some(reason.name()), None))
        }
        AudiencePart::Remaining | AudiencePart::Unrecorded => Some(links::broadcast_sent_to(id)),
    };
    let mut bars = who_bars(say, shown, &link);
    let mut start = 0;
    for state in ORDER.into_iter().filter(|state| counts.of(*state) > 0) {
        let count = counts.of(state);
        let link = Some(links::broadcast_rows(id, Some(state), None, None));
        bars.push(Bar { label: chip::state(say, state), count, start, class: state.name(), link });
        start += count;
    }
    waterfall(shown.asked, &bars)
}

/// One number per outcome, each a link to its people.
pub(super) fn numbers(say: Say, id: i64, counts: &Counts) -> Markup {
    html! {
        div.kpis {
            @for state in ORDER.into_iter().chain([State::Withheld]).filter(|state| counts.of(*state) > 0) {
                a.kpi href=(links::broadcast_rows(id, Some(state), None, None)) {
                    b { (grouped(counts.of(state))) } (chip::state(say, state))
                }
            }
        }
    }
}

/// Provider × outcome: the darker, the larger the share of the provider's people.
pub(super) fn heat(say: Say, id: i64, cells: &[ProviderCount]) -> Markup {
    let mut rows: BTreeMap<&str, BTreeMap<State, u64>> = BTreeMap::new();
    for cell in cells.iter().filter(|cell| cell.state != State::Withheld) {
        *rows.entry(&cell.provider).or_default().entry(cell.state).or_default() += cell.recipients;
    }
    let columns: Vec<State> =
        ORDER.into_iter().filter(|state| rows.values().any(|row| row.contains_key(state))).collect();
    let mut rows: Vec<(&str, BTreeMap<State, u64>)> = rows.into_iter().collect();
    // The largest provider first, everyone else's at the end.
    rows.sort_by_key(|(provider, row)| (provider.is_empty(), std::cmp::Reverse(row.values().sum::<u64>())));
    html! {
        div.scroll {
            table.heat {
                thead {
                    tr {
                        th { (t!(say, "contact-provider")) }
                        @for state in &columns { th.num { (chip::state_name(say, *state)) } }
                    }
                }
                tbody {
                    @for (provider, row) in &rows {
                        tr {
                            td { (explain::provider_name(say, provider)) }
                            @for state in &columns { (cell(id, provider, *state, row)) }
                        }
                    }
                }
            }
        }
    }
}

fn cell(id: i64, provider: &str, state: State, row: &BTreeMap<State, u64>) -> Markup {
    let people = row.get(&state).copied().unwrap_or(0);
    html! {
        td class=[shade(state, people, row.values().sum())] {
            @if people == 0 { "0" } @else {
                a href=(links::broadcast_rows(id, Some(state), None, Some(provider))) { (grouped(people)) }
            }
        }
    }
}

fn shade(state: State, people: u64, whole: u64) -> Option<&'static str> {
    let percent = (people * 100).checked_div(whole).unwrap_or(0);
    let good = ["g1", "g2", "g3"];
    let taken = ["b1", "b2", "b3"];
    let wait = ["y1", "y2", "y3"];
    let bad = ["r1", "r2", "r3"];
    // Little that failed is seen as early as much that went well.
    let (shades, steps) = match state {
        State::Evidenced => (good, [25, 60]),
        State::Accepted => (taken, [25, 60]),
        State::Waiting | State::Deferred => (wait, [10, 40]),
        State::Withheld | State::Refused | State::Bounced | State::Doubtful => (bad, [5, 15]),
    };
    (people > 0).then(|| shades[steps.iter().filter(|step| percent >= **step).count()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_words() {
        for &reason in WithheldReason::ALL {
            assert!(!left_out(Say::default(), reason).starts_with("left-out"), "{reason:?}");
            assert!(!left_out_why(Say::default(), reason).starts_with("left-out"), "{reason:?}");
        }
    }

    #[test]
    fn the_bars_add_up() {
        let shown = Waterfall {
            asked: 100,
            withheld: vec![(WithheldReason::NoAddress, 3), (WithheldReason::OptedOut, 7)],
            remaining: 90,
        };
        let bars = who_bars(Say::default(), &shown, &|_| None);
        let seen: Vec<(u64, u64)> = bars.iter().map(|bar| (bar.start, bar.count)).collect();
        assert_eq!(seen, [(0, 100), (97, 3), (90, 7), (0, 90)]);
    }

    #[test]
    fn shades() {
        let check = |state, people, expected: Option<&str>| assert_eq!(shade(state, people, 100), expected);
        check(State::Accepted, 0, None);
        check(State::Accepted, 1, Some("b1"));
        check(State::Accepted, 60, Some("b3"));
        check(State::Refused, 5, Some("r2"));
        check(State::Refused, 15, Some("r3"));
    }
}
