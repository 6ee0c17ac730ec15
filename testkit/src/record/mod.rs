//! What the simulator got and said, for tests to count lost and doubled.

mod journal;
mod recorder;

pub use recorder::{Keep, Recorder, Taken};

use mail::Stage;
use serde::{Serialize, Serializer};

use crate::providers::Fate;

/// One message accepted for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Milliseconds since the simulator started.
    pub at_ms: u64,
    /// The provider's short name.
    pub provider: String,
    /// `RCPT TO`, without angle brackets.
    pub recipient: String,
    /// `MAIL FROM`, without angle brackets; empty for the null path.
    pub reverse_path: String,
    /// The Message-ID with its angle brackets.
    pub message_id: Option<String>,
    /// Octets of the content, dots unstuffed.
    pub size_bytes: usize,
    /// Came over TLS.
    pub tls: bool,
    /// Had a DKIM-Signature field.
    pub signed: bool,
    /// Where it ended up.
    pub fate: Fate,
    /// The content as far as it was kept; in the journal as text, what is not UTF-8 replaced.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub content: Option<Vec<u8>>,
}

fn as_text<S: Serializer>(content: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
    content.as_ref().map(|octets| String::from_utf8_lossy(octets)).serialize(to)
}

/// One recipient or message that was refused, now or for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Milliseconds since the simulator started.
    pub at_ms: u64,
    /// The provider's short name.
    pub provider: String,
    /// `RCPT TO`, without angle brackets.
    pub recipient: String,
    /// Where in the dialogue.
    pub stage: Stage,
    /// What was said, in one line; empty where the connection was cut.
    pub reply: String,
}

/// One bounce mail that the simulator sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentBounce {
    /// Milliseconds since the simulator started.
    pub at_ms: u64,
    /// Whose message failed: `RCPT TO` then.
    pub recipient: String,
    /// Where the bounce went: `MAIL FROM` then.
    pub reverse_path: String,
    /// The form of the bounce.
    pub style: String,
    /// The last reply of the server it went to, or what kept it from going.
    pub reply: String,
}
