//! Signs messages with DKIM, one RSA and one Ed25519 signature over the same bytes (RFC 6376, RFC 8463).
//!
//! Own code rather than a library's, because the instant is an argument here, and because both signatures share one
//! body hash and one canonical header.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{AuthenticationError, canonical, keys, plan::is_name};

/// Fields that are signed once more than they occur, so that nobody can add another one unnoticed.
const OVERSIGNED: [&str; 5] = ["from", "to", "cc", "subject", "reply-to"];
/// Fields that are signed as often as they occur. RFC 8058 asks for the two List-Unsubscribe fields.
const SIGNED: [&str; 11] = [
    "date",
    "message-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "feedback-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];
/// Signatures are folded so that their lines stay below 78 bytes.
const FOLD_BYTES: usize = 72;

/// Both private keys of one domain, read once. Shared between threads.
#[derive(Debug)]
pub struct Signer {
    domain: String,
    rsa: (String, RsaKeyPair),
    ed25519: Option<(String, Ed25519KeyPair)>,
}

impl Signer {
    /// Reads the keys. `rsa` and `ed25519` are selector and private key (base64 or PEM).
    ///
    /// # Errors
    /// When a key cannot be read, or a name is no DNS name.
    pub fn new(
        domain: &str,
        rsa: (&str, &str),
        ed25519: Option<(&str, &str)>,
    ) -> Result<Self, AuthenticationError> {
        let selectors = [Some(rsa.0), ed25519.map(|(selector, _)| selector)];
        if !is_name(domain) || !selectors.iter().flatten().all(|selector| is_name(selector)) {
            return Err(AuthenticationError::Name);
        }
        let ed25519 = match ed25519 {
            Some((selector, private)) => Some((selector.to_owned(), keys::read_ed25519(private)?)),
            None => None,
        };
        Ok(Self {
            domain: domain.to_ascii_lowercase(),
            rsa: (rsa.0.to_owned(), keys::read_rsa(rsa.1)?),
            ed25519,
        })
    }

    /// Makes the header lines to put before `message`: CRLF line ends, RSA first. `now_at` is milliseconds UTC; the
    /// same message and instant give the same bytes.
    ///
    /// # Errors
    /// When the message has no From field, or the cryptographic library fails.
    pub fn sign(&self, message: &[u8], now_at: i64) -> Result<Vec<u8>, AuthenticationError> {
        let (header, body) = canonical::split(message);
        let fields = canonical::fields(header);
        let (names, mut signed) = select(&fields);
        if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"from")) {
            return Err(AuthenticationError::NoFrom);
        }
        let body_hash = STANDARD.encode(canonical::body_hash(body));
        let length = signed.len();
        let mut out = Vec::with_capacity(1536);
        let draft = |algorithm: &str, selector: &str| -> Vec<u8> {
            let mut field = format!(
                "DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed; t={};\r\n d={}; s={selector};\r\n h=",
                now_at.div_euclid(1000).max(0),
                self.domain,
            );
            fold_list(&mut field, &names);
            field.push_str(&format!(";\r\n bh={body_hash};\r\n b="));
            field.into_bytes()
        };
        let field = draft("rsa-sha256", &self.rsa.0);
        relaxed(&mut signed, &field);
        let mut signature = vec![0; self.rsa.1.public_modulus_len()];
        self.rsa
            .1
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &signed, &mut signature)
            .map_err(|_| AuthenticationError::Sign)?;
        finish(&mut out, &field, &signature);
        if let Some((selector, key)) = &self.ed25519 {
            signed.truncate(length);
            let field = draft("ed25519-sha256", selector);
            relaxed(&mut signed, &field);
            finish(&mut out, &field, key.sign(digest(&SHA256, &signed).as_ref()).as_ref());
        }
        Ok(out)
    }
}

/// The `h=` names and the canonical bytes of the fields they stand for, last occurrence first (RFC 6376 section 5.4.2).
fn select(fields: &[(&[u8], &[u8])]) -> (Vec<&'static str>, Vec<u8>) {
    let mut names = Vec::with_capacity(24);
    let mut signed = Vec::with_capacity(2048);
    for (name, extra) in OVERSIGNED.iter().map(|n| (*n, 1)).chain(SIGNED.iter().map(|n| (*n, 0))) {
        let mut found = 0;
        for (written, value) in fields.iter().rev().filter(|(w, _)| w.eq_ignore_ascii_case(name.as_bytes())) {
            canonical::relaxed_field(&mut signed, written, value);
            signed.extend_from_slice(b"\r\n");
            found += 1;
        }
        names.extend(std::iter::repeat_n(name, found + extra));
    }
    (names, signed)
}

fn relaxed(out: &mut Vec<u8>, field: &[u8]) {
    let colon = field.iter().position(|&b| b == b':').unwrap_or(0);
    canonical::relaxed_field(out, &field[..colon], &field[colon + 1..]);
}

/// Writes `a:b:c`, folded between names.
fn fold_list(out: &mut String, names: &[&str]) {
    let mut column = 3;
    for (n, name) in names.iter().enumerate() {
        if n > 0 {
            out.push(':');
            if column + name.len() > FOLD_BYTES {
                out.push_str("\r\n ");
                column = 1;
            }
        }
        out.push_str(name);
        column += name.len() + 1;
    }
}

fn finish(out: &mut Vec<u8>, field: &[u8], signature: &[u8]) {
    out.extend_from_slice(field);
    let signature = STANDARD.encode(signature);
    for (n, piece) in signature.as_bytes().chunks(FOLD_BYTES).enumerate() {
        if n > 0 {
            out.extend_from_slice(b"\r\n ");
        }
        out.extend_from_slice(piece);
    }
    out.extend_from_slice(b"\r\n");
}
