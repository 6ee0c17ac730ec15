//! Writes one sheet row by row into a file on disk, holding only a row of it in memory.

use std::{
    fs::File,
    io::{BufWriter, Seek as _, SeekFrom, Write as _},
};

use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// Most rows a sheet has, the names of the columns counted.
pub(crate) const ROWS_MAX: u64 = 1_048_576;
/// Longest text of a cell, in characters.
const TEXT_CHARS_MAX: usize = 32_767;

/// A value as the spreadsheet is to know it. Text is never a formula.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    /// Text, as it is.
    Text(String),
    /// A number.
    Number(f64),
    /// A day: days since 1899-12-30.
    Day(f64),
    /// A moment: the same with a fraction.
    Moment(f64),
}

/// A sheet on its way.
pub(crate) struct Sheet {
    book: Workbook,
    rows: u32,
    day: Format,
    moment: Format,
}

impl Sheet {
    /// Begins with the names of the columns.
    pub(crate) fn new(columns: &[String]) -> Result<Self, XlsxError> {
        let mut book = Workbook::new();
        book.add_worksheet_with_constant_memory()?;
        let mut sheet = Self {
            book,
            rows: 0,
            day: Format::new().set_num_format("yyyy-mm-dd"),
            moment: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        };
        let names: Vec<Cell> = columns.iter().cloned().map(Cell::Text).collect();
        sheet.row(&names)?;
        Ok(sheet)
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: &[Cell]) -> Result<(), XlsxError> {
        let sheet = self.book.worksheet_from_index(0)?;
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Text(text) if text.is_empty() => {}
                Cell::Text(text) if text.chars().count() > TEXT_CHARS_MAX => {
                    sheet.write_string(
                        self.rows,
                        column,
                        text.chars().take(TEXT_CHARS_MAX).collect::<String>(),
                    )?;
                }
                Cell::Text(text) => {
                    sheet.write_string(self.rows, column, text)?;
                }
                Cell::Number(number) => {
                    sheet.write_number(self.rows, column, *number)?;
                }
                Cell::Day(day) => {
                    sheet.write_number_with_format(self.rows, column, *day, &self.day)?;
                }
                Cell::Moment(at) => {
                    sheet.write_number_with_format(self.rows, column, *at, &self.moment)?;
                }
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// The whole spreadsheet, to be read from its beginning.
    pub(crate) fn finish(mut self) -> Result<File, XlsxError> {
        let mut file = tempfile::tempfile()?;
        let mut out = BufWriter::new(&mut file);
        self.book.save_to_writer(&mut out)?;
        out.flush()?;
        drop(out);
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}
