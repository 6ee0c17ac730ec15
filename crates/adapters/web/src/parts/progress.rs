//! A bar of how far long work is, and the box that keeps itself fresh while it runs.

use maud::{Markup, html};

/// A bar with its words. `total` of zero shows a bar that only says "running".
pub(crate) fn bar(done: u64, total: u64, words: &str) -> Markup {
    html! {
        div.progress {
            @if total == 0 {
                progress aria-label=(words) {}
            } @else {
                progress aria-label=(words) value=(done.min(total)) max=(total) {}
            }
            span { (words) }
        }
    }
}

/// A part of a page that our script replaces with `address` once a second while `running`; without script the
/// page says how to look again. When it stops running the whole page is loaded anew.
pub(crate) fn live(address: &str, running: bool, inside: &Markup) -> Markup {
    html! {
        div data-live=[running.then_some(address)] data-settled[!running] aria-live="polite" { (inside) }
    }
}
