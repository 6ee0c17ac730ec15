//! Cuts decoded text into records as spreadsheets write them (RFC 4180), within a written limit of memory.
//!
//! A quotation mark that is not closed would swallow the rest of the file, and one that is closed by another row's
//! would join two customers. Both are noticed, reported for the line they stand in, and the next line is read anew.

use memchr::{memchr, memchr2, memchr3};

/// Longest record in octets of UTF-8.
pub(crate) const RECORD_BYTES_MAX: usize = 256 * 1024;
/// Most cells of a record that are kept; one more shows that there were too many.
pub(crate) const CELLS_MAX: usize = 1000;
/// How much of an unreadable line is shown, in octets.
const EXCERPT_BYTES_MAX: usize = 2000;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    /// Its cells.
    Cells(Vec<String>),
    /// Longer than [`RECORD_BYTES_MAX`]; how it begins.
    TooLong(Vec<String>),
    /// A quotation mark is open at the end of this line.
    OpenQuote(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    /// Behind a quotation mark inside a quoted cell.
    Closing,
}

/// The cutter. Push text, then take records until there is none.
#[derive(Debug)]
pub(crate) struct Splitter {
    delimiter: u8,
    buffer: Vec<u8>,
    /// Where the record begins.
    start: usize,
    /// The next octet to look at.
    at: usize,
    state: State,
    /// Where the cell begins.
    cell: usize,
    cells: Vec<(usize, usize)>,
    /// Behind the first line break inside the record.
    second_line: Option<usize>,
    /// The cell has a line break inside.
    broken_cell: bool,
    /// A record that is too long is being skipped; what is shown of it.
    skipping: Option<Vec<String>>,
    open_quotes: u64,
}

impl Splitter {
    /// `delimiter` must be ASCII; anything else is taken as a comma.
    pub(crate) fn new(delimiter: char) -> Self {
        Self {
            delimiter: u8::try_from(delimiter).ok().filter(u8::is_ascii).unwrap_or(b','),
            buffer: Vec::new(),
            start: 0,
            at: 0,
            state: State::CellStart,
            cell: 0,
            cells: Vec::new(),
            second_line: None,
            broken_cell: false,
            skipping: None,
            open_quotes: 0,
        }
    }

    /// Takes more text. NUL is left out: no database keeps it.
    pub(crate) fn push(&mut self, text: &str) {
        self.buffer.drain(..self.start);
        self.at -= self.start;
        self.cell -= self.start;
        self.second_line = self.second_line.map(|line| line - self.start);
        for (from, to) in &mut self.cells {
            (*from, *to) = (*from - self.start, *to - self.start);
        }
        self.start = 0;
        let text = text.as_bytes();
        if memchr(0, text).is_some() {
            self.buffer.extend(text.iter().filter(|byte| **byte != 0));
        } else {
            self.buffer.extend_from_slice(text);
        }
    }

    /// How many lines with an open quotation mark were met.
    pub(crate) fn open_quotes(&self) -> u64 {
        self.open_quotes
    }

    /// The next record; none when more text is needed, or `last` text was pushed and all is read.
    pub(crate) fn next(&mut self, last: bool) -> Option<Record> {
        if self.skipping.is_some() {
            return self.skip(last);
        }
        loop {
            if self.state == State::CellStart && self.cells.is_empty() {
                self.skip_line_ends();
            }
            if self.at - self.start > RECORD_BYTES_MAX {
                return self.too_long(last);
            }
            let Some(&byte) = self.buffer.get(self.at) else {
                return if last { self.finish() } else { None };
            };
            if let Some(record) = self.step(byte) {
                return Some(record);
            }
        }
    }

    fn step(&mut self, byte: u8) -> Option<Record> {
        let ends_line = matches!(byte, b'\r' | b'\n');
        match self.state {
            State::CellStart if byte == b'"' => self.go(State::Quoted),
            State::CellStart | State::Closing if byte == self.delimiter => self.end_cell(),
            State::CellStart | State::Closing if ends_line => return Some(self.end_record()),
            State::CellStart => self.state = State::Plain,
            State::Plain => return self.plain(),
            State::Quoted => self.quoted(),
            State::Closing if byte == b'"' => self.go(State::Quoted),
            // The mark that seems to close a cell of several lines most likely opens one of a later row.
            State::Closing if self.broken_cell => return Some(self.open_quote()),
            State::Closing => self.state = State::Plain,
        }
        None
    }

    fn go(&mut self, state: State) {
        self.state = state;
        self.at += 1;
    }

    /// How far may be looked at once, so that a record is too long at the same octet however the text comes in.
    fn window(&self) -> usize {
        self.buffer.len().min(self.start + RECORD_BYTES_MAX + 1)
    }

    fn plain(&mut self) -> Option<Record> {
        let end = self.window();
        let Some(found) = memchr3(self.delimiter, b'\r', b'\n', &self.buffer[self.at..end]) else {
            self.at = end;
            return None;
        };
        self.at += found;
        if self.buffer[self.at] == self.delimiter {
            self.end_cell();
            return None;
        }
        Some(self.end_record())
    }

    fn quoted(&mut self) {
        let end = self.window();
        let Some(found) = memchr3(b'"', b'\r', b'\n', &self.buffer[self.at..end]) else {
            self.at = end;
            return;
        };
        self.at += found + 1;
        if self.buffer[self.at - 1] == b'"' {
            self.state = State::Closing;
        } else {
            self.broken_cell = true;
            self.second_line = self.second_line.or(Some(self.at));
        }
    }

    fn end_cell(&mut self) {
        self.keep_cell();
        self.at += 1;
        self.cell = self.at;
        self.state = State::CellStart;
    }

    fn keep_cell(&mut self) {
        if self.cells.len() <= CELLS_MAX {
            self.cells.push((self.cell, self.at));
        }
        self.broken_cell = false;
    }

    fn end_record(&mut self) -> Record {
        self.keep_cell();
        let cells = self.cells.iter().map(|(from, to)| cell_text(&self.buffer[*from..*to])).collect();
        self.restart(self.at);
        Record::Cells(cells)
    }

    fn restart(&mut self, at: usize) {
        (self.start, self.at, self.cell) = (at, at, at);
        self.state = State::CellStart;
        self.second_line = None;
        self.broken_cell = false;
        self.cells.clear();
    }

    fn skip_line_ends(&mut self) {
        let more = self.buffer[self.at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if more > 0 {
            self.restart(self.at + more);
        }
    }

    fn finish(&mut self) -> Option<Record> {
        match self.state {
            State::CellStart if self.cells.is_empty() => None,
            State::Quoted => Some(self.open_quote()),
            _ => Some(self.end_record()),
        }
    }

    fn open_quote(&mut self) -> Record {
        self.open_quotes += 1;
        let end = self.second_line.unwrap_or(self.buffer.len());
        let cells = self.excerpt(end);
        self.restart(end);
        Record::OpenQuote(cells)
    }

    fn too_long(&mut self, last: bool) -> Option<Record> {
        if self.state == State::Quoted && self.second_line.is_some() {
            return Some(self.open_quote());
        }
        let cells = self.excerpt(self.buffer.len());
        self.restart(self.at);
        self.skipping = Some(cells);
        self.skip(last)
    }

    /// Goes on to the next line.
    fn skip(&mut self, last: bool) -> Option<Record> {
        let end = memchr2(b'\r', b'\n', &self.buffer[self.at..]);
        self.restart(end.map_or(self.buffer.len(), |found| self.at + found));
        if end.is_none() && !last {
            return None;
        }
        self.skipping.take().map(Record::TooLong)
    }

    /// The cells of the record's first line up to `end`, cut plainly: its quotation marks cannot be trusted.
    fn excerpt(&self, end: usize) -> Vec<String> {
        let end = end.min(self.start + EXCERPT_BYTES_MAX);
        let line = String::from_utf8_lossy(&self.buffer[self.start..end]);
        // A character cut in half at the end is no defect of the file.
        let line = line.trim_end_matches(['\r', '\n', char::REPLACEMENT_CHARACTER]);
        line.split(char::from(self.delimiter)).map(str::to_owned).collect()
    }
}

/// The value of a cell: without the quotation marks around it, doubled ones once.
fn cell_text(raw: &[u8]) -> String {
    let raw = String::from_utf8_lossy(raw);
    let Some(quoted) = raw.strip_prefix('"') else { return raw.into_owned() };
    let mut text = String::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some((before, after)) = rest.split_once('"') {
        text.push_str(before);
        let Some(escaped) = after.strip_prefix('"') else {
            text.push_str(after);
            return text;
        };
        text.push('"');
        rest = escaped;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, piece: usize) -> Vec<Record> {
        let mut splitter = Splitter::new(',');
        let mut seen = Vec::new();
        let chars: Vec<char> = text.chars().collect();
        for part in chars.chunks(piece.max(1)) {
            splitter.push(&part.iter().collect::<String>());
            while let Some(record) = splitter.next(false) {
                seen.push(record);
            }
        }
        while let Some(record) = splitter.next(true) {
            seen.push(record);
        }
        seen
    }

    fn shown(records: &[Record]) -> String {
        let one = |record: &Record| match record {
            Record::Cells(cells) => cells.join("|"),
            Record::TooLong(cells) => format!("LONG {}", cells[0].len()),
            Record::OpenQuote(cells) => format!("OPEN {}", cells.join("|")),
        };
        records.iter().map(one).collect::<Vec<_>>().join(" / ")
    }

    fn check(text: &str, expected: &str) {
        for piece in [1, 2, 3, 7, 1_000_000] {
            assert_eq!(shown(&all(text, piece)), expected, "{text:?} in pieces of {piece}");
        }
    }

    #[test]
    fn records() {
        check("", "");
        check("\r\n\r\n", "");
        check("a,b", "a|b");
        check("a,b\r\nc,d\r\n", "a|b / c|d");
        check("a,b\rc,d\n\n\ne,f", "a|b / c|d / e|f");
        check("a,,", "a||");
        check(",\n", "|");
        check("\"a,\"\"b\"\"\",c", "a,\"b\"|c");
        check("\"a\r\nb\",c\r\nd,e", "a\r\nb|c / d|e");
        check("\"\",x", "|x");
        check("a\"b\",c", "a\"b\"|c");
        check("\"a\"b,c", "ab|c");
        check("\"a\" ,c", "a |c");
        check("東京,\"大阪,京都\"", "東京|大阪,京都");
        check("a\0b,c\0", "ab|c");
    }

    #[test]
    fn open_quotes() {
        check("\"a", "OPEN \"a");
        check("1,\"花子,x\r\n2,次郎,y\r\n", "OPEN 1|\"花子|x / 2|次郎|y");
        check("1,\"花子,x\n2,\"次郎\",y\n3,三郎,z", "OPEN 1|\"花子|x / 2|次郎|y / 3|三郎|z");
        check("a,\"b\n", "OPEN a|\"b");
        check("a,\"b\n\"", "a|b\n");
    }

    #[test]
    fn long_lines() {
        let long = "a".repeat(RECORD_BYTES_MAX * 3);
        assert_eq!(shown(&all(&format!("{long}\nb,c"), 65536)), "LONG 2000 / b|c");
        assert_eq!(shown(&all(&format!("x,y\n\"{long}"), 65536)), "x|y / LONG 2000");
        let lines = "a,b\n".repeat(RECORD_BYTES_MAX);
        let seen = all(&format!("1,\"2\n{lines}"), 65536);
        assert_eq!(shown(&seen[..3]), "OPEN 1|\"2 / a|b / a|b");
        assert_eq!(seen.len(), RECORD_BYTES_MAX + 1);
        assert_eq!(all(&",".repeat(5000), 65536), vec![Record::Cells(vec![String::new(); CELLS_MAX + 1])]);
    }
}
