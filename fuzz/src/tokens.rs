//! Signed tokens: what nobody signed names no row.

use delivery::verp::Seal;

/// Reads a text as the token of every purpose; a token that is read is the one we make.
pub fn tokens(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for seal in [Seal::return_paths("secret"), Seal::unsubscribe("secret"), Seal::message_ids("secret")] {
        if let Some(id) = seal.read(&text) {
            assert_eq!(seal.token(id), text.to_ascii_lowercase());
        }
        let id = bytes.iter().take(8).fold(0u64, |id, byte| id << 8 | u64::from(*byte)).cast_signed();
        assert_eq!(seal.read(&seal.token(id)), Some(id));
    }
}
