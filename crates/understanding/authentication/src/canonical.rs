//! The relaxed canonical forms that DKIM signs (RFC 6376 sections 3.4.2 and 3.4.4).

use aws_lc_rs::digest::{Context, Digest, SHA256};
use memchr::{memchr, memchr2, memmem};

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

/// SHA-256 of the relaxed body: blanks run together, none at line ends, no empty lines at the end. Lines that are as they
/// should be, nearly all of them, are hashed many at once.
pub(crate) fn body_hash(body: &[u8]) -> Digest {
    let mut context = Context::new(&SHA256);
    let mut reduced = Vec::new();
    let mut as_they_are = 0..0;
    // Empty lines count only if text follows them.
    let mut empty_lines = 0;
    let mut at = 0;
    // Encoded text has none for thousands of lines.
    let mut next_blank = 0;
    while at < body.len() {
        let begin = at;
        at = memchr(b'\n', &body[begin..]).map_or(body.len(), |end| begin + end + 1);
        let line = &body[begin..at];
        if next_blank <= begin {
            next_blank = memchr2(b' ', b'\t', &body[begin..]).map_or(body.len(), |blank| begin + blank);
        }
        if is_canonical(line, next_blank - begin) {
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

/// Whether a line with its end stays as it is; it has no blank before `first_blank`.
fn is_canonical(line: &[u8], first_blank: usize) -> bool {
    let Some(text) = line.strip_suffix(b"\r\n") else { return false };
    if text.is_empty() {
        return false;
    }
    let Some(rest) = text.get(first_blank..) else { return true };
    !rest.ends_with(b" ") && !rest.contains(&b'\t') && memmem::find(rest, b"  ").is_none()
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
