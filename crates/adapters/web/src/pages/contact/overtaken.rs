//! Two people had the same customer open: the second sees what the first changed, before anything is written over.

use audience::{Contact, Field as HouseField};
use maud::{Markup, html};

use super::entry::Entry;
use crate::{links, parts::value, say::t, visit::Visit};

/// Both values of everything that differs, and the ways on.
pub(super) fn page(visit: &Visit, contact: &Contact, typed: &Entry, fields: &[HouseField]) -> Markup {
    let say = visit.say;
    let stored = Entry::of(contact);
    let here = links::contact(contact.id);
    let body = html! {
        h1 { (t!(say, "overtaken-title")) }
        p.lead { (t!(say, "overtaken-lead")) }
        form.card method="post" action={ (here) "/edit" } {
            (visit.token_field())
            table {
                thead {
                    tr {
                        th { (t!(say, "overtaken-field")) }
                        th { (t!(say, "overtaken-theirs")) }
                        th { (t!(say, "overtaken-yours")) }
                    }
                }
                tbody {
                    @for (name, theirs, yours) in differences(visit, &stored, typed, fields) {
                        tr { th { (name) } td { (theirs) } td { b { (yours) } } }
                    }
                }
            }
            @for (name, value) in typed.inputs() { input type="hidden" name=(name) value=(value); }
            input type="hidden" name="version" value=(contact.version);
            p.hint { (t!(say, "overtaken-what")) }
            div.actions {
                button.btn.primary type="submit" { (t!(say, "overtaken-mine")) }
                a.btn href={ (here) "/edit" } { (t!(say, "overtaken-again")) }
            }
        }
    };
    visit.page(&t!(say, "overtaken-title"), &body)
}

fn differences(
    visit: &Visit,
    stored: &Entry,
    typed: &Entry,
    fields: &[HouseField],
) -> Vec<(String, String, String)> {
    let say = visit.say;
    let pairs = [
        ("contact-address", &stored.address, &typed.address),
        ("contact-name", &stored.name, &typed.name),
        ("contact-kana", &stored.kana, &typed.kana),
        ("contact-phone", &stored.phone, &typed.phone),
        ("contact-company", &stored.company, &typed.company),
        ("contact-external-id", &stored.external_id, &typed.external_id),
        ("contact-note", &stored.note, &typed.note),
    ];
    let ours = pairs.into_iter().filter(|(_, theirs, yours)| theirs.trim() != yours.trim());
    let mut told: Vec<_> =
        ours.map(|(key, theirs, yours)| (say.with(key, None), theirs.clone(), yours.clone())).collect();
    let (old, new) = (stored.extra(), typed.extra());
    for field in fields {
        let theirs = old.get(&field.key).map_or("", String::as_str);
        let Some(yours) = new.get(&field.key).map(String::as_str) else { continue };
        if theirs != yours {
            told.push((
                field.label.clone(),
                value::words(say, field, theirs),
                value::words(say, field, yours),
            ));
        }
    }
    told
}
