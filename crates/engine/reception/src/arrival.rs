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
