//! Signed variable return paths: a bounce comes back to an address that names the recipient row, and nobody
//! else can make one up.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};

use crate::recipient::RecipientId;

/// Base 32 without letters that are mistaken for digits; lower case, because some servers fold case.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Signature characters: 60 bits, far beyond what can be guessed over SMTP.
const SIGNATURE_CHARS: usize = 12;

/// So many links of one message have a number.
pub const LINK_NUMBERS: u32 = 1024;
/// More characters than any token of ours has.
const TOKEN_CHARS_MAX: usize = 80;

/// Makes and reads signed tokens for one purpose.
#[derive(Clone)]
pub struct Seal {
    key: hmac::Key,
    prefix: &'static str,
}

impl Seal {
    /// For return paths: local parts such as `b-3vk0000001-7k2m…`.
    #[must_use]
    pub fn return_paths(house_secret: &str) -> Self {
        Self::new(house_secret, "b")
    }

    /// For links a customer presses to stop mail.
    #[must_use]
    pub fn unsubscribe(house_secret: &str) -> Self {
        Self::new(house_secret, "u")
    }

    /// For recorded links: `l-3vk0000001-0c-7k2m…` names a row and the number of a link in it.
    #[must_use]
    pub fn links(house_secret: &str) -> Self {
        Self::new(house_secret, "l")
    }

    /// For the left side of our Message-IDs, so a quoted one leads back to its row.
    #[must_use]
    pub fn message_ids(house_secret: &str) -> Self {
        Self::new(house_secret, "m")
    }

    fn new(house_secret: &str, prefix: &'static str) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, house_secret.as_bytes()), prefix }
    }

    /// The token that names `id`.
    #[must_use]
    pub fn token(&self, id: RecipientId) -> String {
        let named = format!("{}-{}", self.prefix, encode(id.cast_unsigned()));
        let signature = self.signature(&named);
        format!("{named}-{signature}")
    }

    /// The row a token names; `None` unless we made the token. Case does not matter.
    #[must_use]
    pub fn read(&self, token: &str) -> Option<RecipientId> {
        let token = token.to_ascii_lowercase();
        let (named, signature) = token.rsplit_once('-')?;
        let (prefix, id) = named.split_once('-')?;
        // In constant time, so that no answer's delay tells how much of a guess is right.
        let signed = verify_slices_are_equal(signature.as_bytes(), self.signature(named).as_bytes()).is_ok();
        if prefix != self.prefix || !signed {
            return None;
        }
        decode(id).map(u64::cast_signed)
    }

    /// The token that names link `number`, below [`LINK_NUMBERS`], of message `id`.
    #[must_use]
    pub fn link_token(&self, id: RecipientId, number: u32) -> String {
        let digit = |at: u32| char::from(ALPHABET[(number >> at & 31) as usize]);
        let named = format!("{}-{}-{}{}", self.prefix, encode(id.cast_unsigned()), digit(5), digit(0));
        let signature = self.signature(&named);
        format!("{named}-{signature}")
    }

    /// The message and link a token names; `None` unless we made it. Case does not matter, nor what stands behind the
    /// token: mail programs take the end of a sentence for a part of the address.
    #[must_use]
    pub fn read_link(&self, text: &str) -> Option<(RecipientId, u32)> {
        let is_ours = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let token: String = text.chars().take_while(is_ours).take(TOKEN_CHARS_MAX).collect();
        let token = token.to_ascii_lowercase();
        let mut pieces = token.splitn(4, '-');
        let (prefix, id, number) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let signature = pieces.next()?.get(..SIGNATURE_CHARS)?;
        let named = format!("{prefix}-{id}-{number}");
        let signed = verify_slices_are_equal(signature.as_bytes(), self.signature(&named).as_bytes()).is_ok();
        if prefix != self.prefix || !signed {
            return None;
        }
        Some((decode(id)?.cast_signed(), u32::try_from(decode(number)?).ok()?))
    }

    fn signature(&self, named: &str) -> String {
        let tag = hmac::sign(&self.key, named.as_bytes());
        tag.as_ref()[..SIGNATURE_CHARS]
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte & 31)]))
            .collect()
    }
}

fn encode(mut number: u64) -> String {
    let mut digits = Vec::with_capacity(13);
    while number > 0 || digits.is_empty() {
        digits.push(ALPHABET[(number & 31) as usize]);
        number >>= 5;
    }
    digits.iter().rev().map(|digit| char::from(*digit)).collect()
}

fn decode(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 13 {
        return None;
    }
    text.bytes().try_fold(0u64, |number, byte| {
        let digit = ALPHABET.iter().position(|known| *known == byte)? as u64;
        number.checked_mul(32)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_row_and_cannot_be_changed() {
        let seal = Seal::return_paths("secret");
        for id in [0, 1, 31, 32, 1_234_567_890_123, i64::MAX] {
            let token = seal.token(id);
            assert!(token.len() <= 40, "{token} fits a local part with room to spare");
            assert_eq!(seal.read(&token), Some(id));
            assert_eq!(seal.read(&token.to_ascii_uppercase()), Some(id), "servers may fold case");
        }
        let token = seal.token(41);
        let forged = token.replacen(&encode(41), &encode(42), 1);
        assert_eq!(seal.read(&forged), None);
        assert_eq!(Seal::return_paths("other").read(&token), None);
        assert_eq!(Seal::unsubscribe("secret").read(&token), None, "one purpose does not open another");
        for odd in ["", "b", "b-", "b--", "x-1-2", "b-!-000000000000", "b-zzzzzzzzzzzzzz-000000000000"] {
            assert_eq!(seal.read(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_link_token_names_its_message_and_link() {
        let seal = Seal::links("secret");
        for (id, number) in [(0, 0), (1, 31), (1_234_567_890_123, 32), (i64::MAX, LINK_NUMBERS - 1)] {
            let token = seal.link_token(id, number);
            assert!(token.len() <= 32, "{token} is short");
            assert_eq!(seal.read_link(&token), Some((id, number)));
            for after in ["。", "をご覧ください", ")", ".", "/", "?utm=1", "x"] {
                assert_eq!(seal.read_link(&format!("{token}{after}")), Some((id, number)), "{after}");
            }
            assert_eq!(seal.read_link(&token.to_ascii_uppercase()), Some((id, number)));
            assert_eq!(seal.read_link(&token[..token.len() - 1]), None, "cut off");
        }
        let token = seal.link_token(41, 3);
        assert_eq!(token.len(), seal.link_token(41, 1_000).len(), "links are of one size");
        assert_eq!(seal.read_link(&token.replacen("-03-", "-04-", 1)), None);
        assert_eq!(seal.read_link(&token.replacen(&encode(41), &encode(42), 1)), None);
        assert_eq!(Seal::links("other").read_link(&token), None);
        assert_eq!(Seal::unsubscribe("secret").read(&token), None);
        assert_eq!(seal.read_link(&Seal::unsubscribe("secret").token(41)), None);
        for odd in ["", "l", "l---", "l-1-2", "l-1-2-000000000000", "日本", &"l-".repeat(1_000)] {
            assert_eq!(seal.read_link(odd), None, "{odd}");
        }
    }
}
