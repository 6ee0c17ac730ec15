//! Shows and asks for the value of a field as its kind wants it.

use audience::{Contact, Field as HouseField, FieldKind, FileRef, MULTI_SEPARATOR, read_date};
use maud::{Markup, html};

use super::field::Field;
use crate::say::{Say, grouped, t};

/// Marks the inputs of fields, so that no name of a field can be mistaken for one of ours.
pub(crate) const EXTRA: &str = "extra:";
/// Marks one ticked choice of several: `pick:3:key`.
pub(crate) const PICK: &str = "pick:";

/// The value in words.
pub(crate) fn shown(say: Say, field: &HouseField, contact: &Contact) -> Markup {
    let text = contact.fields.get(&field.key).map_or("", String::as_str);
    if text.is_empty() {
        return html! {};
    }
    if field.read(text).is_err() {
        let kind = say.with(&format!("field-kind-{}", field.kind.name().replace('_', "-")), None);
        return html! { (text) div.sub { (t!(say, "field-unreadable", kind = kind)) } };
    }
    if let (FieldKind::File, Ok(file)) = (field.kind, serde_json::from_str::<FileRef>(text)) {
        return html! { a href={ "/contacts/" (contact.id) "/files/" (field.id) } { (file.name) } };
    }
    html! { (words(say, field, text)) }
}

/// The value as plain text.
pub(crate) fn words(say: Say, field: &HouseField, text: &str) -> String {
    let month = |number| say.with(&format!("time-month-{number}"), None);
    match field.kind {
        FieldKind::Boolean if text == "true" => t!(say, "field-yes"),
        FieldKind::Boolean if text == "false" => t!(say, "field-no"),
        FieldKind::Number => with_commas(text),
        FieldKind::Date => match read_date(text) {
            Some((Some(date), at)) => {
                let (month, day) = (month(at.month), at.day.to_string());
                t!(say, "date-year", year = date.year().to_string(), month = month, day = day)
            }
            Some((None, at)) => t!(say, "date-day", month = month(at.month), day = at.day.to_string()),
            None => text.to_owned(),
        },
        FieldKind::File => {
            serde_json::from_str::<FileRef>(text).map_or_else(|_| text.to_owned(), |file| file.name)
        }
        _ => text.to_owned(),
    }
}

fn with_commas(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let Ok(number) = digits.parse::<u64>() else { return text.to_owned() };
    let fraction = fraction.map(|rest| format!(".{rest}")).unwrap_or_default();
    format!("{sign}{}{fraction}", grouped(number))
}

/// The input of a field. Files have a form of their own.
pub(crate) fn input(say: Say, field: &HouseField, value: &str, wrong: Option<&str>) -> Markup {
    let name = format!("{EXTRA}{}", field.key);
    let hint = match field.kind {
        FieldKind::Number => t!(say, "field-hint-number"),
        FieldKind::Date => t!(say, "field-hint-date"),
        _ => String::new(),
    };
    let line = Field { name: &name, label: &field.label, value, hint: &hint, wrong, ..Field::default() };
    match field.kind {
        FieldKind::Address => line.area(2),
        FieldKind::Boolean => {
            let choices = [("true", "field-yes"), ("false", "field-no")];
            let choices = choices.map(|(value, key)| (value.to_owned(), say.with(key, None)));
            line.select(&with_blank(say, choices.to_vec(), value))
        }
        FieldKind::Choice => {
            let choices = field.choices.iter().map(|choice| (choice.clone(), choice.clone())).collect();
            line.select(&with_blank(say, choices, value))
        }
        FieldKind::MultiChoice => boxes(field, value, wrong),
        _ => line.input(),
    }
}

/// A value that is none of the choices any more stays choosable, so that saving does not change it unseen.
fn with_blank(say: Say, mut choices: Vec<(String, String)>, value: &str) -> Vec<(String, String)> {
    if !value.is_empty() && choices.iter().all(|(known, _)| known != value) {
        choices.push((value.to_owned(), value.to_owned()));
    }
    choices.insert(0, (String::new(), t!(say, "field-choose")));
    choices
}

fn boxes(field: &HouseField, value: &str, wrong: Option<&str>) -> Markup {
    let chosen: Vec<&str> = value.split(MULTI_SEPARATOR).collect();
    html! {
        fieldset.field {
            legend.label { (field.label) }
            input type="hidden" name={ (EXTRA) (field.key) } value="";
            @for (at, choice) in field.choices.iter().enumerate() {
                label.check {
                    input type="checkbox" name={ (PICK) (at) ":" (field.key) } value=(choice)
                        checked[chosen.contains(&choice.as_str())];
                    span { (choice) }
                }
            }
            @if let Some(wrong) = wrong { p.wrong role="alert" { (wrong) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: FieldKind, text: &str, expected: &str) {
        let field = HouseField {
            id: 1,
            key: "f".into(),
            label: "f".into(),
            kind,
            choices: Vec::new(),
            required: false,
            position: 0,
            retyping_up_to: None,
            archived_at: None,
        };
        assert_eq!(words(Say::default(), &field, text), expected, "{text}");
    }

    #[test]
    fn values_in_words() {
        check(FieldKind::Number, "1234567", "1,234,567");
        check(FieldKind::Number, "-1234.5", "-1,234.5");
        check(FieldKind::Number, "未定", "未定");
        check(FieldKind::Date, "2026-01-05", "2026年1月5日");
        check(FieldKind::Date, "--01-05", "1月5日");
        check(FieldKind::Boolean, "true", "はい");
        check(FieldKind::File, r#"{"name":"a.pdf","size":1,"sha256":"x"}"#, "a.pdf");
        check(FieldKind::Text, "1200", "1200");
    }
}
