//! Turns a sheet of an uploaded spreadsheet into CSV, row by row, or says in one word why it cannot.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Seek as _, SeekFrom, Write as _},
};

use calamine::{Reader as _, SheetType, SheetVisible, Xlsx, open_workbook_from_rs};

use super::{check, shown};

/// Most bytes of the CSV.
const CSV_BYTES_MAX: u64 = 1_000_000_000;
/// Most columns.
pub(crate) const COLUMNS_MAX: u32 = 1_000;
/// Most bytes of the texts of a row; one long text may stand in many cells.
const ROW_BYTES_MAX: usize = 4_000_000;
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
    /// More columns than [`COLUMNS_MAX`].
    TooWide,
    /// No sheet of the wanted name; the names there are.
    NoSheet(Vec<String>),
}

/// True when a file that begins like this is no text but a spreadsheet, readable or not.
pub(crate) fn is_spreadsheet(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0])
}

/// A sheet that was read.
#[derive(Debug)]
pub(crate) struct Read {
    /// UTF-8, commas.
    pub(crate) csv: File,
    /// Its name.
    pub(crate) sheet: String,
    /// The names of all sheets that can be seen.
    pub(crate) sheets: Vec<String>,
}

/// Reads a sheet. `wanted`: its name, or empty for the first one with a row of column names.
pub(crate) fn to_csv(mut file: File, wanted: &str) -> Result<Read, Refusal> {
    check::check(&mut file)?;
    file.seek(SeekFrom::Start(0)).map_err(|_| Refusal::Damaged)?;
    let mut book: Xlsx<_> = open_workbook_from_rs(BufReader::new(file)).map_err(|_| Refusal::Damaged)?;
    let sheets: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect();
    let sheet = choose(&mut book, &sheets, wanted)?;
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
    Ok(Read { csv, sheet, sheets })
}

type Book = Xlsx<BufReader<File>>;

fn choose(book: &mut Book, sheets: &[String], wanted: &str) -> Result<String, Refusal> {
    if !wanted.is_empty() {
        let found = sheets.iter().find(|name| *name == wanted);
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
    let (mut row, mut line, mut width, mut bytes) = (0, Vec::<String>::new(), 0, 0);
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(|_| Refusal::Damaged)? {
        let (at, column) = cell.get_position();
        if at != row {
            if !give(&mut line, &mut width, &mut take) {
                return Ok(());
            }
            (row, bytes) = (at, 0);
        }
        let text = shown::cell(cell.get_value(), formats.get(style).map_or("", String::as_str));
        bytes += text.len();
        if bytes > ROW_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        if !text.is_empty() && column >= COLUMNS_MAX {
            return Err(Refusal::TooWide);
        }
        if !text.is_empty() {
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
    use std::io::Read as _;

    use super::*;
    use crate::spreadsheet::write::{Cell, Sheet};

    #[test]
    fn what_we_write_we_read() {
        let mut sheet =
            Sheet::new(&["氏名".into(), "電話番号".into(), "登録日".into(), "点".into()]).unwrap();
        let row = |name: &str, phone: &str| {
            [Cell::Text(name.into()), Cell::Text(phone.into()), Cell::Day(46_027.0), Cell::Number(12.5)]
        };
        sheet.row(&row("=cmd|' /C calc'!A0", "09012345678")).unwrap();
        sheet.row(&row("花\"子,\n二行", "")).unwrap();
        let Read { mut csv, sheet: name, sheets } = to_csv(sheet.finish().unwrap(), "").unwrap();
        assert_eq!(sheets, ["Sheet1"]);
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

    const BOOK: &str = r#"<?xml version="1.0"?><workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    const ROOT: &str = r#"<?xml version="1.0"?><Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
    const LINKS: &str = r#"<?xml version="1.0"?><Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;

    fn book(texts: &str, cells: &str) -> File {
        let mut zip = zip::ZipWriter::new(tempfile::tempfile().unwrap());
        let sheet = format!("<worksheet><sheetData>{cells}</sheetData></worksheet>");
        let parts = [
            ("_rels/.rels", ROOT),
            ("xl/workbook.xml", BOOK),
            ("xl/_rels/workbook.xml.rels", LINKS),
            ("xl/sharedStrings.xml", texts),
            ("xl/worksheets/sheet1.xml", sheet.as_str()),
        ];
        for (name, text) in parts {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        let mut file = zip.finish().unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file
    }

    fn cell(column: usize, value: &str) -> String {
        let mut name = Vec::new();
        let mut left = column + 1;
        while left > 0 {
            name.insert(0, b'A' + ((left - 1) % 26) as u8);
            left = (left - 1) / 26;
        }
        format!("<c r=\"{}1\" {value}</c>", String::from_utf8(name).unwrap())
    }

    #[test]
    fn a_long_text_in_many_cells_is_no_bomb() {
        let texts = format!("<sst><si><t>{}</t></si></sst>", "あ".repeat(300_000));
        let cells: String = (0..900).map(|at| cell(at, "t=\"s\"><v>0</v>")).collect();
        let read = to_csv(book(&texts, &format!("<row r=\"1\">{cells}</row>")), "");
        assert_eq!(read.unwrap_err(), Refusal::TooLarge);
    }

    #[test]
    fn too_many_columns_are_refused() {
        let of = |columns: usize| {
            let cells: String = (0..columns).map(|at| cell(at, "><v>7</v>")).collect();
            to_csv(book("<sst/>", &format!("<row r=\"1\">{cells}</row>")), "")
        };
        let mut text = String::new();
        of(1_000).unwrap().csv.read_to_string(&mut text).unwrap();
        assert_eq!(text.matches(',').count(), 999);
        assert_eq!(of(1_001).unwrap_err(), Refusal::TooWide);
        assert_eq!(of(16_384).unwrap_err(), Refusal::TooWide);
        let far = book("<sst/>", "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>");
        assert_eq!(to_csv(far, "").unwrap_err(), Refusal::TooWide);
    }
}
