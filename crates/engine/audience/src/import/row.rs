//! Turns the cells of one row into a contact, or into sentences that say why it cannot be one.

use addressing::{AddressVerdict, Reading, SuggestionStrength};

use super::{
    answer::Question,
    columns::{GivenName, given_name, label},
    sentence::{self, Sentence},
    split::Record,
};
use crate::{
    ContactDraft, Field, ImportPlan, ImportRow, PointDraft, PointKind, RowError, field_named,
    problem_sentence,
};

/// Longest value of an ordinary column, in characters.
pub const VALUE_CHARS_MAX: usize = 500;
/// Longest note, in characters.
pub const NOTE_CHARS_MAX: usize = 5000;

/// Begins the target of a column that is kept as a field of the house; its key follows.
pub const FIELD_TARGET: &str = "field:";

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOutcome {
    /// It can be taken in.
    Good(Box<ImportRow>),
    /// It cannot.
    Bad(RowError),
}

/// Reads one row; for many rows of one file make a [`RowReader`].
#[must_use]
pub fn read_row(row: u64, cells: Vec<String>, plan: &ImportPlan, fields: &[Field]) -> RowOutcome {
    RowReader::new(plan, fields).read(row, cells)
}

/// Reads the rows of one file.
#[derive(Debug, Clone)]
pub struct RowReader {
    columns: Vec<Column>,
    given_name: Option<GivenName>,
    given_kana: Option<GivenName>,
}

#[derive(Debug, Clone)]
struct Column {
    name: String,
    target: Target,
}

#[derive(Debug, Clone)]
enum Target {
    Skip,
    Address,
    Name,
    Kana,
    Phone,
    /// A further address or number, with what it is called.
    MoreAddress(&'static str),
    MorePhone(&'static str),
    Company,
    ExternalId,
    Note,
    WantsMail(Question),
    /// A field of the house, or a new one of text under the column's own name.
    Field(Option<Box<Field>>),
}

impl Target {
    /// An unknown target is skipped: nothing may land where nobody expects it.
    fn named(name: Option<&String>, column: &str, fields: &[Field]) -> Self {
        match name.map(String::as_str) {
            Some("address") => Self::Address,
            Some("name") => Self::Name,
            Some("kana") => Self::Kana,
            Some("phone") => Self::Phone,
            Some("more_address") => Self::MoreAddress(label(column)),
            Some("more_phone") => Self::MorePhone(label(column)),
            Some("company") => Self::Company,
            Some("external_id") => Self::ExternalId,
            Some("note") => Self::Note,
            Some("wants_mail") => Self::WantsMail(Question::of(column)),
            Some("field") => Self::Field(field_named(fields, column).cloned().map(Box::new)),
            Some(name) => match name.strip_prefix(FIELD_TARGET) {
                Some(key) => {
                    let field = fields.iter().find(|field| field.key == key && field.archived_at.is_none());
                    field.map_or(Self::Skip, |field| Self::Field(Some(Box::new(field.clone()))))
                }
                None => Self::Skip,
            },
            None => Self::Skip,
        }
    }
}

impl RowReader {
    /// Prepares for the columns of a plan.
    #[must_use]
    pub fn new(plan: &ImportPlan, fields: &[Field]) -> Self {
        let columns = plan.columns.iter().enumerate().map(|(index, name)| Column {
            name: name.clone(),
            target: Target::named(plan.mapping.get(&index), name, fields),
        });
        Self {
            columns: columns.collect(),
            given_name: given_name("name", plan),
            given_kana: given_name("kana", plan),
        }
    }

    /// Reads row number `row`, 1 for the first behind the header.
    ///
    /// Cells missing at the end are taken as empty when the address is there, because spreadsheets leave out empty
    /// cells at the end of a line; otherwise a line was most likely broken in two.
    #[must_use]
    pub fn read(&self, row: u64, cells: Vec<String>) -> RowOutcome {
        let mut reading = RowReading { draft: ContactDraft::default(), problems: Vec::new() };
        match self.width_problem(&cells) {
            Some(problem) => reading.problems.push(problem),
            None => {
                self.columns.iter().zip(&cells).for_each(|(column, cell)| reading.take(column, cell));
                join(&mut reading.draft.name, self.given_name, &cells);
                join(&mut reading.draft.kana, self.given_kana, &cells);
            }
        }
        if reading.draft.external_id.is_empty() {
            reading.draft.prefer_further();
        }
        if reading.problems.is_empty() && is_nobody(&reading.draft) {
            reading.problems.push(sentence::row("nobody", &[]));
        }
        if reading.problems.is_empty() {
            return RowOutcome::Good(Box::new(ImportRow { row, draft: reading.draft }));
        }
        RowOutcome::Bad(bad(row, cells, &reading.problems))
    }

    /// Reads a record as the splitter gave it.
    pub(crate) fn read_record(&self, row: u64, record: Record) -> RowOutcome {
        let (key, cells) = match record {
            Record::Cells(cells) => return self.read(row, cells),
            Record::TooLong(cells) => ("too_long", cells),
            Record::OpenQuote(cells) => ("open_quote", cells),
        };
        RowOutcome::Bad(bad(row, cells, &[sentence::row(key, &[])]))
    }

    fn width_problem(&self, cells: &[String]) -> Option<Sentence> {
        let (found, expected) = (cells.len(), self.columns.len());
        let key = if found < expected && !self.has_address(cells) {
            "too_few"
        } else if found > expected && cells[expected..].iter().any(|cell| !cell.trim().is_empty()) {
            "too_many"
        } else {
            return None;
        };
        Some(sentence::row(key, &[("found", &found.to_string()), ("expected", &expected.to_string())]))
    }

    fn has_address(&self, cells: &[String]) -> bool {
        let mut pairs = self.columns.iter().zip(cells);
        pairs.any(|(column, cell)| matches!(column.target, Target::Address) && cell.contains(['@', '＠']))
    }
}

struct RowReading {
    draft: ContactDraft,
    problems: Vec<Sentence>,
}

impl RowReading {
    fn take(&mut self, column: &Column, cell: &str) {
        if matches!(column.target, Target::Skip) || cell.is_empty() {
            return;
        }
        if cell.contains(char::REPLACEMENT_CHARACTER) {
            self.problems.push(sentence::row("unreadable", &[("column", &column.name)]));
            return;
        }
        match &column.target {
            Target::Skip => {}
            Target::Address => self.address(cell),
            Target::Name => self.draft.name = self.line(column, cell),
            Target::Kana => self.draft.kana = self.line(column, cell),
            Target::Phone => self.draft.phone = self.line(column, cell),
            Target::MoreAddress(label) => self.more_address(label, cell),
            Target::MorePhone(label) => self.more_phone(column, label, cell),
            Target::Company => self.draft.company = self.line(column, cell),
            Target::ExternalId => self.external_id(column, cell),
            Target::Note => self.draft.note = self.value(column, &note_text(cell), NOTE_CHARS_MAX),
            Target::WantsMail(question) => self.wants_mail(column, question, cell),
            Target::Field(None) => {
                let value = self.line(column, cell);
                if !value.is_empty() {
                    self.draft.fields.insert(column.name.clone(), value);
                }
            }
            Target::Field(Some(field)) => self.field(field, cell),
        }
    }

    fn address(&mut self, cell: &str) {
        if cell.trim().is_empty() {
            return;
        }
        let reading = addressing::read(cell);
        if reading.verdict == AddressVerdict::Rejected {
            self.problems.push(rejected(&reading));
        } else {
            self.draft.set_address(&reading);
        }
    }

    fn more_address(&mut self, label: &str, cell: &str) {
        if cell.trim().is_empty() {
            return;
        }
        let reading = addressing::read(cell);
        let draft = PointDraft::address(&reading, label);
        match draft.filter(|_| reading.verdict != AddressVerdict::Rejected) {
            Some(draft) => self.draft.more.push(draft),
            None => self.problems.push(rejected(&reading)),
        }
    }

    fn more_phone(&mut self, column: &Column, label: &str, cell: &str) {
        if cell.trim().is_empty() {
            return;
        }
        match PointDraft::phone(cell, label) {
            Some(draft) => self.draft.more.push(draft),
            None => {
                let values = [("column", column.name.as_str()), ("value", cell.trim())];
                self.problems.push(sentence::row("phone", &values));
            }
        }
    }

    fn field(&mut self, field: &Field, cell: &str) {
        let cell = cell.trim();
        if cell.is_empty() {
            return;
        }
        match field.read(cell) {
            Ok(value) => {
                self.draft.fields.insert(field.key.clone(), value.text);
            }
            Err(problem) => self.problems.push(problem_sentence(field, problem, cell)),
        }
    }

    fn external_id(&mut self, column: &Column, cell: &str) {
        let number = addressing::to_half_width(cell);
        if is_exponent(number.trim()) {
            let values = [("column", column.name.as_str()), ("value", number.trim())];
            self.problems.push(sentence::row("number_form", &values));
        } else {
            self.draft.external_id = self.line(column, &number);
        }
    }

    fn wants_mail(&mut self, column: &Column, question: &Question, cell: &str) {
        let cell = cell.trim();
        if cell.is_empty() {
            return;
        }
        self.draft.wants_mail = question.answer(cell);
        if self.draft.wants_mail.is_none() {
            self.problems.push(sentence::row("answer", &[("column", &column.name), ("value", cell)]));
        }
    }

    fn line(&mut self, column: &Column, cell: &str) -> String {
        self.value(column, &one_line(cell), VALUE_CHARS_MAX)
    }

    fn value(&mut self, column: &Column, text: &str, limit: usize) -> String {
        let text = text.trim();
        // Most values are short in octets already.
        let found = if text.len() <= limit { 0 } else { text.chars().count() };
        if found > limit {
            let (found, limit) = (found.to_string(), limit.to_string());
            let values = [("column", column.name.as_str()), ("found", &found), ("limit", &limit)];
            self.problems.push(sentence::row("value_long", &values));
            return String::new();
        }
        text.to_owned()
    }
}

impl ContactDraft {
    /// Without an address of its own, takes the first further one.
    pub fn prefer_further(&mut self) {
        let of_address = |point: &PointDraft| point.kind == PointKind::Address;
        let Some(at) = self.more.iter().position(of_address).filter(|_| self.address.is_none()) else {
            return;
        };
        let point = self.more.remove(at);
        self.address = Some(point.value);
        self.address_key = Some(point.value_key);
        self.provider = point.provider;
        self.lookalike_of = point.lookalike_of;
    }

    /// Takes the address of a reading, with its provider and the domain it imitates; none when it was rejected.
    pub fn set_address(&mut self, reading: &Reading) {
        self.address = reading.address.as_ref().map(ToString::to_string);
        self.address_key = reading.address.as_ref().map(mail::Address::key);
        self.provider = reading.provider.map_or_else(String::new, |provider| provider.id.clone());
        let hostile =
            reading.suggestion.as_ref().filter(|meant| meant.strength == SuggestionStrength::Hostile);
        let meant = hostile.and_then(|meant| mail::Address::parse(&meant.address).ok());
        self.lookalike_of = meant.map(|meant| meant.domain().to_owned());
    }
}

/// Joins the other half of a name that stands in two columns. Its length was checked as a field.
fn join(family: &mut String, given: Option<GivenName>, cells: &[String]) {
    let Some((given, cell)) = given.and_then(|given| Some((given, cells.get(given.index)?))) else { return };
    let half = one_line(cell);
    let half = half.trim();
    if half.is_empty() || family.is_empty() {
        family.push_str(half);
    } else if given.first {
        *family = format!("{half} {family}");
    } else {
        *family = format!("{family} {half}");
    }
}

fn is_nobody(draft: &ContactDraft) -> bool {
    draft.address.is_none() && draft.name.is_empty() && draft.external_id.is_empty()
}

fn rejected(reading: &Reading) -> Sentence {
    let mut why =
        reading.notes.last().map_or_else(|| (String::new(), String::new()), |n| (n.ja.clone(), n.en.clone()));
    if let Some(meant) = &reading.suggestion {
        why.0.push_str(&meant.ja);
        why.1.push(' ');
        why.1.push_str(&meant.en);
    }
    let value = reading.input.trim();
    let ja = sentence::row("address", &[("value", value), ("why", &why.0)]).ja;
    let en = sentence::row("address", &[("value", value), ("why", &why.1)]).en;
    Sentence { ja, en }
}

fn bad(row: u64, cells: Vec<String>, problems: &[Sentence]) -> RowError {
    let ja = problems.iter().map(|problem| problem.ja.as_str()).collect::<Vec<_>>().concat();
    let en = problems.iter().map(|problem| problem.en.as_str()).collect::<Vec<_>>().join(" ");
    RowError { row, cells, ja, en }
}

/// `1.23E+11`: what Excel makes of a long number.
fn is_exponent(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once("E+").or_else(|| text.split_once("e+")) else {
        return false;
    };
    let number = |part: &str, also: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_digit() || also.contains(c))
    };
    number(mantissa, ".") && number(exponent, "")
}

fn one_line(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains(char::is_control) {
        let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        return spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").into();
    }
    text.into()
}

fn note_text(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.chars().filter(|c| !c.is_control() || *c == '\n' || *c == '\t').collect()
}
