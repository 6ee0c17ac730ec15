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
