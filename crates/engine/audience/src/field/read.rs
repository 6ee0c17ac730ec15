//! Reads what was typed into a field as its kind wants it: one way to write it, and what it is compared by.

use std::{collections::BTreeSet, sync::LazyLock};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::{Field, FieldKind, date, number};
use crate::{
    fold::folded,
    import::{Sentence, field_sentence},
};

/// Stands between the choices of one value.
pub const MULTI_SEPARATOR: &str = "、";
/// Longest value, in characters.
const VALUE_CHARS_MAX: usize = 2000;
/// Longest text that is compared, in octets; PostgreSQL's index rows have room for little more.
const INDEXED_BYTES_MAX: usize = 2000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    yes: BTreeSet<String>,
    no: BTreeSet<String>,
}

/// How values are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    pub(super) era: Vec<date::Era>,
    pub(super) number: number::Units,
    boolean: Words,
}

pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../../tables/fields.toml"))
        .expect("fields.toml is part of the program and checked by a test")
});

/// A value as it is kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldValue {
    /// The one way to write it: `1200`, `2026-01-05`, `--01-05` (without a year), `true`, choices joined by 「、」.
    pub text: String,
    /// What it is compared by: one, or one for each choice.
    pub indexed: Vec<Indexed>,
}

/// What a value is compared by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Indexed {
    /// Folded text ([`crate::folded`]); of a date its day of the year as `01-05`; of a telephone number its digits.
    pub text: Option<String>,
    /// The number, days since 1970, 1 and 0 for yes and no, the size of a file.
    pub number: Option<f64>,
}

/// A file that was uploaded, as the value of a field; its bytes are a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRef {
    /// Its name as the browser gave it.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// The key of its bytes.
    pub sha256: String,
}

/// Why a value cannot be one of this field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldProblem {
    /// Too long for any field.
    Long,
    /// No number.
    Number,
    /// No day.
    Date,
    /// None of the choices.
    Choice,
    /// Neither yes nor no.
    Boolean,
    /// No telephone number.
    Phone,
    /// Files are uploaded, not typed.
    File,
}

/// What to say about it.
#[must_use]
pub fn problem_sentence(field: &Field, problem: FieldProblem, typed: &str) -> Sentence {
    let key = match problem {
        FieldProblem::Long => "field_long",
        FieldProblem::Number => "field_number",
        FieldProblem::Date => "field_date",
        FieldProblem::Choice => "field_choice",
        FieldProblem::Boolean => "field_boolean",
        FieldProblem::Phone => "field_phone",
        FieldProblem::File => "field_file",
    };
    field_sentence(key, &[("column", &field.label), ("value", typed), ("why", &field.choices.join(" / "))])
}

/// What separates the choices of one value.
pub(super) fn is_separator(c: char) -> bool {
    matches!(c, '、' | ',' | '，' | ';' | '；' | '|' | '｜' | '\n' | '\r' | '\t' | '､')
}

impl Field {
    /// Reads a value that is not empty.
    ///
    /// # Errors
    /// Why it cannot be a value of this field.
    pub fn read(&self, typed: &str) -> Result<FieldValue, FieldProblem> {
        let typed = typed.trim();
        if typed.len() > VALUE_CHARS_MAX && typed.chars().count() > VALUE_CHARS_MAX {
            return Err(FieldProblem::Long);
        }
        match self.kind {
            FieldKind::Text => Ok(FieldValue::of(typed.to_owned(), folded(typed))),
            FieldKind::Number => {
                let (number, text) = number::read(typed).ok_or(FieldProblem::Number)?;
                Ok(FieldValue { text, indexed: vec![Indexed { text: None, number: Some(number) }] })
            }
            FieldKind::Date => day(typed).ok_or(FieldProblem::Date),
            FieldKind::Choice => {
                let choice = self.choice(typed).ok_or(FieldProblem::Choice)?;
                Ok(FieldValue::of(choice.to_owned(), folded(choice)))
            }
            FieldKind::MultiChoice => self.choices_of(typed),
            FieldKind::Boolean => boolean(typed).ok_or(FieldProblem::Boolean),
            FieldKind::Phone => phone(typed).ok_or(FieldProblem::Phone),
            FieldKind::Address => {
                let written = place(typed);
                let compared = folded(&written);
                Ok(FieldValue::of(written, compared))
            }
            FieldKind::File => {
                let file: FileRef = serde_json::from_str(typed).map_err(|_| FieldProblem::File)?;
                let compared =
                    Indexed { text: Some(cut(folded(&file.name))), number: Some(file.size as f64) };
                Ok(FieldValue { text: typed.to_owned(), indexed: vec![compared] })
            }
        }
    }

    fn choice(&self, typed: &str) -> Option<&str> {
        let exact = self.choices.iter().find(|choice| *choice == typed);
        let alike = || {
            let typed = folded(typed);
            self.choices.iter().find(|choice| folded(choice) == typed)
        };
        exact.or_else(alike).map(String::as_str)
    }

    /// In the order of the field's own list, each once.
    fn choices_of(&self, typed: &str) -> Result<FieldValue, FieldProblem> {
        let mut chosen = BTreeSet::new();
        for part in typed.split(is_separator).map(str::trim).filter(|part| !part.is_empty()) {
            let choice = self.choice(part).ok_or(FieldProblem::Choice)?;
            chosen.insert(self.choices.iter().position(|known| known == choice));
        }
        let chosen: Vec<&str> = chosen.into_iter().flatten().map(|at| self.choices[at].as_str()).collect();
        let indexed = |choice: &&str| Indexed { text: Some(folded(choice)), number: None };
        Ok(FieldValue { text: chosen.join(MULTI_SEPARATOR), indexed: chosen.iter().map(indexed).collect() })
    }
}

impl FieldValue {
    fn of(text: String, compared: String) -> Self {
        Self { text, indexed: vec![Indexed { text: Some(cut(compared)), number: None }] }
    }
}

fn cut(mut text: String) -> String {
    if text.len() > INDEXED_BYTES_MAX {
        let end = (0..=INDEXED_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

fn day(typed: &str) -> Option<FieldValue> {
    let (date, of_year) = date::read_date(typed)?;
    let text = date.map_or_else(|| format!("--{}", of_year.text()), |date| date.to_string());
    let number = date.map(|date| date::days_of(date) as f64);
    Some(FieldValue { text, indexed: vec![Indexed { text: Some(of_year.text()), number }] })
}

fn boolean(typed: &str) -> Option<FieldValue> {
    let word: String = typed.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).collect();
    let yes = TABLE.boolean.yes.contains(&word);
    if !yes && !TABLE.boolean.no.contains(&word) {
        return None;
    }
    let indexed = vec![Indexed { text: None, number: Some(f64::from(u8::from(yes))) }];
    Some(FieldValue { text: yes.to_string(), indexed })
}

fn phone(typed: &str) -> Option<FieldValue> {
    phone_key(typed).map(|(written, digits)| FieldValue::of(written, digits))
}

/// A telephone number as it is written and as it is compared: digits, with `0` instead of Japan's `+81`.
pub(crate) fn phone_key(typed: &str) -> Option<(String, String)> {
    let written: String = typed.nfkc().map(|c| if is_dash(c) { '-' } else { c }).collect();
    let written = written.trim().to_owned();
    let mut digits: String = written.chars().filter(char::is_ascii_digit).collect();
    if !written.chars().all(|c| c.is_ascii_digit() || " +-()".contains(c))
        || !(6..=15).contains(&digits.len())
    {
        return None;
    }
    if let Some(national) = written.strip_prefix('+').and(digits.strip_prefix("81")) {
        digits = format!("0{}", national.trim_start_matches('0'));
    }
    Some((written, digits))
}

fn is_dash(c: char) -> bool {
    matches!(c, '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | 'ー' | '－')
}

/// Full-width letters and digits become half-width; dashes between digits become hyphens.
fn place(typed: &str) -> String {
    let half: Vec<char> = typed
        .chars()
        .map(|c| match c {
            '！'..='～' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            '\u{3000}' => ' ',
            other => other,
        })
        .filter(|c| !c.is_control() || *c == '\n')
        .collect();
    let digit = |at: usize| half.get(at).is_some_and(char::is_ascii_digit);
    let dashed = half
        .iter()
        .enumerate()
        .map(|(at, c)| if is_dash(*c) && at > 0 && digit(at - 1) && digit(at + 1) { '-' } else { *c });
    dashed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: FieldKind) -> Field {
        let choices = ["金", "銀", "Bronze"].map(str::to_owned).to_vec();
        Field {
            id: 1,
            key: "f".into(),
            label: "f".into(),
            kind,
            choices,
            required: false,
            position: 0,
            retyping_up_to: None,
            archived_at: None,
        }
    }

    fn check(kind: FieldKind, typed: &str, expected: &str) {
        let seen = match field(kind).read(typed) {
            Ok(value) => {
                let compared = value.indexed.iter().map(|one| {
                    let number = one.number.map(|number| number.to_string());
                    [one.text.clone(), number].into_iter().flatten().collect::<Vec<_>>().join(" ")
                });
                format!("{} = {}", value.text, compared.collect::<Vec<_>>().join(" + "))
            }
            Err(problem) => format!("{problem:?}"),
        };
        assert_eq!(seen, expected, "{typed}");
    }

    #[test]
    fn values() {
        check(FieldKind::Text, " ヤマダ ", "ヤマダ = やまだ");
        check(FieldKind::Number, "１,２００円", "1200 = 1200");
        check(FieldKind::Number, "たくさん", "Number");
        check(FieldKind::Date, "令和8年1月5日", "2026-01-05 = 01-05 20458");
        check(FieldKind::Date, "3月3日", "--03-03 = 03-03");
        check(FieldKind::Date, "昨日", "Date");
        check(FieldKind::Choice, "ＢＲＯＮＺＥ", "Bronze = bronze");
        check(FieldKind::Choice, "銅", "Choice");
        check(FieldKind::MultiChoice, "銀, 金、金", "金、銀 = 金 + 銀");
        check(FieldKind::MultiChoice, "金,銅", "Choice");
        check(FieldKind::MultiChoice, " , ", " = ");
        check(FieldKind::Boolean, "○", "true = 1");
        check(FieldKind::Boolean, "なし", "false = 0");
        check(FieldKind::Boolean, "たぶん", "Boolean");
        check(FieldKind::Phone, "０９０ー１２３４ー５６７８", "090-1234-5678 = 09012345678");
        check(FieldKind::Phone, "+81 90-1234-5678", "+81 90-1234-5678 = 09012345678");
        check(FieldKind::Phone, "内線12", "Phone");
        check(
            FieldKind::Address,
            "東京都千代田区１－２ー３　ﾋﾞﾙ",
            "東京都千代田区1-2-3 ﾋﾞﾙ = 東京都千代田区1-2-3 びる",
        );
        check(FieldKind::File, "x.pdf", "File");
        check(
            FieldKind::File,
            r#"{"name":"名刺.PDF","size":12,"sha256":"ab"}"#,
            r#"{"name":"名刺.PDF","size":12,"sha256":"ab"} = 名刺.pdf 12"#,
        );
        check(FieldKind::Text, &"あ".repeat(2001), "Long");
    }

    #[test]
    fn compared_text_fits_an_index_row() {
        let value = field(FieldKind::Text).read(&"㍿".repeat(2000)).unwrap();
        assert!(value.indexed[0].text.as_ref().unwrap().len() <= INDEXED_BYTES_MAX);
    }

    #[test]
    fn table_is_whole() {
        let plain = |word: &String| word.nfkc().flat_map(char::to_lowercase).collect::<String>() == *word;
        assert!(TABLE.boolean.yes.iter().chain(&TABLE.boolean.no).all(plain));
        assert!(TABLE.boolean.yes.is_disjoint(&TABLE.boolean.no));
    }
}
