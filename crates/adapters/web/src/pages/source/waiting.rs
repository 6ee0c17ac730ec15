//! What waits at one source, what stops it, and the buttons to pause it, to let it go on and to try now.

use delivery::{
    pacing::store::{Hold, Scope},
    source::Source,
};
use maud::{Markup, html};

use crate::{
    links,
    pages::queue::{act_form_as, holds},
    parts::source as words,
    problem::Problem,
    say::t,
    visit::Visit,
};

/// The card.
pub(super) async fn card(visit: &Visit, source: &Source) -> Result<Markup, Problem> {
    let say = visit.say;
    let of = source.id.to_string();
    let standing = visit.house.pacing.standing(visit.now()).await?;
    let here: Vec<&Hold> = standing.holds.iter().filter(|hold| hold.source == Some(source.id)).collect();
    let is_paused = here.iter().any(|hold| hold.group.is_none());
    let rows = visit.house.pacing.count(&Scope::Source(source.id)).await?;
    let name = words::name(say, source);
    let ask = |key: &str| {
        let mut with = fluent::FluentArgs::new();
        with.set("source", name.clone());
        with.set("n", rows);
        say.with(key, Some(&with))
    };
    let form = |act: &str, label: &str, what: &str| {
        act_form_as(visit, (act, "source", &of), &say.with(label, None), Some(&ask(what)))
    };
    Ok(html! {
        (holds(visit, &[], &here))
        div.card id="waiting" {
            h2 { (t!(say, "source-waiting")) }
            p {
                @match rows {
                    0 => (t!(say, "source-waiting-none")),
                    n => a href=(links::query("/queue/rows", &[("source", Some(&of))])) { (t!(say, "source-waiting-n", n = n)) },
                }
            }
            div.actions {
                @if !is_paused { (form("pause", "source-pause", "source-pause-what")) }
                @if rows > 0 {
                    (form("try-now", "queue-try-now", "source-try-now-what"))
                    (form("give-up", "queue-give-up", "source-give-up-what"))
                }
            }
        }
    })
}
