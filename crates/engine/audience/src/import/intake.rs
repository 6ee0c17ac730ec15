//! Turns the octets of an upload into batches of rows, holding only a little of the file at a time.

use super::{
    charset::{Charset, TextDecoder},
    preview::is_blank,
    row::{RowOutcome, RowReader},
    split::{Record, Splitter},
};
use crate::{Field, ImportBatch, ImportPlan};

/// Most rows of a batch.
const BATCH_ROWS_MAX: u64 = 500;
/// Most octets of bad rows that a batch holds.
const BATCH_ERROR_BYTES_MAX: usize = 1024 * 1024;
/// How many lines with an open quotation mark are passed over before the file is given up.
const OPEN_QUOTES_MAX: u64 = 1000;

/// Reads one upload from its beginning, and passes over the rows that were taken in before an interruption.
pub(crate) struct Intake {
    decoder: TextDecoder,
    splitter: Splitter,
    rows: RowReader,
    /// The row of names is still to come.
    head: bool,
    rows_seen: u64,
    rows_done: u64,
    bytes_fed: u64,
    batch: ImportBatch,
    error_bytes: usize,
    failure: Option<&'static str>,
}

impl Intake {
    /// None when the plan's encoding is not known. `rows_done` rows are passed over.
    pub(crate) fn new(plan: &ImportPlan, fields: &[Field], rows_done: u64) -> Option<Self> {
        Some(Self {
            decoder: Charset::named(&plan.encoding)?.decoder(),
            splitter: Splitter::new(plan.delimiter),
            rows: RowReader::new(plan, fields),
            head: plan.has_header,
            rows_seen: 0,
            rows_done,
            bytes_fed: 0,
            batch: ImportBatch { rows_before: rows_done, ..ImportBatch::default() },
            error_bytes: 0,
            failure: None,
        })
    }

    /// Takes the next octets and gives the batches that are full. With `last`, what is left is given too.
    pub(crate) fn feed(&mut self, bytes: &[u8], last: bool) -> Vec<ImportBatch> {
        let mut full = Vec::new();
        let mut text = String::new();
        self.decoder.decode(bytes, last, &mut text);
        self.splitter.push(&text);
        self.bytes_fed += bytes.len() as u64;
        while self.failure.is_none()
            && let Some(record) = self.splitter.next(last)
        {
            self.take(record);
            if self.is_full() {
                full.push(self.close());
            }
        }
        if (last || self.failure.is_some()) && self.rows_seen > self.batch.rows_before {
            full.push(self.close());
        }
        full
    }

    /// Data rows met so far, blank ones not counted.
    pub(crate) fn rows_seen(&self) -> u64 {
        self.rows_seen
    }

    /// Octets taken so far.
    pub(crate) fn bytes_fed(&self) -> u64 {
        self.bytes_fed
    }

    /// Why it cannot go on.
    pub(crate) fn failure(&self) -> Option<&'static str> {
        self.failure
    }

    fn take(&mut self, record: Record) {
        if self.splitter.open_quotes() > OPEN_QUOTES_MAX {
            self.failure = Some("open_quotes");
            return;
        }
        if matches!(&record, Record::Cells(cells) if is_blank(cells)) {
            return;
        }
        if std::mem::take(&mut self.head) {
            self.failure = matches!(record, Record::TooLong(_)).then_some("line_too_long");
            return;
        }
        self.rows_seen += 1;
        if self.rows_seen <= self.rows_done {
            return;
        }
        match self.rows.read_record(self.rows_seen, record) {
            RowOutcome::Good(row) => self.batch.rows.push(*row),
            RowOutcome::Bad(error) => {
                self.error_bytes += error.cells.iter().map(|cell| cell.len() + 24).sum::<usize>();
                self.batch.errors.push(error);
            }
        }
    }

    fn is_full(&self) -> bool {
        self.rows_seen >= self.batch.rows_before + BATCH_ROWS_MAX || self.error_bytes > BATCH_ERROR_BYTES_MAX
    }

    fn close(&mut self) -> ImportBatch {
        self.error_bytes = 0;
        let next = ImportBatch { rows_before: self.rows_seen, ..ImportBatch::default() };
        let mut batch = std::mem::replace(&mut self.batch, next);
        batch.rows_after = self.rows_seen;
        batch.bytes_after = self.bytes_fed;
        batch
    }
}
