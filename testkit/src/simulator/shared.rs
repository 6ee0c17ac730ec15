//! What all connections of one simulator share.

use std::{
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{SimulatorConfig, memory::Memory, tls};
use crate::{TestkitError, dns::Zone, providers::ProviderBook, record::Recorder};

pub(crate) struct Shared {
    pub(crate) book: ProviderBook,
    pub(crate) recorder: Recorder,
    pub(crate) memory: Memory,
    pub(crate) acceptor: TlsAcceptor,
    pub(super) certificate: String,
    pub(crate) cancel: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) accept_all: bool,
    pub(crate) latency: Duration,
    pub(crate) zone: Option<Zone>,
    dsn_target: Mutex<Option<SocketAddr>>,
    bounces_pending: AtomicUsize,
    time_scale: f64,
    next_id: AtomicU64,
}

impl Shared {
    pub(super) fn new(config: SimulatorConfig) -> Result<Self, TestkitError> {
        let book = config.book.map_or_else(ProviderBook::shipped, Ok)?;
        let (acceptor, certificate) = tls::acceptor(&book)?;
        Ok(Self {
            recorder: Recorder::new(config.keep, config.journal.as_deref())?,
            memory: Memory::new(config.time_scale),
            acceptor,
            certificate,
            book,
            cancel: CancellationToken::new(),
            tasks: TaskTracker::new(),
            accept_all: config.accept_all,
            latency: Duration::from_millis(config.latency_ms),
            zone: config.zone,
            dsn_target: Mutex::new(config.dsn_target),
            bounces_pending: AtomicUsize::new(0),
            time_scale: config.time_scale.max(0.0),
            next_id: AtomicU64::new(1),
        })
    }

    /// Waits as long as the data file says, scaled.
    pub(crate) async fn pause(&self, ms: u64) {
        let wait = Duration::from_millis(ms).mul_f64(self.time_scale);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn dsn_target(&self) -> Option<SocketAddr> {
        *self.dsn_target.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_dsn_target(&self, target: Option<SocketAddr>) {
        *self.dsn_target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }

    pub(crate) fn bounce_begins(&self) {
        self.bounces_pending.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn bounce_ends(&self) {
        self.bounces_pending.fetch_sub(1, Ordering::AcqRel);
    }

    pub(super) fn bounces_pending(&self) -> usize {
        self.bounces_pending.load(Ordering::Acquire)
    }
}
