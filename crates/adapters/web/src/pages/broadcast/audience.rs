//! The second step of a broadcast: who is asked for.

use audience::{ContactFilter, Standing};
use axum::{
    extract::Path,
    response::{IntoResponse, Redirect},
};
use campaigns::broadcast::{AudienceKind, BroadcastDraft, Purpose};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    find_draft,
    steps::{Step, steps},
};
use crate::{
    form::Form,
    links,
    problem::Answer,
    say::{grouped, t},
    visit::Visit,
};

/// Picks that are counted; more than any shop has customers.
pub(super) const PICKS_MAX: u64 = 10_000_000;

/// The choice.
#[derive(Deserialize)]
pub(crate) struct Choice {
    #[serde(default)]
    kind: String,
}

/// `GET /broadcasts/{id}/audience`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let Some(broadcast) = find_draft(&visit, id).await? else {
        return Ok(Redirect::to(&links::broadcast(id)).into_response());
    };
    let (say, house, purpose) = (visit.say, &visit.house, broadcast.draft.purpose);
    let filter = |standing| ContactFilter { standing, ..ContactFilter::default() };
    let everyone = house.contacts.count(&filter(None)).await?;
    let sendable = house.contacts.count(&filter(Some(Standing::Sendable))).await?;
    let picked = house.broadcasts.picked(id, PICKS_MAX).await?.len() as u64;
    let choices = [
        (AudienceKind::Sendable, sendable, "/contacts?standing=sendable".to_owned()),
        (AudienceKind::All, everyone, "/contacts".to_owned()),
        (AudienceKind::Picked, picked, format!("{}/pick", links::broadcast(id))),
    ];
    let body = html! {
        p { a href="/broadcasts" { (t!(say, "frame-broadcasts")) } }
        h1 { (broadcast.draft.name) }
        (steps(say, Some(&broadcast), Step::Audience))
        form.card method="post" action={ (links::broadcast(id)) "/audience" } {
            (visit.token_field())
            h2 { (t!(say, "audience-title")) }
            @for (kind, people, link) in choices {
                @if kind != AudienceKind::Sendable || purpose == Purpose::Advertising {
                    (choice(&visit, kind, people, &link, broadcast.draft.audience == kind))
                }
            }
            p.hint { (say.with(&format!("audience-hint-{}", purpose.name()), None)) }
            div.actions {
                button.btn.primary type="submit" { (t!(say, "audience-next")) }
                a.btn href={ (links::broadcast(id)) "/edit" } { (t!(say, "button-back")) }
            }
        }
    };
    Ok(visit.page(&broadcast.draft.name, &body).into_response())
}

fn choice(visit: &Visit, kind: AudienceKind, people: u64, link: &str, chosen: bool) -> Markup {
    let say = visit.say;
    html! {
        div.choice {
            label {
                input type="radio" name="kind" value=(kind.name()) checked[chosen];
                span {
                    b { (say.with(&format!("audience-{}", kind.name()), None)) }
                    span.sub { (say.with(&format!("audience-what-{}", kind.name()), None)) }
                }
            }
            a.num href=(link) { (t!(say, "audience-people", n = grouped(people))) }
        }
    }
}

/// `POST /broadcasts/{id}/audience`.
pub(crate) async fn choose(visit: Visit, Path(id): Path<i64>, Form(choice): Form<Choice>) -> Answer {
    let Some(broadcast) = find_draft(&visit, id).await? else {
        return Ok(Redirect::to(&links::broadcast(id)).into_response());
    };
    let audience = AudienceKind::from_name(&choice.kind).unwrap_or(broadcast.draft.audience);
    let draft = BroadcastDraft { audience, ..broadcast.draft };
    visit.house.broadcasts.update(id, &draft).await?;
    let next = if audience == AudienceKind::Picked { "pick" } else { "confirm" };
    Ok(Redirect::to(&format!("{}/{next}", links::broadcast(id))).into_response())
}
