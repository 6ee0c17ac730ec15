//! The editor of a template: problems stand at their line, and nothing typed is lost.

use axum::{
    extract::{Path, Query},
    http::StatusCode,
    response::IntoResponse,
};
use campaigns::start;
use composition::{Part, TemplateProblem};
use maud::{Markup, html};
use serde::Deserialize;

use super::entry::Entry;
use crate::{
    form::Form,
    links,
    parts::{field::Field, flash, problems},
    problem::{Answer, Problem},
    say::{Say, t},
    visit::Visit,
};

/// A template to begin with.
#[derive(Deserialize)]
pub(crate) struct Begin {
    from: Option<i64>,
}

/// The editor's content and what is to be said about it.
struct Sheet<'a> {
    id: Option<i64>,
    entry: &'a Entry,
    fields: &'a [String],
    wrong_name: Option<String>,
    problems: Vec<TemplateProblem>,
    advice: Vec<TemplateProblem>,
}

/// `GET /templates/new`, also with `?from=` to begin with a copy.
pub(crate) async fn fresh(visit: Visit, Query(begin): Query<Begin>) -> Answer {
    let say = visit.say;
    let entry = match begin.from {
        None => Entry::fresh(say),
        Some(id) => {
            let from = visit.house.templates.get(id).await?.ok_or(Problem::NotFound)?;
            let name = t!(say, "template-copy-of", name = from.draft.name.as_str());
            Entry { name, ..Entry::of(&from.draft) }
        }
    };
    let fields = start::known_fields(&*visit.house.contacts).await?;
    let problems = Vec::new();
    let advice = Vec::new();
    let sheet = Sheet { id: None, entry: &entry, fields: &fields, wrong_name: None, problems, advice };
    Ok(page(&visit, &sheet).into_response())
}

/// `GET /templates/{id}`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let template = visit.house.templates.get(id).await?.ok_or(Problem::NotFound)?;
    let entry = Entry::of(&template.draft);
    let fields = start::known_fields(&*visit.house.contacts).await?;
    let sheet = Sheet {
        id: Some(id),
        entry: &entry,
        fields: &fields,
        wrong_name: None,
        problems: entry.problems(&fields),
        advice: entry.advice(),
    };
    Ok(page(&visit, &sheet).into_response())
}

/// `POST /templates`.
pub(crate) async fn add(visit: Visit, Form(entry): Form<Entry>) -> Answer {
    store(visit, None, &entry).await
}

/// `POST /templates/{id}`.
pub(crate) async fn save(visit: Visit, Path(id): Path<i64>, Form(entry): Form<Entry>) -> Answer {
    visit.house.templates.get(id).await?.ok_or(Problem::NotFound)?;
    store(visit, Some(id), &entry).await
}

async fn store(visit: Visit, id: Option<i64>, entry: &Entry) -> Answer {
    let fields = start::known_fields(&*visit.house.contacts).await?;
    let wrong_name = entry.wrong_name(visit.say);
    let problems = entry.problems(&fields);
    if wrong_name.is_some() || !problems.is_empty() {
        let advice = entry.advice();
        let sheet = Sheet { id, entry, fields: &fields, wrong_name, problems, advice };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&visit, &sheet)).into_response());
    }
    let id = visit.house.templates.save(id, &entry.draft(), visit.actor(), visit.now()).await?;
    Ok(flash::done(&links::template(id), "template-saved").into_response())
}

fn page(visit: &Visit, sheet: &Sheet) -> Markup {
    let say = visit.say;
    let title = match sheet.id {
        Some(_) => sheet.entry.name.clone(),
        None => t!(say, "templates-new"),
    };
    let action = sheet.id.map_or_else(|| "/templates".to_owned(), links::template);
    let refused = sheet.wrong_name.is_some() || !sheet.problems.is_empty();
    let body = html! {
        p { a href="/templates" { (t!(say, "frame-templates")) } }
        div.head {
            h1 { (title) }
            @if let Some(id) = sheet.id {
                div.actions {
                    a.btn href={ (links::template(id)) "/preview" } { (t!(say, "template-preview")) }
                    a.btn href={ "/broadcasts/new?template=" (id) } { (t!(say, "template-send")) }
                }
            }
        }
        @if refused { div.notice.bad role="alert" { p { (t!(say, "template-refused")) } } }
        form.row.two method="post" action=(action) {
            div.card {
                (visit.token_field())
                (inputs(say, sheet))
                div.actions {
                    button.btn.primary type="submit" { (t!(say, "template-save")) }
                    button.btn type="submit" formaction="/templates/preview" formtarget="_blank" {
                        (t!(say, "template-try"))
                    }
                    a.btn href="/templates" { (t!(say, "button-back")) }
                }
            }
            div {
                (advice(say, &sheet.advice))
                (fields_card(say, sheet.fields))
            }
        }
    };
    visit.page(&title, &body)
}

fn inputs(say: Say, sheet: &Sheet) -> Markup {
    let entry = sheet.entry;
    let (name, hint) = (t!(say, "template-name"), t!(say, "template-name-hint"));
    html! {
        (Field {
            name: "name",
            label: &name,
            value: &entry.name,
            hint: &hint,
            wrong: sheet.wrong_name.as_deref(),
            required: true,
            ..Field::default()
        }.input())
        (part(say, Part::Subject, &entry.subject, sheet, &html! {
            input id="subject" name="subject" value=(entry.subject) autocomplete="off" data-merge;
        }))
        (part(say, Part::Text, &entry.text, sheet, &html! {
            textarea id="text" name="text" rows="18" data-merge { "\n" (entry.text) }
        }))
        details open[!entry.html.trim().is_empty()] {
            summary { (t!(say, "template-with-html")) }
            (part(say, Part::Html, &entry.html, sheet, &html! {
                textarea.mono id="html" name="html" rows="18" spellcheck="false" data-merge { "\n" (entry.html) }
            }))
        }
    }
}

/// A field with its problems below it.
fn part(say: Say, part: Part, written: &str, sheet: &Sheet, control: &Markup) -> Markup {
    let name = part.name();
    html! {
        div.field.whole {
            label for=(name) { (say.with(&format!("template-{name}"), None)) }
            (control)
            p.hint { (say.with(&format!("template-{name}-hint"), None)) }
            (problems::of_part(say, part, &sheet.problems, written))
        }
    }
}

fn advice(say: Say, advice: &[TemplateProblem]) -> Markup {
    html! {
        @if !advice.is_empty() {
            div.card {
                div.cause.wait {
                    h2 { (t!(say, "template-advice")) }
                    (problems::list(say, advice))
                }
            }
        }
    }
}

/// What can be filled in: pressed, it goes to where the writer is.
fn fields_card(say: Say, fields: &[String]) -> Markup {
    let (fit, odd): (Vec<_>, Vec<_>) = fields.iter().partition(|name| is_word(name));
    let odd = odd.into_iter().map(String::as_str).collect::<Vec<_>>().join(" / ");
    html! {
        div.card {
            h2 { (t!(say, "template-fields")) }
            p.hint { (t!(say, "template-fields-hint")) }
            ul.fields {
                @for name in &fit { (insert(&field_name(say, name), &merge(say, name))) }
                (insert(&t!(say, "field-unsubscribe-url"), "{{ unsubscribe_url }}"))
            }
            @if !odd.is_empty() { p.fine { (t!(say, "template-fields-odd", names = odd)) } }
        }
    }
}

fn insert(label: &str, merge: &str) -> Markup {
    html! {
        li { button.btn type="button" data-insert=(merge) title=(merge) { (label) } " " code { (merge) } }
    }
}

/// The name of a field of ours in words; a column of the shop's file has its own.
fn field_name(say: Say, name: &str) -> String {
    if campaigns::fields::CONTACT_FIELDS.contains(&name) {
        say.with(&format!("field-{}", name.replace('_', "-")), None)
    } else {
        name.to_owned()
    }
}

/// Names get a fallback at once, because somebody always has none.
fn merge(say: Say, name: &str) -> String {
    if name == "name" {
        format!("{{{{ name | default(\"{}\") }}}}", t!(say, "template-nameless"))
    } else {
        format!("{{{{ {name} | default(\"\") }}}}")
    }
}

/// Whether the merge language can name it.
fn is_word(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_what_can_be_written() {
        let check = |name: &str, expected| assert_eq!(is_word(name), expected, "{name}");
        check("前回のご注文", true);
        check("order_no", true);
        check("order no", false);
        check("1st", false);
        check("a-b", false);
        for &name in &campaigns::fields::CONTACT_FIELDS {
            assert!(!field_name(Say::default(), name).starts_with("field-"), "{name}");
        }
        let shown = fields_card(Say::default(), &["name".into(), "a b".into()]).into_string();
        assert!(shown.contains("default(&quot;お客様&quot;)") && shown.contains("a b"), "{shown}");
    }
}
