//! Two people had the same customer open: the second sees what the first changed, and chooses value by value.

use audience::{Contact, Field as HouseField};
use maud::{Markup, html};

use super::entry::Entry;
use crate::{
    links,
    parts::value::{self, EXTRA},
    say::{Say, t},
    visit::Visit,
};

/// Both values of everything that differs, and the ways on.
pub(super) fn page(visit: &Visit, contact: &Contact, typed: &Entry, fields: &[HouseField]) -> Markup {
    let say = visit.say;
    let stored = Entry::of(contact).readable(fields);
    let here = links::contact(contact.id);
    let differences = differences(&stored, typed);
    let differs = |name: &str| differences.iter().any(|difference| difference.name == name);
    let body = html! {
        h1 { (t!(say, "overtaken-title")) }
        p.lead { (t!(say, "overtaken-lead")) }
        form.card method="post" action={ (here) "/edit" } {
            (visit.token_field())
            @if differences.is_empty() {
                p { (t!(say, "overtaken-same")) }
            } @else {
                (table(say, &differences, fields))
                p.hint { (t!(say, "overtaken-what")) }
            }
            @for (name, value) in typed.inputs().into_iter().filter(|(name, _)| !differs(name)) {
                input type="hidden" name=(name) value=(value);
            }
            input type="hidden" name="version" value=(contact.version);
            input type="hidden" name="seen" value=(stored.seen);
            div.actions {
                button.btn.primary type="submit" { (t!(say, "overtaken-mine")) }
                a.btn href={ (here) "/edit" } { (t!(say, "overtaken-again")) }
            }
        }
    };
    visit.page(&t!(say, "overtaken-title"), &body)
}

/// One value that is not the same.
struct Difference {
    /// Of the input.
    name: String,
    theirs: String,
    yours: String,
    /// She changed it, so hers is proposed; what she left alone is proposed as the other one saved it.
    is_typed: bool,
}

fn differences(stored: &Entry, typed: &Entry) -> Vec<Difference> {
    let theirs: Vec<(String, String)> = stored.inputs();
    let of = |name: &str| theirs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
    let differing = typed.inputs().into_iter().filter_map(|(name, yours)| {
        let theirs = of(&name).to_owned();
        // A form without these leaves them as they are.
        let is_left = matches!(name.as_str(), "status" | "dm") && yours.is_empty();
        let is_same = name == "keep" || is_left || theirs.split_whitespace().eq(yours.split_whitespace());
        let is_typed = typed.is_typed(&name, &yours);
        (!is_same).then_some(Difference { name, theirs, yours, is_typed })
    });
    differing.collect()
}

fn table(say: Say, differences: &[Difference], fields: &[HouseField]) -> Markup {
    let choice = |difference: &Difference, value: &str, is_chosen: bool| {
        html! {
            label.check {
                input type="radio" name=(difference.name) value=(value) checked[is_chosen];
                span { (words(say, &difference.name, value, fields)) }
            }
        }
    };
    html! {
        table.folds {
            thead {
                tr {
                    th { (t!(say, "overtaken-field")) }
                    th { (t!(say, "overtaken-theirs")) }
                    th { (t!(say, "overtaken-yours")) }
                }
            }
            tbody {
                @for difference in differences {
                    tr {
                        td { b { (label(say, &difference.name, fields)) } }
                        td data-label=(t!(say, "overtaken-theirs")) {
                            (choice(difference, &difference.theirs, !difference.is_typed))
                        }
                        td data-label=(t!(say, "overtaken-yours")) {
                            (choice(difference, &difference.yours, difference.is_typed))
                        }
                    }
                }
            }
        }
    }
}

fn field_of<'f>(name: &str, fields: &'f [HouseField]) -> Option<&'f HouseField> {
    let key = name.strip_prefix(EXTRA)?;
    fields.iter().find(|field| field.key == key)
}

fn label(say: Say, name: &str, fields: &[HouseField]) -> String {
    match field_of(name, fields) {
        Some(field) => field.label.clone(),
        None => match name.strip_prefix(EXTRA) {
            Some(key) => key.to_owned(),
            None => say.with(&format!("contact-{}", name.replace('_', "-")), None),
        },
    }
}

fn words(say: Say, name: &str, value: &str, fields: &[HouseField]) -> String {
    match (field_of(name, fields), name) {
        _ if value.trim().is_empty() => t!(say, "overtaken-empty"),
        (Some(field), _) => value::words(say, field, value),
        (None, "status" | "dm") => say.with(&format!("contact-{name}-{value}"), None),
        (None, _) => value.to_owned(),
    }
}
