//! Puts head and body together into the bytes of one message (RFC 5322).

use std::io::Write;

use jiff::{Timestamp, tz::TimeZone};

use crate::{Attachment, Rendered, attachment, encoding, header};

/// What stands above the body. Values may come from outside: none of them can add a header field or a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageHead {
    /// The display name of the originator; may be empty.
    pub from_name: String,
    /// The author's address.
    pub from: mail::Address,
    /// The display name of the recipient; may be empty.
    pub to_name: String,
    /// The recipient's address.
    pub to: mail::Address,
    /// Where answers go, when not to `from`.
    pub reply_to: Option<mail::Address>,
    /// The Message-ID without its angle brackets.
    pub message_id: String,
    /// The instant in the Date field, milliseconds UTC.
    pub date_at: i64,
    /// The one-click unsubscribe address (RFC 8058), `https:`. It adds List-Unsubscribe and List-Unsubscribe-Post;
    /// both are left out when it is no web address or over 900 bytes.
    pub list_unsubscribe: Option<String>,
    /// More fields, for example `X-Todoku-Trace`. A name that is malformed, or that [`build`] writes itself, is
    /// left out.
    pub extra: Vec<(String, String)>,
}

/// The longest address that is put on one line.
const URL_BYTES_MAX: usize = 900;

/// Room for a usual head and the signatures that come before it.
const HEAD_BYTES: usize = 3 * 1024;

/// Fields that only [`build`], the signer or a server on the way may write.
const OWN_FIELDS: [&str; 17] = [
    "arc-authentication-results",
    "arc-message-signature",
    "arc-seal",
    "authentication-results",
    "bcc",
    "cc",
    "date",
    "dkim-signature",
    "from",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "message-id",
    "received",
    "reply-to",
    "return-path",
    "subject",
    "to",
];
/// The same for whole families of fields.
const OWN_PREFIXES: [&str; 3] = ["content-", "mime-", "resent-"];

/// Builds the message: CRLF line ends, 7-bit clean, no line over 998 bytes.
/// The same input gives the same bytes.
#[must_use]
pub fn build(head: &MessageHead, body: &Rendered) -> Vec<u8> {
    build_with_files(head, body, &[])
}

/// Builds a message with files attached to it; the same promises as [`build`].
#[must_use]
pub fn build_with_files(head: &MessageHead, body: &Rendered, files: &[Attachment]) -> Vec<u8> {
    let html_bytes = body.html.as_ref().map_or(0, String::len);
    let file_bytes: usize = files.iter().map(|file| file.content.len() + 512).sum();
    let mut out = Vec::with_capacity(HEAD_BYTES + (body.text.len() + html_bytes + file_bytes) * 3 / 2);
    let message_id = message_id(&head.message_id);
    write_head(&mut out, head, &message_id, &body.subject);
    out.extend_from_slice(b"MIME-Version: 1.0\r\n");
    let boundary = boundary(&message_id);
    if files.is_empty() {
        write_body(&mut out, body, &boundary);
        return out;
    }
    let outer = format!("{boundary}_files");
    multipart(&mut out, "multipart/mixed", &outer);
    delimiter(&mut out, &outer, "");
    write_body(&mut out, body, &boundary);
    for file in files {
        delimiter(&mut out, &outer, "");
        attachment::write(&mut out, file);
    }
    delimiter(&mut out, &outer, "--");
    out
}

/// The body with its content fields: one part, or text and HTML as alternatives.
fn write_body(out: &mut Vec<u8>, body: &Rendered, boundary: &str) {
    let Some(html) = &body.html else {
        encoding::part(out, "text/plain", &body.text, boundary);
        return;
    };
    let derived;
    let text = if body.text.trim().is_empty() {
        derived = crate::text_of_html(html);
        &derived
    } else {
        &body.text
    };
    multipart(out, "multipart/alternative", boundary);
    for (media_type, content) in [("text/plain", text), ("text/html", html)] {
        delimiter(out, boundary, "");
        encoding::part(out, media_type, content, boundary);
    }
    delimiter(out, boundary, "--");
}

fn multipart(out: &mut Vec<u8>, media_type: &str, boundary: &str) {
    for piece in ["Content-Type: ", media_type, ";\r\n boundary=\"", boundary, "\"\r\n\r\n"] {
        out.extend_from_slice(piece.as_bytes());
    }
}

fn write_head(out: &mut Vec<u8>, head: &MessageHead, message_id: &str, subject: &str) {
    header::raw(out, "Date", &date(head.date_at));
    header::mailbox(out, "From", &head.from_name, &head.from);
    header::mailbox(out, "To", &head.to_name, &head.to);
    if let Some(reply_to) = &head.reply_to {
        header::mailbox(out, "Reply-To", "", reply_to);
    }
    header::unstructured(out, "Subject", subject);
    header::raw(out, "Message-ID", &format!("<{message_id}>"));
    if let Some(url) = head.list_unsubscribe.as_deref().and_then(web_address) {
        header::raw(out, "List-Unsubscribe", &format!("<{url}>"));
        header::raw(out, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
    }
    for (name, value) in &head.extra {
        if header::is_field_name(name) && !is_own(name) {
            header::unstructured(out, name, value);
        }
    }
}

fn is_own(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    OWN_FIELDS.contains(&name.as_str()) || OWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// `Fri, 21 Nov 2025 09:00:00 +0000` (RFC 5322 section 3.3). An instant out of range is taken to the nearest in range.
fn date(at: i64) -> String {
    let at = at.clamp(0, 253_402_207_200_000 - 1);
    let at = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// Printable ASCII without blanks and brackets, so that it stands on one line and within its `<>`.
fn message_id(written: &str) -> String {
    written.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')).take(URL_BYTES_MAX).collect()
}

/// The address as URI characters only (RFC 3986); anything else is percent-encoded.
fn web_address(written: &str) -> Option<String> {
    let written = written.trim();
    let lower = written.get(..8).unwrap_or(written).to_ascii_lowercase();
    if !lower.starts_with("https://") && !lower.starts_with("http://") {
        return None;
    }
    let mut url = Vec::with_capacity(written.len());
    for b in written.bytes() {
        if b.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&b) {
            url.push(b);
        } else if b > 0x20 && b != 0x7f {
            write!(url, "%{b:02X}").expect("a Vec takes every byte");
        }
    }
    String::from_utf8(url).ok().filter(|url| url.len() <= URL_BYTES_MAX)
}

/// `=_` can stand neither in base64 nor in quoted-printable, so no encoded part contains the boundary.
fn boundary(message_id: &str) -> String {
    format!("=_todoku_{:032x}", fnv1a(message_id.as_bytes()))
}

/// FNV-1a over 128 bits: stable for ever, which the hashers of the standard library are not.
fn fnv1a(bytes: &[u8]) -> u128 {
    let mut hash = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    for &b in bytes {
        hash = (hash ^ u128::from(b)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    hash
}

fn delimiter(out: &mut Vec<u8>, boundary: &str, end: &str) {
    for piece in ["--", boundary, end, "\r\n"] {
        out.extend_from_slice(piece.as_bytes());
    }
}
