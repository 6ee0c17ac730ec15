//! Looks at a spreadsheet before anything in it is believed: what it unpacks to, and what would have to be held at once.

use std::{
    fs::File,
    io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write},
};

use zip::ZipArchive;

use super::read::Refusal;

/// Most bytes a spreadsheet may have when it is unpacked.
const UNPACKED_BYTES_MAX: u64 = 2_000_000_000;
/// Most bytes of the texts that a spreadsheet keeps apart; they are in memory while it is read.
const TEXTS_BYTES_MAX: u64 = 200_000_000;
/// Most bytes of every other part but the sheets that is held while it is read: names, styles, links.
const PART_BYTES_MAX: u64 = 20_000_000;
/// Most bytes of a cell of a sheet, or of a text kept apart. Excel itself allows 32,767 characters.
const CELL_BYTES_MAX: usize = 4_000_000;
/// Most bytes of the list of parts, and how far from the end of the file its own end may be.
const LIST_BYTES_MAX: u32 = 5_000_000;
const END_BYTES_MAX: u64 = 65_536 + 22;

/// What can be told before anything is believed: every part is unpacked once, into nothing.
pub(super) fn check(file: &mut File) -> Result<(), Refusal> {
    let mut start = [0; 8];
    file.read_exact(&mut start).map_err(|_| Refusal::Damaged)?;
    if start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(if is_encrypted(file) { Refusal::Encrypted } else { Refusal::Old });
    }
    if list_bytes(file).map_err(|_| Refusal::Damaged)? > LIST_BYTES_MAX {
        return Err(Refusal::TooLarge);
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
        let name = part.name().map(|name| name.into_owned()).unwrap_or_default();
        let max = bytes_max(&name);
        let mut cells = Cells::default();
        let unpacked = io::copy(&mut part.take(max + 1), &mut cells).map_err(|_| Refusal::Damaged)?;
        all += unpacked;
        if unpacked > max || all > UNPACKED_BYTES_MAX || (has_cells(&name) && cells.are_too_long) {
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

/// Sheets are read cell by cell, pictures not at all; everything else that is XML is held as a whole.
fn bytes_max(part: &str) -> u64 {
    if part.ends_with("sharedStrings.xml") {
        TEXTS_BYTES_MAX
    } else if has_cells(part) || !(part.ends_with(".xml") || part.ends_with(".rels")) {
        UNPACKED_BYTES_MAX
    } else {
        PART_BYTES_MAX
    }
}

fn has_cells(part: &str) -> bool {
    part.ends_with("sharedStrings.xml") || (part.starts_with("xl/worksheets/") && part.ends_with(".xml"))
}

/// How many bytes the list of parts has, as the end of the archive says; 0 where it says nothing.
fn list_bytes(file: &mut File) -> io::Result<u32> {
    let size = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(size.saturating_sub(END_BYTES_MAX)))?;
    let mut end = Vec::new();
    (&mut *file).take(END_BYTES_MAX).read_to_end(&mut end)?;
    file.seek(SeekFrom::Start(0))?;
    let at = end.windows(4).rposition(|window| window == b"PK\x05\x06");
    let size = at.and_then(|at| end.get(at + 12..at + 16)).and_then(|bytes| bytes.try_into().ok());
    Ok(size.map_or(0, u32::from_le_bytes))
}

/// Measures the cells of a sheet that goes by, without holding any.
#[derive(Default)]
struct Cells {
    /// Bytes since the last cell, row or text ended.
    bytes: usize,
    /// The beginning of the mark that is open.
    mark: Vec<u8>,
    is_in_mark: bool,
    are_too_long: bool,
}

impl Write for Cells {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            self.bytes += 1;
            match byte {
                b'<' => {
                    self.is_in_mark = true;
                    self.mark.clear();
                }
                b'>' => {
                    self.is_in_mark = false;
                    self.are_too_long |= self.bytes > CELL_BYTES_MAX;
                    let name = self.mark.rsplit(|byte| matches!(byte, b'/' | b':')).next();
                    if self.mark.starts_with(b"/") && matches!(name, Some(b"c" | b"row" | b"si")) {
                        self.bytes = 0;
                    }
                }
                byte if self.is_in_mark && self.mark.len() < 16 => self.mark.push(*byte),
                _ => {}
            }
        }
        self.are_too_long |= self.bytes > CELL_BYTES_MAX;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file
    }

    fn refused(bytes: &[u8], expected: &Refusal) {
        assert_eq!(&check(&mut file(bytes)).unwrap_err(), expected);
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
        let mut bomb = packed(&[("xl/workbook.xml", 5), ("xl/sharedStrings.xml", 200_000_001)]);
        assert_eq!(check(&mut bomb).unwrap_err(), Refusal::TooLarge);
        let mut styles = packed(&[("xl/workbook.xml", 5), ("xl/styles.xml", 20_000_001)]);
        assert_eq!(check(&mut styles).unwrap_err(), Refusal::TooLarge);
        let mut sheet = packed(&[("xl/workbook.xml", 5), ("xl/worksheets/sheet1.xml", 4_000_001)]);
        assert_eq!(check(&mut sheet).unwrap_err(), Refusal::TooLarge);
        let mut picture = packed(&[("xl/workbook.xml", 5), ("xl/media/image1.png", 30_000_000)]);
        assert_eq!(check(&mut picture), Ok(()));
        let mut program = packed(&[("xl/workbook.xml", 5), ("xl/vbaProject.bin", 5)]);
        assert_eq!(check(&mut program).unwrap_err(), Refusal::Macro);
    }

    #[test]
    fn cells_are_measured_and_not_held() {
        let long = |text: &str| {
            let mut cells = Cells::default();
            for piece in text.as_bytes().chunks(999) {
                cells.write_all(piece).unwrap();
            }
            cells.are_too_long
        };
        let one = "<x:c r=\"A1\"><x:is><x:t>a</x:t></x:is></x:c>";
        assert!(!long(&one.repeat(200_000)));
        assert!(!long(&"<row r=\"1\"><c r=\"A1\" s=\"1\"/></row>".repeat(200_000)));
        assert!(long(&format!("<c><is><t>{}</t></is></c>", "a".repeat(CELL_BYTES_MAX))));
        assert!(long(&format!("<c><is>{}</is></c>", "<r><t>abcdefgh</t></r>".repeat(200_000))));
        assert!(long(&format!("<c r=\"{}", " ".repeat(CELL_BYTES_MAX))));
    }

    #[test]
    fn an_endless_list_of_parts_is_not_read() {
        let mut end = b"PK\x03\x04....PK\x05\x06".to_vec();
        end.extend([0; 8]);
        end.extend(6_000_000_u32.to_le_bytes());
        end.extend([0; 6]);
        refused(&end, &Refusal::TooLarge);
    }
}
