//! The first steps of a new house, each with its button, until the first broadcast was sent.

use audience::ContactFilter;
use maud::{Markup, html};

use crate::{problem::Problem, say::t, visit::Visit};

/// The steps, or nothing when there is a broadcast already.
pub(super) async fn steps(visit: &Visit) -> Result<Markup, Problem> {
    let (say, house) = (visit.say, &visit.house);
    if !house.broadcasts.list(0, 1).await?.is_empty() {
        return Ok(html! {});
    }
    let steps = [
        (house.contacts.count(&ContactFilter::default()).await? > 0, "/imports/new", "home-step-import"),
        (!house.sources.domains().await?.is_empty(), "/domains", "home-step-domain"),
        (!house.templates.list().await?.is_empty(), "/templates", "home-step-template"),
        (false, "/broadcasts", "home-step-broadcast"),
    ];
    Ok(html! {
        div.card {
            h2 { (t!(say, "home-begin")) }
            ol.steps {
                @for (done, href, key) in steps {
                    li.done[done] {
                        a href=(href) { (say.with(key, None)) }
                        @if done { " " span class="chip evidenced" { (t!(say, "home-step-done")) } }
                    }
                }
            }
        }
    })
}
