//! A file of customers on its way in: the job, its plan and its rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ContactDraft, FileConsent};

/// Key of an import.
pub type ImportId = i64;

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// The bytes are here; columns are being chosen.
    Uploaded,
    /// Rows are being looked at; no contact changes.
    Trying,
    /// Rows are being taken in.
    Running,
    /// Every row was looked at.
    Finished,
    /// It could not go on; `failure` says why.
    Failed,
    /// An operator stopped it; what was taken in stays.
    Cancelled,
}

impl ImportState {
    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Trying => "trying",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Uploaded, Self::Trying, Self::Running, Self::Finished, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// Which rows are taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportMode {
    /// New customers and changes of known ones.
    #[default]
    Both,
    /// Only new customers; known ones are left as they are.
    New,
    /// Only changes of known customers; nobody is added.
    Update,
}

impl ImportMode {
    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::New => "new",
            Self::Update => "update",
        }
    }

    /// The mode with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Both, Self::New, Self::Update].into_iter().find(|mode| mode.name() == name)
    }
}

/// What a trial run found: what the import would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportTrial {
    /// Rows that would become new contacts.
    pub added: u64,
    /// Rows that would change a contact.
    pub updated: u64,
    /// Rows that say what we know already.
    pub unchanged: u64,
    /// Rows left out by the mode.
    pub skipped: u64,
    /// Rows that cannot be taken in.
    pub failed: u64,
    /// People of the file with an address who would get no advertising after it: opted out, refused, resigned, on the
    /// suppression list, or an address that is known not to work, be it new to the house or not. Known at the end.
    pub suppressed: u64,
    /// Rows whose customer number or address stands in an earlier row.
    pub duplicates: u64,
}

/// How the bytes are to be read, and which column is what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPlan {
    /// Encoding label as `encoding_rs` knows it: `UTF-8`, `Shift_JIS`, `UTF-16LE`, `UTF-16BE`, `EUC-JP`.
    pub encoding: String,
    /// `,`, `;` or tab.
    pub delimiter: char,
    /// Whether the first row holds the column names.
    pub has_header: bool,
    /// The column names, made up (`列1` …) where there is no header.
    pub columns: Vec<String>,
    /// Column index → target: `address`, `more_address`, `name`, `kana`, `phone`, `more_phone`, `company`, `external_id`, `note`, `wants_mail`,
    /// `status`, `field` (kept under its own name), `field:KEY` (kept as that field) or `skip`.
    pub mapping: BTreeMap<usize, String>,
    /// Which rows are taken in.
    #[serde(default)]
    pub mode: ImportMode,
    /// What the people of this file agreed to; none when nobody asked.
    #[serde(default)]
    pub consent: Option<FileConsent>,
    /// Where the file is a workbook of several sheets: which there are, and which one is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub book: Option<Book>,
}

/// A workbook that was uploaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// The workbook's own file name.
    pub file_name: String,
    /// The names of its sheets, in order.
    pub sheets: Vec<String>,
    /// The one that is read.
    pub chosen: String,
}

/// An import and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportJob {
    /// Key.
    pub id: ImportId,
    /// The file's name as given by the browser.
    pub file_name: String,
    /// Size of the upload in bytes.
    pub bytes_total: u64,
    /// How it is read.
    pub plan: ImportPlan,
    /// Where it stands.
    pub state: ImportState,
    /// Data rows looked at, the header not counted.
    pub rows_done: u64,
    /// Bytes of the upload that these rows took, for the progress bar.
    pub bytes_done: u64,
    /// Rows that became new contacts.
    pub added: u64,
    /// Rows that changed a contact.
    pub updated: u64,
    /// Rows that said what we knew already.
    pub unchanged: u64,
    /// Rows that could not be taken in.
    pub failed: u64,
    /// Rows left out by [`ImportPlan::mode`].
    pub skipped: u64,
    /// What the last trial run found, as long as the plan is the same.
    pub trial: Option<ImportTrial>,
    /// Why it failed as a whole; a key of the text catalogue.
    pub failure: Option<String>,
    /// Who uploaded it.
    pub created_by: Option<i64>,
    /// When it was uploaded.
    pub created_at: i64,
    /// When it ended.
    pub finished_at: Option<i64>,
}

/// An upload to be kept.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// The file's name.
    pub file_name: String,
    /// Who uploads; `None` for the command line.
    pub created_by: Option<i64>,
}

/// One row that can be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// 1 for the first data row.
    pub row: u64,
    /// What it says.
    pub draft: ContactDraft,
}

/// One row that cannot be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// 1 for the first data row.
    pub row: u64,
    /// The cells as they were.
    pub cells: Vec<String>,
    /// Why, in Japanese.
    pub ja: String,
    /// Why, in English.
    pub en: String,
}

/// Rows to be taken in together with how far the import then is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportBatch {
    /// `rows_done` before this batch; the store does nothing when it is not equal, so a batch counts once.
    pub rows_before: u64,
    /// `rows_done` after this batch.
    pub rows_after: u64,
    /// `bytes_done` after this batch.
    pub bytes_after: u64,
    /// Good rows.
    pub rows: Vec<ImportRow>,
    /// Bad rows.
    pub errors: Vec<RowError>,
}

/// What a batch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchResult {
    /// False when another worker had done these rows, or the import is no longer running; nothing was changed then.
    pub applied: bool,
    /// New contacts.
    pub added: u64,
    /// Changed contacts.
    pub updated: u64,
    /// Contacts that were already so.
    pub unchanged: u64,
    /// Rows left out by the mode.
    pub skipped: u64,
}
