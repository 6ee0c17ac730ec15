//! The first step of a broadcast: its name, the template, and who it is from.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use campaigns::{
    audience::AudienceRules,
    broadcast::{AudienceKind, Broadcast, Purpose},
    template::Template,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    entry::{Entry, Wrong},
    find_draft, from,
    steps::{Step, steps},
};
use crate::{
    form::Form,
    links,
    parts::field::Field,
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// The template to begin with.
#[derive(Deserialize)]
pub(crate) struct Begin {
    template: Option<i64>,
    segment: Option<i64>,
}

/// `GET /broadcasts/new`.
pub(crate) async fn fresh(visit: Visit, Query(begin): Query<Begin>) -> Answer {
    let entry = Entry {
        template: begin.template.map(|id| id.to_string()).unwrap_or_default(),
        segment: begin.segment.map(|id| id.to_string()).unwrap_or_default(),
        ..usual(&visit).await?
    };
    Ok(page(&visit, None, &entry, &Wrong::new()).await?.into_response())
}

/// `POST /broadcasts`.
pub(crate) async fn create(visit: Visit, Form(entry): Form<Entry>) -> Answer {
    let segment_id: Option<i64> = entry.segment.parse().ok();
    let kind = if segment_id.is_some() { AudienceKind::Conditions } else { AudienceKind::Sendable };
    let draft = match entry.draft(visit.say, &template_ids(&visit).await?, kind) {
        Ok(draft) => draft,
        Err(wrong) => return refused(&visit, None, &entry, &wrong).await,
    };
    let id = visit.house.broadcasts.create(&draft, visit.actor(), visit.now()).await?;
    if segment_id.is_some() {
        let rules = AudienceRules { segment_id, ..AudienceRules::default() };
        visit.house.broadcasts.set_audience_rules(id, &rules).await?;
    }
    Ok(Redirect::to(&format!("{}/audience", links::broadcast(id))).into_response())
}

/// `GET /broadcasts/{id}/edit`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    match find_draft(&visit, id).await? {
        Some(broadcast) => {
            Ok(page(&visit, Some(&broadcast), &Entry::of(&broadcast), &Wrong::new()).await?.into_response())
        }
        None => Ok(Redirect::to(&links::broadcast(id)).into_response()),
    }
}

/// `POST /broadcasts/{id}/edit`.
pub(crate) async fn save(visit: Visit, Path(id): Path<i64>, Form(entry): Form<Entry>) -> Answer {
    let Some(broadcast) = find_draft(&visit, id).await? else {
        return Ok(Redirect::to(&links::broadcast(id)).into_response());
    };
    let draft = match entry.draft(visit.say, &template_ids(&visit).await?, broadcast.draft.audience) {
        Ok(draft) => draft,
        Err(wrong) => return refused(&visit, Some(&broadcast), &entry, &wrong).await,
    };
    visit.house.broadcasts.update(id, &draft).await?;
    Ok(Redirect::to(&format!("{}/audience", links::broadcast(id))).into_response())
}

/// From and Reply-To of the newest broadcast, because a shop has one; else a guess from our first domain.
async fn usual(visit: &Visit) -> Result<Entry, Problem> {
    if let Some(last) = visit.house.broadcasts.list(0, 1).await?.first() {
        return Ok(Entry {
            name: String::new(),
            purpose: String::new(),
            template: String::new(),
            ..Entry::of(last)
        });
    }
    let domains = visit.house.sources.domains().await?;
    let from_address = domains.first().map(|domain| format!("info@{}", domain.name)).unwrap_or_default();
    // Readers may not reach an address without TLS, such as one of a trial; then links had better stay as they are.
    let records_clicks = if visit.house.base_url.starts_with("https://") { "1" } else { "" };
    Ok(Entry { from_address, records_clicks: records_clicks.to_owned(), ..Entry::default() })
}

async fn template_ids(visit: &Visit) -> Result<Vec<i64>, Problem> {
    Ok(visit.house.templates.list().await?.iter().map(|template| template.id).collect())
}

async fn refused(visit: &Visit, broadcast: Option<&Broadcast>, entry: &Entry, wrong: &Wrong) -> Answer {
    let page = page(visit, broadcast, entry, wrong).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn page(
    visit: &Visit,
    broadcast: Option<&Broadcast>,
    entry: &Entry,
    wrong: &Wrong,
) -> Result<Response, Problem> {
    let say = visit.say;
    let templates = visit.house.templates.list().await?;
    let remark = from::remark(visit, &entry.from_address).await?;
    let pools = pools(visit).await?;
    let action = match broadcast {
        Some(broadcast) => format!("{}/edit", links::broadcast(broadcast.id)),
        None => "/broadcasts".to_owned(),
    };
    let title = broadcast.map_or_else(|| t!(say, "broadcasts-new"), |broadcast| broadcast.draft.name.clone());
    let body = html! {
        p { a href="/broadcasts" { (t!(say, "frame-broadcasts")) } }
        h1 { (title) }
        (steps(say, broadcast, Step::Compose))
        @if templates.is_empty() {
            div.notice { p { (t!(say, "broadcast-no-template")) " " a href="/templates/new" { (t!(say, "templates-new")) } } }
        }
        form.card method="post" action=(action) {
            (visit.token_field())
            @if !entry.segment.is_empty() { input type="hidden" name="segment" value=(entry.segment); }
            (field(visit, "name", &entry.name, wrong))
            (purposes(visit, entry))
            (template_field(visit, &templates, entry, wrong))
            (field(visit, "from_name", &entry.from_name, wrong))
            (from_field(visit, entry, wrong, &remark))
            (field(visit, "reply_to", &entry.reply_to, wrong))
            (record_clicks(visit, entry))
            @if pools.len() > 1 || !entry.pool.is_empty() { (pool_field(visit, &pools, entry)) }
            div.actions {
                button.btn.primary type="submit" { (t!(say, "broadcast-to-audience")) }
                a.btn href="/broadcasts" { (t!(say, "button-back")) }
            }
        }
    };
    Ok(visit.page(&title, &body).into_response())
}

/// Advertising unless somebody says otherwise: a wrong choice the other way would write to people who have opted out.
fn purposes(visit: &Visit, entry: &Entry) -> Markup {
    let say = visit.say;
    let chosen = Purpose::from_name(&entry.purpose).unwrap_or_default();
    html! {
        fieldset.plain {
            legend { (t!(say, "broadcast-purpose")) }
            @for purpose in [Purpose::Advertising, Purpose::Transactional] {
                div.choice {
                    label {
                        input type="radio" name="purpose" value=(purpose.name()) checked[purpose == chosen];
                        span {
                            b { (say.with(&format!("purpose-{}", purpose.name()), None)) }
                            span.sub { (say.with(&format!("purpose-what-{}", purpose.name()), None)) }
                        }
                    }
                }
            }
        }
    }
}

/// What it does, what readers see, and what stays as it is.
fn record_clicks(visit: &Visit, entry: &Entry) -> Markup {
    let say = visit.say;
    html! {
        div.field {
            label.check {
                input type="checkbox" name="records_clicks" value="1" checked[entry.records_clicks == "1"]
                    aria-describedby="records-clicks-note";
                span { (t!(say, "broadcast-records-clicks")) }
            }
            div id="records-clicks-note" {
                p.hint { (t!(say, "broadcast-hint-records-clicks")) }
                details {
                    summary { (t!(say, "broadcast-records-clicks-more")) }
                    ul {
                        li { (t!(say, "broadcast-records-clicks-text", address = format!("{}/l/…", visit.house.base_url))) }
                        li { (t!(say, "broadcast-records-clicks-not")) }
                        li { (t!(say, "broadcast-records-clicks-privacy")) }
                    }
                }
                @if !visit.house.base_url.starts_with("https://") {
                    p class=(if entry.records_clicks == "1" { "wrong" } else { "hint" }) { (t!(say, "broadcast-records-clicks-plain", address = visit.house.base_url.as_str())) }
                }
            }
        }
    }
}

fn wrong_of<'a>(wrong: &'a Wrong, name: &str) -> Option<&'a str> {
    wrong.iter().find(|(field, _)| *field == name).map(|(_, words)| words.as_str())
}

fn field(visit: &Visit, name: &str, value: &str, wrong: &Wrong) -> Markup {
    let key = name.replace('_', "-");
    let label = visit.say.with(&format!("broadcast-{key}"), None);
    let hint = visit.say.with(&format!("broadcast-hint-{key}"), None);
    let required = name == "name";
    let wrong = wrong_of(wrong, name);
    Field { name, label: &label, value, hint: &hint, wrong, required, ..Field::default() }.input()
}

fn template_field(visit: &Visit, templates: &[Template], entry: &Entry, wrong: &Wrong) -> Markup {
    let say = visit.say;
    let choices: Vec<(String, String)> = templates
        .iter()
        .map(|template| {
            (template.id.to_string(), format!("{} \u{2014} {}", template.draft.name, template.draft.subject))
        })
        .collect();
    let label = t!(say, "broadcast-template");
    let wrong = wrong_of(wrong, "template");
    html! {
        (Field { name: "template", label: &label, value: &entry.template, wrong, ..Field::default() }.select(&choices))
    }
}

/// The pools that have a source, in the order of their names.
async fn pools(visit: &Visit) -> Result<BTreeSet<String>, Problem> {
    let sources = visit.house.sources.sources().await?;
    Ok(sources.into_iter().filter(|source| source.draft.enabled).map(|source| source.draft.pool).collect())
}

/// By which pool of sources it leaves; shown where there is a choice.
fn pool_field(visit: &Visit, pools: &BTreeSet<String>, entry: &Entry) -> Markup {
    let say = visit.say;
    let mut choices = vec![(String::new(), t!(say, "broadcast-pool-usual"))];
    choices.extend(pools.iter().map(|pool| (pool.clone(), pool.clone())));
    if !entry.pool.is_empty() && !pools.contains(&entry.pool) {
        choices.push((entry.pool.clone(), t!(say, "source-pool-empty", pool = entry.pool.as_str())));
    }
    let (label, hint) = (t!(say, "broadcast-pool"), t!(say, "broadcast-hint-pool"));
    Field { name: "pool", label: &label, value: &entry.pool, hint: &hint, ..Field::default() }
        .select(&choices)
}

fn from_field(visit: &Visit, entry: &Entry, wrong: &Wrong, remark: &Markup) -> Markup {
    let say = visit.say;
    let wrong = wrong_of(wrong, "from_address");
    html! {
        div.field {
            label for="from_address" { (t!(say, "broadcast-from-address")) }
            input id="from_address" name="from_address" value=(entry.from_address) inputmode="email" autocomplete="off"
                autocapitalize="off" spellcheck="false" data-check="/broadcasts/from-note" data-into="#from-note"
                aria-describedby="from-note" aria-invalid=[wrong.map(|_| "true")];
            p.hint { (t!(say, "broadcast-hint-from-address")) }
            @if let Some(wrong) = wrong { p.wrong role="alert" { (wrong) } }
            div id="from-note" { (remark) }
        }
    }
}
