//! Asks for the error mail: pasted, dropped or chosen as a file.

use axum::response::Response;
use maud::{Markup, html};

use super::{caller::Caller, receive::MAIL_BYTES_MAX};
use crate::{parts::field::Field, say::t};

/// `GET /explain`.
pub(crate) async fn show(caller: Caller) -> Response {
    page(&caller, None)
}

/// The page; `wrong` is why the last mail was not read.
pub(super) fn page(caller: &Caller, wrong: Option<&str>) -> Response {
    let say = caller.say();
    let body = html! {
        h1 { (t!(say, "explain-title")) }
        p.lead { (t!(say, "explain-lead")) }
        (form(caller, wrong))
        p.fine { (t!(say, "explain-keeps-nothing")) }
    };
    caller.page(&t!(say, "explain-title"), &body)
}

/// The form.
pub(super) fn form(caller: &Caller, wrong: Option<&str>) -> Markup {
    let say = caller.say();
    let megabytes = MAIL_BYTES_MAX / 1024 / 1024;
    let (label, hint) = (t!(say, "explain-text"), t!(say, "explain-text-hint"));
    let text = Field { name: "text", label: &label, hint: &hint, wrong, ..Field::default() };
    html! {
        form.card.wide method="post" action="/explain" enctype="multipart/form-data" data-drop {
            (caller.token_field())
            (text.area(9))
            div.drop {
                div.field {
                    label for="file" { (t!(say, "explain-file")) }
                    input id="file" name="file" type="file" accept=".eml,.txt,.mbox,message/rfc822,text/plain"
                        data-bytes-max=(MAIL_BYTES_MAX) data-too-large="#too-large";
                    p.hint { (t!(say, "explain-file-hint", max = megabytes)) }
                    p.wrong id="too-large" hidden { (t!(say, "explain-too-large", max = megabytes)) }
                }
            }
            button.btn.primary type="submit" { (t!(say, "explain-read")) }
        }
    }
}
