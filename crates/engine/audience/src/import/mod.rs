//! Takes a file of customers in: how it is written, what its columns are, and each row as a contact or a reason.

mod answer;
mod charset;
mod columns;
mod detect;
mod error_csv;
mod intake;
mod preview;
mod row;
mod run;
mod sentence;
mod split;

pub use columns::{FIELD_COLUMNS_MAX, guess_mapping};
pub use detect::{Detected, SAMPLE_BYTES, detect};
pub use error_csv::{ErrorCsv, ReasonLanguage};
pub use preview::{Preview, Problem, preview, suggest_plan};
pub use row::{FIELD_TARGET, NOTE_CHARS_MAX, RowOutcome, RowReader, VALUE_CHARS_MAX, read_row};
pub use run::{FAILURES, run_import};
pub(crate) use sentence::row as field_sentence;
pub use sentence::{Sentence, failure_sentence};
