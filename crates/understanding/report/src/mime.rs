//! Flattens a mail into its parts, in order, within written limits (RFC 2046).

use std::borrow::Cow;

use memchr::memmem::Finder;

use crate::header::{self, Header};
use crate::{Defect, OriginalMessage, original, transfer};

/// Deepest nesting that is followed.
const DEPTH_MAX: u32 = 8;
/// Most parts that are read.
const PARTS_MAX: usize = 500;
/// Most bytes of one part that are decoded; reports are short, attachments are not read.
const PART_BYTES_MAX: usize = 512 * 1024;

/// One leaf of a mail.
pub(crate) struct Part<'a> {
    /// `text/plain`, lower case, without parameters.
    pub(crate) kind: String,
    /// The part's own header; empty for the body of a simple mail.
    pub(crate) header: Header<'a>,
    /// The bytes as they stand, still encoded.
    pub(crate) body: &'a [u8],
    /// The header of the message that it holds.
    pub(crate) returned: Option<Header<'a>>,
    /// How many `message/rfc822` are around it.
    pub(crate) inside: u32,
}

impl Part<'_> {
    /// The bytes behind the transfer encoding.
    pub(crate) fn bytes(&self) -> Cow<'_, [u8]> {
        let body = &self.body[..self.body.len().min(PART_BYTES_MAX)];
        let encoding = self.header.raw("content-transfer-encoding").unwrap_or_default();
        let encoding = encoding.trim_ascii();
        if encoding.eq_ignore_ascii_case(b"base64") || encoding.eq_ignore_ascii_case(b"quoted-printable") {
            let unpacked = transfer::unpack(body, &String::from_utf8_lossy(encoding));
            return Cow::Owned(crate::lines::into_lf(unpacked));
        }
        Cow::Borrowed(body)
    }

    /// What the header of the message in it tells.
    pub(crate) fn original(&self) -> OriginalMessage {
        match &self.returned {
            Some(header) => original::of(header),
            None => original::read(self.body),
        }
    }

    /// Appends the part as text.
    pub(crate) fn push_text(&self, text: &mut String, defects: &mut Vec<Defect>) {
        let bytes = self.bytes();
        let mut lost = false;
        match transfer::plain(&bytes) {
            Some(plain) => text.push_str(plain),
            None => {
                let value = self.header.text("content-type").unwrap_or_default();
                let charset = header::parameter(&value, "charset");
                let (decoded, replaced) = transfer::text_of(&bytes, charset.as_deref());
                lost = replaced;
                text.push_str(&decoded);
            }
        }
        if lost || self.body.len() > PART_BYTES_MAX {
            note(defects, if lost { Defect::Encoding } else { Defect::TooLong });
        }
    }
}

/// Remembers a defect once.
pub(crate) fn note(defects: &mut Vec<Defect>, defect: Defect) {
    if !defects.contains(&defect) {
        defects.push(defect);
    }
}

/// All leaves of a mail whose header is already split off.
pub(crate) fn parts<'a>(header: &Header<'a>, body: &'a [u8], defects: &mut Vec<Defect>) -> Vec<Part<'a>> {
    let mut walk = Walk { parts: Vec::new(), defects };
    walk.entity(header.clone(), body, Place { depth: 0, inside: 0, digest: false });
    walk.parts
}

#[derive(Clone, Copy)]
struct Place {
    depth: u32,
    inside: u32,
    digest: bool,
}

struct Walk<'a, 'd> {
    parts: Vec<Part<'a>>,
    defects: &'d mut Vec<Defect>,
}

impl<'a> Walk<'a, '_> {
    fn entity(&mut self, header: Header<'a>, body: &'a [u8], place: Place) {
        if self.parts.len() >= PARTS_MAX {
            note(self.defects, Defect::TooManyParts);
            return;
        }
        let value = header.text("content-type").unwrap_or_default();
        let kind = value.split([';', ' ', '\t']).next().unwrap_or("").to_ascii_lowercase();
        let usual = if place.digest { "message/rfc822" } else { "text/plain" };
        let kind = if kind.contains('/') { kind } else { usual.to_owned() };
        if kind.starts_with("multipart/") && place.depth < DEPTH_MAX {
            let boundary = header::parameter(&value, "boundary").filter(|b| !b.is_empty());
            if boundary.is_some_and(|boundary| self.multipart(&boundary, body, &kind, place)) {
                return;
            }
            note(self.defects, Defect::Boundary);
        }
        self.parts.push(Part { kind, header, body, returned: None, inside: place.inside });
        let part = self.parts.len() - 1;
        if self.parts[part].kind == "message/rfc822" {
            self.message(part, place);
        }
    }

    /// The parts between the boundaries; false when the boundary never comes.
    fn multipart(&mut self, boundary: &str, body: &'a [u8], kind: &str, place: Place) -> bool {
        let inner = Place { depth: place.depth + 1, digest: kind == "multipart/digest", ..place };
        let mut begun: Option<usize> = None;
        let mut seen = false;
        let line = format!("--{boundary}");
        for (start, end, last) in (Boundaries { body, line: Finder::new(&line), from: 0 }) {
            seen = true;
            if let Some(from) = begun {
                self.part(&body[from..start.max(from)], inner);
            }
            begun = (!last).then_some(end);
            if self.parts.len() >= PARTS_MAX {
                note(self.defects, Defect::TooManyParts);
            }
            if last || self.parts.len() >= PARTS_MAX {
                break;
            }
        }
        if let Some(from) = begun.filter(|_| self.parts.len() < PARTS_MAX) {
            self.part(&body[from..], inner);
        }
        seen
    }

    fn part(&mut self, bytes: &'a [u8], place: Place) {
        let (header, body) = Header::split(bytes);
        // A part that begins with text and no header has no header.
        let body = if header.is_empty() { bytes.strip_prefix(b"\n").unwrap_or(bytes) } else { body };
        self.entity(header, body, place);
    }

    /// The leaves inside a returned message follow the part that holds it.
    fn message(&mut self, part: usize, place: Place) {
        if place.depth >= DEPTH_MAX {
            note(self.defects, Defect::TooManyParts);
            return;
        }
        let (header, body) = Header::split(self.parts[part].body);
        self.parts[part].returned = Some(header.clone());
        let inner = Place { depth: place.depth + 1, inside: place.inside + 1, digest: false };
        self.entity(header, body, inner);
    }
}

/// The lines that are a boundary: where the line starts, where the next begins, whether it is the last.
struct Boundaries<'a, 'b> {
    body: &'a [u8],
    /// The boundary with the dashes before it.
    line: Finder<'b>,
    from: usize,
}

impl Iterator for Boundaries<'_, '_> {
    type Item = (usize, usize, bool);

    fn next(&mut self) -> Option<Self::Item> {
        while self.from < self.body.len() {
            let at = self.from + self.line.find(&self.body[self.from..])?;
            self.from = at + 1;
            if at > 0 && self.body[at - 1] != b'\n' {
                continue;
            }
            let line_end = memchr::memchr(b'\n', &self.body[at..]).map_or(self.body.len(), |n| at + n + 1);
            self.from = line_end;
            let line = self.body[at..line_end].trim_ascii_end();
            if let Some(rest) = line.strip_prefix(self.line.needle())
                && (rest.is_empty() || rest == b"--")
            {
                return Some((at.saturating_sub(1), line_end, rest == b"--"));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mail: &str, expected: &[&str]) {
        let mut defects = Vec::new();
        let (header, body) = Header::split(mail.as_bytes());
        let seen: Vec<String> = parts(&header, body, &mut defects)
            .iter()
            .map(|part| {
                let mut text = String::new();
                part.push_text(&mut text, &mut Vec::new());
                format!("{} {} {}", part.inside, part.kind, text.trim())
            })
            .collect();
        assert_eq!(seen, expected, "{mail}");
    }

    #[test]
    fn leaves() {
        check("Subject: x\n\nhello\n", &["0 text/plain hello"]);
        check(
            "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\npost",
            &["0 text/plain one", "0 text/html two"],
        );
        check(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: y\n\nin\n--b--\n",
            &["0 message/rfc822 Subject: y\n\nin", "1 text/plain in"],
        );
        check("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n", &["0 text/plain one"]);
        check("Content-Type: multipart/mixed\n\ntext\n", &["0 multipart/mixed text"]);
        check("Content-Type: multipart/mixed; boundary=x\n\ntext\n", &["0 multipart/mixed text"]);
        check(
            "Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-8\n\n5a6b5YWI\n",
            &["0 text/plain 宛先"],
        );
    }

    #[test]
    fn nesting_has_an_end() {
        let mut mail = String::new();
        for n in 0..100 {
            mail.push_str(&format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"));
        }
        let mut defects = Vec::new();
        let (header, body) = Header::split(mail.as_bytes());
        assert!(parts(&header, body, &mut defects).len() <= PARTS_MAX);
    }
}
