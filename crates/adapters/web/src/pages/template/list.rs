//! The list of templates.

use axum::response::IntoResponse;
use campaigns::template::Template;
use maud::{Markup, html};

use crate::{
    links,
    parts::time,
    problem::Answer,
    say::{Say, t},
    visit::Visit,
};

/// `GET /templates`.
pub(crate) async fn show(visit: Visit) -> Answer {
    let say = visit.say;
    let templates = visit.house.templates.list().await?;
    let body = html! {
        div.head {
            h1 { (t!(say, "frame-templates")) }
            div.actions { a.btn.primary href="/templates/new" { (t!(say, "templates-new")) } }
        }
        div.card {
            @if templates.is_empty() {
                p.empty { (t!(say, "templates-none")) }
            } @else {
                (table(say, &templates, visit.now()))
            }
        }
    };
    Ok(visit.page(&t!(say, "frame-templates"), &body).into_response())
}

fn table(say: Say, templates: &[Template], now: i64) -> Markup {
    html! {
        table.folds {
            thead {
                tr {
                    th { (t!(say, "template-name")) }
                    th { (t!(say, "template-subject")) }
                    th { (t!(say, "template-saved-at")) }
                    th {}
                }
            }
            tbody {
                @for template in templates {
                    tr {
                        td { a href=(links::template(template.id)) { b { (template.draft.name) } } }
                        td data-label=(t!(say, "template-subject")) { span { (template.draft.subject) } }
                        td data-label=(t!(say, "template-saved-at")) { (time::when(say, template.updated_at, now)) }
                        td {
                            ul.links {
                                li { a href={ (links::template(template.id)) "/preview" } { (t!(say, "template-preview")) } }
                                li { a href={ "/broadcasts/new?template=" (template.id) } { (t!(say, "template-send")) } }
                                li { a href={ "/templates/new?from=" (template.id) } { (t!(say, "template-copy")) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
