//! Passwords: what is too weak, and argon2id for the rest (RFC 9106).

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

/// Shortest password in characters; length beats composition rules (NIST SP 800-63B section 5.1.1.2).
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Longest password in bytes: hashing more would let anybody keep the processor busy.
pub const PASSWORD_BYTES_MAX: usize = 512;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Fewer than [`PASSWORD_CHARS_MIN`] characters.
    #[error("the password is too short")]
    TooShort,
    /// More than [`PASSWORD_BYTES_MAX`] bytes.
    #[error("the password is too long")]
    TooLong,
    /// One character over and over, or a plain run such as 1234567890.
    #[error("the password is too easy to guess")]
    TooPlain,
    /// The hash could not be made.
    #[error("the password could not be hashed")]
    Hash,
}

/// What is wrong with a password somebody wants to set; `None` when it may be used.
#[must_use]
pub fn password_problem(password: &str) -> Option<PasswordProblem> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Some(PasswordProblem::TooLong);
    }
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Some(PasswordProblem::TooShort);
    }
    let codes: Vec<i64> = password.chars().map(|c| i64::from(u32::from(c))).collect();
    let mut steps = codes.windows(2).map(|pair| pair[1] - pair[0]);
    let first = steps.next();
    let is_run = matches!(first, Some(-1..=1)) && steps.all(|step| Some(step) == first);
    (is_run || matches!(password, "1234567890" | "password123" | "0987654321"))
        .then_some(PasswordProblem::TooPlain)
}

/// Hashes with argon2id, 19 MiB, 2 passes (OWASP). Takes about 20 ms of processor time.
///
/// # Errors
/// When the password may not be used.
pub fn hash_password(password: &str, salt: [u8; 16]) -> Result<String, PasswordProblem> {
    if let Some(problem) = password_problem(password) {
        return Err(problem);
    }
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|_| PasswordProblem::Hash)?;
    Ok(hash.to_string())
}

/// True when `password` is the one `hash` was made of. A broken hash fits nothing.
#[must_use]
pub fn verify_password(password: &str, hash: &str) -> bool {
    if password.len() > PASSWORD_BYTES_MAX {
        return false;
    }
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str, expected: Option<PasswordProblem>) {
        assert_eq!(password_problem(password), expected, "{password}");
    }

    #[test]
    fn weak_passwords() {
        check("short", Some(PasswordProblem::TooShort));
        check("はなやみどりのひみつ", None);
        check("aaaaaaaaaaaa", Some(PasswordProblem::TooPlain));
        check("123456789:;", Some(PasswordProblem::TooPlain));
        check("abcdefghijkl", Some(PasswordProblem::TooPlain));
        check("lkjihgfedcba", Some(PasswordProblem::TooPlain));
        check("1234567890", Some(PasswordProblem::TooPlain));
        check("correct horse battery", None);
        check(&"x7".repeat(300), Some(PasswordProblem::TooLong));
    }

    #[test]
    fn a_hash_fits_its_password_only() {
        let hash = hash_password("correct horse battery", [7; 16]).unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(verify_password("correct horse battery", &hash));
        assert!(!verify_password("correct horse batterz", &hash));
        assert!(!verify_password("correct horse battery", "not a hash"));
        assert_ne!(hash, hash_password("correct horse battery", [8; 16]).unwrap());
    }
}
