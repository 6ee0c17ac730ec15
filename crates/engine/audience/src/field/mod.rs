//! What the shop keeps about its customers beside our own columns: fields with a kind, and their values.

mod date;
mod number;
mod read;
mod trial;

use serde::{Deserialize, Serialize};

pub use date::{MonthDay, days_of, read_date};
pub(crate) use read::phone_key;
pub use read::{FieldProblem, FieldValue, FileRef, Indexed, MULTI_SEPARATOR, problem_sentence};
pub use trial::{RetypeTrial, try_retype};

/// Key of a field.
pub type FieldId = i64;

/// Most fields a house may have, archived ones too.
pub const FIELDS_MAX: usize = 200;
/// Most choices of a field.
pub const CHOICES_MAX: usize = 200;
/// Longest label or choice, in characters.
pub const LABEL_CHARS_MAX: usize = 100;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A number; compared as one.
    Number,
    /// A day, or a day of the year without the year.
    Date,
    /// One of the choices.
    Choice,
    /// Any number of the choices.
    MultiChoice,
    /// Yes or no.
    Boolean,
    /// A telephone number; compared by its digits.
    Phone,
    /// A postal address.
    Address,
    /// A file that was uploaded.
    File,
}

impl FieldKind {
    /// Every kind, in the order they are offered.
    pub const ALL: [Self; 9] = [
        Self::Text,
        Self::Number,
        Self::Date,
        Self::Choice,
        Self::MultiChoice,
        Self::Boolean,
        Self::Phone,
        Self::Address,
        Self::File,
    ];

    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::Choice => "choice",
            Self::MultiChoice => "multi_choice",
            Self::Boolean => "boolean",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::File => "file",
        }
    }

    /// The kind with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it has a list of choices.
    #[must_use]
    pub fn has_choices(self) -> bool {
        matches!(self, Self::Choice | Self::MultiChoice)
    }
}

/// A field of the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Key of its row, and of its values in `field_values`.
    pub id: FieldId,
    /// The name in [`crate::Contact::fields`] and in templates; never changes.
    pub key: String,
    /// What it is called on pages and in files.
    pub label: String,
    /// What it holds.
    pub kind: FieldKind,
    /// The choices, in order.
    pub choices: Vec<String>,
    /// Asked for when a person fills in a form; a file of customers may leave it empty.
    pub required: bool,
    /// Place among the fields.
    pub position: i64,
    /// Values are being read anew as another kind; those of contacts up to this key have been.
    pub retyping_up_to: Option<i64>,
    /// When it was put away; its values are kept.
    pub archived_at: Option<i64>,
}

/// What an operator decides about a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDraft {
    /// What it is called.
    pub label: String,
    /// What it holds.
    pub kind: FieldKind,
    /// The choices, in order; only for kinds that have them.
    pub choices: Vec<String>,
    /// Asked for in forms.
    pub required: bool,
}

/// Why a draft of a field cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftProblem {
    /// No label.
    NoLabel,
    /// The label is over [`LABEL_CHARS_MAX`].
    LongLabel,
    /// A kind with choices has none.
    NoChoices,
    /// Over [`CHOICES_MAX`], or one is too long or holds a mark that separates choices.
    BadChoices,
}

impl FieldDraft {
    /// Cleans label and choices, and says what is wrong with them.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn cleaned(mut self) -> Result<Self, DraftProblem> {
        self.label = self.label.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.label.is_empty() {
            return Err(DraftProblem::NoLabel);
        }
        if self.label.chars().count() > LABEL_CHARS_MAX || self.label.chars().any(char::is_control) {
            return Err(DraftProblem::LongLabel);
        }
        let mut choices: Vec<String> = Vec::new();
        for choice in std::mem::take(&mut self.choices) {
            let choice = choice.trim();
            if !choice.is_empty() && choices.iter().all(|known| crate::folded(known) != crate::folded(choice))
            {
                choices.push(choice.to_owned());
            }
        }
        if self.kind.has_choices() {
            if choices.is_empty() {
                return Err(DraftProblem::NoChoices);
            }
            let bad = |choice: &String| {
                choice.chars().count() > LABEL_CHARS_MAX || choice.contains(read::is_separator)
            };
            if choices.len() > CHOICES_MAX || choices.iter().any(bad) {
                return Err(DraftProblem::BadChoices);
            }
            self.choices = choices;
        }
        Ok(self)
    }
}

/// The field that a column or a caller means by this name: by its key, else by its label.
#[must_use]
pub fn field_named<'a>(fields: &'a [Field], name: &str) -> Option<&'a Field> {
    let live = || fields.iter().filter(|field| field.archived_at.is_none());
    let by_label = || live().find(|field| field.label == name);
    live().find(|field| field.key == name).or_else(by_label)
}
