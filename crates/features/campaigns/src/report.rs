//! What became of a broadcast, in numbers that are queries over the rows the lists show.

use std::collections::BTreeMap;

use delivery::recipient::{RecipientId, State, WithheldReason};
use serde::{Deserialize, Serialize};

/// Recipients by state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// State → recipients; no zero entries.
    pub by_state: BTreeMap<State, u64>,
}

impl Counts {
    /// Recipients in this state.
    #[must_use]
    pub fn of(&self, state: State) -> u64 {
        self.by_state.get(&state).copied().unwrap_or(0)
    }

    /// All recipients.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_state.values().sum()
    }
}

/// One cell of provider × outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderCount {
    /// Provider id, empty for all others.
    pub provider: String,
    /// State.
    pub state: State,
    /// Recipients.
    pub recipients: u64,
}

/// The reason of a row in doubt that no verdict explains: the answer to the whole message never came.
pub const IN_DOUBT: &str = "in_doubt";

/// One reason with the recipients it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonCount {
    /// Provider id, empty for all others.
    pub provider: String,
    /// State.
    pub state: State,
    /// `bounce::Reason` name, a [`WithheldReason`] name for withheld rows, or [`IN_DOUBT`].
    pub reason: String,
    /// Recipients.
    pub recipients: u64,
}

/// Which rows of a broadcast a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowFilter {
    /// Only this state.
    pub state: Option<State>,
    /// Only those the mail goes to, whatever became of it: every state but withheld.
    pub is_sent_to: bool,
    /// Only this provider id; `Some("")` for addresses of no known provider.
    pub provider: Option<String>,
    /// Only this reason name.
    pub reason: Option<String>,
    /// Part of name or address; empty for all.
    pub search: String,
}

/// One person's row in a broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Key.
    pub id: RecipientId,
    /// The contact.
    pub contact_id: i64,
    /// The contact's name.
    pub name: String,
    /// The address it went to; empty when there was none.
    pub address: String,
    /// Provider id.
    pub provider: String,
    /// State.
    pub state: State,
    /// Why it was left out, with [`State::Withheld`].
    pub withheld: Option<WithheldReason>,
    /// Bounce reason name, where there is a verdict.
    pub reason: Option<String>,
    /// What the server said last, in one line.
    pub reply: String,
    /// Tries so far.
    pub attempts: u32,
    /// Next try, with [`State::Deferred`] and [`State::Waiting`].
    pub next_at: Option<i64>,
    /// When the state was reached.
    pub state_at: i64,
}
