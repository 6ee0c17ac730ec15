//! Sends again what did not arrive: one message or several, ahead of every broadcast.

use axum::response::{IntoResponse, Redirect};
use delivery::{
    ports::{Submission, Submitted},
    recipient::{Lane, RecipientId},
};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    form::Form,
    links,
    parts::{field::confirmed, flash},
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// Where the form goes.
pub(crate) const PATH: &str = "/desk/resend";
/// Messages sent again at once: one page of the desk.
const AT_ONCE_MAX: usize = 100;

/// Which.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Which {
    ids: Vec<RecipientId>,
    back: String,
}

/// A button that sends one message again, after saying what that does.
pub(crate) fn button(visit: &Visit, id: RecipientId) -> Markup {
    let say = visit.say;
    asking(visit, id, &t!(say, "resend"), &t!(say, "resend-what"))
}

/// The same for a message that may have arrived.
pub(crate) fn doubt_button(visit: &Visit, id: RecipientId) -> Markup {
    let say = visit.say;
    asking(visit, id, &t!(say, "doubt-resend"), &t!(say, "doubt-resend-what"))
}

fn asking(visit: &Visit, id: RecipientId, label: &str, what: &str) -> Markup {
    let say = visit.say;
    let form = html! {
        form method="post" action=(PATH) {
            (visit.token_field())
            input type="hidden" name="ids" value=(id);
            button.btn.primary type="submit" { (t!(say, "resend-yes")) }
        }
    };
    confirmed(label, what, &form)
}

/// `POST /desk/resend`.
pub(crate) async fn send(visit: Visit, Form(which): Form<Which>) -> Answer {
    let back = if which.back.is_empty() { "/desk" } else { links::local(&which.back) };
    let mut sent = Vec::new();
    let mut withheld = 0;
    for id in which.ids.iter().take(AT_ONCE_MAX) {
        match again(&visit, *id).await? {
            Submitted::Queued(id) => sent.push(id),
            Submitted::Withheld(id, _) if which.ids.len() == 1 => sent.push(id),
            Submitted::Withheld(..) => withheld += 1,
        }
    }
    Ok(match (sent.as_slice(), withheld) {
        ([], 0) => Redirect::to(back).into_response(),
        ([one], 0) => Redirect::to(&links::message(*one)).into_response(),
        (sent, 0) => flash::done_n(back, "desk-resent", sent.len() as u64).into_response(),
        (_, withheld) => flash::done_n(back, "desk-resent-partly", withheld).into_response(),
    })
}

/// Queues the message of a row once more, to the customer's address as it is now.
pub(super) async fn again(visit: &Visit, id: RecipientId) -> Result<Submitted, Problem> {
    let house = &visit.house;
    let story = house.history.message(id).await?.ok_or(Problem::NotFound)?;
    let now = visit.now();
    let submission = Submission {
        resend_of: Some(id),
        broadcast_id: story.broadcast_id,
        contact_id: story.contact_id,
        lane: Lane::Transactional,
        expires_at: now + house.tries.ms(Lane::Transactional),
        actor: visit.actor(),
    };
    Ok(house.queue.submit(&submission, now).await?)
}
