//! A message that came in.

use serde::{Deserialize, Serialize};

/// Key of an arrival.
pub type ArrivalId = i64;

/// What an arrival turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalKind {
    /// Not read yet.
    Unread,
    /// A bounce.
    Bounce,
    /// "Still trying" from a server on the way.
    Delayed,
    /// A server says it was delivered.
    Delivered,
    /// A complaint (ARF, RFC 5965).
    Complaint,
    /// An auto-reply (RFC 3834).
    AutoReply,
    /// A mail from a person.
    Correspondence,
    /// A report that names nobody we know.
    Unmatched,
}

impl ArrivalKind {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Unread, "unread"),
        (Self::Bounce, "bounce"),
        (Self::Delayed, "delayed"),
        (Self::Delivered, "delivered"),
        (Self::Complaint, "complaint"),
        (Self::AutoReply, "auto_reply"),
        (Self::Correspondence, "correspondence"),
        (Self::Unmatched, "unmatched"),
    ];

    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("unread", |(_, name)| name)
    }

    /// The kind with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// What a forward path of ours stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// A return path we gave out, with the recipient row it names.
    ReturnPath(i64),
    /// `postmaster` or `abuse` of one of our domains (RFC 5321 section 4.5.1, RFC 2142).
    Role,
}

/// A message to be kept.
#[derive(Debug, Clone)]
pub struct NewArrival {
    /// MAIL FROM as given, empty for the null path.
    pub reverse_path: String,
    /// RCPT TO as given.
    pub forward_path: String,
    /// What the forward path stands for.
    pub destination: Destination,
    /// Who handed it over: IP address and HELO name; data.
    pub peer: String,
    /// The message, unchanged.
    pub raw: Vec<u8>,
}

/// A message that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Key.
    pub id: ArrivalId,
    /// When it came.
    pub arrived_at: i64,
    /// MAIL FROM, empty for the null path.
    pub reverse_path: String,
    /// RCPT TO.
    pub forward_path: String,
    /// The recipient row its return path names, or reading found.
    pub recipient_id: Option<i64>,
    /// Who handed it over.
    pub peer: String,
    /// What it turned out to be.
    pub kind: ArrivalKind,
    /// Size in bytes.
    pub size: u64,
}

/// By what an arrival was joined to a message of ours, surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum JoinedBy {
    /// It came to the signed return path of that message.
    ReturnPath,
    /// It quotes the message's signed Message-ID.
    MessageId,
    /// It quotes the message's [`mail::TRACE_FIELD`].
    Trace,
    /// It names an address that took exactly one message of ours lately. Anybody could write such a mail.
    Recipient,
}

impl JoinedBy {
    const ALL: [(Self, &'static str, u8); 4] = [
        (Self::ReturnPath, "return_path", 100),
        (Self::MessageId, "message_id", 95),
        (Self::Trace, "trace", 95),
        (Self::Recipient, "recipient", 60),
    ];

    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(by, ..)| *by == self).map_or("", |(_, name, _)| name)
    }

    /// The one with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(by, ..)| *by)
    }

    /// How sure the join is: 0 to 100.
    #[must_use]
    pub fn confidence(self) -> u8 {
        Self::ALL.iter().find(|(by, ..)| *by == self).map_or(0, |(_, _, confidence)| *confidence)
    }

    /// Whether only somebody who had the message can have written it.
    #[must_use]
    pub fn is_signed(self) -> bool {
        self != Self::Recipient
    }
}

/// The message an arrival is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    /// The recipient row.
    pub recipient_id: i64,
    /// By what it was found.
    pub by: JoinedBy,
}
