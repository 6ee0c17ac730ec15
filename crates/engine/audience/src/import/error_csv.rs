//! Gives the rows that were not taken in back as a file like the one that came, with the reason behind each.
//!
//! The cells are the customer's own and stay as they were, so that the corrected file can be imported again. That
//! holds for a cell that begins with `=`, `+`, `-` or `@` too: a telephone number may begin with `+`.

use super::{charset::Charset, sentence::reason_column};
use crate::{ImportId, ImportJob, ImportStore, RowError, StoreFailure};

/// Bad rows per piece.
const PIECE_ROWS: u64 = 200;

/// The language of the reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasonLanguage {
    /// Japanese.
    Ja,
    /// English.
    En,
}

/// The file of bad rows, made piece by piece.
#[derive(Debug, Clone)]
pub struct ErrorCsv {
    id: ImportId,
    charset: Charset,
    delimiter: char,
    /// Columns of the plan without a column of reasons from an earlier round.
    width: usize,
    /// The upload was such a file itself.
    old_reason: bool,
    language: ReasonLanguage,
    /// What stands before the first row, until it is given.
    head: Option<Vec<u8>>,
    after: u64,
}

impl ErrorCsv {
    /// Begins the file: in the encoding of the upload, with its byte order mark, delimiter and header.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn open(
        store: &dyn ImportStore,
        id: ImportId,
        language: ReasonLanguage,
    ) -> Result<Option<Self>, StoreFailure> {
        let Some(job) = store.get(id).await? else { return Ok(None) };
        let start = store.piece(id, 0).await?.unwrap_or_default();
        let charset = Charset::named(&job.plan.encoding).or_else(|| Charset::named("UTF-8"));
        let Some(charset) = charset else { return Ok(None) };
        let mut file = Self {
            id,
            charset,
            delimiter: job.plan.delimiter,
            width: 0,
            old_reason: false,
            language,
            head: None,
            after: 0,
        };
        file.head = Some(file.head_of(&job, &start));
        Ok(Some(file))
    }

    /// The next piece; none at the end. The first piece comes even when no row was bad.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn next_piece(&mut self, store: &dyn ImportStore) -> Result<Option<Vec<u8>>, StoreFailure> {
        let errors = store.errors(self.id, self.after, PIECE_ROWS).await?;
        let head = self.head.take();
        if errors.is_empty() {
            return Ok(head);
        }
        self.after = errors.last().map_or(self.after, |error| error.row);
        let mut text = String::new();
        for error in errors {
            self.line(&error, &mut text);
        }
        let mut piece = head.unwrap_or_default();
        piece.extend(self.charset.encode(&text));
        Ok(Some(piece))
    }

    fn head_of(&mut self, job: &ImportJob, start: &[u8]) -> Vec<u8> {
        let plan = &job.plan;
        self.old_reason = plan.has_header && plan.columns.last().is_some_and(|column| is_reason(column));
        self.width = plan.columns.len() - usize::from(self.old_reason);
        let mut head = self.charset.bom_of(start).to_vec();
        if plan.has_header {
            let reason = reason_column();
            let name = if self.language == ReasonLanguage::Ja { &reason.ja } else { &reason.en };
            let mut text = String::new();
            self.cells(&plan.columns[..self.width], name, &mut text);
            head.extend(self.charset.encode(&text));
        }
        head
    }

    fn line(&self, error: &RowError, text: &mut String) {
        let reason = if self.language == ReasonLanguage::Ja { &error.ja } else { &error.en };
        let mut cells = error.cells.clone();
        if self.old_reason && cells.len() == self.width + 1 {
            cells.pop();
        }
        cells.resize(cells.len().max(self.width), String::new());
        self.cells(&cells, reason, text);
    }

    fn cells(&self, cells: &[String], reason: &str, text: &mut String) {
        for cell in cells {
            self.cell(cell, text);
            text.push(self.delimiter);
        }
        self.cell(reason, text);
        text.push_str("\r\n");
    }

    fn cell(&self, cell: &str, text: &mut String) {
        let special = |c: char| matches!(c, '"' | '\r' | '\n') || c == self.delimiter;
        if cell.contains(special) || cell.starts_with(' ') || cell.ends_with(' ') {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
}

fn is_reason(column: &str) -> bool {
    let reason = reason_column();
    column == reason.ja || column == reason.en
}
