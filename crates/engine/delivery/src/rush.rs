//! What somebody waits for: handed over when it is queued, or claimed by itself, beside the loop of the masses.

use std::sync::Arc;

use tokio::{
    sync::mpsc::UnboundedReceiver,
    task::JoinSet,
    time::{Interval, MissedTickBehavior},
};

use crate::{
    dispatcher::{Delivery, IDLE_MAX, Shared},
    hurry::Hurry,
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
        let mut look = tokio::time::interval(IDLE_MAX);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let first = next(&mut look, &self.hurry, handed).await;
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

/// What is handed over next; `None` when it is time to look into the queue, which is twice a second however much is
/// handed over meanwhile: what was tried before is due again there.
async fn next<T>(look: &mut Interval, hurry: &Hurry, handed: &mut UnboundedReceiver<T>) -> Option<T> {
    tokio::select! {
        biased;
        _ = look.tick() => None,
        () = hurry.rung() => None,
        // Nobody hands over to us any more when another has held out its hands since; the rest goes on.
        Some(row) = handed.recv() => Some(row),
    }
}

#[cfg(test)]
mod tests {
    use tokio::{sync::mpsc, time::Instant};

    use super::*;

    #[tokio::test]
    async fn what_is_handed_over_does_not_keep_from_looking() {
        let (hands, mut handed) = mpsc::unbounded_channel();
        let mut look = tokio::time::interval_at(Instant::now() + IDLE_MAX, IDLE_MAX);
        let began = Instant::now();
        let looked = loop {
            hands.send(1).unwrap();
            if next(&mut look, &Hurry::default(), &mut handed).await.is_none() {
                break began.elapsed();
            }
            tokio::task::yield_now().await;
        };
        assert!(looked >= IDLE_MAX && looked < IDLE_MAX * 10, "{looked:?}");
    }

    #[tokio::test]
    async fn a_bell_is_heard_and_closed_hands_are_no_reason_to_hurry() {
        let (hands, mut handed) = mpsc::unbounded_channel::<u8>();
        let mut look = tokio::time::interval_at(Instant::now() + IDLE_MAX, IDLE_MAX);
        let hurry = Hurry::default();
        drop(hands);
        let began = Instant::now();
        hurry.ring();
        assert!(next(&mut look, &hurry, &mut handed).await.is_none() && began.elapsed() < IDLE_MAX);
        assert!(next(&mut look, &hurry, &mut handed).await.is_none() && began.elapsed() >= IDLE_MAX);
    }
}
