//! Draws planned against done: a line of steps and bars. The table beside it says the same in figures.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::{show::date, warm_up::Day};
use crate::say::{Say, grouped, t};

const HEIGHT: u64 = 120;
const STEP: u64 = 24;
const TOP: u64 = 14;
const FOOT: u64 = 18;

/// The picture.
pub(super) fn picture(say: Say, days: &[Day], today: i64) -> Markup {
    let most = days.iter().map(|day| day.planned.unwrap_or(0).max(day.done.unwrap_or(0))).max().unwrap_or(0);
    let width = STEP * days.len().max(1) as u64;
    let line = steps(days, most);
    let first = days.first().map(|day| date(day.day)).unwrap_or_default();
    let last = days.last().map(|day| date(day.day)).unwrap_or_default();
    html! {
        // Sizes are attributes: our content policy allows no inline style.
        svg.warm-up role="img" aria-label=(t!(say, "warm-up-picture", first = first.as_str(), last = last.as_str(), most = grouped(most)))
            viewBox={ "0 0 " (width) " " (TOP + HEIGHT + FOOT) } width=(width) height=(TOP + HEIGHT + FOOT) {
            @for (n, day) in days.iter().enumerate() {
                @let x = n as u64 * STEP;
                @if day.day == today { rect.now x=(x) y="0" width=(STEP) height=(TOP + HEIGHT) {} }
                @if let Some(done) = day.done {
                    @let height = scaled(done, most);
                    rect.done x=(x + 5) y=(TOP + HEIGHT - height) width=(STEP - 10) height=(height) {}
                }
            }
            path.planned d=(line) {}
            text x="2" y="11" { (grouped(most)) }
            text x="2" y=(TOP + HEIGHT + 14) { (first) }
            @if days.len() > 7 { text.end x=(width - 2) y=(TOP + HEIGHT + 14) { (last) } }
        }
        p.fine {
            span.key.planned {} " " (t!(say, "warm-up-planned")) " \u{3000}" span.key.done {} " " (t!(say, "warm-up-done"))
        }
    }
}

fn scaled(n: u64, most: u64) -> u64 {
    if most == 0 { 0 } else { (n * HEIGHT).div_ceil(most) }
}

fn steps(days: &[Day], most: u64) -> String {
    let mut path = String::new();
    let mut drawing = false;
    for (n, day) in days.iter().enumerate() {
        let x = n as u64 * STEP;
        match day.planned {
            Some(planned) => {
                let y = TOP + HEIGHT - scaled(planned, most);
                let _ = write!(path, "{}{x} {y}h{STEP}", if drawing { "L" } else { "M" });
                drawing = true;
            }
            None => drawing = false,
        }
    }
    path
}
