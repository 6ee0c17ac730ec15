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
    let path = without(path);
    Redirect::to(&format!("{path}{}done={}", joint(&path), links::encoded(key)))
}

/// The same with a number.
pub(crate) fn done_n(path: &str, key: &str, n: u64) -> Redirect {
    let path = without(path);
    Redirect::to(&format!("{path}{}done={}&n={n}", joint(&path), links::encoded(key)))
}

/// An address without the line it may carry itself: a page that said something is often the one to come back to.
fn without(path: &str) -> String {
    let Some((page, query)) = path.split_once('?').filter(|(_, query)| query.contains("done=")) else {
        return path.to_owned();
    };
    let kept: Vec<&str> =
        query.split('&').filter(|pair| !pair.starts_with("done=") && !pair.starts_with("n=")).collect();
    if kept.is_empty() { page.to_owned() } else { format!("{page}?{}", kept.join("&")) }
}

fn joint(path: &str) -> char {
    if path.contains('?') { '&' } else { '?' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_at_a_time() {
        assert_eq!(without("/queue"), "/queue");
        assert_eq!(without("/queue?done=x"), "/queue");
        assert_eq!(without("/queue/at?shard=gmail&done=x&n=4"), "/queue/at?shard=gmail");
        assert_eq!(without("/pick?n=4"), "/pick?n=4");
    }
}
