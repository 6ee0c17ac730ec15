//! Makes and compares the secrets of sessions and forms.

use std::fmt::Write as _;

use aws_lc_rs::{constant_time, digest, hmac, rand};

/// 256 random bits in hex.
pub(crate) fn fresh() -> String {
    let mut bytes = [0u8; 32];
    rand::fill(&mut bytes).expect("the operating system gives random bytes");
    hex(&bytes)
}

/// 16 random bytes, for a password's salt.
pub(crate) fn fresh_salt() -> [u8; 16] {
    let mut bytes = [0u8; 16];
    rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// SHA-256 in lower-case hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// HMAC-SHA-256 of a text under a key, in lower-case hex.
pub(crate) fn mac(key: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    hex(hmac::sign(&key, text.as_bytes()).as_ref())
}

/// Whether two secrets are equal, in a time that does not tell where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_and_compares() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(fresh().len(), 64);
        assert_ne!(fresh(), fresh());
        assert_ne!(mac("k", "a"), mac("k", "b"));
        assert!(same("abc", "abc"));
        assert!(!same("abc", "abd"));
        assert!(!same("abc", "ab"));
    }
}
