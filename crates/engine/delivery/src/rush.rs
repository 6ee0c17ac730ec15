//! What somebody waits for: handed over when it is queued, or claimed by itself, beside the loop of the masses.

use std::sync::Arc;

use tokio::{sync::mpsc::UnboundedReceiver, task::JoinSet};

use crate::{
    dispatcher::{Delivery, IDLE_MAX, Shared},
    pacing::placing,
    ports::Claimed,
    recipient::Lane,
    worker,
};

/// Urgent rows that this process has queued itself; leased already.
pub(crate) type Handed = UnboundedReceiver<Claimed>;

/// Beyond the rows in memory, this part of them again may be held for what somebody waits for.
const URGENT_SHARE: usize = 8;

impl Delivery {
    /// What somebody waits for is claimed by itself: it waits neither for room in memory nor for the claims of a
    /// broadcast.
    pub(crate) async fn rush(&self, shared: &Arc<Shared>, handed: &mut Handed, workers: &mut JoinSet<()>) {
        loop {
            let first = tokio::select! {
                biased;
                row = handed.recv() => row,
                () = self.hurry.rung() => None,
                () = tokio::time::sleep(IDLE_MAX) => None,
            };
            while workers.try_join_next().is_some() {}
            let rows = match first {
                Some(first) => self.take_over(shared, handed, first).await,
                None => self.claim_rows(shared, (Lane::URGENT, self.room(shared)), Vec::new()).await,
            };
            if rows.is_empty() {
                continue;
            }
            shared.recorder.hurry.note();
            placing::place(shared, rows, workers).await;
            for place in shared.flows.open(shared.room, shared.now()) {
                workers.spawn(worker::serve(Arc::clone(shared), place));
            }
        }
    }

    /// Rows that may be held besides those that are.
    fn room(&self, shared: &Shared) -> usize {
        let most = self.config.rows_in_memory_max;
        (most + most / URGENT_SHARE).saturating_sub(shared.flows.rows() + shared.placing.rows())
    }

    /// What was handed over, as far as a claim would have taken it; the rest goes back into the queue.
    async fn take_over(&self, shared: &Shared, handed: &mut Handed, first: Claimed) -> Vec<Claimed> {
        let room = self.room(shared);
        let full = shared.full(shared.now());
        let mut rows = Vec::new();
        let mut next = Some(first);
        while let Some(row) = next {
            let is_full = full.iter().any(|(site, from)| *site == row.site && *from <= row.lane);
            if is_full || rows.len() >= room {
                shared.recorder.hurry.end();
                shared.give_back(row).await;
            } else {
                rows.push(row);
            }
            next = handed.try_recv().ok();
        }
        rows
    }
}
