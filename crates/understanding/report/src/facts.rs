//! The facts a report mail holds.

use mail::{EnhancedStatus, Reply, Stage};
use serde::{Deserialize, Serialize};

/// What a mail is, as far as its bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A message could not be delivered.
    Bounce,
    /// A message is late; the sending server still tries.
    Delayed,
    /// A server confirms delivery, relaying or expansion, or a person's program confirms display (RFC 8098).
    Delivered,
    /// Somebody reported a message (RFC 5965).
    Complaint,
    /// A program answered by itself (RFC 3834).
    AutoReply,
    /// A mail from a person.
    Correspondence,
    /// There is nothing to read.
    Empty,
}

impl Kind {
    /// The lower-case name that is stored and shown in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Complaint => "complaint",
            Self::AutoReply => "autoreply",
            Self::Correspondence => "correspondence",
            Self::Empty => "empty",
        }
    }
}

/// One mail, read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What the mail is.
    pub kind: Kind,
    /// What it says about each recipient, in its order.
    pub recipients: Vec<RecipientReport>,
    /// The message it is about.
    pub original: OriginalMessage,
    /// The software that wrote it, where its form betrays that: `postfix`, `qmail`, `exchange` …
    pub mta: Option<String>,
    /// `Reporting-MTA` (RFC 3464 section 2.2.2), the host without its type.
    pub reporting_mta: Option<String>,
    /// `Feedback-Type` of a complaint: `abuse`, `opt-out`, `auth-failure` … (RFC 5965 section 3.1).
    pub feedback_type: Option<String>,
    /// The words for people in the report, without the returned message; shortened when very long.
    pub text: String,
    /// `Subject`, decoded.
    pub subject: String,
    /// The address in `From`.
    pub from: Option<String>,
    /// `Date`, in milliseconds UTC.
    pub written_at: Option<i64>,
}

/// What a report says about one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientReport {
    /// The address that failed in the end (RFC 3464 section 2.3.2).
    pub final_recipient: Option<String>,
    /// The address the message was sent to first (RFC 3464 section 2.3.1).
    pub original_recipient: Option<String>,
    /// `failed`, `delayed`, `delivered`, `relayed` or `expanded`.
    pub action: Option<String>,
    /// The enhanced status code.
    pub status: Option<EnhancedStatus>,
    /// The reply code inside the diagnostic text.
    pub reply_code: Option<u16>,
    /// What the server said, in its own words.
    pub diagnostic: String,
    /// The host that said it.
    pub remote_mta: Option<String>,
    /// How far the attempt had come; [`Stage::Later`] when the report does not tell.
    pub stage: Stage,
    /// Words by which the report itself classes the failure, lower case: the type of its diagnostic code
    /// (`x-unix`), PowerMTA's bounce category (`bad-mailbox`).
    pub tags: Vec<String>,
}

impl RecipientReport {
    /// A report about this address, with nothing known yet.
    #[must_use]
    pub fn of(final_recipient: Option<String>) -> Self {
        Self {
            final_recipient,
            original_recipient: None,
            action: None,
            status: None,
            reply_code: None,
            diagnostic: String::new(),
            remote_mta: None,
            stage: Stage::Later,
            tags: Vec::new(),
        }
    }

    /// The reply that the server gave, as far as it is known; code 0 where only words are.
    #[must_use]
    pub fn reply(&self) -> Reply {
        Reply { code: self.reply_code.unwrap_or(0), status: self.status, text: self.diagnostic.clone() }
    }
}

/// The message a report is about, from its returned header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginalMessage {
    /// `Message-ID` without angle brackets.
    pub message_id: Option<String>,
    /// The address in `From`.
    pub from: Option<String>,
    /// The addresses in `To`.
    pub to: Vec<String>,
    /// `Subject`, decoded.
    pub subject: Option<String>,
    /// `Date` as written.
    pub date: Option<String>,
    /// The fields that help to find the message again: `X-…`, `List-…`, `Return-Path`, in their order.
    pub headers: Vec<(String, String)>,
}

/// What was wrong with the mail; reading went on all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Defect {
    /// There is no header, or no end of it.
    NoHeader,
    /// A multipart names no boundary, or its boundary never comes.
    Boundary,
    /// Parts are nested deeper, or are more, than is read.
    TooManyParts,
    /// Bytes could not be read in the charset or transfer encoding that is named.
    Encoding,
    /// A delivery report lacks a field that RFC 3464 asks for.
    FieldMissing,
    /// The machine-readable part stands where it must not, or is missing.
    Structure,
    /// Something was longer than is read.
    TooLong,
}
