//! What an operator decides about the audience of a broadcast beside its kind: whose conditions, who by hand, and which
//! rules leave people out.

use audience::segment::{Rule, SegmentId};
use serde::{Deserialize, Serialize};

/// The decisions about one broadcast's audience.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AudienceRules {
    /// The segment that is asked, with [`crate::broadcast::AudienceKind::Conditions`].
    pub segment_id: Option<SegmentId>,
    /// The segment's rule as it stood at the start; changes after that do not matter to this broadcast.
    pub rule: Option<Rule>,
    /// What is done about several contacts with one address.
    pub duplicates: Duplicates,
    /// Also to those who have this template's mail already.
    pub send_again: bool,
    /// Where the people picked by hand came from, when conditions were frozen into a list.
    pub frozen: Option<Frozen>,
}

/// What is done about several contacts with one address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// The newest registration stands for the address.
    #[default]
    Newest,
    /// Each of them gets a mail.
    Each,
}

/// People that were taken from a segment at one moment and do not change with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// The segment.
    pub segment_id: SegmentId,
    /// When.
    pub at: i64,
    /// How many they were.
    pub people: u64,
}

/// How many advertising mails one person may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrequencyCap {
    /// At most so many …
    pub mails: u32,
    /// … in so many days.
    pub days: u32,
}

impl FrequencyCap {
    /// Largest number of mails or days that makes sense.
    pub const MAX: u32 = 366;

    /// Whether both numbers make sense.
    #[must_use]
    pub fn is_sound(self) -> bool {
        (1..=Self::MAX).contains(&self.mails) && (1..=Self::MAX).contains(&self.days)
    }
}

/// How many people were put in and taken out by hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByHand {
    /// Put in.
    pub included: u64,
    /// Taken out.
    pub excluded: u64,
}
