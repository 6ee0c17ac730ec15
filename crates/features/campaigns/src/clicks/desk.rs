//! Takes clicks in without keeping anybody waiting: a bounded shelf, emptied into the store in batches.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use audience::segment::day_of;
use delivery::recipient::RecipientId;

use super::{Asked, Click, ClickStore, Sign, TIMES_MAX};
use crate::ports::StoreFailure;

/// Kinds of clicks that wait to be written down; what comes above it is only counted as lost.
const SHELF_MAX: usize = 10_000;
/// Messages judged in one transaction.
const JUDGED_AT_ONCE: u64 = 500;

/// A message, a link of it, the kind of click, the day.
type Kind = (RecipientId, u32, Option<Sign>, i64);

/// Where clicks are handed in.
pub struct ClickDesk {
    store: Arc<dyn ClickStore>,
    shelf: Mutex<HashMap<Kind, Click>>,
    lost: AtomicU64,
}

/// A link that was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Where it leads.
    pub target: String,
}

impl ClickDesk {
    /// A desk in front of this store.
    #[must_use]
    pub fn new(store: Arc<dyn ClickStore>) -> Self {
        Self { store, shelf: Mutex::default(), lost: AtomicU64::new(0) }
    }

    /// Somebody or something follows link `number` of a message: where it leads, and the click is put on the shelf.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn follow(
        &self,
        (id, number): (RecipientId, u32),
        asked: &Asked<'_>,
        now: i64,
    ) -> Result<Option<Followed>, StoreFailure> {
        let Some(link) = self.store.target(id, number).await? else { return Ok(None) };
        if let Some(contact_id) = link.contact_id {
            self.put(Click {
                recipient_id: id,
                broadcast_id: link.broadcast_id,
                contact_id,
                number,
                sign: asked.sign(link.taken_at, now),
                first_at: now,
                last_at: now,
                times: 1,
            });
        }
        Ok(Some(Followed { target: link.target }))
    }

    fn put(&self, click: Click) {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = (click.recipient_id, click.number, click.sign, day_of(click.first_at));
        if let Some(waiting) = shelf.get_mut(&kind) {
            waiting.times = (waiting.times + click.times).min(TIMES_MAX);
            waiting.first_at = waiting.first_at.min(click.first_at);
            waiting.last_at = waiting.last_at.max(click.last_at);
        } else if shelf.len() < SHELF_MAX {
            shelf.insert(kind, click);
        } else {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes down what is on the shelf and judges what has waited long enough. `true` when there is more to do.
    ///
    /// # Errors
    /// When the store cannot be asked; what could not be written down stays on the shelf.
    pub async fn step(&self, now: i64) -> Result<bool, StoreFailure> {
        let taken = std::mem::take(&mut *self.shelf.lock().unwrap_or_else(PoisonError::into_inner));
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "more clicks came in than could be written down");
        }
        let clicks: Vec<Click> = taken.into_values().collect();
        if !clicks.is_empty()
            && let Err(error) = self.store.record_clicks(&clicks).await
        {
            clicks.into_iter().for_each(|click| self.put(click));
            return Err(error);
        }
        Ok(self.store.judge_clicks(now, JUDGED_AT_ONCE).await? >= JUDGED_AT_ONCE)
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::{
        broadcast::BroadcastId,
        clicks::{Clicker, Clicks, LinkCount, LinkTarget, WhoFilter},
    };

    /// Every link leads to one place; what is recorded is kept, unless the disk is full.
    #[derive(Default)]
    struct Book {
        kept: Mutex<Vec<Click>>,
        is_full: Mutex<bool>,
    }

    #[async_trait]
    impl ClickStore for Book {
        async fn links_of(&self, _: BroadcastId, _: &[String]) -> Result<Vec<String>, StoreFailure> {
            Ok(Vec::new())
        }

        async fn target(&self, id: RecipientId, _: u32) -> Result<Option<LinkTarget>, StoreFailure> {
            let target = "https://hana.example/".to_owned();
            let contact_id = (id > 0).then_some(id);
            Ok(Some(LinkTarget { broadcast_id: 1, target, contact_id, taken_at: Some(0) }))
        }

        async fn record_clicks(&self, clicks: &[Click]) -> Result<(), StoreFailure> {
            if *self.is_full.lock().unwrap() {
                return Err("disk full".into());
            }
            self.kept.lock().unwrap().extend_from_slice(clicks);
            Ok(())
        }

        async fn judge_clicks(&self, _: i64, _: u64) -> Result<u64, StoreFailure> {
            Ok(0)
        }

        async fn link_counts(&self, _: BroadcastId) -> Result<Vec<LinkCount>, StoreFailure> {
            Ok(Vec::new())
        }

        async fn click_total(&self, _: BroadcastId) -> Result<Clicks, StoreFailure> {
            Ok(Clicks::default())
        }

        async fn clickers(
            &self,
            _: BroadcastId,
            _: WhoFilter,
            _: (u64, u64),
        ) -> Result<(Vec<Clicker>, u64), StoreFailure> {
            Ok((Vec::new(), 0))
        }
    }

    const NOW: i64 = 1_790_000_000_000;
    const PERSON: Asked<'static> = Asked { is_head: false, agent: "Mozilla/5.0", headers: &[] };

    #[tokio::test]
    async fn the_shelf_is_bounded_and_survives_a_full_disk() {
        let book = Arc::new(Book::default());
        let desk = ClickDesk::new(book.clone());
        for n in 0..3_000 {
            desk.follow((1, 0), &PERSON, NOW + n).await.unwrap();
        }
        for id in 2..=SHELF_MAX as i64 + 50 {
            assert!(desk.follow((id, 0), &PERSON, NOW).await.unwrap().is_some(), "all are led on");
        }
        *book.is_full.lock().unwrap() = true;
        assert!(desk.step(NOW).await.is_err());
        *book.is_full.lock().unwrap() = false;
        desk.step(NOW).await.unwrap();
        let kept = std::mem::take(&mut *book.kept.lock().unwrap());
        assert_eq!(kept.len(), SHELF_MAX);
        let first = kept.iter().find(|click| click.recipient_id == 1).unwrap();
        assert_eq!((first.times, first.first_at), (TIMES_MAX, NOW));
        desk.step(NOW).await.unwrap();
        assert!(book.kept.lock().unwrap().is_empty(), "once is enough");
    }

    #[tokio::test]
    async fn nothing_is_recorded_of_who_was_erased() {
        let book = Arc::new(Book::default());
        let desk = ClickDesk::new(book.clone());
        let followed = desk.follow((-1, 0), &PERSON, NOW).await.unwrap().unwrap();
        assert_eq!(followed.target, "https://hana.example/");
        desk.step(NOW).await.unwrap();
        assert!(book.kept.lock().unwrap().is_empty());
    }
}
