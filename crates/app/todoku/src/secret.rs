//! Randomness from the operating system.

use aws_lc_rs::rand;

/// `N` random bytes.
///
/// # Panics
/// When the operating system has no randomness to give; nothing safe can be done then.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// 32 random bytes in hex.
#[must_use]
pub fn hex() -> String {
    bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 8 random bytes in hex, to tell two starts of the program apart.
#[must_use]
pub fn short() -> String {
    hex()[..16].to_owned()
}
