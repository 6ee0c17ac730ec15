//! One sending to many people: who, what, and how far it is.

use delivery::recipient::WithheldReason;
use serde::{Deserialize, Serialize};

use crate::template::{TemplateId, TemplateVersionId};

/// Key of a broadcast.
pub type BroadcastId = i64;

/// Where a broadcast stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BroadcastState {
    /// Being written.
    Draft,
    /// Started; the audience is being written down. Delivery runs already.
    Preparing,
    /// Running.
    Running,
    /// Stopped for now.
    Paused,
    /// Stopped for good; what had not left is withheld.
    Cancelled,
    /// Nothing is left in the queue. Late bounces still come.
    Finished,
}

impl BroadcastState {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Draft, "draft"),
        (Self::Preparing, "preparing"),
        (Self::Running, "running"),
        (Self::Paused, "paused"),
        (Self::Cancelled, "cancelled"),
        (Self::Finished, "finished"),
    ];

    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("draft", |(_, name)| name)
    }

    /// The state with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(state, _)| *state)
    }
}

/// Who is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AudienceKind {
    /// Every contact; who cannot or may not get it is left out with a reason.
    All,
    /// Contacts picked by hand.
    Picked,
    /// Only contacts that have not opted out and whose address works.
    Sendable,
    /// Contacts that belong to a segment when the broadcast starts.
    Conditions,
}

impl AudienceKind {
    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Picked => "picked",
            Self::Sendable => "sendable",
            Self::Conditions => "conditions",
        }
    }

    /// The kind with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::All, Self::Picked, Self::Sendable, Self::Conditions]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// What a broadcast is for, which decides whom it may reach.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Advertising: never to people who have opted out, with a way to opt out in it.
    #[default]
    Advertising,
    /// About an order, a booking or a contract: also to people who do not want advertising.
    Transactional,
}

impl Purpose {
    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Advertising => "advertising",
            Self::Transactional => "transactional",
        }
    }

    /// The purpose with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Advertising, Self::Transactional].into_iter().find(|purpose| purpose.name() == name)
    }
}

/// What an operator decides about a broadcast before it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroadcastDraft {
    /// Name in our lists.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The template.
    pub template_id: TemplateId,
    /// Name beside the From address.
    pub from_name: String,
    /// From address; its domain is one of our sending domains.
    pub from_address: String,
    /// Reply-To, or empty.
    pub reply_to: String,
    /// Who is asked for.
    pub audience: AudienceKind,
    /// The pool of sources it leaves by; that of all broadcasts when `None`.
    pub pool: Option<String>,
    /// Whether it is recorded that links are followed.
    pub records_clicks: bool,
}

/// A broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// Key.
    pub id: BroadcastId,
    /// What was decided.
    pub draft: BroadcastDraft,
    /// The version that is sent; fixed at the start.
    pub template_version_id: Option<TemplateVersionId>,
    /// Where it stands.
    pub state: BroadcastState,
    /// Who created it.
    pub created_by: Option<i64>,
    /// When.
    pub created_at: i64,
    /// When it was started.
    pub started_at: Option<i64>,
    /// When the queue became empty, or it was cancelled.
    pub finished_at: Option<i64>,
}

/// A part of a draft's audience, as the waterfall counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudiencePart {
    /// Everyone who is asked for.
    Everyone,
    /// Those left out for this reason.
    LeftOut(WithheldReason),
    /// Those who get the mail.
    Remaining,
    /// Those among them whose consent is not on record.
    Unrecorded,
}

/// One person of a draft's audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceMember {
    /// The contact.
    pub contact_id: i64,
    /// The contact's name.
    pub name: String,
    /// The address, empty when there is none.
    pub address: String,
}

/// Who is asked for, who is left out and why, who remains. The parts always add up to `asked`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waterfall {
    /// Everyone in the audience.
    pub asked: u64,
    /// Left out, by reason, in the order of [`WithheldReason::ALL`]; no zero entries.
    pub withheld: Vec<(WithheldReason, u64)>,
    /// Who gets the mail.
    pub remaining: u64,
}
