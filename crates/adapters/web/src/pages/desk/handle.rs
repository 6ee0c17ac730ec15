//! Marks what was dealt with in another way – telephone, SMS, LINE, fax – and takes that back.

use axum::response::IntoResponse;
use delivery::recipient::RecipientId;
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    form::Form,
    links,
    parts::{field::confirmed, flash},
    problem::Answer,
    say::{Say, t},
    visit::Visit,
};

/// Where the form goes.
pub(crate) const PATH: &str = "/desk/handle";
/// Nothing was done, because the mail may have arrived.
const LEAVE: &str = "leave";
const WAYS: [&str; 7] = ["phone", "sms", "line", "fax", "letter", "other", LEAVE];
/// Longest note, in characters.
const NOTE_CHARS_MAX: usize = 500;

/// Which, and how.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Handled {
    ids: Vec<RecipientId>,
    way: String,
    note: String,
    back: String,
}

/// Which are open again.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Undone {
    /// Keys, separated by dots.
    ids: String,
    back: String,
}

/// The way and the note, with the button.
pub(crate) fn fields(say: Say) -> Markup {
    html! {
        div.line-up {
            select name="way" aria-label=(t!(say, "handle-way")) {
                @for way in WAYS { option value=(way) { (way_name(say, way)) } }
            }
            input name="note" placeholder=(t!(say, "handle-note")) aria-label=(t!(say, "handle-note")) autocomplete="off"
                maxlength=(NOTE_CHARS_MAX);
            button.btn.primary type="submit" { (t!(say, "handle-yes")) }
        }
    }
}

/// A button for one row.
pub(crate) fn button(visit: &Visit, id: RecipientId) -> Markup {
    let say = visit.say;
    let form = html! {
        form method="post" action=(PATH) {
            (visit.token_field())
            input type="hidden" name="ids" value=(id);
            input type="hidden" name="back" value=(visit.path);
            (fields(say))
        }
    };
    confirmed(&t!(say, "handle"), &t!(say, "handle-what"), &form)
}

/// A button for one row in doubt: it stays as it is, and off the desk.
pub(crate) fn leave_button(visit: &Visit, id: RecipientId) -> Markup {
    let say = visit.say;
    let form = html! {
        form method="post" action=(PATH) {
            (visit.token_field())
            input type="hidden" name="ids" value=(id);
            input type="hidden" name="back" value=(visit.path);
            input type="hidden" name="way" value=(LEAVE);
            button.btn.primary type="submit" { (t!(say, "doubt-leave-yes")) }
        }
    };
    confirmed(&t!(say, "doubt-leave"), &t!(say, "doubt-leave-what"), &form)
}

/// `POST /desk/handle`.
pub(crate) async fn mark(visit: Visit, Form(handled): Form<Handled>) -> Answer {
    let say = visit.say;
    let way = WAYS.into_iter().find(|way| *way == handled.way).unwrap_or("other");
    let typed: String = handled.note.trim().chars().take(NOTE_CHARS_MAX).collect();
    let note = if typed.is_empty() {
        way_name(say, way)
    } else {
        t!(say, "handle-note-of", way = way_name(say, way), note = typed)
    };
    let changed = visit.house.desk.handle(&handled.ids, &note, visit.actor(), visit.now()).await?;
    let back = links::local(&handled.back);
    let ids = handled.ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    let back = with_undo(if back == "/" { "/desk" } else { back }, &ids, changed);
    Ok(flash::done_n(&back, "desk-handled", changed).into_response())
}

/// `POST /desk/undo`.
pub(crate) async fn undo(visit: Visit, Form(undone): Form<Undone>) -> Answer {
    let changed = visit.house.desk.unhandle(&keys(&undone.ids), visit.actor(), visit.now()).await?;
    Ok(flash::done_n(links::local(&undone.back), "desk-undone", changed).into_response())
}

/// Below the line that says what was done: the way back.
pub(super) fn undo_notice(visit: &Visit, ids: &str, back: &str) -> Markup {
    html! {
        @if !keys(ids).is_empty() {
            div.notice { (undo_form(visit, ids, back)) }
        }
    }
}

/// A button that puts rows back on the desk.
pub(crate) fn undo_form(visit: &Visit, ids: &str, back: &str) -> Markup {
    html! {
        form method="post" action="/desk/undo" {
            (visit.token_field())
            input type="hidden" name="ids" value=(ids);
            input type="hidden" name="back" value=(back);
            button.btn type="submit" { (t!(visit.say, "handle-undo")) }
        }
    }
}

/// The page to come back to offers to undo, when there is something to undo and it is the desk.
fn with_undo(back: &str, ids: &str, changed: u64) -> String {
    if changed == 0 || !back.starts_with("/desk") {
        return back.to_owned();
    }
    let joint = if back.contains('?') { '&' } else { '?' };
    format!("{back}{joint}undo={}", links::encoded(ids))
}

fn keys(ids: &str) -> Vec<RecipientId> {
    ids.split('.').filter_map(|id| id.parse().ok()).collect()
}

fn way_name(say: Say, way: &str) -> String {
    say.with(&format!("way-{way}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_has_a_name() {
        for way in WAYS {
            assert_ne!(way_name(Say::default(), way), format!("way-{way}"));
        }
    }

    #[test]
    fn the_way_back() {
        assert_eq!(with_undo("/desk?reason=x", "1.2", 2), "/desk?reason=x&undo=1.2");
        assert_eq!(with_undo("/desk", "1", 1), "/desk?undo=1");
        assert_eq!(with_undo("/desk", "1", 0), "/desk");
        assert_eq!(with_undo("/messages/1", "1", 1), "/messages/1");
        assert_eq!(keys("1.2.x."), [1, 2]);
    }
}
