//! A button that copies a text; without script the text can be marked by hand.

use maud::{Markup, html};

use crate::say::{Say, t};

/// Copies the text of the element with this id.
pub(crate) fn button(say: Say, id: &str) -> Markup {
    html! {
        button.btn type="button" data-copy={ "#" (id) } data-copied=(t!(say, "copy-done")) { (t!(say, "copy-button")) }
    }
}
