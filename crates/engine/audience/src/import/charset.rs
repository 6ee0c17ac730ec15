//! The encodings customer files come in: reading them piece by piece, and writing the file that goes back.

use encoding_rs::{Decoder, Encoding};

/// Stands for a character that the file's encoding does not have.
const MISSING: char = '〓';

/// An encoding of a customer file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charset(&'static Encoding);

impl Charset {
    /// The encoding with this label, as `encoding_rs` knows it.
    pub(crate) fn named(label: &str) -> Option<Self> {
        Encoding::for_label_no_replacement(label.as_bytes()).map(Self)
    }

    /// A decoder that takes pieces and leaves a byte order mark out.
    pub(crate) fn decoder(self) -> TextDecoder {
        TextDecoder(self.0.new_decoder_with_bom_removal())
    }

    /// The byte order mark these bytes begin with, when it is this encoding's.
    pub(crate) fn bom_of(self, bytes: &[u8]) -> &'static [u8] {
        let bom: &[u8] = match self.0.name() {
            "UTF-8" => &[0xef, 0xbb, 0xbf],
            "UTF-16LE" => &[0xff, 0xfe],
            "UTF-16BE" => &[0xfe, 0xff],
            _ => &[],
        };
        if bytes.starts_with(bom) { bom } else { &[] }
    }

    /// The text in this encoding; a character it does not have becomes 〓.
    pub(crate) fn encode(self, text: &str) -> Vec<u8> {
        match self.0.name() {
            "UTF-16LE" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "UTF-16BE" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            _ => {
                let (bytes, _, missing) = self.0.encode(text);
                if missing { self.encode_with_gaps(text) } else { bytes.into_owned() }
            }
        }
    }

    fn encode_with_gaps(self, text: &str) -> Vec<u8> {
        let replaced: String = text.chars().map(|c| if self.has(c) { c } else { MISSING }).collect();
        let replaced = if self.has(MISSING) { replaced } else { replaced.replace(MISSING, "?") };
        self.0.encode(&replaced).0.into_owned()
    }

    fn has(self, c: char) -> bool {
        !self.0.encode(c.encode_utf8(&mut [0; 4])).2
    }
}

/// Decodes a file piece by piece; what cannot be read becomes U+FFFD.
pub(crate) struct TextDecoder(Decoder);

impl TextDecoder {
    /// Adds the text of `bytes` to `text`. After `last` the decoder must not be used again.
    pub(crate) fn decode(&mut self, bytes: &[u8], last: bool, text: &mut String) {
        text.reserve(self.0.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3 + 16));
        let (_, read, _) = self.0.decode_to_string(bytes, text, last);
        debug_assert_eq!(read, bytes.len(), "the text has room for everything");
    }
}

/// The text of a sample. A `cut` sample may end inside a character.
pub(crate) fn decode_sample(sample: &[u8], charset: Charset, cut: bool) -> String {
    let mut text = String::new();
    charset.decoder().decode(sample, !cut, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(label: &str, text: &str, expected: &[u8]) {
        assert_eq!(Charset::named(label).unwrap().encode(text), expected, "{label} {text}");
    }

    #[test]
    fn writing() {
        check("Shift_JIS", "髙①ｱ", &[0xfb, 0xfc, 0x87, 0x40, 0xb1]);
        check("Shift_JIS", "a😀b", &[b'a', 0x81, 0xac, b'b']);
        check("EUC-JP", "花\u{fffd}", &[0xb2, 0xd6, 0xa2, 0xae]);
        check("UTF-16LE", "a花", &[b'a', 0, 0xb1, 0x82]);
        check("UTF-16BE", "a😀", &[0, b'a', 0xd8, 0x3d, 0xde, 0x00]);
        check("UTF-8", "花", "花".as_bytes());
        check("windows-1252", "a花", b"a?");
        assert!(Charset::named("no such thing").is_none());
    }

    #[test]
    fn marks() {
        let seen = |label: &str, bytes: &[u8]| Charset::named(label).unwrap().bom_of(bytes).len();
        assert_eq!(seen("UTF-8", b"\xef\xbb\xbfa"), 3);
        assert_eq!(seen("UTF-8", b"a"), 0);
        assert_eq!(seen("UTF-16LE", b"\xff\xfea\0"), 2);
        assert_eq!(seen("Shift_JIS", b"\xff\xfe"), 0);
    }
}
