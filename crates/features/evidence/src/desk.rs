//! The 「届いていない」 desk: who did not get what, and what to do now.

use delivery::recipient::{RecipientId, State};

/// Which rows the desk shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeskFilter {
    /// Also what was dealt with already.
    pub include_handled: bool,
    /// Only this broadcast.
    pub broadcast_id: Option<i64>,
    /// Only this bounce reason name.
    pub reason: Option<String>,
    /// Only this provider id.
    pub provider: Option<String>,
    /// Only this state.
    pub state: Option<State>,
    /// Part of name, address or subject; empty for all.
    pub search: String,
}

/// One message that did not reach one person.
#[derive(Debug, Clone, PartialEq)]
pub struct DeskRow {
    /// Key.
    pub id: RecipientId,
    /// The contact.
    pub contact_id: i64,
    /// The contact's name.
    pub contact_name: String,
    /// The contact's telephone number.
    pub phone: String,
    /// The address it went to.
    pub address: String,
    /// Provider id.
    pub provider: String,
    /// The broadcast.
    pub broadcast_id: i64,
    /// The broadcast's name.
    pub broadcast_name: String,
    /// Refused, bounced or doubtful.
    pub state: State,
    /// When.
    pub state_at: i64,
    /// The verdict.
    pub verdict: Option<bounce::Verdict>,
    /// What the server said, in one line.
    pub reply: String,
    /// When it was dealt with.
    pub handled_at: Option<i64>,
}

/// Rows of the desk that share a reason and a provider, for the home page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskGroup {
    /// Refused, bounced or doubtful.
    pub state: State,
    /// Bounce reason name, empty where there is no verdict.
    pub reason: String,
    /// Whose fault (`bounce::Fault` name), empty where there is no verdict.
    pub fault: String,
    /// Provider id, empty for all others.
    pub provider: String,
    /// How many.
    pub recipients: u64,
    /// The newest.
    pub newest_at: i64,
}

/// Messages of a period by state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// State → messages that came to it in the period and still are there.
    pub by_state: Vec<(State, u64)>,
}
