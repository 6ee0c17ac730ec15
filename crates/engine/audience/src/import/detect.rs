//! Guesses from the first bytes of a file how it is written: encoding, delimiter, and whether it names its columns.

use std::collections::BTreeMap;

use super::{
    charset::{Charset, decode_sample},
    columns::{is_known_header, looks_like_address},
    split::{Record, Splitter},
};

/// How much of a file is looked at before it is taken in. A sample of this size or more is taken as cut.
pub const SAMPLE_BYTES: usize = 64 * 1024;

/// Records looked at for delimiter and header.
const RECORDS_MAX: usize = 50;

/// How a file seems to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detected {
    /// `UTF-8`, `Shift_JIS` (CP932), `UTF-16LE`, `UTF-16BE` or `EUC-JP`.
    pub encoding: &'static str,
    /// `,`, `;` or tab.
    pub delimiter: char,
    /// Whether the first row holds the column names.
    pub has_header: bool,
    /// False when the encoding could well be another one: the person should look at the preview.
    pub sure: bool,
}

/// Guesses from the first [`SAMPLE_BYTES`] of a file. Any bytes give an answer.
#[must_use]
pub fn detect(sample: &[u8]) -> Detected {
    let (sample, cut) = first(sample);
    let (encoding, sure) = encoding_of(sample, cut);
    let text =
        Charset::named(encoding).map_or_else(String::new, |charset| decode_sample(sample, charset, cut));
    let (delimiter, records) = delimiter_of(&text, cut);
    Detected { encoding, delimiter, has_header: has_header(&records), sure }
}

/// The part of a sample that is looked at, and whether the file goes on behind it.
pub(crate) fn first(sample: &[u8]) -> (&[u8], bool) {
    if sample.len() < SAMPLE_BYTES { (sample, false) } else { (&sample[..SAMPLE_BYTES], true) }
}

fn encoding_of(sample: &[u8], cut: bool) -> (&'static str, bool) {
    match sample {
        [0xef, 0xbb, 0xbf, ..] => return ("UTF-8", true),
        [0xff, 0xfe, ..] => return ("UTF-16LE", true),
        [0xfe, 0xff, ..] => return ("UTF-16BE", true),
        _ => {}
    }
    if let Some(encoding) = utf16_without_mark(sample) {
        return (encoding, true);
    }
    let valid = match std::str::from_utf8(sample) {
        Ok(_) => true,
        Err(error) => cut && error.error_len().is_none(),
    };
    if valid {
        return ("UTF-8", true);
    }
    most_plausible(sample, cut)
}

/// Line ends, digits and delimiters have a zero byte in UTF-16, always on the same side.
fn utf16_without_mark(sample: &[u8]) -> Option<&'static str> {
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let (most, least) = (even.max(odd), even.min(odd));
    if most == 0 || most * 20 < sample.len() || least * 20 > most {
        return None;
    }
    Some(if odd > even { "UTF-16LE" } else { "UTF-16BE" })
}

fn most_plausible(sample: &[u8], cut: bool) -> (&'static str, bool) {
    let marked = |name: &'static str| {
        let text =
            Charset::named(name).map_or_else(String::new, |charset| decode_sample(sample, charset, cut));
        (plausibility(&text), name)
    };
    // Where two are equal, the later one in this list wins: Excel in Japan writes CP932.
    let mut marks = ["UTF-8", "EUC-JP", "Shift_JIS"].map(marked);
    marks.sort_by_key(|(mark, _)| *mark);
    let [_, (second, _), (best, name)] = marks;
    let foreign = i64::try_from(sample.iter().filter(|byte| !byte.is_ascii()).count()).unwrap_or(i64::MAX);
    (name, best > 0 && best - second > foreign / 4)
}

/// How much a text looks like Japanese rather than like bytes read in the wrong encoding.
fn plausibility(text: &str) -> i64 {
    text.chars().filter(|c| !c.is_ascii()).map(mark_of).sum()
}

fn mark_of(c: char) -> i64 {
    match c {
        '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fc}' => 3,
        '\u{ff01}'..='\u{ff5e}' | '\u{3000}'..='\u{3015}' => 2,
        '\u{4e00}'..='\u{9fff}' if is_frequent_kanji(c) => 2,
        '\u{4e00}'..='\u{9fff}' => -1,
        '\u{ff66}'..='\u{ff9f}' => 0,
        // The half-width comma and middle dot: what EUC-JP's kana turn into.
        '\u{ff61}'..='\u{ff65}' => -2,
        char::REPLACEMENT_CHARACTER => -20,
        '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' => -10,
        _ => -1,
    }
}

/// JIS X 0208 level 1: 0x889F to 0x9872 in Shift_JIS.
fn is_frequent_kanji(c: char) -> bool {
    let mut buffer = [0; 4];
    let (bytes, _, missing) = encoding_rs::SHIFT_JIS.encode(c.encode_utf8(&mut buffer));
    !missing && bytes.first().is_some_and(|lead| (0x88..=0x98).contains(lead))
}

fn delimiter_of(text: &str, cut: bool) -> (char, Vec<Vec<String>>) {
    let mut best = (',', cells_of(text, ',', cut, RECORDS_MAX));
    for delimiter in ['\t', ';'] {
        let records = cells_of(text, delimiter, cut, RECORDS_MAX);
        if evenness(&records) > evenness(&best.1) {
            best = (delimiter, records);
        }
    }
    best
}

/// The first records of a text, without those that cannot be read.
pub(crate) fn cells_of(text: &str, delimiter: char, cut: bool, most: usize) -> Vec<Vec<String>> {
    let mut splitter = Splitter::new(delimiter);
    splitter.push(text);
    let records = std::iter::from_fn(|| splitter.next(!cut));
    let readable = records.filter_map(|record| match record {
        Record::Cells(cells) => Some(cells),
        Record::TooLong(_) | Record::OpenQuote(_) => None,
    });
    readable.take(most).collect()
}

/// How many thousandths of the records have the most frequent number of cells, which must not be one; more cells
/// decide between equals.
fn evenness(records: &[Vec<String>]) -> usize {
    let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
    for cells in records {
        *widths.entry(cells.len()).or_default() += 1;
    }
    let usual = widths.into_iter().filter(|(width, _)| *width > 1).max_by_key(|(_, count)| *count);
    usual.map_or(0, |(width, count)| count * 1000 / records.len() * 10_000 + width)
}

fn has_header(records: &[Vec<String>]) -> bool {
    let Some((head, rest)) = records.split_first() else { return false };
    if head.iter().any(|cell| looks_like_address(cell)) {
        return false;
    }
    let known = head.iter().filter(|cell| is_known_header(cell)).count();
    known * 3 >= head.len().max(1)
        || known >= 3
        || rest.iter().any(|cells| cells.iter().any(|cell| looks_like_address(cell)))
}
