//! Writes header fields that no value can break out of: folding, quoting and encoded-words (RFC 5322, RFC 2047).

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};

/// The line length that is aimed at, line end not counted (RFC 5322 section 2.1.1, RFC 2047 section 2).
pub(crate) const LINE_BYTES_AIM: usize = 76;
/// The longest value that is written, in characters; what comes after it is cut off.
const VALUE_CHARS_MAX: usize = 4_000;
/// The longest ASCII word that may stand unencoded.
const WORD_BYTES_MAX: usize = 900;
/// The longest display name that may stand unencoded.
const NAME_BYTES_MAX: usize = 60;

/// A value as one clean line: control characters and line ends become spaces, what changes the reading direction of
/// the rest is dropped, blanks at both ends go.
pub(crate) fn one_line(value: &str) -> Cow<'_, str> {
    let trimmed = value.trim();
    if !trimmed.contains(needs_cleaning) && trimmed.len() <= VALUE_CHARS_MAX {
        return Cow::Borrowed(trimmed);
    }
    let kept = trimmed.chars().take(VALUE_CHARS_MAX).filter(|c| !is_direction(*c));
    let clean: String = kept.map(|c| if needs_cleaning(c) { ' ' } else { c }).collect();
    Cow::Owned(clean.trim().to_owned())
}

fn needs_cleaning(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || is_direction(c)
}

fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Writes `Name: value` of free text, folded and encoded as needed.
pub(crate) fn unstructured(out: &mut Vec<u8>, name: &str, value: &str) {
    let value = one_line(value);
    let mut column = field_name(out, name);
    if is_plain(&value) {
        fold_words(out, &value, &mut column);
    } else {
        encoded_words(out, &value, &mut column);
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes `Name: display name <address>`.
pub(crate) fn mailbox(out: &mut Vec<u8>, name: &str, display: &str, address: &mail::Address) {
    let mut column = field_name(out, name);
    let address = address.to_string();
    let display = one_line(display);
    if display.is_empty() {
        out.extend_from_slice(address.as_bytes());
        out.extend_from_slice(b"\r\n");
        return;
    }
    phrase(out, &display, &mut column);
    if column + address.len() + 3 > LINE_BYTES_AIM {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b" <");
    out.extend_from_slice(address.as_bytes());
    out.extend_from_slice(b">\r\n");
}

/// Writes a value that is known to be short printable ASCII without folding.
pub(crate) fn raw(out: &mut Vec<u8>, name: &str, value: &str) {
    field_name(out, name);
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// True for what a field name may be made of (RFC 5322 section 3.6.8), and not absurdly long.
pub(crate) fn is_field_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic() && b != b':')
}

fn field_name(out: &mut Vec<u8>, name: &str) -> usize {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    name.len() + 2
}

/// True when the value means itself: ASCII that no reader takes for an encoded-word, and that can be folded.
fn is_plain(value: &str) -> bool {
    value.is_ascii() && !value.contains("=?") && value.split(' ').all(|word| word.len() <= WORD_BYTES_MAX)
}

/// Folds only before a word, so that no line is blank (RFC 5322 section 3.2.2).
fn fold_words(out: &mut Vec<u8>, value: &str, column: &mut usize) {
    let mut blanks = 0;
    for word in value.split(' ') {
        if word.is_empty() {
            blanks += 1;
            continue;
        }
        let long = *column + blanks + word.len() > LINE_BYTES_AIM;
        if blanks > 0 && long {
            out.extend_from_slice(b"\r\n");
            *column = 0;
            // A huge run of blanks would itself be an over-long line.
            blanks = blanks.min(LINE_BYTES_AIM);
        }
        out.resize(out.len() + blanks, b' ');
        out.extend_from_slice(word.as_bytes());
        *column += blanks + word.len();
        blanks = 1;
    }
}

fn phrase(out: &mut Vec<u8>, display: &str, column: &mut usize) {
    if !is_plain(display) || display.len() > NAME_BYTES_MAX {
        encoded_words(out, display, column);
        return;
    }
    let is_atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~ ".contains(&b);
    let before = out.len();
    if display.bytes().all(is_atext) {
        out.extend_from_slice(display.as_bytes());
    } else {
        out.push(b'"');
        for b in display.bytes() {
            if b == b'"' || b == b'\\' {
                out.push(b'\\');
            }
            out.push(b);
        }
        out.push(b'"');
    }
    *column += out.len() - before;
}

/// Writes UTF-8 `B` encoded-words, never cutting a character in two (RFC 2047 section 5).
pub(crate) fn encoded_words(out: &mut Vec<u8>, value: &str, column: &mut usize) {
    const OPEN: &[u8] = b"=?UTF-8?B?";
    const CLOSE: &[u8] = b"?=";
    let mut rest = value;
    while !rest.is_empty() {
        let room = LINE_BYTES_AIM.saturating_sub(*column + OPEN.len() + CLOSE.len()) / 4 * 3;
        let mut end = room.min(rest.len());
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        if end > 0 {
            let before = out.len();
            out.extend_from_slice(OPEN);
            base64_onto(out, &rest.as_bytes()[..end]);
            out.extend_from_slice(CLOSE);
            *column += out.len() - before;
            rest = &rest[end..];
        }
        if !rest.is_empty() {
            out.extend_from_slice(b"\r\n ");
            *column = 1;
        }
    }
}

/// Appends base64 without line breaks.
pub(crate) fn base64_onto(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    STANDARD.encode_slice(bytes, &mut out[start..]).expect("the room was made for it");
}
