//! The rule pack: knowledge files read once and compiled into one matcher.

mod bits;
mod load;
mod pack;
mod pattern;
mod provider;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use pack::{Facts, Hit, Pack, Tier};
pub(crate) use text::normalise;

use std::sync::LazyLock;

/// The rules of this build.
pub(crate) static PACK: LazyLock<Pack> =
    LazyLock::new(|| Pack::load().expect("the knowledge files are checked by the tests of this crate"));
