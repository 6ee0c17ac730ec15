//! Leads through a long list.

use maud::{Markup, html};

use crate::say::{Say, grouped, t};

/// Rows on one page of a list.
pub(crate) const ROWS: u64 = 50;

/// Which page of a list, 1 for the first, of the `page` parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page(u64);

impl Page {
    /// Any number is a page; a senseless one is the first.
    pub(crate) fn of(parameter: Option<u64>) -> Self {
        Self(parameter.unwrap_or(1).clamp(1, 1_000_000))
    }

    /// Rows before this page.
    pub(crate) fn offset(self) -> u64 {
        (self.0 - 1) * ROWS
    }

    /// "51 – 100 of 12,480" with links; `link` writes the address of a page.
    pub(crate) fn markup(self, say: Say, total: u64, link: impl Fn(u64) -> String) -> Markup {
        let last = total.div_ceil(ROWS).max(1);
        let from = (self.offset() + 1).min(total);
        let to = (self.offset() + ROWS).min(total);
        html! {
            nav.pager aria-label=(t!(say, "pager-name")) {
                span.n { (t!(say, "pager-range", from = grouped(from), to = grouped(to), total = grouped(total))) }
                @if self.0 > 1 {
                    a.btn rel="prev" href=(link(self.0 - 1)) { (t!(say, "pager-before")) }
                }
                @if self.0 < last {
                    a.btn rel="next" href=(link(self.0 + 1)) { (t!(say, "pager-next")) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages() {
        let check = |page: Option<u64>, total: u64, expected: &[&str], not: &[&str]| {
            let html = Page::of(page).markup(Say::default(), total, |n| format!("?page={n}")).into_string();
            expected.iter().for_each(|part| assert!(html.contains(part), "{html}"));
            not.iter().for_each(|part| assert!(!html.contains(part), "{html}"));
        };
        check(None, 0, &["0"], &["rel="]);
        check(None, 50, &["1", "50"], &["rel="]);
        check(Some(1), 51, &["?page=2"], &["prev"]);
        check(Some(2), 12_480, &["51", "100", "12,480", "?page=1\"", "?page=3"], &[]);
        check(Some(0), 51, &["?page=2"], &["prev"]);
        check(Some(u64::MAX), 51, &["prev"], &["next"]);
    }
}
