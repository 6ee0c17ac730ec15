//! Adds a source and changes one.

use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use delivery::source::{Source, SourceDraft, presets};
use maud::html;
use serde::Deserialize;

use super::{
    entry::{Entry, Wrong},
    form::{self, Shown},
    show::find,
    token,
};
use crate::{
    form::Form,
    links,
    parts::flash,
    parts::source as words,
    problem::{Answer, Problem},
    say::t,
    visit::{Owner, Visit},
};

/// Which allowance to fill in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    preset: String,
}

impl Wanted {
    fn fill(&self, draft: SourceDraft) -> SourceDraft {
        match presets::presets().iter().find(|preset| preset.id == self.preset) {
            Some(preset) => SourceDraft { quota: preset.quota(), ..draft },
            None => draft,
        }
    }
}

/// `GET /sources/new`.
pub(crate) async fn fresh(Owner(visit): Owner, Query(wanted): Query<Wanted>) -> Answer {
    let entry = Entry::of(&wanted.fill(SourceDraft::default()));
    page(&visit, None, Shown { entry: &entry, wrong: &Wrong::new(), walk: None }).await
}

/// `GET /sources/{id}/edit`.
pub(crate) async fn change(Owner(visit): Owner, Path(id): Path<i64>, Query(wanted): Query<Wanted>) -> Answer {
    let source = find(&visit, id).await?;
    let kept = token::of(&visit, id).await?.map(|standing| standing.renewal);
    let entry = Entry::of(&wanted.fill(source.draft.clone())).with_renewal(kept.as_ref());
    page(&visit, Some(&source), Shown { entry: &entry, wrong: &Wrong::new(), walk: None }).await
}

/// `POST /sources`.
pub(crate) async fn add(Owner(visit): Owner, Form(entry): Form<Entry>) -> Answer {
    keep(&visit, None, &entry).await
}

/// `POST /sources/{id}/edit`.
pub(crate) async fn save(Owner(visit): Owner, Path(id): Path<i64>, Form(entry): Form<Entry>) -> Answer {
    let source = find(&visit, id).await?;
    keep(&visit, Some(&source), &entry).await
}

async fn keep(visit: &Visit, source: Option<&Source>, entry: &Entry) -> Answer {
    let (house, now) = (&visit.house, visit.now());
    let entry = &entry.clone().recalled(visit);
    let kept = match source {
        Some(source) => token::of(visit, source.id).await?.map(|standing| standing.renewal),
        None => None,
    };
    let read = entry.draft(visit.say, source, now);
    let read = read.and_then(|draft| Ok((draft, entry.renewal(visit.say, kept.as_ref())?)));
    match read {
        Ok((draft, renewal)) => {
            let id = source.map(|source| source.id);
            let saved = house.sources.save_source(id, &draft, visit.actor(), now).await?;
            let saved = saved.ok_or(Problem::NotFound)?;
            token::keep(visit, saved, renewal.as_ref()).await?;
            Ok(flash::done(&links::source(saved), "source-saved").into_response())
        }
        Err(wrong) => refused(visit, source, entry, &wrong).await,
    }
}

/// The form again, with what is wrong.
pub(super) async fn refused(visit: &Visit, source: Option<&Source>, entry: &Entry, wrong: &Wrong) -> Answer {
    let entry = &entry.clone().remembering(visit);
    let page = page(visit, source, Shown { entry, wrong, walk: None }).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// The page with what is in the form, what is wrong with it, and what a walk showed.
pub(super) async fn page(
    visit: &Visit,
    source: Option<&Source>,
    shown: Shown<'_>,
) -> Result<Response, Problem> {
    let say = visit.say;
    let title = match source {
        Some(source) => words::name(say, source),
        None => t!(say, "source-add"),
    };
    let recipient = match shown.entry.recipient.as_str() {
        "" => super::test::own_address(visit).await?,
        typed => typed.to_owned(),
    };
    let body = html! {
        p { a href="/sources" { (t!(say, "frame-sources")) } }
        h1 { (title) }
        p.lead { (t!(say, "source-form-lead")) }
        @if let Some(walk) = shown.walk { (walk) }
        (form::markup(visit, source, &shown, &recipient))
    };
    Ok(visit.page(&title, &body).into_response())
}
