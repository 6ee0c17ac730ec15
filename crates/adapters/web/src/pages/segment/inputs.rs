//! The inputs of one condition: what it is about, how it is tested, and the values its test is given.

use audience::{
    ConsentBasis, ContactStatus, Standing,
    segment::{
        Column, Condition, Deed, Kind, Known, Moment, Subject, Test, Validity, Value, Values, link_of,
        subject_name, test_name, value_name,
    },
};
use maud::{Markup, html};

use super::{entry::path_name, said};
use crate::say::{Say, t};

/// What is recorded; opening a mail is not.
const DEEDS: [Deed; 7] = [
    Deed::Accepted,
    Deed::Evidenced,
    Deed::Clicked,
    Deed::Refused,
    Deed::Bounced,
    Deed::Withheld,
    Deed::OptedOut,
];

/// Longest address in a choice, in characters.
const SHOWN_CHARS_MAX: usize = 60;

/// One row of the builder without its buttons.
pub(super) fn condition(say: Say, known: &Known, path: &[usize], condition: &Condition) -> Markup {
    let name = path_name(path);
    let kind = known.kind_of(&condition.of);
    html! {
        select name={ "of-" (name) } aria-label=(t!(say, "segment-of")) data-again {
            (subjects(say, known, &condition.of))
        }
        @if let Some(kind) = kind {
            select name={ "test-" (name) } aria-label=(t!(say, "segment-test")) data-again {
                @for test in kind.tests() {
                    option value=(test.name()) selected[*test == condition.test] { (said(say, &test_name(kind, *test))) }
                }
            }
            (values(say, known, &name, (kind, condition)))
        } @else {
            // The test and the values stay with the row until another subject is chosen.
            input type="hidden" name={ "test-" (name) } value=(condition.test.name());
            @for value in &condition.values { input type="hidden" name={ "v-" (name) } value=(value); }
        }
    }
}

fn subjects(say: Say, known: &Known, chosen: &Subject) -> Markup {
    let columns = Column::ALL.iter().map(|one| Subject::Column(*one));
    let fields =
        known.fields.iter().filter(|field| !field.deleted).map(|field| Subject::Field(field.key.clone()));
    let groups: [(String, Vec<Subject>); 5] = [
        (t!(say, "segment-about-person"), columns.chain(fields).collect()),
        (t!(say, "segment-about-mail"), DEEDS.iter().map(|one| Subject::Deed(*one)).collect()),
        (
            t!(say, "segment-about-reach"),
            vec![
                Subject::Standing,
                Subject::Consent,
                Subject::Permission,
                Subject::Validity,
                Subject::Status,
                Subject::Provider,
            ],
        ),
        (t!(say, "segment-about-days"), Moment::ALL.iter().map(|one| Subject::Moment(*one)).collect()),
        (t!(say, "segment-about-others"), vec![Subject::Segment, Subject::Share]),
    ];
    let offered = groups.iter().any(|(_, subjects)| subjects.contains(chosen));
    html! {
        @if !offered { option value=(chosen.word()) selected { (said(say, &subject_name(chosen, known))) } }
        @for (label, subjects) in &groups {
            optgroup label=(label) {
                @for subject in subjects {
                    option value=(subject.word()) selected[subject == chosen] { (said(say, &subject_name(subject, known))) }
                }
            }
        }
    }
}

fn values(say: Say, known: &Known, name: &str, (kind, condition): (Kind, &Condition)) -> Markup {
    let field = format!("v-{name}");
    match kind.values(condition.test) {
        Some(Values::Some(Value::Words)) => html! {
            textarea name=(field) rows="3" aria-label=(t!(say, "segment-value-lines"))
                placeholder=(t!(say, "segment-value-lines")) { "\n" (condition.values.join("\n")) }
        },
        Some(Values::Some(_)) => ticks(say, &field, &choices(known, kind, condition), condition),
        Some(Values::Each(wanted)) if matches!(kind, Kind::Deed | Kind::Clicked) => {
            labelled(say, known, &field, (wanted, condition), &deed_labels(say))
        }
        Some(Values::Each(wanted)) if kind == Kind::Consent => {
            labelled(say, known, &field, (wanted, condition), &consent_labels(say))
        }
        Some(Values::Each(wanted)) => html! {
            @for (n, wanted) in wanted.iter().enumerate() {
                @if n == 1 && *wanted != Value::Lot { span.sub { (t!(say, "segment-until")) } }
                (single(say, known, &field, (*wanted, condition.value(n))))
            }
        },
        None => html! {},
    }
}

/// How often, in which time, about which broadcast and link.
fn deed_labels(say: Say) -> [String; 7] {
    [
        t!(say, "segment-deed-times"),
        t!(say, "segment-deed-days"),
        t!(say, "segment-deed-from"),
        t!(say, "segment-deed-until"),
        t!(say, "segment-deed-about"),
        t!(say, "segment-deed-link"),
        t!(say, "segment-deed-words"),
    ]
}

/// To what, in which time, on which basis.
fn consent_labels(say: Say) -> [String; 4] {
    [
        t!(say, "segment-consent-topic"),
        t!(say, "segment-deed-from"),
        t!(say, "segment-deed-until"),
        t!(say, "segment-consent-basis"),
    ]
}

/// Several values of different kinds, each under its name.
fn labelled(
    say: Say,
    known: &Known,
    field: &str,
    (wanted, condition): (&[Value], &Condition),
    labels: &[String],
) -> Markup {
    html! {
        span.deed {
            @for (n, (wanted, label)) in wanted.iter().zip(labels).enumerate() {
                label.part { span.sub { (label) } (single(say, known, field, (*wanted, condition.value(n)))) }
            }
        }
    }
}

fn single(say: Say, known: &Known, field: &str, (wanted, value): (Value, &str)) -> Markup {
    let number = |most: &str| {
        html! {
            input.short type="number" name=(field) value=(value) min="0" max=(most) inputmode="numeric"
                aria-label=(t!(say, "segment-value"));
        }
    };
    match wanted {
        Value::Day | Value::DayOrNone => html! {
            input.day type="date" name=(field) value=(value) aria-label=(t!(say, "segment-value"));
        },
        Value::Days | Value::DaysOrNone => html! { (number("36600")) span.sub { (t!(say, "segment-days")) } },
        Value::Percent => html! { (number("100")) span.sub { "%" } },
        Value::Times => number("10000"),
        Value::Segment => html! {
            select name=(field) aria-label=(t!(say, "segment-value")) {
                option value="" { (t!(say, "segment-choose")) }
                @for (id, segment) in known.segments.iter().filter(|(_, segment)| !segment.archived) {
                    option value=(id) selected[id.to_string() == value] { (segment.name) }
                }
            }
        },
        Value::Topic => html! {
            select name=(field) aria-label=(t!(say, "segment-consent-topic")) {
                option value="" { (t!(say, "segment-consent-all")) }
                @for topic in known.topics.iter().filter(|topic| !topic.archived || topic.id.to_string() == value) {
                    option value=(topic.id) selected[topic.id.to_string() == value] { (topic.name) }
                }
            }
        },
        Value::Basis => html! {
            select name=(field) aria-label=(t!(say, "segment-consent-basis")) {
                option value="" { (t!(say, "segment-consent-any")) }
                @for basis in ConsentBasis::ALL {
                    option value=(basis.name()) selected[basis.name() == value] {
                        (said(say, &value_name(Kind::Consent, Test::Given, basis.name())))
                    }
                }
            }
        },
        Value::Broadcast => html! {
            select name=(field) aria-label=(t!(say, "segment-deed-about")) {
                option value="" { (t!(say, "segment-any-broadcast")) }
                @for (id, name) in &known.broadcasts {
                    option value=(id) selected[id.to_string() == value] { (name) }
                }
            }
        },
        Value::Link => link(say, known, field, value),
        Value::WordsOrNone => html! {
            input type="text" name=(field) value=(value) aria-label=(t!(say, "segment-deed-words"))
                placeholder="/sale" autocapitalize="off" spellcheck="false";
        },
        _ => html! {
            input type="text" name=(field) value=(value) aria-label=(t!(say, "segment-value"))
                placeholder=(if wanted == Value::Lot { t!(say, "segment-lot") } else { t!(say, "segment-value") });
        },
    }
}

/// The recorded links, under the names of their broadcasts.
fn link(say: Say, known: &Known, field: &str, value: &str) -> Markup {
    let chosen = link_of(value);
    let of = |id: i64| known.links.iter().filter(move |link| link.broadcast == id);
    html! {
        select name=(field) aria-label=(t!(say, "segment-deed-link")) {
            option value="" { (t!(say, "segment-any-link")) }
            @if let Some((id, number)) = chosen.filter(|link| known.link(*link).is_none()) {
                option value={ (id) ":" (number) } selected { (t!(say, "segment-link-gone")) }
            }
            @for (id, name) in known.broadcasts.iter().filter(|(id, _)| of(*id).next().is_some()) {
                optgroup label=(name) {
                    @for link in of(*id) {
                        option value={ (id) ":" (link.number) } selected[chosen == Some((*id, link.number))] {
                            (short(&link.target))
                        }
                    }
                }
            }
        }
    }
}

/// An address as much as fits a choice.
fn short(target: &str) -> String {
    let plain = target.split_once("://").map_or(target, |(_, rest)| rest);
    if plain.chars().count() <= SHOWN_CHARS_MAX {
        return plain.to_owned();
    }
    plain.chars().take(SHOWN_CHARS_MAX).chain(['\u{2026}']).collect()
}

fn ticks(say: Say, field: &str, choices: &[(String, String)], condition: &Condition) -> Markup {
    html! {
        fieldset.ticks {
            legend.unseen { (t!(say, "segment-value")) }
            @for (value, words) in choices {
                label.check.inline {
                    input type="checkbox" name=(field) value=(value)
                        checked[condition.values.iter().any(|chosen| chosen.trim() == value)];
                    (pick(say, words, condition, value))
                }
            }
        }
    }
}

/// The words of a choice: the field's own, or the table's in the reader's language.
fn pick(say: Say, words: &str, condition: &Condition, value: &str) -> String {
    let kind = match condition.of {
        Subject::Standing => Kind::Standing,
        Subject::Status => Kind::Status,
        Subject::Validity => Kind::Validity,
        Subject::Provider => Kind::Provider,
        _ if matches!(condition.test, Test::Weekday | Test::InMonth) => Kind::Day,
        _ => return words.to_owned(),
    };
    said(say, &value_name(kind, condition.test, value))
}

fn choices(known: &Known, kind: Kind, condition: &Condition) -> Vec<(String, String)> {
    let plain = |value: &str| (value.to_owned(), value.to_owned());
    match (kind, condition.test) {
        (_, Test::Weekday) => (1..=7).map(|day: u32| plain(&day.to_string())).collect(),
        (_, Test::InMonth) => (1..=12).map(|month: u32| plain(&month.to_string())).collect(),
        (Kind::Standing, _) => Standing::ALL.iter().map(|one| plain(one.name())).collect(),
        (Kind::Status, _) => ContactStatus::ALL.iter().map(|one| plain(one.name())).collect(),
        (Kind::Validity, _) => Validity::ALL.iter().map(|one| plain(one.name())).collect(),
        (Kind::Provider, _) => {
            let named = addressing::providers().iter().map(|provider| plain(&provider.id));
            named.chain([plain("")]).collect()
        }
        _ => match &condition.of {
            Subject::Field(key) => known.field(key).map(|field| field.options.clone()).unwrap_or_default(),
            _ => Vec::new(),
        },
    }
}
