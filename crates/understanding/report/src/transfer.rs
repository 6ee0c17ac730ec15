//! From the bytes of a part to text: transfer encodings (RFC 2045 section 6), charsets and encoded words (RFC 2047).

use std::borrow::Cow;

use encoding_rs::{EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8, WINDOWS_1252};

/// The bytes behind a transfer encoding. What is not part of the encoding is skipped.
pub(crate) fn unpack(bytes: &[u8], encoding: &str) -> Vec<u8> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => base64(bytes),
        "quoted-printable" => quoted_printable(bytes, false),
        _ => bytes.to_vec(),
    }
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let (mut word, mut bits) = (0u32, 0u32);
    for byte in bytes {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                (word, bits) = (0, 0);
                continue;
            }
            _ => continue,
        };
        word = word << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits & 0xff) as u8);
        }
    }
    out
}

fn quoted_printable(bytes: &[u8], underscore_is_space: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let plain = match underscore_is_space {
            true => memchr::memchr2(b'=', b'_', &bytes[at..]),
            false => memchr::memchr(b'=', &bytes[at..]),
        };
        let end = plain.map_or(bytes.len(), |n| at + n);
        out.extend_from_slice(&bytes[at..end]);
        let Some(byte) = bytes.get(end) else { break };
        at = end + 1;
        if *byte == b'_' {
            out.push(b' ');
            continue;
        }
        let hex = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
        match (hex(bytes.get(at)), hex(bytes.get(at + 1))) {
            (Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            _ if bytes.get(at) == Some(&b'\n') => at += 1,
            _ => out.push(b'='),
        }
    }
    out
}

/// The bytes as they stand, where they are UTF-8 and hold no escapes of ISO-2022-JP: whatever charset is named.
pub(crate) fn plain(bytes: &[u8]) -> Option<&str> {
    if has_escapes(bytes) { None } else { std::str::from_utf8(bytes).ok() }
}

fn has_escapes(bytes: &[u8]) -> bool {
    memchr::memchr(0x1b, bytes).is_some_and(|at| memchr::memmem::find(&bytes[at..], b"\x1b$").is_some())
}

/// Text of bytes in a named charset; the flag is true when bytes had to be replaced.
///
/// A name that does not fit is not believed: Japanese reports often say us-ascii and are ISO-2022-JP.
pub(crate) fn text_of<'b>(bytes: &'b [u8], charset: Option<&str>) -> (Cow<'b, str>, bool) {
    if has_escapes(bytes) {
        return ISO_2022_JP.decode_without_bom_handling(bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), false);
    }
    let named = charset.and_then(|name| Encoding::for_label(name.trim().as_bytes()));
    let guesses = [named.filter(|e| *e != UTF_8), Some(EUC_JP), Some(SHIFT_JIS)];
    for encoding in guesses.into_iter().flatten() {
        let (text, lost) = encoding.decode_without_bom_handling(bytes);
        if !lost {
            return (text, false);
        }
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    (text, true)
}

/// Decodes the encoded words of an unfolded value; what is none stays as it is.
pub(crate) fn words(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    let mut after_word = false;
    while let Some(at) = rest.find("=?") {
        let (before, from) = rest.split_at(at);
        let Some((text, after)) = word(from) else {
            out.push_str(before);
            out.push_str("=?");
            rest = &from[2..];
            after_word = false;
            continue;
        };
        if !(after_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        out.push_str(&text);
        rest = after;
        after_word = true;
    }
    out.push_str(rest);
    out
}

/// One `=?charset?B?text?=` at the start, and what follows.
fn word(from: &str) -> Option<(String, &str)> {
    let (charset, rest) = from[2..].split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (payload, after) = rest.split_once("?=")?;
    if charset.len() > 40 || payload.len() > 4096 {
        return None;
    }
    let bytes = match encoding {
        "B" | "b" => base64(payload.as_bytes()),
        "Q" | "q" => quoted_printable(payload.as_bytes(), true),
        _ => return None,
    };
    let charset = charset.split('*').next();
    Some((text_of(&bytes, charset).0.into_owned(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        let check = |input: &str, encoding: &str, expected: &str| {
            assert_eq!(unpack(input.as_bytes(), encoding), expected.as_bytes(), "{input}");
        };
        check("aGVsbG8=", "base64", "hello");
        check("aGVs\nbG8", "Base64", "hello");
        check("a=3Db=\nc", "quoted-printable", "a=bc");
        check("a=zz", "quoted-printable", "a=zz");
        check("as is", "8bit", "as is");
    }

    #[test]
    fn charsets() {
        let check = |bytes: &[u8], charset: Option<&str>, expected: &str| {
            assert_eq!(text_of(bytes, charset).0, expected, "{bytes:?}");
        };
        check(b"plain", Some("utf-8"), "plain");
        check(b"\x1b$B08@h\x1b(B", Some("us-ascii"), "宛先");
        check("宛先".as_bytes(), None, "宛先");
        check(b"\x88\xb6\x90\xe6", Some("Shift_JIS"), "宛先");
        check(b"\xb0\xb8\xc0\xe8", Some("euc-jp"), "宛先");
        check(b"caf\xe9", Some("iso-8859-1"), "café");
    }

    #[test]
    fn encoded_words() {
        let check = |value: &str, expected: &str| assert_eq!(words(value), expected, "{value}");
        check("=?UTF-8?Q?a_b?= =?UTF-8?Q?c?= d", "a bc d");
        check("=?utf-8?B?5a6b5YWI?=", "宛先");
        check("=?broken", "=?broken");
        check("=?x?Z?y?=", "=?x?Z?y?=");
        check("none", "none");
    }
}
