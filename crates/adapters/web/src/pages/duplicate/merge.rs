//! Two to ten entries side by side: which survives, and whose value of each column; and the way back.

use std::collections::BTreeMap;

use audience::{Contact, Field as HouseField, MERGE_MAX, Merge, merge_columns, merge_value, plan_by_hand};
use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::IntoResponse,
};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    form::{Form, Nothing},
    links,
    pages::contact::list::shown_name,
    parts::{flash, time, value},
    problem::{Answer, Problem},
    say::{Say, t},
    visit::Visit,
};

/// The entries: keys with commas between.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    ids: String,
}

/// What was chosen.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    ids: String,
    master: i64,
    /// `from:name` … with the key of the entry whose value survives.
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

/// `GET /merge?ids=1,2`.
pub(crate) async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Answer {
    let contacts = load(&visit, &wanted.ids).await?;
    let fields = visit.house.fields.fields().await?;
    Ok(page(&visit, &contacts, &fields, None).into_response())
}

/// `POST /merge`.
pub(crate) async fn decide(visit: Visit, Form(chosen): Form<Chosen>) -> Answer {
    let contacts = load(&visit, &chosen.ids).await?;
    let from = chosen
        .rest
        .iter()
        .filter_map(|(name, id)| Some((name.strip_prefix("from:")?.to_owned(), id.parse::<i64>().ok()?)));
    let plan = plan_by_hand(&contacts, chosen.master, &from.collect());
    let merged = match &plan {
        Some(plan) => visit.house.merges.merge(plan, visit.actor(), visit.now()).await?,
        None => None,
    };
    if merged.is_none() {
        let fields = visit.house.fields.fields().await?;
        let page = page(&visit, &contacts, &fields, Some(&t!(visit.say, "merge-not-made")));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    Ok(flash::done(&links::contact(chosen.master), "merged").into_response())
}

/// `POST /merges/{id}/undo`.
pub(crate) async fn undo(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    let undone = visit.house.merges.undo_merge(id, visit.actor(), visit.now()).await?;
    let key = if undone { "merge-undone" } else { "merge-not-undone" };
    Ok(flash::done("/contacts", key).into_response())
}

async fn load(visit: &Visit, ids: &str) -> Result<Vec<Contact>, Problem> {
    let ids = ids.split(',').filter_map(|id| id.trim().parse::<i64>().ok());
    let mut contacts = Vec::new();
    for id in ids.take(MERGE_MAX) {
        let contact = visit.house.contacts.get(id).await?.ok_or(Problem::NotFound)?;
        if contact.trashed_at.is_none() {
            contacts.push(contact);
        }
    }
    if contacts.len() < 2 { Err(Problem::NotFound) } else { Ok(contacts) }
}

fn field_of<'f>(column: &str, fields: &'f [HouseField]) -> Option<&'f HouseField> {
    let key = column.strip_prefix("field:")?;
    fields.iter().find(|field| field.key == key)
}

fn value_words(say: Say, contact: &Contact, column: &str, fields: &[HouseField]) -> String {
    let text = merge_value(contact, column);
    match field_of(column, fields) {
        _ if text.is_empty() => t!(say, "overtaken-empty"),
        Some(field) => value::words(say, field, text),
        None => text.to_owned(),
    }
}

fn column_name(say: Say, column: &str, fields: &[HouseField]) -> String {
    match column.strip_prefix("field:") {
        Some(key) => field_of(column, fields).map_or(key, |field| field.label.as_str()).to_owned(),
        None => say.with(&format!("contact-{}", column.replace('_', "-")), None),
    }
}

fn page(visit: &Visit, contacts: &[Contact], fields: &[HouseField], remark: Option<&str>) -> Markup {
    let say = visit.say;
    let newest = contacts.iter().map(|contact| contact.id).max().unwrap_or_default();
    let ids = contacts.iter().map(|contact| contact.id.to_string()).collect::<Vec<_>>().join(",");
    // Where the surviving entry has no value, another one's is proposed.
    let proposed = |column: &str| {
        let filled = |contact: &&Contact| !merge_value(contact, column).is_empty();
        let own = contacts.iter().filter(|contact| contact.id == newest).find(filled);
        own.or_else(|| contacts.iter().find(filled)).map_or(newest, |contact| contact.id)
    };
    let body = html! {
        p.up { a href="/duplicates" { (t!(say, "duplicates-title")) } }
        h1 { (t!(say, "merge-title")) }
        p.lead { (t!(say, "merge-lead")) }
        @if let Some(remark) = remark { div.notice.bad role="alert" { p { (remark) } } }
        form method="post" action="/merge" {
            (visit.token_field())
            input type="hidden" name="ids" value=(ids);
            div.scroll tabindex="0" {
                table {
                    thead {
                        tr {
                            th { (t!(say, "merge-survivor")) }
                            @for contact in contacts {
                                th {
                                    label {
                                        input type="radio" name="master" value=(contact.id) checked[contact.id == newest];
                                        " " (shown_name(visit, contact))
                                    }
                                    div.sub { (time::when(say, contact.created_at, visit.now())) }
                                }
                            }
                        }
                    }
                    tbody {
                        @for column in merge_columns(contacts) {
                            @let chosen = proposed(&column);
                            tr {
                                th { (column_name(say, &column, fields)) }
                                @for contact in contacts {
                                    td {
                                        label {
                                            input type="radio" name={ "from:" (column) } value=(contact.id)
                                                checked[contact.id == chosen];
                                            " " (value_words(say, contact, &column, fields))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            p.hint { (t!(say, "merge-what")) }
            div.actions {
                button.btn.primary type="submit" { (t!(say, "merge-yes")) }
                a.btn href="/duplicates" { (t!(say, "button-back")) }
            }
        }
    };
    visit.page(&t!(say, "merge-title"), &body)
}

/// What went into a customer, with the way back.
pub(crate) fn made(visit: &Visit, merges: &[Merge]) -> Markup {
    let say = visit.say;
    html! {
        @for merge in merges.iter().filter(|merge| merge.undone_at.is_none()) {
            form method="post" action={ "/merges/" (merge.id) "/undo" } {
                (visit.token_field())
                p.fine {
                    (t!(say, "merge-made", n = merge.others.len(), at = time::said(say, merge.at, visit.now()))) " "
                    button.plain type="submit" { (t!(say, "merge-undo")) }
                }
            }
        }
    }
}
