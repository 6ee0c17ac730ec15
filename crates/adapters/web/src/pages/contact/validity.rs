//! Whether a customer's address works: why it was switched off, since when, after how many failures, and how to lift it.

use audience::{AddressHistory, BY_HAND, Consequence, Contact, consequence, event};
use bounce::Reason;
use evidence::history::Event;
use maud::{Markup, html};

use crate::{
    links,
    parts::{
        explain,
        field::{Field, confirmed},
        time,
    },
    problem::StoreFailure,
    say::{Say, t},
    visit::Visit,
};

/// Why an operator lifts it: keys of texts. The last one is what is taken when none is chosen.
pub(super) const LIFT_REASONS: [&str; 4] = ["lift-asked", "lift-fixed", "lift-mistake", "lift-other"];
/// Why an operator switches an address off: keys of texts, the last as above.
pub(super) const OFF_REASONS: [&str; 3] = ["off-told", "off-stranger", "off-other"];
/// Failures that are listed.
const LISTED_MAX: usize = 10;

/// What is known about messages to the contact's address.
pub(super) struct Known {
    history: AddressHistory,
    consequence: Consequence,
    /// What the person wrote who switched it off.
    note: String,
}

impl Known {
    /// Asks the store; `events` are the contact's, newest first.
    pub(super) async fn of(visit: &Visit, contact: &Contact, events: &[Event]) -> Result<Self, StoreFailure> {
        let address = contact.address.as_deref().and_then(|text| mail::Address::parse(text).ok());
        let history = match address {
            Some(address) => visit.house.validity.address_history(&address.key()).await?,
            None => AddressHistory::default(),
        };
        let switched = events.iter().find(|told| told.kind == event::ADDRESS_INVALID);
        let note = switched.and_then(|told| told.detail.get("note")?.as_str()).unwrap_or_default().to_owned();
        let consequence = consequence(&history, visit.now(), &visit.house.validity_settings);
        Ok(Self { history, consequence, note })
    }
}

/// A sentence where failures have begun to add up.
pub(super) fn watched(visit: &Visit, known: &Known) -> Markup {
    let say = visit.say;
    html! {
        @if let Consequence::Watched(run) = &known.consequence {
            p.note {
                (t!(say, "validity-watched", failures = run.failures, reason = explain::title(say, run.reason.name())))
            }
            (failures(visit, known))
        }
    }
}

/// Why it is switched off, and the way back.
pub(super) fn invalid(visit: &Visit, contact: &Contact, known: &Known) -> Markup {
    let (say, now) = (visit.say, visit.now());
    let reason = contact.invalid_reason.as_deref().unwrap_or_default();
    let said = |at: i64| time::said(say, at, now);
    html! {
        @match Reason::from_name(reason) {
            Some(reason) => (explain::card(say, reason, &contact.provider, "")),
            None if reason == BY_HAND => p { (t!(say, "validity-by-hand", note = known.note.as_str())) },
            None => p { (t!(say, "reach-invalid")) },
        }
        @if let Some(at) = contact.invalid_at { p { (t!(say, "validity-since", at = said(at))) } }
        @if let Consequence::SwitchedOff(run) = &known.consequence {
            @if run.failures > 1 {
                p { (t!(say, "validity-run", first = said(run.first_at), last = said(run.last_at), failures = run.failures)) }
            }
        }
        (failures(visit, known))
        div.actions {
            a.btn.primary href={ (links::contact(contact.id)) "/edit" } { (t!(say, "reach-correct-address")) }
            (asked(visit, contact, &Ask {
                verb: "mark-valid",
                label: t!(say, "reach-mark-valid"),
                what: t!(say, "reach-mark-valid-what"),
                choices: choices(say, &LIFT_REASONS),
            }))
        }
    }
}

/// The button that switches it off by hand.
pub(super) fn switch_off(visit: &Visit, contact: &Contact) -> Markup {
    let say = visit.say;
    asked(
        visit,
        contact,
        &Ask {
            verb: "switch-off",
            label: t!(say, "validity-off"),
            what: t!(say, "validity-off-what"),
            choices: choices(say, &OFF_REASONS),
        },
    )
}

fn failures(visit: &Visit, known: &Known) -> Markup {
    let say = visit.say;
    html! {
        @if !known.history.failures.is_empty() {
            details {
                summary { (t!(say, "validity-failures")) }
                ul.stack {
                    @for failure in known.history.failures.iter().take(LISTED_MAX) {
                        li {
                            a href=(links::message(failure.recipient_id)) { (time::when(say, failure.at, visit.now())) }
                            " " (explain::title(say, failure.reason.name()))
                        }
                    }
                }
            }
        }
    }
}

/// A step that is asked for with its reason.
struct Ask {
    verb: &'static str,
    label: String,
    what: String,
    choices: Vec<(String, String)>,
}

fn choices(say: Say, keys: &[&str]) -> Vec<(String, String)> {
    keys.iter().map(|key| ((*key).to_owned(), say.with(key, None))).collect()
}

fn asked(visit: &Visit, contact: &Contact, ask: &Ask) -> Markup {
    let say = visit.say;
    let (why, note) = (t!(say, "validity-why"), t!(say, "validity-note"));
    let form = html! {
        form method="post" action={ (links::contact(contact.id)) "/" (ask.verb) } {
            (visit.token_field())
            (Field { name: "why", label: &why, ..Field::default() }.select(&ask.choices))
            (Field { name: "note", label: &note, ..Field::default() }.input())
            button.btn.primary type="submit" { (t!(say, "reach-yes")) }
        }
    };
    confirmed(&ask.label, &ask.what, &form)
}
