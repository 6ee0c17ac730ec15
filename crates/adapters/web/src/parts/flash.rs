//! The one line that says what was just done, carried in the address so that nothing is stored.

use axum::response::Redirect;
use maud::{Markup, html};
use serde::Deserialize;

use crate::{links, say::Say};

/// What was done: a key of the catalogue under `done-`, and a number where the sentence has one.
#[derive(Debug, Deserialize)]
pub(crate) struct Flash {
    done: String,
    n: Option<u64>,
}

impl Flash {
    /// Reads it from a query string.
    pub(crate) fn of(query: &str) -> Option<Self> {
        serde_html_form::from_str(query).ok()
    }

    /// The line. A key that is not in the catalogue shows nothing, so an address cannot put words in our mouth.
    pub(crate) fn markup(&self, say: Say) -> Markup {
        let mut args = fluent::FluentArgs::new();
        args.set("n", self.n.unwrap_or(0));
        let text = say.find(&format!("done-{}", self.done), Some(&args));
        html! {
            @if let Some(text) = text {
                p.flash role="status" { (text) }
            }
        }
    }
}

/// Goes to a page and says there what was done.
pub(crate) fn done(path: &str, key: &str) -> Redirect {
    Redirect::to(&format!("{path}{}done={}", joint(path), links::encoded(key)))
}

/// The same with a number.
pub(crate) fn done_n(path: &str, key: &str, n: u64) -> Redirect {
    Redirect::to(&format!("{path}{}done={}&n={n}", joint(path), links::encoded(key)))
}

fn joint(path: &str) -> char {
    if path.contains('?') { '&' } else { '?' }
}
