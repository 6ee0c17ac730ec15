//! Turns a sheet of an uploaded spreadsheet into CSV, row by row, or says in one word why it cannot.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _},
};

use calamine::{Reader as _, SheetType, SheetVisible, Xlsx, open_workbook_from_rs};
use zip::ZipArchive;

use super::shown;

/// Most bytes a spreadsheet may have when it is unpacked.
const UNPACKED_BYTES_MAX: u64 = 2_000_000_000;
/// Most bytes of the texts that a spreadsheet keeps apart; they are in memory while it is read.
const TEXTS_BYTES_MAX: u64 = 200_000_000;
/// Most bytes of the CSV.
const CSV_BYTES_MAX: u64 = 1_000_000_000;
/// Most cells of a row; one more shows that there were too many.
const CELLS_MAX: u32 = 1_001;
/// Rows that are looked at for a row of column names.
const LOOKED_AT: usize = 20;

/// Why a spreadsheet cannot be read; a key of the catalogue stands behind each.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Locked with a password.
    Encrypted,
    /// The old .xls.
    Old,
    /// Holds a program.
    Macro,
    /// No spreadsheet, or a broken one.
    Damaged,
    /// Unpacks to more than anybody's list of customers.
    TooLarge,
    /// No sheet of the wanted name; the names there are.
    NoSheet(Vec<String>),
}

/// True when a file that begins like this is no text but a spreadsheet, readable or not.
pub(crate) fn is_spreadsheet(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0])
}

/// The CSV (UTF-8, commas) of a sheet, and the sheet's name. `wanted`: its name, or empty for the first one with a row
/// of column names.
pub(crate) fn to_csv(mut file: File, wanted: &str) -> Result<(File, String), Refusal> {
    check(&mut file)?;
    file.seek(SeekFrom::Start(0)).map_err(|_| Refusal::Damaged)?;
    let mut book: Xlsx<_> = open_workbook_from_rs(BufReader::new(file)).map_err(|_| Refusal::Damaged)?;
    let sheets: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect();
    let sheet = choose(&mut book, &sheets, wanted.trim())?;
    let mut csv = tempfile::tempfile().map_err(|_| Refusal::Damaged)?;
    let mut out = BufWriter::new(&mut csv);
    let mut written = 0_u64;
    rows(&mut book, &sheet, |line| {
        written += line.len() as u64;
        out.write_all(line.as_bytes()).is_ok() && written <= CSV_BYTES_MAX
    })?;
    out.flush().map_err(|_| Refusal::Damaged)?;
    drop(out);
    if written > CSV_BYTES_MAX {
        return Err(Refusal::TooLarge);
    }
    csv.seek(SeekFrom::Start(0)).map_err(|_| Refusal::Damaged)?;
    Ok((csv, sheet))
}

/// What can be told before anything is believed: every part is unpacked once, into nothing.
fn check(file: &mut File) -> Result<(), Refusal> {
    let mut start = [0; 8];
    file.read_exact(&mut start).map_err(|_| Refusal::Damaged)?;
    if start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(if is_encrypted(file) { Refusal::Encrypted } else { Refusal::Old });
    }
    let mut archive = ZipArchive::new(BufReader::new(&mut *file)).map_err(|_| Refusal::Damaged)?;
    let names: Vec<String> = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    if names.iter().any(|name| name.ends_with("vbaProject.bin")) {
        return Err(Refusal::Macro);
    }
    if !names.iter().any(|name| name == "xl/workbook.xml") {
        return Err(Refusal::Damaged);
    }
    let mut all = 0_u64;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|_| Refusal::Damaged)?;
        let max = if part.name().is_ok_and(|name| name.ends_with("sharedStrings.xml")) {
            TEXTS_BYTES_MAX
        } else {
            UNPACKED_BYTES_MAX
        };
        let unpacked =
            std::io::copy(&mut part.take(max + 1), &mut std::io::sink()).map_err(|_| Refusal::Damaged)?;
        all += unpacked;
        if unpacked > max || all > UNPACKED_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
    }
    Ok(())
}

/// A locked spreadsheet is an old container with a stream of this name in UTF-16.
fn is_encrypted(file: &mut File) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = Vec::new();
    let _ = file.seek(SeekFrom::Start(0));
    // The directory of the container may stand at its end.
    let _ = file.take(250_000_000).read_to_end(&mut bytes);
    bytes.windows(name.len()).any(|window| window == name)
}

type Book = Xlsx<BufReader<File>>;

fn choose(book: &mut Book, sheets: &[String], wanted: &str) -> Result<String, Refusal> {
    if !wanted.is_empty() {
        let found = sheets.iter().find(|name| name.trim() == wanted);
        return found.cloned().ok_or_else(|| Refusal::NoSheet(sheets.to_vec()));
    }
    let mut filled = None;
    for sheet in sheets {
        let (mut sample, mut lines) = (String::new(), 0);
        rows(book, sheet, |line| {
            sample.push_str(line);
            lines += 1;
            lines < LOOKED_AT
        })?;
        if !sample.is_empty() && audience::detect(sample.as_bytes()).has_header {
            return Ok(sheet.clone());
        }
        if !sample.is_empty() && filled.is_none() {
            filled = Some(sheet.clone());
        }
    }
    filled.or_else(|| sheets.first().cloned()).ok_or(Refusal::Damaged)
}

/// Gives every row with something in it as a line of CSV, until `take` wants no more.
fn rows(book: &mut Book, sheet: &str, mut take: impl FnMut(&str) -> bool) -> Result<(), Refusal> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|_| Refusal::Damaged)?;
    let formats: Vec<String> = cells.styles().iter().map(format_of).collect();
    let (mut row, mut line, mut width) = (0, Vec::<String>::new(), 0);
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(|_| Refusal::Damaged)? {
        let (at, column) = cell.get_position();
        if at != row {
            if !give(&mut line, &mut width, &mut take) {
                return Ok(());
            }
            row = at;
        }
        let text = shown::cell(cell.get_value(), formats.get(style).map_or("", String::as_str));
        if !text.is_empty() && column < CELLS_MAX {
            line.resize(column as usize + 1, String::new());
            line[column as usize] = text;
        }
    }
    give(&mut line, &mut width, &mut take);
    Ok(())
}

fn format_of(style: &calamine::Style) -> String {
    style.number_format.as_ref().map(|format| format.format_code.clone()).unwrap_or_default()
}

/// A spreadsheet leaves empty cells at the end of a row out; the first row says how many there are.
fn give(line: &mut Vec<String>, width: &mut usize, take: &mut impl FnMut(&str) -> bool) -> bool {
    if line.iter().all(|cell| cell.trim().is_empty()) {
        line.clear();
        return true;
    }
    *width = if *width == 0 { line.len() } else { *width };
    line.resize(line.len().max(*width), String::new());
    let cells: Vec<String> =
        line.drain(..).map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
    take(&(cells.join(",") + "\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spreadsheet::write::{Cell, Sheet};

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file
    }

    fn refused(bytes: &[u8], expected: &Refusal) {
        assert_eq!(&to_csv(file(bytes), "").unwrap_err(), expected);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        refused(b"PK\x03\x04garbage", &Refusal::Damaged);
        refused(b"", &Refusal::Damaged);
        refused(&[0xd0, 0xcf, 0x11, 0xe0, 0, 0, 0, 0, 0], &Refusal::Old);
        let mut locked = vec![0xd0, 0xcf, 0x11, 0xe0, 0, 0, 0, 0];
        locked.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
        refused(&locked, &Refusal::Encrypted);
    }

    fn packed(parts: &[(&str, usize)]) -> File {
        let mut zip = zip::ZipWriter::new(tempfile::tempfile().unwrap());
        for (name, size) in parts {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::copy(&mut std::io::repeat(b' ').take(*size as u64), &mut zip).unwrap();
        }
        let mut file = zip.finish().unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file
    }

    #[test]
    fn bombs_and_programs_are_refused() {
        let bomb = packed(&[("xl/workbook.xml", 5), ("xl/sharedStrings.xml", 200_000_001)]);
        assert_eq!(to_csv(bomb, "").unwrap_err(), Refusal::TooLarge);
        let program = packed(&[("xl/workbook.xml", 5), ("xl/vbaProject.bin", 5)]);
        assert_eq!(to_csv(program, "").unwrap_err(), Refusal::Macro);
    }

    #[test]
    fn what_we_write_we_read() {
        let mut sheet =
            Sheet::new(&["氏名".into(), "電話番号".into(), "登録日".into(), "点".into()]).unwrap();
        let row = |name: &str, phone: &str| {
            [Cell::Text(name.into()), Cell::Text(phone.into()), Cell::Day(46_027.0), Cell::Number(12.5)]
        };
        sheet.row(&row("=cmd|' /C calc'!A0", "09012345678")).unwrap();
        sheet.row(&row("花\"子,\n二行", "")).unwrap();
        let (mut csv, name) = to_csv(sheet.finish().unwrap(), "").unwrap();
        let mut text = String::new();
        csv.read_to_string(&mut text).unwrap();
        assert_eq!(name, "Sheet1");
        assert_eq!(
            text,
            "\"氏名\",\"電話番号\",\"登録日\",\"点\"\r\n\"=cmd|' /C calc'!A0\",\"09012345678\",\"2026-01-05\",\"12.5\"\r\n\
             \"花\"\"子,\n二行\",\"\",\"2026-01-05\",\"12.5\"\r\n"
        );
        let again = Sheet::new(&["a".into()]).unwrap().finish().unwrap();
        assert_eq!(to_csv(again, "名簿").unwrap_err(), Refusal::NoSheet(vec!["Sheet1".into()]));
    }
}
