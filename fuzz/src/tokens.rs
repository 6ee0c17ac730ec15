//! Signed tokens: what nobody signed names no row.

use delivery::verp::Seal;

/// Reads a text as the token of every purpose; a token that is read is the one we make.
pub fn tokens(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let links = Seal::links("secret");
    if let Some((id, number)) = links.read_link(&text) {
        assert!(text.to_ascii_lowercase().starts_with(&links.link_token(id, number)), "{text}");
    }
    let token = links.link_token(id_of(bytes), u32::from(bytes.len() as u16 % 1024));
    assert_eq!(links.read_link(&format!("{token}/{text}")), links.read_link(&token));
    assert!(links.read_link(&token).is_some());
    for seal in [Seal::return_paths("secret"), Seal::unsubscribe("secret"), Seal::message_ids("secret")] {
        if let Some(id) = seal.read(&text) {
            assert_eq!(seal.token(id), text.to_ascii_lowercase());
        }
        let id = id_of(bytes);
        assert_eq!(seal.read(&seal.token(id)), Some(id));
    }
}

fn id_of(bytes: &[u8]) -> i64 {
    bytes.iter().take(8).fold(0u64, |id, byte| id << 8 | u64::from(*byte)).cast_signed()
}
