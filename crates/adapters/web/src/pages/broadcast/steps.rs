//! Where a broadcast stands: the tag of its state, and the steps of a draft.

use campaigns::broadcast::{Broadcast, BroadcastState};
use maud::{Markup, html};

use crate::{
    links,
    say::{Say, t},
};

/// The state in words.
pub(super) fn state_tag(say: Say, state: BroadcastState) -> Markup {
    html! { span.tag { (say.with(&format!("broadcast-state-{}", state.name()), None)) } }
}

/// A step of a draft.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// What.
    Compose,
    /// To whom.
    Audience,
    /// Really?
    Confirm,
}

/// The way through a draft; a step that has a page already can be gone back to.
pub(super) fn steps(say: Say, broadcast: Option<&Broadcast>, here: Step) -> Markup {
    let path = |tail: &str| broadcast.map(|broadcast| format!("{}{tail}", links::broadcast(broadcast.id)));
    let all = [
        (Step::Compose, t!(say, "step-compose"), path("/edit")),
        (Step::Audience, t!(say, "step-audience"), path("/audience")),
        (Step::Confirm, t!(say, "step-confirm"), path("/confirm")),
    ];
    html! {
        ol.way {
            @for (n, (step, words, path)) in all.into_iter().enumerate() {
                li aria-current=[(step == here).then_some("step")] {
                    b { (n + 1) } " "
                    @match path {
                        Some(path) if step != here => a href=(path) { (words) },
                        _ => span { (words) },
                    }
                }
            }
        }
    }
}
