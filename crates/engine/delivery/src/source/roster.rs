//! The sources as this process knows them: read every second, counted in memory, asked for each message.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use super::{
    choose::{Asked, Choice, choose},
    counts::{Cap, Counts, caps, hour_of},
    model::{FIRST_SOURCE, LanePools, Source, SourceDraft, SourceId, Way},
};
use crate::{
    ports::{Claimed, Leaving, SourceStore, StoreFailure},
    recipient::Lane,
};

/// How long the sources are used before they are read again.
const FRESH_MS: i64 = 1_000;
/// Hours that limits look back on at most.
const HOURS_BACK: i64 = 34;

/// Everything known at one moment.
#[derive(Clone)]
struct Known {
    sources: Arc<Vec<Source>>,
    pools: Arc<LanePools>,
}

/// The sources in memory. Shared by the loop and the workers.
pub struct Roster {
    store: Arc<dyn SourceStore>,
    read_at: AtomicI64,
    known: Mutex<Known>,
    counts: Mutex<Counts>,
}

/// Leave to hand one message over through a source, as far as this process knows. Dropped unused, it is taken back.
pub struct Slot<'a> {
    counts: Option<&'a Mutex<Counts>>,
    source: SourceId,
    provider: String,
    hour: i64,
    caps: Vec<Cap>,
}

impl Slot<'_> {
    /// The limits it was checked against, for the store to check again.
    #[must_use]
    pub fn leaving(&self, provider: &str) -> Leaving {
        Leaving { source: self.source, provider: provider.to_owned(), caps: self.caps.clone() }
    }

    /// The message was handed over.
    pub fn used(mut self) {
        self.counts = None;
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if let Some(counts) = self.counts {
            lock(counts).take_back(self.source, &self.provider, self.hour);
        }
    }
}

impl Roster {
    /// Knows only the first source, until [`Roster::refresh`].
    #[must_use]
    pub fn new(store: Arc<dyn SourceStore>) -> Self {
        let sources = Arc::new(vec![Source::new(FIRST_SOURCE, SourceDraft::default())]);
        Self {
            store,
            read_at: AtomicI64::new(i64::MIN / 2),
            known: Mutex::new(Known { sources, pools: Arc::default() }),
            counts: Mutex::default(),
        }
    }

    /// Reads the sources again when they are not fresh; keeps what is known while the store cannot be asked.
    pub async fn refresh(&self, now: i64) {
        let read_at = self.read_at.load(Ordering::Relaxed);
        if (now - read_at).abs() < FRESH_MS {
            return;
        }
        // Others go on with what is known meanwhile.
        self.read_at.store(now, Ordering::Relaxed);
        if let Err(error) = self.read(now).await {
            tracing::warn!(%error, "the sources could not be read; the last ones are used");
            self.read_at.store(read_at, Ordering::Relaxed);
        }
    }

    /// Makes the next [`Roster::refresh`] read.
    pub fn forget_fresh(&self) {
        self.read_at.store(i64::MIN / 2, Ordering::Relaxed);
    }

    async fn read(&self, now: i64) -> Result<(), StoreFailure> {
        let sources = self.store.sources().await?;
        let pools = self.store.lane_pools().await?;
        if sources.iter().any(is_limited) {
            let since_hour = hour_of(now) - HOURS_BACK;
            let counted = self.store.source_counts(since_hour).await?;
            let mut counts = lock(&self.counts);
            counts.forget_before(since_hour);
            counts.learn(&counted);
        }
        *lock(&self.known) = Known { sources: Arc::new(sources), pools: Arc::new(pools) };
        Ok(())
    }

    /// Whether any source goes to the recipients' own MX hosts.
    #[must_use]
    pub fn asks_dns(&self) -> bool {
        self.sources().iter().any(|source| source.draft.enabled && matches!(source.draft.way, Way::Direct(_)))
    }

    /// The sources as they are known.
    #[must_use]
    pub fn sources(&self) -> Arc<Vec<Source>> {
        Arc::clone(&lock(&self.known).sources)
    }

    /// One source.
    #[must_use]
    pub fn source(&self, id: SourceId) -> Option<Source> {
        self.sources().iter().find(|source| source.id == id).cloned()
    }

    /// Whether a source may be used at this moment: it is there, switched on and awake.
    #[must_use]
    pub fn is_awake(&self, id: SourceId, now: i64) -> bool {
        self.sources()
            .iter()
            .any(|source| source.id == id && source.draft.enabled && source.resting(now).is_none())
    }

    /// Whether messages of this source are counted against limits of it.
    #[must_use]
    pub fn is_limited(&self, id: SourceId) -> bool {
        self.sources().iter().any(|source| source.id == id && is_limited(source))
    }

    /// The source a message leaves by.
    #[must_use]
    pub fn choose(&self, row: &Claimed, avoided: &[SourceId], now: i64) -> Choice {
        let Known { sources, pools } = lock(&self.known).clone();
        let own = row.pool.as_deref().filter(|_| row.lane == Lane::Broadcast);
        let asked = Asked {
            pool: own.unwrap_or_else(|| pools.of(row.lane)),
            provider: &row.provider,
            from_domain: &row.from_domain,
            key: row.id,
            attempts: row.attempts,
            sticky: row.sticky_source,
            avoided,
        };
        choose(&sources, &asked, &lock(&self.counts), now)
    }

    /// Takes one message's room at a source; `None` when a limit is used up. Costs nothing where there is no limit.
    #[must_use]
    pub fn reserve(&self, id: SourceId, provider: &str, now: i64) -> Option<Slot<'_>> {
        let sources = self.sources();
        let caps = sources.iter().find(|source| source.id == id).map_or_else(Vec::new, |source| {
            if is_limited(source) { caps(source, provider, now) } else { Vec::new() }
        });
        if caps.is_empty() {
            return Some(Slot { counts: None, source: id, provider: String::new(), hour: 0, caps });
        }
        let hour = hour_of(now);
        let mut counts = lock(&self.counts);
        if !counts.has_room(id, &caps) {
            return None;
        }
        counts.add(id, provider, hour, 1);
        Some(Slot { counts: Some(&self.counts), source: id, provider: provider.to_owned(), hour, caps })
    }
}

fn is_limited(source: &Source) -> bool {
    let quota = source.draft.quota;
    quota.hourly.is_some() || quota.daily.is_some() || source.draft.curve.is_some()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
