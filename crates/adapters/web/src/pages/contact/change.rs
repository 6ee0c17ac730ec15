//! What an operator decides about one customer: opt-out and back, the address works after all, it is right as it is.

use std::collections::BTreeMap;

use audience::OptOutRoute;
use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};

use serde::Deserialize;

use super::validity::{LIFT_REASONS, OFF_REASONS};
use crate::{
    form::{Form, Nothing},
    links,
    parts::flash,
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// Longest note beside a reason, in characters.
const NOTE_CHARS_MAX: usize = 500;

/// `POST /contacts/{id}/opt-out`.
pub(crate) async fn opt_out(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    known(&visit, id).await?;
    visit.house.contacts.opt_out(id, OptOutRoute::Operator, visit.actor(), visit.now()).await?;
    Ok(back(id, "contact-opted-out"))
}

/// `POST /contacts/{id}/opt-in`.
pub(crate) async fn opt_in(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    known(&visit, id).await?;
    visit.house.contacts.opt_in(id, visit.actor(), visit.now()).await?;
    Ok(back(id, "contact-opted-in"))
}

/// Why an operator switches an address off or lifts that.
#[derive(Deserialize)]
pub(crate) struct Why {
    #[serde(default)]
    why: String,
    #[serde(default)]
    note: String,
}

impl Why {
    /// The chosen reason and what was typed beside it, in the operator's words.
    pub(super) fn words(&self, visit: &Visit, keys: &[&str]) -> String {
        let chosen = keys.iter().find(|key| **key == self.why).or(keys.last()).copied().unwrap_or_default();
        let chosen = visit.say.with(chosen, None);
        let note: String = self.note.trim().chars().take(NOTE_CHARS_MAX).collect();
        if note.is_empty() { chosen } else { t!(visit.say, "why-and-note", why = chosen, note = note) }
    }
}

/// `POST /contacts/{id}/mark-valid`.
pub(crate) async fn mark_valid(visit: Visit, Path(id): Path<i64>, Form(why): Form<Why>) -> Answer {
    known(&visit, id).await?;
    let note = why.words(&visit, &LIFT_REASONS);
    visit.house.contacts.mark_valid(id, &note, visit.actor(), visit.now()).await?;
    Ok(back(id, "contact-valid"))
}

/// `POST /contacts/{id}/switch-off`.
pub(crate) async fn switch_off(visit: Visit, Path(id): Path<i64>, Form(why): Form<Why>) -> Answer {
    known(&visit, id).await?;
    let note = why.words(&visit, &OFF_REASONS);
    visit.house.validity.switch_off(id, &note, visit.actor(), visit.now()).await?;
    Ok(back(id, "contact-off"))
}

/// `POST /contacts/{id}/confirm-address`.
pub(crate) async fn confirm(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    known(&visit, id).await?;
    visit.house.contacts.confirm_address(id, visit.actor(), visit.now()).await?;
    Ok(back(id, "contact-confirmed"))
}

/// `POST /contacts/{id}/trash`.
pub(crate) async fn trash(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    known(&visit, id).await?;
    visit.house.contacts.trash(&[id], true, visit.actor(), visit.now()).await?;
    Ok(back(id, "contact-trashed"))
}

/// `POST /contacts/{id}/restore`.
pub(crate) async fn restore(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    known(&visit, id).await?;
    visit.house.contacts.trash(&[id], false, visit.actor(), visit.now()).await?;
    Ok(back(id, "contact-restored"))
}

/// The topics that are ticked: `topic-7` for each.
#[derive(Deserialize)]
pub(crate) struct Ticked {
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

/// `POST /contacts/{id}/topics`.
pub(crate) async fn topics(visit: Visit, Path(id): Path<i64>, Form(ticked): Form<Ticked>) -> Answer {
    known(&visit, id).await?;
    let refused = visit.house.topics.topic_refusals(id).await?;
    for topic in visit.house.topics.topics().await?.iter().filter(|topic| topic.archived_at.is_none()) {
        let wanted = ticked.rest.contains_key(&format!("topic-{}", topic.id));
        if wanted == refused.iter().any(|refusal| refusal.topic_id == topic.id) {
            let (route, actor) = (OptOutRoute::Operator, visit.actor());
            visit.house.topics.set_topic((id, topic.id), wanted, (route, actor), visit.now()).await?;
        }
    }
    Ok(back(id, "contact-topics"))
}

async fn known(visit: &Visit, id: i64) -> Result<(), Problem> {
    visit.house.contacts.get(id).await?.map(drop).ok_or(Problem::NotFound)
}

fn back(id: i64, done: &str) -> Response {
    flash::done(&links::contact(id), done).into_response()
}
