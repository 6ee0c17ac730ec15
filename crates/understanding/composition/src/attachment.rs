//! Writes a file as a part of a message, with a name that every mail program shows right (RFC 2183, RFC 2231).

use crate::{encoding, header};

/// A file that goes with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The name shown to the reader; folders in it are cut off.
    pub file_name: String,
    /// For example `application/pdf`; what is no media type becomes `application/octet-stream`.
    pub media_type: String,
    /// The content.
    pub content: Vec<u8>,
}

/// The longest name that is written, in characters.
const NAME_CHARS_MAX: usize = 120;
/// How many percent-encoded bytes stand in one piece of a name.
const PIECE_BYTES: usize = 18;

/// Writes the content fields of a file, the empty line, and the file in base64.
pub(crate) fn write(out: &mut Vec<u8>, file: &Attachment) {
    let name = file_name(&file.file_name);
    let quoted = is_simple(&name);
    for piece in ["Content-Type: ", media_type(&file.media_type), ";\r\n name=\""] {
        out.extend_from_slice(piece.as_bytes());
    }
    // Encoded-words in a parameter break RFC 2047 section 5, and are what older Japanese mail programs read.
    if quoted {
        out.extend_from_slice(name.as_bytes());
    } else {
        header::encoded_words(out, &name, &mut 7);
    }
    out.extend_from_slice(b"\"\r\nContent-Disposition: attachment");
    if quoted {
        out.extend_from_slice(format!(";\r\n filename=\"{name}\"").as_bytes());
    } else {
        for (n, piece) in pieces(&name).into_iter().enumerate() {
            let charset = if n == 0 { "UTF-8''" } else { "" };
            out.extend_from_slice(format!(";\r\n filename*{n}*={charset}").as_bytes());
            percent(out, piece.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    encoding::base64_lines(out, &file.content);
}

fn file_name(written: &str) -> String {
    let last = written.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = header::one_line(last);
    let name: String = name.trim_matches('.').chars().take(NAME_CHARS_MAX).collect();
    if name.trim().is_empty() { "attachment".to_owned() } else { name }
}

fn is_simple(name: &str) -> bool {
    name.len() <= 60 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b" -_.()+,".contains(&b))
}

fn media_type(written: &str) -> &str {
    let is_token = |part: &str| {
        (1..=64).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-+._".contains(&b))
    };
    let is_own = |kind: &str| kind.eq_ignore_ascii_case("multipart") || kind.eq_ignore_ascii_case("message");
    match written.split_once('/') {
        Some((kind, subtype)) if is_token(kind) && is_token(subtype) && !is_own(kind) => written,
        _ => "application/octet-stream",
    }
}

/// Whole characters, because many readers decode each piece by itself.
fn pieces(name: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fn percent(out: &mut Vec<u8>, bytes: &[u8]) {
    for &b in bytes {
        if b.is_ascii_alphanumeric() || b"-_.".contains(&b) {
            out.push(b);
        } else {
            out.extend_from_slice(format!("%{b:02X}").as_bytes());
        }
    }
}
