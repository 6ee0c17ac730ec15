//! Who was asked for, who was left out and why, who remains: bars that add up.

use maud::{Markup, html};

use crate::say::grouped;

/// One line of the picture.
pub(crate) struct Bar {
    /// What it counts.
    pub(crate) label: Markup,
    /// How many.
    pub(crate) count: u64,
    /// Where the bar begins, in the same unit.
    pub(crate) start: u64,
    /// `total`, `cut`, or a state's name: the colour.
    pub(crate) class: &'static str,
    /// The list behind the number.
    pub(crate) link: Option<String>,
}

/// The picture; `whole` is what the full width stands for.
pub(crate) fn waterfall(whole: u64, bars: &[Bar]) -> Markup {
    html! {
        div.fall role="table" {
            @for bar in bars {
                div.line role="row" {
                    span.label role="rowheader" { (bar.label) }
                    // Widths are attributes of the picture: our content policy allows no inline style.
                    svg.track aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 1000 20" {
                        rect class=(bar.class) x=(share(bar.start, whole)) width=(visible(bar.count, whole)) height="20" rx="2" {}
                    }
                    span.num role="cell" { (number(bar)) }
                }
            }
        }
    }
}

fn number(bar: &Bar) -> Markup {
    let text =
        if bar.class == "cut" { format!("\u{2212}{}", grouped(bar.count)) } else { grouped(bar.count) };
    html! {
        @match &bar.link {
            Some(link) if bar.count > 0 => a href=(link) { (text) },
            _ => (text),
        }
    }
}

/// Thousandths of the full width.
fn share(count: u64, whole: u64) -> u64 {
    if whole == 0 { 0 } else { (u128::from(count.min(whole)) * 1000 / u128::from(whole)) as u64 }
}

/// One person among a million is still seen.
fn visible(count: u64, whole: u64) -> u64 {
    if count == 0 { 0 } else { share(count, whole).max(4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        assert_eq!(share(5, 10), 500);
        assert_eq!(share(0, 0), 0);
        assert_eq!(share(11, 10), 1000);
        assert_eq!(visible(1, 1_000_000), 4);
        assert_eq!(visible(0, 10), 0);
    }
}
