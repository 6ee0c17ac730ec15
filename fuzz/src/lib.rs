//! What each fuzz target does with hostile bytes, and what must hold whatever they are.
//!
//! A target fails by a panic, by an assertion here or in the code, by a hang, or by too much memory. An input of several
//! texts has them one after the other, cut by [`CUT`].

mod addresses;
mod compose;
mod domains;
mod mails;
mod table;
mod tokens;

pub use addresses::{addresses, refusal};
pub use compose::{composition, html, signing};
pub use domains::dns;
pub use mails::{recognise, report};
pub use smtp::fuzzing::{replies as smtp_reply, server as smtp_server};
pub use table::import;
pub use tokens::tokens;

/// Does everything with the bytes that strangers can have done with them; panics when what must hold does not.
pub type Target = fn(&[u8]);

/// Every target by its name; each is a file in `fuzz_targets` too.
pub const TARGETS: [(&str, Target); 12] = [
    ("addresses", addresses),
    ("composition", composition),
    ("dns", dns),
    ("html", html),
    ("import", import),
    ("recognise", recognise),
    ("refusal", refusal),
    ("report", report),
    ("signing", signing),
    ("smtp_reply", smtp_reply),
    ("smtp_server", smtp_server),
    ("tokens", tokens),
];

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, target)| *target)
}

/// Ends one text of an input and begins the next: ASCII "unit separator", which seeds can hold and editors show.
pub const CUT: u8 = 0x1f;

/// 2026-11-12, the instant of everything that needs one.
const NOW: i64 = 1_794_441_600_000;

/// The texts of an input, each in UTF-8.
fn texts(bytes: &[u8]) -> Vec<String> {
    bytes.split(|byte| *byte == CUT).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect()
}
