//! Shows the first rows of a file as a plan would read them, and says what looks wrong.

use super::{
    charset::{Charset, decode_sample},
    columns::{FIELD_COLUMNS_MAX, guess_mapping},
    detect::{Detected, detect, first},
    sentence::{Sentence, problem},
    split::{Record, Splitter},
};
use crate::ImportPlan;

/// Longest column name that is kept, in characters.
const NAME_CHARS_MAX: usize = 100;

/// The beginning of a file as a plan reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// The column names, each different; made up (`列1` …) where there is none.
    pub columns: Vec<String>,
    /// The first rows.
    pub rows: Vec<Vec<String>>,
    /// What looks wrong.
    pub problems: Vec<Problem>,
}

/// Something that looks wrong, with its sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `unreadable`, `empty`, `uneven`, `open_quote`, `too_long` or `no_address`; or one of
    /// [`crate::FAILURES`] when the file could not be imported like this at all.
    pub key: &'static str,
    /// What to say about it.
    pub sentence: Sentence,
}

/// Reads at most `rows` rows of a sample (the first [`crate::SAMPLE_BYTES`] of the file) as `plan` says. The plan's
/// own column names are not looked at; its mapping is, when it is not empty. Any bytes give a preview.
#[must_use]
pub fn preview(sample: &[u8], plan: &ImportPlan, rows: usize) -> Preview {
    let mut preview = Preview::default();
    if let Some(key) = refusal(sample, &plan.encoding) {
        preview.fail(key);
        return preview;
    }
    let Some(charset) = Charset::named(&plan.encoding) else { return preview };
    let (sample, cut) = first(sample);
    let text = decode_sample(sample, charset, cut);
    preview.take(&text, plan, cut, rows);
    if text.contains(char::REPLACEMENT_CHARACTER) {
        preview.warn("unreadable");
    }
    if preview.rows.is_empty() {
        // Where the sample ends in the first row, that row is long; those behind it may be as they should.
        let goes_on = cut && !preview.columns.is_empty();
        preview.warn(if goes_on { "too_long" } else { "empty" });
    }
    if preview.rows.iter().any(|cells| cells.len() != preview.columns.len()) {
        preview.warn("uneven");
    }
    if !plan.mapping.is_empty() {
        preview.check_mapping(plan);
    }
    preview
}

/// A whole plan for a file as it seems to be, with the preview it was made from.
#[must_use]
pub fn suggest_plan(sample: &[u8], rows: usize) -> (ImportPlan, Preview, Detected) {
    let detected = detect(sample);
    let mut plan = ImportPlan {
        encoding: detected.encoding.to_owned(),
        delimiter: detected.delimiter,
        has_header: detected.has_header,
        ..ImportPlan::default()
    };
    let preview = preview(sample, &plan, rows);
    plan.columns.clone_from(&preview.columns);
    plan.mapping = guess_mapping(&preview.columns, &preview.rows);
    (plan, preview, detected)
}

impl Preview {
    fn take(&mut self, text: &str, plan: &ImportPlan, cut: bool, rows: usize) {
        let mut splitter = Splitter::new(plan.delimiter);
        splitter.push(text);
        let mut head = plan.has_header;
        while self.rows.len() < rows {
            // The record that a cut sample ends in would look broken.
            let Some(record) = splitter.next(!cut) else { break };
            match record {
                Record::Cells(cells) if is_blank(&cells) => {}
                Record::Cells(cells) if head => {
                    self.columns = column_names(&cells);
                    head = false;
                }
                Record::Cells(cells) => self.rows.push(cells),
                Record::TooLong(_) if head => return self.fail("line_too_long"),
                Record::TooLong(_) => self.warn("too_long"),
                Record::OpenQuote(_) => self.warn("open_quote"),
            }
        }
        if self.columns.is_empty() {
            let width = self.rows.iter().map(Vec::len).max().unwrap_or(0);
            self.columns = column_names(&vec![String::new(); width]);
        }
    }

    fn check_mapping(&mut self, plan: &ImportPlan) {
        let any = |target: &str| plan.mapping.values().any(|taken| taken == target);
        if let Some(key) = mapping_failure(plan) {
            self.fail(key);
        } else if !any("address") {
            self.warn("no_address");
        }
    }

    fn warn(&mut self, key: &'static str) {
        if self.problems.iter().all(|known| known.key != key) {
            self.problems.push(Problem { key, sentence: problem(key) });
        }
    }

    fn fail(&mut self, key: &'static str) {
        if let Some(sentence) = super::sentence::failure_sentence(key) {
            self.problems.push(Problem { key, sentence: sentence.clone() });
        }
    }
}

/// Why a mapping cannot be worked with; a key of [`crate::FAILURES`].
pub(crate) fn mapping_failure(plan: &ImportPlan) -> Option<&'static str> {
    let count = |target: &str| plan.mapping.values().filter(|taken| *taken == target).count();
    if ["address", "name", "external_id"].into_iter().all(|target| count(target) == 0) {
        return Some("no_mapping");
    }
    (count("field") > FIELD_COLUMNS_MAX).then_some("too_many_fields")
}

/// Why a file cannot be read as text in this encoding at all; a key of [`crate::FAILURES`].
pub(crate) fn refusal(sample: &[u8], encoding: &str) -> Option<&'static str> {
    let (sample, cut) = first(sample);
    // ZIP (xlsx, ods, numbers) and OLE (xls).
    if sample.starts_with(b"PK\x03\x04") || sample.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Some("spreadsheet");
    }
    let Some(charset) = Charset::named(encoding) else { return Some("encoding") };
    let text = decode_sample(sample, charset, cut);
    let (mut chars, mut control, mut foreign, mut lost) = (0, 0, 0, 0);
    for c in text.chars() {
        chars += 1;
        control += usize::from(c.is_control() && !matches!(c, '\t' | '\r' | '\n'));
        foreign += usize::from(!c.is_ascii());
        lost += usize::from(c == char::REPLACEMENT_CHARACTER);
    }
    if control * 50 > chars && control > 2 {
        return Some("not_text");
    }
    (lost >= 4 && lost * 3 > foreign).then_some("encoding")
}

/// True for a row that spreadsheets leave behind the last one.
pub(crate) fn is_blank(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.chars().all(|c| c.is_whitespace() || c.is_control()))
}

/// Names for columns: cleaned, never empty, never twice.
fn column_names(cells: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(cells.len());
    let mut taken = std::collections::BTreeSet::new();
    for (index, cell) in cells.iter().enumerate() {
        let clean: String = cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let clean: String = clean.trim().chars().take(NAME_CHARS_MAX).collect();
        let base = if clean.is_empty() { format!("列{}", index + 1) } else { clean };
        let mut name = base.clone();
        let mut again = 2;
        while !taken.insert(name.clone()) {
            name = format!("{base} ({again})");
            again += 1;
        }
        names.push(name);
    }
    names
}
