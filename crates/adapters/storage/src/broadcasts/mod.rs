//! Broadcasts at rest: drafts, the audience written down, the life of a run, and its numbers.

mod audience;
mod control;
mod drafts;
mod numbers;

use async_trait::async_trait;
use campaigns::{
    broadcast::{AudienceMember, AudiencePart, Broadcast, BroadcastDraft, BroadcastId, Waterfall},
    ports::{BroadcastStore, StoreFailure},
    report::{Counts, ProviderCount, ReasonCount, Row, RowFilter},
};

pub(crate) use audience::{SITE, left_out};
pub(crate) use control::finish_interrupted;

use crate::Store;

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

    async fn preview(&self, id: BroadcastId) -> Result<Waterfall, StoreFailure> {
        Ok(audience::preview(self, id).await?)
    }

    async fn audience(
        &self,
        id: BroadcastId,
        part: AudiencePart,
        offset: u64,
        limit: u64,
    ) -> Result<Vec<AudienceMember>, StoreFailure> {
        Ok(audience::members(self, id, part, (offset, limit)).await?)
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
        Ok(self.write(move |tx| Box::pin(control::start(tx, id, expires_at, actor, now))).await?)
    }

    async fn preparing(&self) -> Result<Vec<BroadcastId>, StoreFailure> {
        Ok(control::preparing(self).await?)
    }

    async fn write_audience(&self, id: BroadcastId, limit: u64, now: i64) -> Result<bool, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(audience::write(tx, id, limit, now))).await?)
    }

    async fn pause(&self, id: BroadcastId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure> {
        Ok(control::pause(self, id, actor, now).await?)
    }

    async fn resume(&self, id: BroadcastId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure> {
        Ok(control::resume(self, id, actor, now).await?)
    }

    async fn cancel(&self, id: BroadcastId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure> {
        Ok(control::cancel(self, id, actor, now).await?)
    }

    async fn finish_idle(&self, now: i64) -> Result<Vec<BroadcastId>, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(control::finish_idle(tx, now))).await?)
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
