//! 「この1通に何が起きたか」: the chain of evidence on one side, the conclusion on the other.

use axum::{extract::Path, response::IntoResponse};
use evidence::history::MessageStory;
use maud::{Markup, html};

use super::{
    chain::{self, Known},
    conclusion, find, talk,
};
use crate::{
    links,
    parts::progress,
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// `GET /messages/{id}`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let say = visit.say;
    let story = find(&visit, id).await?;
    let version = visit.house.templates.version(story.template_version_id).await?;
    let body = html! {
        p { a href="/desk" { (t!(say, "frame-desk")) } " / " a href=(links::broadcast(story.broadcast_id)) { (story.broadcast_name) } }
        h1 { (t!(say, "message-title")) }
        p.lead {
            a href=(links::contact(story.contact_id)) {
                @if story.contact_name.is_empty() { (t!(say, "contact-nameless")) } @else { (story.contact_name) }
            }
            " " code { (story.address) } " "
            @if let Some(version) = &version { (t!(say, "message-subject", subject = version.subject.as_str())) }
        }
        (live_box(&visit, &story).await?)
    };
    Ok(visit.page(&t!(say, "message-title"), &body).into_response())
}

/// `GET /messages/{id}/live`: a fragment.
pub(crate) async fn live(visit: Visit, Path(id): Path<i64>) -> Result<Markup, Problem> {
    let story = find(&visit, id).await?;
    live_box(&visit, &story).await
}

async fn live_box(visit: &Visit, story: &MessageStory) -> Result<Markup, Problem> {
    let (say, house) = (visit.say, &visit.house);
    let events = house.history.of_message(story.id).await?;
    let names = house.operators.list().await?.into_iter().map(|one| (one.id, one.name)).collect();
    let known = Known { events: &events, names: &names, talks: &talk::of(visit, story).await? };
    let broadcast = house.broadcasts.get(story.broadcast_id).await?;
    let from = broadcast.map(|broadcast| broadcast.draft.from_address).unwrap_or_default();
    let domain = from.rsplit('@').next().unwrap_or_default();
    let inside = html! {
        div.row.two {
            div.card {
                h2 { (t!(say, "message-chain")) }
                (chain::markup(say, story, &known, visit.now()))
                p.fine {
                    a href={ (links::message(story.id)) "/sent" } { (t!(say, "message-sent")) }
                    @if story.arrival_id.is_some() {
                        " \u{b7} " a href={ (links::message(story.id)) "/bounce" } { (t!(say, "message-bounce")) }
                    }
                }
            }
            (conclusion::card(visit, story, domain))
        }
    };
    // A retry may be hours away; only what happens within the next minute is watched.
    let soon = story.next_at.is_none_or(|next_at| next_at < visit.now() + 60_000);
    let running = !story.state.is_settled() && soon;
    Ok(progress::live(&format!("{}/live", links::message(story.id)), running, &inside))
}
