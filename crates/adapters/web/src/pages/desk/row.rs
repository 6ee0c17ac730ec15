//! One row of the desk: the person, what, the reason in plain words, whose turn it is, and the next buttons.

use bounce::{Reason, Verdict};
use evidence::desk::DeskRow;
use maud::{Markup, html};

use super::{handle, resend};
use crate::{
    links,
    parts::{chip, explain, time},
    say::{Say, t},
    visit::Visit,
};

/// The row.
pub(super) fn item(visit: &Visit, row: &DeskRow) -> Markup {
    let (say, now) = (visit.say, visit.now());
    html! {
        li.case {
            input type="checkbox" name="ids" value=(row.id) form="several" data-row
                aria-label=(t!(say, "desk-pick", name = name(say, row)));
            div {
                p.who {
                    a href=(links::contact(row.contact_id)) { b { (name(say, row)) } } " " code { (row.address) } " "
                    @if !row.phone.is_empty() { a href={ "tel:" (digits(&row.phone)) } { (row.phone) } }
                }
                p.sub {
                    (chip::state(say, row.state)) " "
                    a href=(links::message(row.id)) { (t!(say, "timeline-message", name = row.broadcast_name.as_str())) }
                    " \u{b7} " (explain::provider_name(say, &row.provider)) " \u{b7} " (time::when(say, row.state_at, now))
                }
                (why(say, row))
                @if row.handled_at.is_some() {
                    p { span.tag { (t!(say, "desk-handled")) } }
                    div.actions { (handle::undo_form(visit, &row.id.to_string(), "/desk?handled=1")) }
                } @else {
                    (buttons(visit, row))
                }
            }
        }
    }
}

fn name(say: Say, row: &DeskRow) -> String {
    if row.contact_name.is_empty() { t!(say, "contact-nameless") } else { row.contact_name.clone() }
}

fn why(say: Say, row: &DeskRow) -> Markup {
    let provider = Some(row.provider.as_str()).filter(|id| !id.is_empty());
    html! {
        @match &row.verdict {
            Some(verdict) => {
                @let words = bounce::explain(verdict.reason, provider);
                div class=(explain::edge(words.turn)) {
                    h3 { (say.pick(&words.title_ja, &words.title_en)) }
                    (explain::sentences(say, &words))
                }
            },
            None => p { (t!(say, "home-no-reason")) },
        }
        (explain::original_text(say, &row.reply))
    }
}

fn buttons(visit: &Visit, row: &DeskRow) -> Markup {
    let say = visit.say;
    let hard = row.verdict.as_ref().is_some_and(bounce::is_hard);
    html! {
        div.actions {
            a class=(if needs_address(row.verdict.as_ref()) { "btn primary" } else { "btn" })
                href={ "/desk/" (row.id) "/correct" } { (t!(say, "desk-correct")) }
            // Sending to a dead address again would only be withheld.
            @if !hard { (resend::button(visit, row.id)) }
            (handle::button(visit, row.id))
        }
    }
}

/// Whether another address is the likely way out.
pub(crate) fn needs_address(verdict: Option<&Verdict>) -> bool {
    let dead =
        [Reason::UserUnknown, Reason::HostUnknown, Reason::HasMoved, Reason::NotAccept, Reason::Suspend];
    verdict.is_some_and(|verdict| dead.contains(&verdict.reason))
}

/// What a telephone can dial.
fn digits(phone: &str) -> String {
    addressing::to_half_width(phone).chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_can_be_dialled() {
        assert_eq!(digits("０９０－1234 (5678)"), "09012345678");
        assert_eq!(digits("+81 90-1234-5678"), "+819012345678");
    }
}
