//! Whether somebody waits for a message, or did a moment ago: then what runs in masses stands still for a moment and takes
//! smaller steps.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, mpsc};

use crate::ports::Claimed;

/// Urgent messages seldom come alone.
const LATELY: Duration = Duration::from_secs(2);
/// How long the masses stand still for an urgent message at most; they go on as soon as it is sent.
const PAUSE: Duration = Duration::from_millis(10);
/// After a pause the masses go on for this many times as long at least, so that they keep three quarters of the time.
const WORK_PER_PAUSE: u32 = 3;
/// Who stands still looks this often whether it is over.
const LOOK: Duration = Duration::from_millis(1);

/// A process that takes urgent messages the moment they are queued in it.
#[derive(Debug, Clone)]
pub struct Hands {
    /// Its name, as in [`ClaimRequest::node`](crate::ports::ClaimRequest::node).
    pub node: String,
    /// How long a row handed over is its own, milliseconds.
    pub lease_ms: i64,
    /// Where the rows go. What comes here is leased already.
    pub rows: mpsc::UnboundedSender<Claimed>,
}

/// What is urgent in this process.
#[derive(Debug, Default)]
pub struct Hurry {
    noted: Mutex<Noted>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Noted {
    last: Option<Instant>,
    pause_began: Option<Instant>,
    /// Messages the pause is for that are not sent yet.
    under_way: u32,
    /// From when on there may be another one.
    next_from: Option<Instant>,
}

impl Hurry {
    /// There is something urgent.
    pub fn note(&self) {
        self.lock().last = Some(Instant::now());
    }

    /// An urgent message is being queued here: the masses stand still, unless they just did.
    pub fn begin(&self) {
        let now = Instant::now();
        let mut noted = self.lock();
        noted.last = Some(now);
        if noted.next_from.is_none_or(|from| now >= from) {
            noted.pause_began = Some(now);
            noted.under_way = 0;
            noted.next_from = Some(now + PAUSE * (1 + WORK_PER_PAUSE));
        }
        noted.under_way += 1;
    }

    /// An urgent message is sent, or will not be now.
    pub fn end(&self) {
        let mut noted = self.lock();
        noted.under_way = noted.under_way.saturating_sub(1);
        let Some(began) = noted.pause_began.filter(|_| noted.under_way == 0) else { return };
        let now = Instant::now();
        noted.pause_began = None;
        noted.next_from = Some(now + (now - began).min(PAUSE) * WORK_PER_PAUSE);
    }

    /// Whether there was something within the last two seconds.
    #[must_use]
    pub fn lately(&self) -> bool {
        self.lock().last.is_some_and(|at| at.elapsed() < LATELY)
    }

    /// How long the masses are to stand still before they look again.
    #[must_use]
    pub fn pause_left(&self) -> Option<Duration> {
        let noted = self.lock();
        let began = noted.pause_began?;
        PAUSE.checked_sub(began.elapsed()).map(|left| left.min(LOOK))
    }

    /// There is something urgent in the queue that nobody was handed.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits until somebody rings.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_masses_stand_still_for_a_moment_and_not_for_ever() {
        let hurry = Hurry::default();
        assert!(!hurry.lately() && hurry.pause_left().is_none());
        hurry.note();
        assert!(hurry.lately() && hurry.pause_left().is_none());
        let (began, mut stood) = (Instant::now(), Duration::ZERO);
        while began.elapsed() < PAUSE * 30 {
            hurry.begin();
            if let Some(left) = hurry.pause_left() {
                assert!(left <= LOOK);
                let standing = Instant::now();
                std::thread::sleep(Duration::from_micros(100));
                stood += standing.elapsed().min(left);
            }
        }
        assert!(stood > Duration::ZERO && stood < began.elapsed() / 3, "{stood:?}");
    }

    #[test]
    fn they_go_on_when_everything_is_sent() {
        let hurry = Hurry::default();
        hurry.begin();
        hurry.begin();
        hurry.end();
        assert!(hurry.pause_left().is_some());
        hurry.end();
        hurry.end();
        assert!(hurry.pause_left().is_none());
        hurry.begin();
        let goes_on = hurry.pause_left().is_none();
        assert!(goes_on, "they have just stood still");
        std::thread::sleep(PAUSE * WORK_PER_PAUSE);
        hurry.begin();
        assert!(hurry.pause_left().is_some());
    }
}
