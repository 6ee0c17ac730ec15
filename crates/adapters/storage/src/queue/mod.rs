//! The queue at rest: each port method lives in the file of its step in a message's life.

mod claim;
mod commit;
mod later;
mod lease;
mod numbers;
mod record;
mod recover;
pub(crate) mod settle;
mod submit;

use std::sync::Arc;

use async_trait::async_trait;
use delivery::{
    hurry::Hands,
    ports::{
        ClaimRequest, Claimed, CommitMark, Grant, Later, Postponed, QueueStore, Record, Recovered,
        StoreFailure, Submission, Submitted,
    },
    recipient::RecipientId,
};

pub(crate) use later::record as record_later;

use crate::{StorageError, Store, source_counts::Tally, transcripts::Told, tx::Tx};

#[async_trait]
impl QueueStore for Store {
    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<Claimed>, StoreFailure> {
        Ok(claim::claim(self, request).await?)
    }

    async fn mark_committing(
        &self,
        node: &str,
        marks: &[CommitMark],
        now: i64,
    ) -> Result<Vec<Grant>, StoreFailure> {
        let node = node.to_owned();
        let work = (marks.to_vec(), (Vec::new(), Arc::default()));
        Ok(self.keeping_plans().write(move |tx| Box::pin(settle_both(tx, node, work, now))).await?)
    }

    async fn record(&self, node: &str, records: &[Record], now: i64) -> Result<(), StoreFailure> {
        self.settle(node, &[], records, now).await.map(drop)
    }

    async fn settle(
        &self,
        node: &str,
        marks: &[CommitMark],
        records: &[Record],
        now: i64,
    ) -> Result<Vec<Grant>, StoreFailure> {
        let told = self.told(records, now);
        let (node, marks, records) = (node.to_owned(), marks.to_vec(), (records.to_vec(), Arc::clone(&told)));
        let grants = self
            .keeping_plans()
            .write_masses(move |tx| Box::pin(settle_both(tx, node, (marks, records), now)))
            .await?;
        self.told_durably(&told);
        Ok(grants)
    }

    async fn release(&self, node: &str, ids: &[RecipientId], due_at: i64) -> Result<(), StoreFailure> {
        Ok(recover::release(self, node, ids, due_at).await?)
    }

    async fn postpone(&self, node: &str, rows: &[Postponed]) -> Result<(), StoreFailure> {
        Ok(recover::postpone(self, node, rows).await?)
    }

    async fn look_again(&self, now: i64) -> Result<(), StoreFailure> {
        Ok(recover::look_again(self, now).await?)
    }

    async fn recover(&self, node: &str, heard_since: i64, now: i64) -> Result<Recovered, StoreFailure> {
        Ok(recover::recover(self, node, heard_since, now).await?)
    }

    async fn next_due_at(&self) -> Result<Option<i64>, StoreFailure> {
        Ok(lease::next_due_at(self).await?)
    }

    fn hand_to(&self, hands: Hands) {
        self.hold_out(hands);
    }

    async fn submit(&self, submission: &Submission, now: i64) -> Result<Submitted, StoreFailure> {
        Ok(submit::submit(self, submission.clone(), now).await?)
    }

    async fn record_later(
        &self,
        id: RecipientId,
        later: &Later,
        arrival_id: i64,
        now: i64,
    ) -> Result<bool, StoreFailure> {
        let later = later.clone();
        Ok(self.write(move |tx| Box::pin(later::record(tx, id, later, Some(arrival_id), now))).await?)
    }
}

async fn settle_both(
    tx: &mut Tx,
    node: String,
    (marks, (records, told)): (Vec<CommitMark>, (Vec<Record>, Arc<Told>)),
    now: i64,
) -> Result<Vec<Grant>, StorageError> {
    // First of all, as everywhere: broadcasts are locked before rows.
    let ids = marks.iter().map(|mark| mark.id).chain(records.iter().map(|record| record.id));
    commit::hold_broadcasts(tx, &ids.collect::<Vec<_>>()).await?;
    let mut tally = Tally::default();
    if !records.is_empty() {
        record::record(tx, node.clone(), (records, told), &mut tally, now).await?;
    }
    let grants = match marks.is_empty() {
        true => Vec::new(),
        false => commit::mark(tx, node, marks, &mut tally, now).await?,
    };
    tally.write(tx, now).await?;
    Ok(grants)
}
