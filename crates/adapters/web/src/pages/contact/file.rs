//! The files among a customer's fields: kept, handed out again, taken off.

use audience::{Field as HouseField, FieldKind};
use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use crate::{
    form::{Form, Nothing, Upload},
    links,
    parts::{flash, value},
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// Largest file of a field, in bytes.
pub(crate) const FILE_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Room for the form around it.
pub(crate) const BODY_BYTES_MAX: usize = FILE_BYTES_MAX + 64 * 1024;
const NAME_CHARS_MAX: usize = 200;

/// `POST /contacts/{id}/files/{field}`.
pub(crate) async fn keep(
    visit: Visit,
    Path((id, field)): Path<(i64, i64)>,
    Upload(mut parts): Upload,
) -> Answer {
    let back = links::contact(id);
    let Ok(Some(part)) = parts.next_field().await else { return Err(Problem::Unreadable) };
    let name: String = part.file_name().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    let Ok(bytes) = part.bytes().await else {
        return Ok(flash::done(&back, "file-too-large").into_response());
    };
    if name.is_empty() || bytes.is_empty() || bytes.len() > FILE_BYTES_MAX {
        let key = if bytes.len() > FILE_BYTES_MAX { "file-too-large" } else { "file-empty" };
        return Ok(flash::done(&back, key).into_response());
    }
    let kept = Some((name, bytes.to_vec()));
    visit.house.fields.set_file((id, field), kept, visit.actor(), visit.now()).await?;
    Ok(flash::done(&back, "file-kept").into_response())
}

/// `POST /contacts/{id}/files/{field}/remove`.
pub(crate) async fn remove(
    visit: Visit,
    Path((id, field)): Path<(i64, i64)>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    visit.house.fields.set_file((id, field), None, visit.actor(), visit.now()).await?;
    Ok(flash::done(&links::contact(id), "file-removed").into_response())
}

/// `GET /contacts/{id}/files/{field}`: always to be saved, never shown by the browser as a page of ours.
pub(crate) async fn hand_out(visit: Visit, Path((id, field)): Path<(i64, i64)>) -> Answer {
    let (file, bytes) = visit.house.fields.file_of(id, field).await?.ok_or(Problem::NotFound)?;
    let attachment = format!("attachment; filename*=UTF-8''{}", links::encoded(&file.name));
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, attachment),
    ];
    Ok::<Response, _>((headers, bytes).into_response())
}

/// The files of a customer, with the forms to change them; nothing where the house has no such field.
pub(super) fn card(visit: &Visit, contact: &audience::Contact, fields: &[HouseField]) -> Markup {
    let say = visit.say;
    let files: Vec<&HouseField> = fields.iter().filter(|field| field.kind == FieldKind::File).collect();
    html! {
        @if !files.is_empty() {
            div.card {
                @for field in files {
                    @let there = contact.fields.contains_key(&field.key);
                    @let action = format!("/contacts/{}/files/{}", contact.id, field.id);
                    h2 { (field.label) }
                    p { @if there { (value::shown(say, field, contact)) } @else { (t!(say, "field-file-none")) } }
                    form method="post" action=(action) enctype="multipart/form-data" {
                        (visit.token_field())
                        div.field {
                            label for={ "file-" (field.id) } { (t!(say, "field-file-choose")) }
                            input id={ "file-" (field.id) } type="file" name="file" required;
                        }
                        button.btn type="submit" { (t!(say, "field-file-send")) }
                    }
                    @if there {
                        form method="post" action={ (action) "/remove" } {
                            (visit.token_field())
                            button.plain type="submit" { (t!(say, "field-file-remove")) }
                        }
                    }
                }
            }
        }
    }
}
