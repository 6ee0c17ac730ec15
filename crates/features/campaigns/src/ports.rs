//! What campaigns ask of the store: each method is one transaction, with the events it causes.

use async_trait::async_trait;
use audience::segment::{Found, RuleProblem, SegmentId};

use crate::{
    audience::{AudienceRules, ByHand, FrequencyCap, HouseRules},
    broadcast::{AudienceMember, AudiencePart, Broadcast, BroadcastDraft, BroadcastId, Waterfall},
    report::{Counts, ProviderCount, ReasonCount, Row, RowFilter},
    template::{Template, TemplateDraft, TemplateId, TemplateVersionId},
};

/// The store could not be asked.
pub type StoreFailure = Box<dyn std::error::Error + Send + Sync>;

/// Templates at rest.
#[async_trait]
pub trait TemplateStore: Send + Sync {
    /// All, newest first.
    async fn list(&self) -> Result<Vec<Template>, StoreFailure>;
    /// One, in its newest version.
    async fn get(&self, id: TemplateId) -> Result<Option<Template>, StoreFailure>;
    /// The content of one version.
    async fn version(&self, id: TemplateVersionId) -> Result<Option<TemplateDraft>, StoreFailure>;
    /// Saves a new template (`id` is `None`) or a new version of one.
    async fn save(
        &self,
        id: Option<TemplateId>,
        draft: &TemplateDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<TemplateId, StoreFailure>;
}

/// Broadcasts at rest.
#[async_trait]
pub trait BroadcastStore: Send + Sync {
    /// Creates a draft.
    async fn create(
        &self,
        draft: &BroadcastDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<BroadcastId, StoreFailure>;
    /// Changes a draft; `false` when it is none any more.
    async fn update(&self, id: BroadcastId, draft: &BroadcastDraft) -> Result<bool, StoreFailure>;
    /// One broadcast.
    async fn get(&self, id: BroadcastId) -> Result<Option<Broadcast>, StoreFailure>;
    /// The newest broadcasts.
    async fn list(&self, offset: u64, limit: u64) -> Result<Vec<Broadcast>, StoreFailure>;
    /// Adds contacts to a draft's picked audience, or takes them out.
    async fn pick(&self, id: BroadcastId, contact_ids: &[i64], picked: bool) -> Result<bool, StoreFailure>;
    /// The picked contacts among `contact_ids`, or all of them (at most `limit`) when it is empty.
    async fn picked(&self, id: BroadcastId, limit: u64) -> Result<Vec<i64>, StoreFailure>;
    /// What was decided about a broadcast's audience.
    async fn audience_rules(&self, id: BroadcastId) -> Result<AudienceRules, StoreFailure>;
    /// Decides it; `false` when it is no draft any more.
    async fn set_audience_rules(&self, id: BroadcastId, rules: &AudienceRules) -> Result<bool, StoreFailure>;
    /// Takes contacts out of a draft's audience by hand, or takes that back.
    async fn exclude(&self, id: BroadcastId, contact_ids: &[i64], out: bool) -> Result<bool, StoreFailure>;
    /// How many were put in and taken out by hand.
    async fn by_hand(&self, id: BroadcastId) -> Result<ByHand, StoreFailure>;
    /// Those who were put in (`out` is false) or taken out by hand, by key.
    async fn hand_picked(
        &self,
        id: BroadcastId,
        out: bool,
        offset: u64,
        limit: u64,
    ) -> Result<Vec<AudienceMember>, StoreFailure>;
    /// Makes the people of a segment, as they are now, the picked audience of a draft; how many they are.
    async fn freeze(&self, id: BroadcastId, segment: SegmentId, now: i64)
    -> Result<Found<u64>, StoreFailure>;
    /// What keeps the conditions of a broadcast from being asked; nothing is sent while there is something.
    async fn audience_problems(&self, id: BroadcastId) -> Result<Vec<RuleProblem>, StoreFailure>;
    /// How many advertising mails a person may get; `None` for any number.
    async fn frequency_cap(&self) -> Result<Option<FrequencyCap>, StoreFailure>;
    /// Changes it.
    async fn set_frequency_cap(
        &self,
        cap: Option<FrequencyCap>,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure>;
    /// What the house decides about every audience.
    async fn house_rules(&self) -> Result<HouseRules, StoreFailure>;
    /// Decides it anew; broadcasts that have started keep to what was decided then.
    async fn set_house_rules(
        &self,
        rules: &HouseRules,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure>;
    /// How many of those who get a draft's mail have no consent on record; 0 where none is needed.
    async fn unrecorded(&self, id: BroadcastId, now: i64) -> Result<u64, StoreFailure>;
    /// Who would be left out if it started now; the very rules [`BroadcastStore::write_audience`] uses.
    async fn preview(&self, id: BroadcastId, now: i64) -> Result<Waterfall, StoreFailure>;
    /// The people behind a number of [`BroadcastStore::preview`], in the order of their registration; `page` is
    /// offset and limit.
    async fn audience(
        &self,
        id: BroadcastId,
        part: AudiencePart,
        page: (u64, u64),
        now: i64,
    ) -> Result<Vec<AudienceMember>, StoreFailure>;
    /// Who was left out, of the rows themselves.
    async fn waterfall(&self, id: BroadcastId) -> Result<Waterfall, StoreFailure>;
    /// Fixes the template version and begins; `false` when it is no draft. `expires_at` ends retrying.
    async fn start(
        &self,
        id: BroadcastId,
        expires_at: i64,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure>;
    /// Broadcasts in preparation, also after a restart.
    async fn preparing(&self) -> Result<Vec<BroadcastId>, StoreFailure>;
    /// Writes down the next `limit` contacts of the audience as rows (queued or withheld) and moves the durable
    /// cursor; `true` when everyone is written down, and the broadcast is running.
    async fn write_audience(&self, id: BroadcastId, limit: u64, now: i64) -> Result<bool, StoreFailure>;
    /// Stops for now; `false` unless preparing or running.
    async fn pause(&self, id: BroadcastId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure>;
    /// Goes on; `false` unless paused.
    async fn resume(&self, id: BroadcastId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure>;
    /// Stops for good: every row that has not left is withheld as cancelled. What is being sent at this moment ends
    /// as it ends. `false` when it has ended already.
    async fn cancel(&self, id: BroadcastId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure>;
    /// Marks running broadcasts with nothing left in the queue as finished; returns them.
    async fn finish_idle(&self, now: i64) -> Result<Vec<BroadcastId>, StoreFailure>;
    /// Recipients by state.
    async fn counts(&self, id: BroadcastId) -> Result<Counts, StoreFailure>;
    /// Provider × state.
    async fn by_provider(&self, id: BroadcastId) -> Result<Vec<ProviderCount>, StoreFailure>;
    /// Provider × state × reason, for rows that have one.
    async fn by_reason(&self, id: BroadcastId) -> Result<Vec<ReasonCount>, StoreFailure>;
    /// Rows, by key; and how many match in all.
    async fn rows(
        &self,
        id: BroadcastId,
        filter: &RowFilter,
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<Row>, u64), StoreFailure>;
}
