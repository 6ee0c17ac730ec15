//! Pauses, resumes and cancels a broadcast.

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use campaigns::broadcast::{Broadcast, BroadcastState};
use maud::{Markup, html};

use super::find;
use crate::{
    form::{Form, Nothing},
    links,
    parts::{field::confirmed, flash},
    problem::Answer,
    visit::Visit,
};

/// `POST /broadcasts/{id}/pause`.
pub(crate) async fn pause(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    find(&visit, id).await?;
    let did = visit.house.broadcasts.pause(id, visit.actor(), visit.now()).await?;
    Ok(back(id, did, "broadcast-paused"))
}

/// `POST /broadcasts/{id}/resume`.
pub(crate) async fn resume(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    find(&visit, id).await?;
    let did = visit.house.broadcasts.resume(id, visit.actor(), visit.now()).await?;
    Ok(back(id, did, "broadcast-resumed"))
}

/// `POST /broadcasts/{id}/cancel`.
pub(crate) async fn cancel(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    find(&visit, id).await?;
    let did = visit.house.broadcasts.cancel(id, visit.actor(), visit.now()).await?;
    Ok(back(id, did, "broadcast-cancelled"))
}

/// When it could not be done the page shows the state that made it impossible.
fn back(id: i64, did: bool, done: &str) -> Response {
    let path = links::broadcast(id);
    if did { flash::done(&path, done).into_response() } else { Redirect::to(&path).into_response() }
}

/// The buttons that make sense now, each with what it will do.
pub(super) fn buttons(visit: &Visit, broadcast: &Broadcast) -> Markup {
    let verbs: &[&str] = match broadcast.state {
        BroadcastState::Preparing | BroadcastState::Running => &["pause", "cancel"],
        BroadcastState::Paused => &["resume", "cancel"],
        BroadcastState::Draft => &["cancel"],
        BroadcastState::Cancelled | BroadcastState::Finished => &[],
    };
    html! {
        @if !verbs.is_empty() { div.actions { @for verb in verbs { (button(visit, broadcast.id, verb)) } } }
    }
}

fn button(visit: &Visit, id: i64, verb: &str) -> Markup {
    let say = visit.say;
    let class = if verb == "cancel" { "btn danger" } else { "btn primary" };
    let form = html! {
        form method="post" action={ (links::broadcast(id)) "/" (verb) } {
            (visit.token_field())
            button class=(class) type="submit" { (say.with(&format!("act-{verb}-yes"), None)) }
        }
    };
    let label = say.with(&format!("act-{verb}"), None);
    confirmed(&label, &say.with(&format!("act-{verb}-what"), None), &form)
}

#[cfg(test)]
mod tests {
    use crate::say::Say;

    #[test]
    fn every_act_has_words() {
        for verb in ["pause", "resume", "cancel"] {
            for tail in ["", "-yes", "-what"] {
                assert!(Say::default().find(&format!("act-{verb}{tail}"), None).is_some(), "{verb}{tail}");
            }
        }
    }
}
