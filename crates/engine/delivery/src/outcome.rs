//! The one place that decides what an attempt became.

use bounce::Verdict;

use crate::recipient::State;

/// What an attempt became.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// [`State::Accepted`], [`State::Deferred`] or [`State::Refused`].
    pub state: State,
    /// When it is tried again; with [`State::Deferred`] only.
    pub next_at: Option<i64>,
    /// Why, unless it was accepted.
    pub verdict: Option<Verdict>,
}
