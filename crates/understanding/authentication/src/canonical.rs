//! The relaxed canonical forms that DKIM signs (RFC 6376 sections 3.4.2 and 3.4.4).

use aws_lc_rs::digest::{Context, Digest, SHA256};
use memchr::{memchr, memmem};

/// A message in two: the bytes of its header fields, and its body.
pub(crate) fn split(message: &[u8]) -> (&[u8], &[u8]) {
    if message.starts_with(b"\r\n") {
        return (&[], &message[2..]);
    }
    match memmem::find(message, b"\r\n\r\n") {
        Some(at) => (&message[..at + 2], &message[at + 4..]),
        None => (message, &[]),
    }
}

/// The fields in order: name and raw value, folding included, line end excluded.
pub(crate) fn fields(header: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut fields = Vec::with_capacity(16);
    let mut at = 0;
    while at < header.len() {
        let end = field_end(header, at);
        let field = header[at..end].strip_suffix(b"\r\n").unwrap_or(&header[at..end]);
        if let Some(colon) = field.iter().position(|&b| b == b':') {
            fields.push((field[..colon].trim_ascii_end(), &field[colon + 1..]));
        }
        at = end;
    }
    fields
}

/// Just past the line end that is not followed by a folded line.
fn field_end(header: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(line) = header[at..].windows(2).position(|window| window == b"\r\n") {
        at += line + 2;
        if !matches!(header.get(at), Some(b' ' | b'\t')) {
            return at;
        }
    }
    header.len()
}

/// `name:value` with one space for each run of blanks, without the line end.
pub(crate) fn relaxed_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend(name.iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let start = out.len();
    let mut blank = false;
    for &b in value {
        match b {
            b' ' | b'\t' => blank = true,
            b'\r' | b'\n' => {}
            _ => {
                if blank && out.len() > start {
                    out.push(b' ');
                }
                blank = false;
                out.push(b);
            }
        }
    }
}

/// SHA-256 of the relaxed body: blanks run together, none at line ends, no empty lines at the end. A body that is as it
/// should be, as nearly all are, is hashed as one.
pub(crate) fn body_hash(body: &[u8]) -> Digest {
    let text = without_empty_lines_at_end(body);
    if !is_as_it_should_be(text) {
        return body_hash_by_lines(body);
    }
    let mut context = Context::new(&SHA256);
    if !text.is_empty() {
        context.update(text);
        context.update(b"\r\n");
    }
    context.finish()
}

/// The same for any body. Lines that are as they should be are hashed many at once.
fn body_hash_by_lines(body: &[u8]) -> Digest {
    let mut context = Context::new(&SHA256);
    let mut reduced = Vec::new();
    let mut as_they_are = 0..0;
    // Empty lines count only if text follows them.
    let mut empty_lines = 0;
    let mut at = 0;
    while at < body.len() {
        let begin = at;
        at = memchr(b'\n', &body[begin..]).map_or(body.len(), |end| begin + end + 1);
        let line = &body[begin..at];
        let text = line.strip_suffix(b"\r\n");
        if text.is_some_and(|text| !text.is_empty() && is_as_it_should_be(text)) {
            if as_they_are.end != begin {
                context.update(&body[as_they_are]);
                (0..std::mem::take(&mut empty_lines)).for_each(|_| context.update(b"\r\n"));
                as_they_are = begin..begin;
            }
            as_they_are.end = at;
            continue;
        }
        context.update(&body[std::mem::take(&mut as_they_are)]);
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = trim_blanks(line.strip_suffix(b"\r").unwrap_or(line));
        if line.is_empty() {
            empty_lines += 1;
            continue;
        }
        (0..std::mem::take(&mut empty_lines)).for_each(|_| context.update(b"\r\n"));
        reduce(&mut reduced, line);
        context.update(&reduced);
        context.update(b"\r\n");
    }
    context.update(&body[as_they_are]);
    context.finish()
}

fn without_empty_lines_at_end(body: &[u8]) -> &[u8] {
    let mut text = body;
    while let Some(rest) = text.strip_suffix(b"\r\n") {
        text = rest;
    }
    text
}

/// Whether no byte of a text changes: no tab, no blank beside a blank or before a line end, every LF behind a CR, neither
/// blank nor CR at its end. Stricter than it has to be, so that many bytes are looked at at a time.
fn is_as_it_should_be(text: &[u8]) -> bool {
    const PIECE: usize = 4096;
    let changes = |before: u8, b: u8| {
        (b == b'\t') | ((before == b' ') & ((b == b' ') | (b == b'\r'))) | ((b == b'\n') & (before != b'\r'))
    };
    let (Some(&first), Some(&last)) = (text.first(), text.last()) else { return true };
    if changes(b'x', first) || matches!(last, b' ' | b'\r') {
        return false;
    }
    // No early exit within a piece: the compiler compares many bytes at once.
    let mut pieces = text.chunks(PIECE).zip(text[1..].chunks(PIECE));
    pieces.all(|(before, after)| {
        !before.iter().zip(after).fold(false, |found, (&before, &b)| found | changes(before, b))
    })
}

fn trim_blanks(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|b| !matches!(b, b' ' | b'\t')).map_or(0, |at| at + 1);
    &line[..end]
}

fn reduce(out: &mut Vec<u8>, line: &[u8]) {
    out.clear();
    for &b in line {
        let b = if b == b'\t' { b' ' } else { b };
        if b != b' ' || out.last() != Some(&b' ') {
            out.push(b);
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::digest;
    use proptest::prelude::*;

    use super::*;

    fn check_body(body: &str, canonical: &str) {
        assert_eq!(
            body_hash(body.as_bytes()).as_ref(),
            digest(&SHA256, canonical.as_bytes()).as_ref(),
            "{body:?}"
        );
    }

    #[test]
    fn bodies() {
        check_body(" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n");
        check_body("", "");
        check_body("\r\n\r\n", "");
        check_body(" \r\n\t\r\n", "");
        check_body("a", "a\r\n");
        check_body("a\r\n \r\n\r\nb\r\n \r\n \r\n", "a\r\n\r\n\r\nb\r\n");
        check_body("a\tb", "a b\r\n");
        check_body("a\nb", "a\r\nb\r\n");
        check_body("a\r\nb \r\nc\r\nd\r\n\r\ne\r\n\r\n", "a\r\nb\r\nc\r\nd\r\n\r\ne\r\n");
    }

    /// Word for word what RFC 6376 section 3.4.4 says.
    fn as_the_rfc_says(body: &str) -> String {
        let mut lines: Vec<String> = body.replace("\r\n", "\n").split('\n').map(str::to_owned).collect();
        for line in &mut lines {
            *line = line.replace('\t', " ");
            while line.contains("  ") {
                *line = line.replace("  ", " ");
            }
            *line = line.trim_end_matches(' ').to_owned();
        }
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines.iter().map(|line| format!("{line}\r\n")).collect()
    }

    proptest! {
        #[test]
        fn any_body(body in "([ab \t]|\r\n|abc\r\n){0,40}") {
            check_body(&body, &as_the_rfc_says(&body));
        }

        #[test]
        fn what_is_hashed_as_one_hashes_the_same_by_lines(body in "([ab \t\r\n]|\r\n|abc\r\n){0,12}") {
            let (as_one, by_lines) = (body_hash(body.as_bytes()), body_hash_by_lines(body.as_bytes()));
            prop_assert_eq!(as_one.as_ref(), by_lines.as_ref());
        }

        #[test]
        fn any_message_can_be_taken_apart(message in prop::collection::vec(any::<u8>(), 0..200)) {
            let (header, body) = split(&message);
            let mut out = Vec::new();
            for (_, value) in fields(header) {
                relaxed_field(&mut out, b"x", value);
            }
            prop_assert!(!out.contains(&b'\n'));
            body_hash(body);
        }
    }

    fn check_fields(header: &str, expected: &str) {
        let mut out = Vec::new();
        for (name, value) in fields(header.as_bytes()) {
            relaxed_field(&mut out, name, value);
            out.extend_from_slice(b"\r\n");
        }
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{header:?}");
    }

    #[test]
    fn header_fields() {
        check_fields("A: X\r\nB : Y\t\r\n\tZ  \r\n", "a:X\r\nb:Y Z\r\n");
        check_fields("Subject:\r\n", "subject:\r\n");
        check_fields("Subject: \r\n folded\r\n", "subject:folded\r\n");
        check_fields("no colon\r\nX:a:b\r\n", "x:a:b\r\n");
        check_fields("X: cut off", "x:cut off\r\n");
        check_fields("", "");
    }

    #[test]
    fn messages_in_two() {
        assert_eq!(split(b"A: b\r\n\r\nx"), (&b"A: b\r\n"[..], &b"x"[..]));
        assert_eq!(split(b"\r\nx"), (&b""[..], &b"x"[..]));
        assert_eq!(split(b"A: b\r\n"), (&b"A: b\r\n"[..], &b""[..]));
        assert_eq!(split(b""), (&b""[..], &b""[..]));
    }
}
