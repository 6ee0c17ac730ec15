//! A header block: its fields, unfolded, and the words in them decoded (RFC 5322 section 2.2, RFC 2047).

use std::borrow::Cow;

use crate::transfer;

/// Longest field value that is read, in bytes.
const VALUE_BYTES_MAX: usize = 16 * 1024;
/// Longest name of a field, in bytes.
const NAME_BYTES_MAX: usize = 76;
/// Most fields of one block.
const FIELDS_MAX: usize = 1000;

/// One block of fields over normalised line ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header<'a> {
    fields: Vec<(&'a [u8], &'a [u8])>,
    /// A bit for each length that a name has: most questions are about fields that are not there.
    lengths: u128,
}

impl<'a> Header<'a> {
    /// Splits bytes into the header block and what follows the empty line.
    pub(crate) fn split(bytes: &'a [u8]) -> (Self, &'a [u8]) {
        let mut walk = Fields::of(bytes);
        let mut fields = Vec::new();
        let mut lengths = 0;
        for field in walk.by_ref() {
            if fields.is_empty() {
                fields.reserve(32);
            }
            if fields.len() < FIELDS_MAX {
                lengths |= 1 << field.0.len();
                fields.push(field);
            }
        }
        (Self { fields, lengths }, walk.rest)
    }

    /// True when there is no field at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The first value of a field, unfolded, not decoded.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a [u8]> {
        if self.lengths >> name.len() & 1 == 0 {
            return None;
        }
        self.fields.iter().find(|(known, _)| is(known, name)).map(|(_, value)| *value)
    }

    /// The first value of a field, unfolded, decoded.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.raw(name).map(decode)
    }

    /// All fields, in order; their names are ASCII.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + '_ {
        self.fields.iter().map(|(name, value)| (std::str::from_utf8(name).unwrap_or_default(), *value))
    }
}

/// Whether a field has this name.
pub(crate) fn is(known: &[u8], name: &str) -> bool {
    let first = |name: &[u8]| name.first().map(u8::to_ascii_lowercase);
    known.len() == name.len()
        && first(known) == first(name.as_bytes())
        && known.eq_ignore_ascii_case(name.as_bytes())
}

/// The first fields of these bytes, as many as are read, one by one.
pub(crate) fn fields(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    Fields::of(bytes).take(FIELDS_MAX)
}

/// Walks over the fields of a block: name and value. Behind the last one `rest` is what follows the block.
struct Fields<'a> {
    rest: &'a [u8],
    begun: bool,
    ended: bool,
}

impl<'a> Fields<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, begun: false, ended: false }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended && !self.rest.is_empty() {
            if self.rest[0] == b'\n' {
                self.rest = &self.rest[1..];
                break;
            }
            let (field, after) = self.rest.split_at(field_end(self.rest));
            match name_end(field) {
                Some((end, colon)) => {
                    (self.rest, self.begun) = (after, true);
                    return Some((&field[..end], &field[colon + 1..]));
                }
                // The line of an mbox, or a stray one; a body without an empty line before it ends the header.
                None if !self.begun || field.starts_with(b"From ") || field.starts_with(b">") => {
                    self.rest = after
                }
                None => break,
            }
        }
        self.ended = true;
        None
    }
}

/// True for a line, without its end, that is neither a field nor a part of one: a block of fields ends before it.
pub(crate) fn is_stray(line: &[u8]) -> bool {
    let passed_over = line.starts_with(b" ") || line.starts_with(b"\t") || line.starts_with(b"From ");
    !passed_over && !line.starts_with(b">") && name_end(line).is_none()
}

/// Where the field that begins here ends, with its folded lines.
fn field_end(bytes: &[u8]) -> usize {
    let mut from = 0;
    loop {
        match memchr::memchr(b'\n', &bytes[from..]) {
            None => return bytes.len(),
            Some(at) => {
                from += at + 1;
                if !matches!(bytes.get(from), Some(b' ' | b'\t')) {
                    return from;
                }
            }
        }
    }
}

/// The bytes that names of fields are made of.
const IN_NAME: [bool; 256] = {
    let mut in_name = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        in_name[byte as usize] = byte != b':';
        byte += 1;
    }
    in_name
};

/// Where the name of a field ends, and its colon; `None` when the line is no field.
fn name_end(field: &[u8]) -> Option<(usize, usize)> {
    let end = field[..field.len().min(NAME_BYTES_MAX + 1)].iter().position(|b| !IN_NAME[usize::from(*b)])?;
    let colon = match field[end] {
        b':' => end,
        _ => end + field[end..].iter().position(|b| !b.is_ascii_whitespace())?,
    };
    (end > 0 && field[colon] == b':').then_some((end, colon))
}

/// Unfolds a value and decodes its encoded words; bytes outside ASCII are guessed.
pub(crate) fn decode(value: &[u8]) -> Cow<'_, str> {
    let value = value.trim_ascii();
    let value = &value[..value.len().min(VALUE_BYTES_MAX)];
    // Most values are plain ASCII; looking for all that is not costs less than one question after the other.
    let is_odd = |b: u8| b >= 0x80 || b == 0x1b || b == b'\n' || b == b'=';
    if !value.iter().fold(false, |odd, b| odd | is_odd(*b))
        && let Ok(text) = std::str::from_utf8(value)
    {
        return Cow::Borrowed(text);
    }
    let text = transfer::text_of(value, None).0;
    if memchr::memchr(b'\n', text.as_bytes()).is_none() {
        return if has_words(&text) { Cow::Owned(transfer::words(&text)) } else { text };
    }
    let mut unfolded = String::with_capacity(text.len());
    for line in text.split('\n') {
        let line = line.trim_end();
        if unfolded.is_empty() {
            unfolded.push_str(line);
        } else {
            unfolded.push(' ');
            unfolded.push_str(line.trim_start());
        }
    }
    Cow::Owned(if has_words(&unfolded) { transfer::words(&unfolded) } else { unfolded })
}

/// True when encoded words may stand in the text.
fn has_words(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'=', bytes).any(|at| bytes.get(at + 1) == Some(&b'?'))
}

/// One parameter of a structured value, `boundary` of `multipart/mixed; boundary="x"`.
pub(crate) fn parameter(value: &str, name: &str) -> Option<String> {
    for at in memchr::memchr_iter(b';', value.as_bytes()) {
        let rest = value[at + 1..].trim_start();
        let named = rest.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
        let Some(rest) = rest.get(name.len()..).filter(|_| named) else { continue };
        let Some(rest) = rest.trim_start().strip_prefix('=') else { continue };
        let rest = rest.trim_start();
        return Some(match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or("").to_owned(),
            None => rest.split([';', ' ', '\t']).next().unwrap_or("").to_owned(),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        let (header, body) = Header::split(b"Subject: a\n b\nX: y\n\nbody");
        assert_eq!(header.text("subject").as_deref(), Some("a b"));
        assert_eq!(header.text("x").as_deref(), Some("y"));
        assert_eq!(body, b"body");
        let (header, body) = Header::split(b"From x Mon\nSubject: a\nnot a field\nmore");
        assert_eq!(header.text("Subject").as_deref(), Some("a"));
        assert_eq!(body, b"not a field\nmore");
        let (header, _) = Header::split(b"Subject: =?ISO-2022-JP?B?GyRCRkkkXzl+JGAbKEI=?=\n\n");
        assert_eq!(header.text("Subject").as_deref(), Some("読み込む"));
    }

    #[test]
    fn parameters() {
        let check = |value: &str, name: &str, expected: Option<&str>| {
            assert_eq!(parameter(value, name).as_deref(), expected, "{value}");
        };
        check("multipart/mixed; boundary=\"a b\"", "boundary", Some("a b"));
        check("multipart/mixed; Boundary = x; y=z", "boundary", Some("x"));
        check("text/plain; xboundary=1; boundary=2", "boundary", Some("2"));
        check("text/plain", "charset", None);
    }
}
