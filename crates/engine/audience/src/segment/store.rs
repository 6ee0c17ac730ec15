//! What segments ask of the store. Every answer about who belongs comes from the same compiled rule.

use async_trait::async_trait;

use super::{check::RuleProblem, known::Known, rule::Rule};
use crate::{Contact, ContactId, StoreFailure};

/// Key of a segment.
pub type SegmentId = i64;

/// What an operator decides about a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentDraft {
    /// Name; no two segments in use have the same.
    pub name: String,
    /// Who belongs to it.
    pub rule: Rule,
}

/// A saved segment, shared by everybody in the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Key.
    pub id: SegmentId,
    /// Name.
    pub name: String,
    /// Its rule; `None` when this version cannot read it.
    pub rule: Option<Rule>,
    /// Who saved it last.
    pub changed_by: Option<i64>,
    /// When it was made.
    pub created_at: i64,
    /// When it was last changed.
    pub updated_at: i64,
    /// When it was put away.
    pub archived_at: Option<i64>,
    /// Counts the changes, so that two people do not overwrite each other unseen.
    pub version: i64,
}

/// What became of saving a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// Saved.
    Yes(SegmentId),
    /// Another segment has this name.
    NameTaken,
    /// There is no such segment.
    Gone,
    /// Somebody else has changed it meanwhile; nothing was saved.
    Overtaken,
}

/// What refers to a segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsedBy {
    /// Other segments.
    pub segments: Vec<(SegmentId, String)>,
    /// Broadcasts that have not ended.
    pub broadcasts: Vec<(i64, String)>,
}

impl UsedBy {
    /// Nothing refers to it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.broadcasts.is_empty()
    }
}

/// Who belongs to a rule, or why it cannot be asked.
pub type Found<T> = Result<T, Vec<RuleProblem>>;

/// One condition with what it found at one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// Where the part stands in the rule; a group's tick says whether the whole group holds.
    pub at: Vec<usize>,
    /// Whether it holds.
    pub holds: bool,
    /// What the contact has there, as it is kept; empty for nothing, and for groups.
    pub value: String,
}

/// Why a contact belongs to a rule or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// Whether she belongs to it.
    pub belongs: bool,
    /// Every group and condition, in the order of the rule; the outermost group is `belongs` itself.
    pub ticks: Vec<Tick>,
}

/// Segments at rest, and the questions a rule answers. `now` decides what "today" is.
#[async_trait]
pub trait SegmentStore: Send + Sync {
    /// Segments by name; with `archived` those that were put away.
    async fn list(&self, archived: bool) -> Result<Vec<Segment>, StoreFailure>;
    /// One segment.
    async fn get(&self, id: SegmentId) -> Result<Option<Segment>, StoreFailure>;
    /// Saves a new segment (`id` is `None`) or changes one.
    async fn save(
        &self,
        id: Option<SegmentId>,
        draft: &SegmentDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Saved, StoreFailure>;
    /// Changes a segment if it still has the version that was seen.
    async fn save_version(
        &self,
        (id, seen): (SegmentId, i64),
        draft: &SegmentDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Saved, StoreFailure>;
    /// Puts a segment away, or brings it back; `NameTaken` when its name has been given to another one meanwhile.
    async fn archive(
        &self,
        id: SegmentId,
        archived: bool,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Saved, StoreFailure>;
    /// What refers to a segment.
    async fn used_by(&self, id: SegmentId) -> Result<UsedBy, StoreFailure>;
    /// What rules can refer to.
    async fn known(&self) -> Result<Known, StoreFailure>;
    /// How many belong to the rule.
    async fn count(&self, rule: &Rule, now: i64) -> Result<Found<u64>, StoreFailure>;
    /// Contacts that belong to the rule, newest first.
    async fn people(
        &self,
        rule: &Rule,
        now: i64,
        offset: u64,
        limit: u64,
    ) -> Result<Found<Vec<Contact>>, StoreFailure>;
    /// How many belong to `new` and not to `old`, and to `old` and not to `new`.
    async fn difference(&self, old: &Rule, new: &Rule, now: i64) -> Result<Found<(u64, u64)>, StoreFailure>;
    /// Why a contact belongs to the rule or not; `None` when there is no such contact.
    async fn why(
        &self,
        rule: &Rule,
        contact: ContactId,
        now: i64,
    ) -> Result<Option<Found<Why>>, StoreFailure>;
    /// To which of the segments in use a contact belongs; `None` for those with a problem.
    async fn segments_of(
        &self,
        contact: ContactId,
        now: i64,
    ) -> Result<Vec<(Segment, Option<bool>)>, StoreFailure>;
}
