//! The first page of the day: what needs somebody now.

use maud::{Markup, html};

use crate::{say::t, visit::Visit};

/// `GET /`.
pub(crate) async fn show(visit: Visit) -> Markup {
    let say = visit.say;
    visit.page(&t!(say, "frame-home"), &html! { h1 { (t!(say, "frame-home")) } })
}
