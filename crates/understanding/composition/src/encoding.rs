//! Writes a body part in lines that every server passes on unchanged (RFC 2045 section 6).

use base64_simd::STANDARD;

use crate::header::LINE_BYTES_AIM;

/// How a body part is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transfer {
    SevenBit,
    QuotedPrintable,
    Base64,
}

/// Writes the content fields of one part, the empty line, and the part itself.
///
/// `boundary` is what the part must not contain by accident.
pub(crate) fn part(out: &mut Vec<u8>, media_type: &str, text: &str, boundary: &str) {
    let (text, foreign) = canonical(text);
    let transfer = choose(&text, foreign, boundary);
    let name = match transfer {
        Transfer::SevenBit => "7bit",
        Transfer::QuotedPrintable => "quoted-printable",
        Transfer::Base64 => "base64",
    };
    for piece in
        ["Content-Type: ", media_type, "; charset=utf-8\r\nContent-Transfer-Encoding: ", name, "\r\n\r\n"]
    {
        out.extend_from_slice(piece.as_bytes());
    }
    match transfer {
        Transfer::SevenBit => out.extend_from_slice(text.as_bytes()),
        Transfer::QuotedPrintable => quoted_printable(out, &text),
        Transfer::Base64 => base64_lines(out, text.as_bytes()),
    }
}

/// Appends base64 in lines of 76 bytes.
pub(crate) fn base64_lines(out: &mut Vec<u8>, bytes: &[u8]) {
    const LINE: usize = LINE_BYTES_AIM / 4 * 3;
    // Encoded many lines at a time, which costs half of encoding one by one.
    const PIECE: usize = 64 * LINE;
    out.reserve(bytes.len().div_ceil(LINE) * (LINE_BYTES_AIM + 2));
    let mut encoded = Vec::with_capacity(PIECE / 3 * 4);
    for piece in bytes.chunks(PIECE) {
        encoded.clear();
        STANDARD.encode_append(piece, &mut encoded);
        // Lines of a length that the compiler knows are copied without a call for each.
        let (lines, rest) = encoded.as_chunks::<LINE_BYTES_AIM>();
        for line in lines {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
        if !rest.is_empty() {
            out.extend_from_slice(rest);
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// The text with CRLF line ends, without control characters, ending in exactly one line end or, when there is
/// nothing to say, empty; and how many of its bytes are no ASCII. Blank lines at the end go: some DKIM verifiers count
/// them wrongly.
fn canonical(text: &str) -> (String, usize) {
    let cleaned;
    let mut clean = text.trim_end();
    let (has_controls, mut foreign) = look(clean);
    if has_controls {
        cleaned = without_controls(text);
        clean = cleaned.trim_end();
        foreign = look(clean).1;
    }
    let mut out = String::with_capacity(clean.len() + clean.len() / 16 + 2);
    let mut begin = 0;
    for end in memchr::memchr_iter(b'\n', clean.as_bytes()) {
        out.push_str(&clean[begin..end]);
        out.push_str("\r\n");
        begin = end + 1;
    }
    out.push_str(&clean[begin..]);
    if !out.is_empty() {
        out.push_str("\r\n");
    }
    (out, foreign)
}

/// LF alone ends lines, and there are no other control characters but tabs.
fn without_controls(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|&c| c == '\n' || !c.is_ascii() || !is_control(c as u8)).collect()
}

fn is_control(b: u8) -> bool {
    (b < 0x20 && b != b'\t') || b == 0x7f
}

/// Whether there are control characters other than tabs and LF, and how many bytes are no ASCII.
fn look(text: &str) -> (bool, usize) {
    // In blocks whose length the compiler knows, and whose count fits into one byte: many bytes are looked at at once.
    const BLOCK: usize = 128;
    let look = |(has_controls, foreign): (bool, u8), b: u8| {
        (has_controls | (is_control(b) & (b != b'\n')), foreign + (b >> 7))
    };
    let (blocks, rest) = text.as_bytes().as_chunks::<BLOCK>();
    let (mut has_controls, foreign) = rest.iter().fold((false, 0), |seen, &b| look(seen, b));
    let mut foreign = usize::from(foreign);
    for block in blocks {
        let seen = block.iter().fold((false, 0), |seen, &b| look(seen, b));
        has_controls |= seen.0;
        foreign += usize::from(seen.1);
    }
    (has_controls, foreign)
}

fn choose(text: &str, foreign: usize, boundary: &str) -> Transfer {
    // Quoted-printable costs two bytes for each non-ASCII byte, base64 a third of everything.
    if foreign * 6 > text.len() {
        return Transfer::Base64;
    }
    let fits = |line: &str| {
        line.len() <= LINE_BYTES_AIM
            && !line.starts_with("From ")
            && !line.starts_with('.')
            && !line.ends_with([' ', '\t'])
    };
    if foreign == 0 && text.split("\r\n").all(fits) && !text.contains(boundary) {
        Transfer::SevenBit
    } else {
        Transfer::QuotedPrintable
    }
}

/// RFC 2045 section 6.7. Dots and `From ` at the start of a line are encoded too, against careless servers.
fn quoted_printable(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for line in text.split_terminator("\r\n") {
        let bytes = line.as_bytes();
        let mut column = 0;
        for (at, &b) in bytes.iter().enumerate() {
            let rest = &bytes[at..];
            // The last place of a line belongs to the `=` of a soft line break.
            let room = LINE_BYTES_AIM - usize::from(rest.len() > 1);
            if column + if is_literal(rest, column) { 1 } else { 3 } > room {
                out.extend_from_slice(b"=\r\n");
                column = 0;
            }
            if is_literal(rest, column) {
                out.push(b);
                column += 1;
            } else {
                out.extend_from_slice(&[b'=', HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
                column += 3;
            }
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// True when the first byte of `rest` may stand as itself at this column.
fn is_literal(rest: &[u8], column: usize) -> bool {
    match rest[0] {
        b'=' => false,
        b' ' | b'\t' => rest.len() > 1,
        b'.' => column > 0,
        b'F' => column > 0 || !rest.starts_with(b"From "),
        b => b.is_ascii_graphic(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut out = Vec::new();
        part(&mut out, "text/plain", text, "=_b");
        let seen = String::from_utf8(out).unwrap();
        let seen = seen
            .strip_prefix("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ")
            .unwrap();
        assert_eq!(seen, expected, "{text:?}");
    }

    proptest::proptest! {
        #[test]
        fn any_text(text in "([abあ \t\r\n\u{0}\u{7f}\u{3000}]|\r\n|abc\n|[aあ]{60,90}){0,30}") {
            let lines = text.replace("\r\n", "\n").replace('\r', "\n");
            let clean: String = lines.chars().filter(|&c| c == '\n' || c == '\t' || !c.is_ascii_control()).collect();
            let clean = clean.trim_end().replace('\n', "\r\n");
            let expected = if clean.is_empty() { clean } else { clean + "\r\n" };
            let foreign = expected.bytes().filter(|b| !b.is_ascii()).count();
            proptest::prop_assert_eq!(canonical(&text), (expected, foreign));
        }
    }

    #[test]
    fn parts() {
        let qp = |body: &str| format!("quoted-printable\r\n\r\n{body}\r\n");
        check("", "7bit\r\n\r\n");
        check(" \r\n\t\n\u{3000}\n", "7bit\r\n\r\n");
        check("hello", "7bit\r\n\r\nhello\r\n");
        check("a\nb\rc\r\nd\n\n \n", "7bit\r\n\r\na\r\nb\r\nc\r\nd\r\n");
        check("a\0b\u{1b}c\u{7f}", "7bit\r\n\r\nabc\r\n");
        check("a\n\0\n\0", "7bit\r\n\r\na\r\n");
        check("x \ny", &qp("x=20\r\ny"));
        check(".\nFrom me\nFor you", &qp("=2E\r\n=46rom me\r\nFor you"));
        check("--=_b", &qp("--=3D_b"));
        check("caf\u{e9} au lait", &qp("caf=C3=A9 au lait"));
        check("こんにちは", "base64\r\n\r\n44GT44KT44Gr44Gh44GvDQo=\r\n");
        check(&"a".repeat(76), &format!("7bit\r\n\r\n{}\r\n", "a".repeat(76)));
        check(&"a".repeat(77), &qp(&format!("{}=\r\naa", "a".repeat(75))));
        check(&format!("{}.bc", "a".repeat(75)), &qp(&format!("{}=\r\n=2Ebc", "a".repeat(75))));
    }
}
