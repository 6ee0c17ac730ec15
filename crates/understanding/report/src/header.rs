//! A header block: its fields, unfolded, and the words in them decoded (RFC 5322 section 2.2, RFC 2047).

use crate::transfer;

/// Longest field value that is read, in bytes.
const VALUE_BYTES_MAX: usize = 16 * 1024;
/// Most fields of one block.
const FIELDS_MAX: usize = 1000;

/// One block of fields over normalised line ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header<'a> {
    fields: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Header<'a> {
    /// Splits bytes into the header block and what follows the empty line.
    pub(crate) fn split(bytes: &'a [u8]) -> (Self, &'a [u8]) {
        let mut fields: Vec<(&[u8], &[u8])> = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            if rest[0] == b'\n' {
                return (Self { fields }, &rest[1..]);
            }
            let end = field_end(rest);
            let (field, after) = rest.split_at(end);
            match memchr::memchr(b':', field) {
                Some(colon) if is_name(&field[..colon]) => {
                    if fields.is_empty() {
                        fields.reserve(32);
                    }
                    if fields.len() < FIELDS_MAX {
                        fields.push((field[..colon].trim_ascii_end(), &field[colon + 1..]));
                    }
                }
                // The line of an mbox, or a stray one; a body without an empty line before it ends the header.
                _ if fields.is_empty() || field.starts_with(b"From ") || field.starts_with(b">") => {}
                _ => return (Self { fields }, rest),
            }
            rest = after;
        }
        (Self { fields }, &[])
    }

    /// True when there is no field at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The first value of a field, unfolded, not decoded.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a [u8]> {
        self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| *value)
    }

    /// The first value of a field, unfolded, decoded.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).map(decode)
    }

    /// All fields, in order; their names are ASCII.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + '_ {
        self.fields.iter().map(|(name, value)| (std::str::from_utf8(name).unwrap_or_default(), *value))
    }
}

/// True for a line, without its end, that is neither a field nor a part of one: a block of fields ends before it.
pub(crate) fn is_stray(line: &[u8]) -> bool {
    let is_field = || memchr::memchr(b':', line).is_some_and(|colon| is_name(&line[..colon]));
    let passed_over = line.starts_with(b" ") || line.starts_with(b"\t") || line.starts_with(b"From ");
    !passed_over && !line.starts_with(b">") && !is_field()
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

fn is_name(name: &[u8]) -> bool {
    let name = name.trim_ascii_end();
    !name.is_empty() && name.len() <= 76 && name.iter().all(|b| b.is_ascii_graphic())
}

/// Unfolds a value and decodes its encoded words; bytes outside ASCII are guessed.
pub(crate) fn decode(value: &[u8]) -> String {
    let value = value.trim_ascii();
    let value = &value[..value.len().min(VALUE_BYTES_MAX)];
    let text = transfer::text_of(value, None).0;
    if memchr::memchr(b'\n', text.as_bytes()).is_none() {
        return if text.contains("=?") { transfer::words(&text) } else { text };
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
    if unfolded.contains("=?") { transfer::words(&unfolded) } else { unfolded }
}

/// One parameter of a structured value, `boundary` of `multipart/mixed; boundary="x"`.
pub(crate) fn parameter(value: &str, name: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find(name) {
        let start = from + at;
        from = start + name.len();
        let before = lower[..start].trim_end();
        let rest = value[from..].trim_start();
        if !before.ends_with(';') || !rest.starts_with('=') {
            continue;
        }
        let rest = rest[1..].trim_start();
        return Some(match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or("").to_owned(),
            None => rest.split([';', ' ', '\t']).next().unwrap_or("").to_owned(),
        });
    }
    None
}

/// The addresses in a value, in order, without names and comments; at most 1000.
pub(crate) fn addresses(value: &str) -> Vec<String> {
    if names_one(value) { clean(value).into_iter().collect() } else { several(value) }
}

/// True for `a@b` and `Name <a@b>` without anything that needs care: most values are such.
fn names_one(value: &str) -> bool {
    let value = value.trim_end();
    let one = match value.strip_suffix('>') {
        Some(rest) => rest.matches('<').count() == 1,
        None => !value.contains('<'),
    };
    one && !value.trim_end_matches('>').contains(['"', '(', ')', ',', ';', ':', '>'])
}

fn several(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut plain = String::new();
    let (mut quoted, mut comment) = (false, 0u32);
    let mut angle: Option<String> = None;
    for c in value.chars() {
        match c {
            '"' if comment == 0 => {
                quoted = !quoted;
                angle.as_mut().unwrap_or(&mut plain).push(c);
            }
            '(' if !quoted && angle.is_none() => comment += 1,
            ')' if !quoted && comment > 0 => comment -= 1,
            _ if comment > 0 => {}
            '<' if !quoted => angle = Some(String::new()),
            '>' if !quoted => {
                found.extend(angle.take().and_then(|text| clean(&text)));
                plain.clear();
            }
            ',' | ';' if !quoted && angle.is_none() => found.extend(clean(&std::mem::take(&mut plain))),
            ':' if !quoted && angle.is_none() && !plain.contains('@') => plain.clear(),
            c => angle.as_mut().unwrap_or(&mut plain).push(c),
        }
        if found.len() >= 1000 {
            return found;
        }
    }
    found.extend(clean(&angle.unwrap_or(plain)));
    found
}

/// One address out of the words around it: `<a@b>`, `rfc822;a@b`, `mailto:a@b`. `None` when there is none.
pub(crate) fn clean(text: &str) -> Option<String> {
    let text = text.trim();
    let text = match text.rsplit_once('<') {
        Some((_, inner)) => inner.split('>').next().unwrap_or(inner),
        None => text,
    };
    let text = text.trim().trim_start_matches("mailto:");
    let quoted = text.starts_with('"') || text.contains("\"@");
    let word = match quoted {
        true => text,
        false => text.split_ascii_whitespace().find(|word| word.contains('@'))?,
    };
    let word = word.trim_matches(|c: char| "<>,;:()[]'`".contains(c) || (c == '"' && !quoted));
    let word = word.trim_end_matches('.');
    let (local, domain) = word.rsplit_once('@')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let good = !local.is_empty() && !domain.is_empty() && domain.len() <= 255 && local.len() <= 256;
    (good && domain.bytes().all(plain)).then(|| word.to_owned())
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

    #[test]
    fn addresses_in_values() {
        let check = |value: &str, expected: &str| assert_eq!(addresses(value).join(" "), expected, "{value}");
        check("a@b.jp", "a@b.jp");
        check("\"x, y\" <a@b.jp>, c@d.jp", "a@b.jp c@d.jp");
        check("a@b.jp (comment, more)", "a@b.jp");
        check("group: a@b.jp, c@d.jp;", "a@b.jp c@d.jp");
        check("<\"a..b\"@docomo.ne.jp>", "\"a..b\"@docomo.ne.jp");
        check("nobody", "");
        check("undisclosed-recipients:;", "");
    }

    #[test]
    fn the_short_way_gives_the_same() {
        let pieces = ["a@b.jp", "<", ">", " ", "\"", "(", ")", ",", ":", "@", "Name", "花"];
        for n in 0..pieces.len().pow(4) {
            let value: String = (0..4).map(|at| pieces[n / pieces.len().pow(at) % pieces.len()]).collect();
            assert_eq!(addresses(&value), several(&value), "{value}");
        }
    }

    #[test]
    fn one_address() {
        let check =
            |text: &str, expected: Option<&str>| assert_eq!(clean(text).as_deref(), expected, "{text}");
        check("<a@b.jp>", Some("a@b.jp"));
        check("<a@b.jp>:", Some("a@b.jp"));
        check("Name <a@b.jp> (x)", Some("a@b.jp"));
        check("to a@b.jp.", Some("a@b.jp"));
        check("a..b.@docomo.ne.jp", Some("a..b.@docomo.ne.jp"));
        check("@b.jp", None);
        check("a@", None);
        check("no address", None);
    }
}
