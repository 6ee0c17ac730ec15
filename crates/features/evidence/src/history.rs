//! Everything that happened, in order: the rows other crates wrote in the same transaction as their change.

use delivery::{
    recipient::{RecipientId, State, WithheldReason},
    source::{SourceId, choose::Wait},
};
use mail::{Reply, Stage};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Key; later events have larger keys.
    pub id: i64,
    /// When.
    pub at: i64,
    /// What, one of the `event` constants of the crates, e.g. `mail.accepted`.
    pub kind: String,
    /// The contact it concerns.
    pub contact_id: Option<i64>,
    /// The recipient row it concerns.
    pub recipient_id: Option<i64>,
    /// The broadcast it concerns.
    pub broadcast_id: Option<i64>,
    /// The operator who did it.
    pub operator_id: Option<i64>,
    /// Particulars as a JSON object; what they are depends on `kind`.
    pub detail: serde_json::Value,
}

/// One recorded try.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedAttempt {
    /// 1 for the first.
    pub number: u32,
    /// When it began.
    pub started_at: i64,
    /// When it ended.
    pub ended_at: i64,
    /// Host name and address of the peer, empty where none was reached.
    pub host: String,
    /// IP address and port of the peer.
    pub peer_address: String,
    /// TLS version and cipher, `None` in clear.
    pub tls: Option<String>,
    /// What that proves, and who had asked for it.
    pub assurance: delivery::tls::Assurance,
    /// How far it came.
    pub stage: Stage,
    /// What the server said.
    pub reply: Option<Reply>,
    /// Our own word for what went wrong (`delivery::attempt::Trouble` name).
    pub trouble: Option<String>,
    /// The words of the error.
    pub detail: String,
    /// What it became.
    pub state: State,
    /// When it is tried again.
    pub next_at: Option<i64>,
    /// The verdict, where there is one.
    pub verdict: Option<bounce::Verdict>,
    /// The source it left by.
    pub source_id: SourceId,
    /// What people call that source; empty for the first one.
    pub source_name: String,
}

/// Everything about one message to one person.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageStory {
    /// Key.
    pub id: RecipientId,
    /// The broadcast it belongs to.
    pub broadcast_id: i64,
    /// The broadcast's name.
    pub broadcast_name: String,
    /// The template version it is made of.
    pub template_version_id: i64,
    /// The contact.
    pub contact_id: i64,
    /// The contact's name.
    pub contact_name: String,
    /// The address it goes to, empty where none.
    pub address: String,
    /// Provider id, empty when unknown.
    pub provider: String,
    /// Where it stands.
    pub state: State,
    /// When it came there.
    pub state_at: i64,
    /// Why it was left out.
    pub withheld: Option<WithheldReason>,
    /// The verdict that counts.
    pub verdict: Option<bounce::Verdict>,
    /// The reply or bounce text it rests on.
    pub reply: Option<Reply>,
    /// Next try.
    pub next_at: Option<i64>,
    /// What it waits for, where its source was not free.
    pub waits: Option<Wait>,
    /// When retrying ends.
    pub expires_at: Option<i64>,
    /// The merge values it was rendered with, as a JSON object, once rendered.
    pub values: Option<serde_json::Value>,
    /// The bounce or auto-reply that told more later.
    pub arrival_id: Option<i64>,
    /// The row this repeats.
    pub resend_of: Option<RecipientId>,
    /// The row that repeats this.
    pub resent_as: Option<RecipientId>,
    /// When an operator dealt with it in another way.
    pub handled_at: Option<i64>,
    /// How, in the operator's words.
    pub handled_note: String,
    /// All tries.
    pub attempts: Vec<RecordedAttempt>,
}
