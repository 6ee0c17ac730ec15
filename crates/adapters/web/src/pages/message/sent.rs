//! What was sent to one person: the template's version with her values.

use std::collections::BTreeMap;

use axum::{extract::Path, response::IntoResponse};
use campaigns::start;
use maud::html;

use super::find;
use crate::{
    headers, links,
    parts::{letter, problems},
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// `GET /messages/{id}/sent`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let (say, house) = (visit.say, &visit.house);
    let story = find(&visit, id).await?;
    let version = house.templates.version(story.template_version_id).await?.ok_or(Problem::NotFound)?;
    let kept: Option<BTreeMap<String, String>> =
        story.values.clone().and_then(|values| serde_json::from_value(values).ok());
    let values = match &kept {
        Some(values) => values.clone(),
        None => {
            house.contacts.get(story.contact_id).await?.as_ref().map(letter::values_of).unwrap_or_default()
        }
    };
    // A column may have gone since; what she had then still counts.
    let mut fields = start::known_fields(&*house.contacts).await?;
    fields.extend(values.keys().cloned());
    let body = html! {
        p { a href=(links::message(id)) { (t!(say, "message-back")) } }
        h1 { (t!(say, "message-sent")) }
        p.lead { @if kept.is_some() { (t!(say, "sent-as-sent")) } @else { (t!(say, "sent-not-yet")) } }
        div.card {
            @match letter::render(&version, &fields, &values, &house.base_url) {
                Ok(rendered) => (letter::letter(say, &rendered)),
                Err(found) => (problems::list(say, &found)),
            }
        }
    };
    Ok(headers::with_letter(visit.page(&t!(say, "message-sent"), &body).into_response()))
}
