//! Broadcasts at rest: drafts, the audience written down, the life of a run, and its numbers.

mod asked;
mod audience;
mod control;
mod drafts;
mod numbers;
mod settings;

use ::audience::segment::{Found, RuleProblem, SegmentId};
use async_trait::async_trait;
use campaigns::{
    audience::{AudienceRules, ByHand, FrequencyCap, HouseRules},
    broadcast::{AudienceMember, AudiencePart, Broadcast, BroadcastDraft, BroadcastId, Waterfall},
    ports::{BroadcastStore, StoreFailure},
    report::{Counts, ProviderCount, ReasonCount, Row, RowFilter},
};

pub(crate) use asked::left_out;
pub(crate) use audience::SITE;
pub(crate) use control::finish_interrupted;

use crate::{StorageError, Store, statistics};

/// People of an audience that are written down in one step beside something urgent.
const AUDIENCE_IN_HURRY: u64 = 100;

#[async_trait]
impl BroadcastStore for Store {
    async fn create(
        &self,
        draft: &BroadcastDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<BroadcastId, StoreFailure> {
        let draft = draft.clone();
        Ok(self.write(move |tx| Box::pin(drafts::create(tx, draft, actor, now))).await?)
    }

    async fn update(&self, id: BroadcastId, draft: &BroadcastDraft) -> Result<bool, StoreFailure> {
        Ok(drafts::update(self, id, draft).await?)
    }

    async fn get(&self, id: BroadcastId) -> Result<Option<Broadcast>, StoreFailure> {
        Ok(drafts::get(self, id).await?)
    }

    async fn list(&self, offset: u64, limit: u64) -> Result<Vec<Broadcast>, StoreFailure> {
        Ok(drafts::list(self, offset, limit).await?)
    }

    async fn pick(&self, id: BroadcastId, contact_ids: &[i64], picked: bool) -> Result<bool, StoreFailure> {
        let contact_ids = contact_ids.to_vec();
        Ok(self.write(move |tx| Box::pin(drafts::pick(tx, id, contact_ids, picked))).await?)
    }

    async fn picked(&self, id: BroadcastId, limit: u64) -> Result<Vec<i64>, StoreFailure> {
        Ok(drafts::picked(self, id, limit).await?)
    }

    async fn audience_rules(&self, id: BroadcastId) -> Result<AudienceRules, StoreFailure> {
        Ok(settings::rules(self, id).await?)
    }

    async fn set_audience_rules(&self, id: BroadcastId, rules: &AudienceRules) -> Result<bool, StoreFailure> {
        Ok(settings::set_rules(self, id, rules).await?)
    }

    async fn exclude(&self, id: BroadcastId, contact_ids: &[i64], out: bool) -> Result<bool, StoreFailure> {
        let contact_ids = contact_ids.to_vec();
        Ok(self.write(move |tx| Box::pin(settings::exclude(tx, id, contact_ids, out))).await?)
    }

    async fn by_hand(&self, id: BroadcastId) -> Result<ByHand, StoreFailure> {
        Ok(settings::by_hand(self, id).await?)
    }

    async fn hand_picked(
        &self,
        id: BroadcastId,
        out: bool,
        offset: u64,
        limit: u64,
    ) -> Result<Vec<AudienceMember>, StoreFailure> {
        Ok(settings::hand_picked(self, id, out, (offset, limit)).await?)
    }

    async fn freeze(
        &self,
        id: BroadcastId,
        segment: SegmentId,
        now: i64,
    ) -> Result<Found<u64>, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(settings::freeze(tx, id, segment, now))).await?)
    }

    async fn audience_problems(&self, id: BroadcastId) -> Result<Vec<RuleProblem>, StoreFailure> {
        Ok(self.read(move |tx| Box::pin(settings::problems(tx, id))).await?)
    }

    async fn frequency_cap(&self) -> Result<Option<FrequencyCap>, StoreFailure> {
        Ok(self.read(|tx| Box::pin(settings::cap(tx))).await?)
    }

    async fn set_frequency_cap(
        &self,
        cap: Option<FrequencyCap>,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure> {
        Ok(self.write(move |tx| Box::pin(settings::set_cap(tx, cap, actor, now))).await?)
    }

    async fn house_rules(&self) -> Result<HouseRules, StoreFailure> {
        Ok(self.read(|tx| Box::pin(settings::house(tx))).await?)
    }

    async fn set_house_rules(
        &self,
        rules: &HouseRules,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure> {
        let rules = rules.clone();
        Ok(self.write(move |tx| Box::pin(settings::set_house(tx, rules, actor, now))).await?)
    }

    async fn unrecorded(&self, id: BroadcastId, now: i64) -> Result<u64, StoreFailure> {
        Ok(self.read(move |tx| Box::pin(audience::unrecorded(tx, id, now))).await?)
    }

    async fn preview(&self, id: BroadcastId, now: i64) -> Result<Waterfall, StoreFailure> {
        Ok(self.read(move |tx| Box::pin(audience::preview(tx, id, now))).await?)
    }

    async fn audience(
        &self,
        id: BroadcastId,
        part: AudiencePart,
        page: (u64, u64),
        now: i64,
    ) -> Result<Vec<AudienceMember>, StoreFailure> {
        Ok(self.read(move |tx| Box::pin(audience::members(tx, id, part, page, now))).await?)
    }

    async fn waterfall(&self, id: BroadcastId) -> Result<Waterfall, StoreFailure> {
        Ok(numbers::waterfall(self, id).await?)
    }

    async fn start(
        &self,
        id: BroadcastId,
        expires_at: i64,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure> {
        let started = self.write(move |tx| Box::pin(control::start(tx, id, expires_at, actor, now))).await?;
        self.broadcast_bell().notify_one();
        Ok(started)
    }

    async fn preparing(&self) -> Result<Vec<BroadcastId>, StoreFailure> {
        Ok(control::preparing(self).await?)
    }

    async fn write_audience(&self, id: BroadcastId, limit: u64, now: i64) -> Result<bool, StoreFailure> {
        // Who waits for a single message waits for the whole of the step under way.
        let limit = if self.hurry().lately() { limit.min(AUDIENCE_IN_HURRY) } else { limit };
        let step = self.write_masses(move |tx| Box::pin(audience::write(tx, id, limit, now)));
        let written = match step.await {
            // Its state changed in the meantime.
            Err(StorageError::Gone(_)) => return Ok(false),
            written => written?,
        };
        self.queue_bell().notify_one();
        statistics::refresh(self).await;
        Ok(written)
    }

    async fn pause(&self, id: BroadcastId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure> {
        Ok(control::pause(self, id, actor, now).await?)
    }

    async fn resume(&self, id: BroadcastId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure> {
        let resumed = control::resume(self, id, actor, now).await?;
        self.broadcast_bell().notify_one();
        Ok(resumed)
    }

    async fn cancel(&self, id: BroadcastId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure> {
        Ok(control::cancel(self, id, actor, now).await?)
    }

    async fn finish_idle(&self, now: i64) -> Result<Vec<BroadcastId>, StoreFailure> {
        Ok(self.write_masses(move |tx| Box::pin(control::finish_idle(tx, now))).await?)
    }

    async fn counts(&self, id: BroadcastId) -> Result<Counts, StoreFailure> {
        Ok(numbers::counts(self, id).await?)
    }

    async fn by_provider(&self, id: BroadcastId) -> Result<Vec<ProviderCount>, StoreFailure> {
        Ok(numbers::by_provider(self, id).await?)
    }

    async fn by_reason(&self, id: BroadcastId) -> Result<Vec<ReasonCount>, StoreFailure> {
        Ok(numbers::by_reason(self, id).await?)
    }

    async fn rows(
        &self,
        id: BroadcastId,
        filter: &RowFilter,
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<Row>, u64), StoreFailure> {
        let filter = filter.clone();
        Ok(self.read(move |tx| Box::pin(numbers::rows(tx, id, filter, (offset, limit)))).await?)
    }
}
