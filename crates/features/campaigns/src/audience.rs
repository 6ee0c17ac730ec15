//! What an operator decides about the audience of a broadcast beside its kind: whose conditions, who by hand, and which
//! rules leave people out.

use audience::{
    ConsentBasis, TopicId,
    segment::{Rule, SegmentId},
};
use serde::{Deserialize, Serialize};

/// The decisions about one broadcast's audience.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AudienceRules {
    /// The segment that is asked, with [`crate::broadcast::AudienceKind::Conditions`].
    pub segment_id: Option<SegmentId>,
    /// The segment's rule as it stood at the start; changes after that do not matter to this broadcast.
    pub rule: Option<Rule>,
    /// What is done about several contacts with one address; `None` for what the house does.
    pub duplicates: Option<Duplicates>,
    /// The topic it is about: who refused that one is left out, and who agreed to it has agreed.
    pub topic_id: Option<TopicId>,
    /// What the house demanded at the start; changes after that do not matter to this broadcast.
    pub consent: Option<ConsentDemand>,
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
    /// The oldest registration stands for it.
    Oldest,
    /// One with consent on record stands for it before one without; of several alike the newest.
    Consented,
    /// Each of them gets a mail.
    Each,
}

impl Duplicates {
    /// Every way, the usual one first.
    pub const ALL: [Self; 4] = [Self::Newest, Self::Oldest, Self::Consented, Self::Each];

    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Consented => "consented",
            Self::Each => "each",
        }
    }

    /// The way with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }
}

/// Of whom the house wants consent on record before it sends advertising (特定電子メール法 Article 3). The law wants it of
/// everybody; a house that begins with a list from before it kept records has to be able to fill them in first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsentDemand {
    /// Of whom.
    pub of: DemandOf,
    /// The bases that are enough.
    pub bases: Vec<ConsentBasis>,
}

/// Of whom consent on record is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DemandOf {
    /// Nobody is left out; how many have none on record is shown before each sending.
    #[default]
    Nobody,
    /// Of those registered from this instant on.
    Since(i64),
    /// Of everybody.
    Everybody,
}

impl Default for ConsentDemand {
    fn default() -> Self {
        Self { of: DemandOf::Nobody, bases: ConsentBasis::ALL.to_vec() }
    }
}

/// What the house decides about every audience beside the [`FrequencyCap`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HouseRules {
    /// What is done about several contacts with one address, unless a broadcast says otherwise.
    pub duplicates: Duplicates,
    /// Of whom consent on record is wanted.
    pub consent: ConsentDemand,
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
