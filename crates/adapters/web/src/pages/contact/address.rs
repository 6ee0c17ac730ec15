//! Shows what reading an address found: notes, and the question whether something else was meant.

use addressing::{AddressVerdict, Reading};
use maud::{Markup, html};

use crate::say::{Say, t};

/// The notes of a reading. `buttons` is what the person can press about a suggestion.
pub(crate) fn notes(say: Say, reading: &Reading, buttons: &Markup) -> Markup {
    let bad = reading.verdict == AddressVerdict::Rejected;
    html! {
        @if !reading.notes.is_empty() || reading.suggestion.is_some() {
            div.note role="status" {
                @for note in &reading.notes {
                    p class=(if bad { "wrong" } else { "hint" }) { (say.pick(&note.ja, &note.en)) }
                }
                @if let Some(suggestion) = &reading.suggestion {
                    p { b { (say.pick(&suggestion.ja, &suggestion.en)) } }
                    (buttons)
                }
            }
        }
    }
}

/// A button that puts the suggestion into the address field by script.
pub(super) fn fill_button(say: Say, reading: &Reading) -> Markup {
    html! {
        @if let Some(suggestion) = &reading.suggestion {
            button.btn type="button" data-fill="#address" value=(suggestion.address) { (fix_words(say, reading)) }
        }
    }
}

/// Buttons that send the form again: with the suggestion, or as it is.
pub(crate) fn decide_buttons(say: Say, reading: &Reading) -> Markup {
    html! {
        @if let Some(suggestion) = &reading.suggestion {
            button.btn.primary type="submit" name="fix" value=(suggestion.address) { (fix_words(say, reading)) }
            @if reading.address.is_some() {
                button.btn type="submit" name="keep" value=(reading.input) { (t!(say, "address-keep")) }
            }
        }
    }
}

/// "Change to gmail.com": the domain where that is what changes, else the whole address.
fn fix_words(say: Say, reading: &Reading) -> String {
    let Some(suggestion) = &reading.suggestion else { return String::new() };
    let (local, domain) = suggestion.address.rsplit_once('@').unwrap_or(("", &suggestion.address));
    let same_local =
        reading.address.as_ref().is_some_and(|typed| typed.to_string().starts_with(&format!("{local}@")));
    let to = if same_local { domain } else { &suggestion.address };
    t!(say, "address-fix", to = to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_button_names_what_changes() {
        let check = |typed: &str, part: &str| {
            let words = fix_words(Say::default(), &addressing::read(typed));
            assert!(words.contains(part), "{typed}: {words}");
        };
        check("hanako@gmai.com", "gmail.com");
        assert!(!fix_words(Say::default(), &addressing::read("hanako@gmai.com")).contains("hanako"));
        assert_eq!(fix_words(Say::default(), &addressing::read("hanako@gmail.com")), "");
    }
}
