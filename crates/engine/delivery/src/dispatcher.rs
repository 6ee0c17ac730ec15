//! The loop: claim what is due, put it before its sites, open connections, sleep until there is more.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc},
    task::JoinSet,
};

use crate::{
    health::{Health, Work},
    hurry::{Hands, Hurry},
    pacing::{
        Place,
        flows::{Flows, Room, TurnedAway},
        pacer::Pacer,
        placing::{self, Placing},
        rulebook::Overrides,
        rules::Watch,
        steering::Steering,
        store::{NewHold, PacingStore},
    },
    ports::{
        ClaimRequest, Claimed, Messages, MxResolver, Pace, Postponed, QueueStore, SourceStore, Transport,
    },
    recipient::Lane,
    recorder::{Clock, Recorder, rows_max},
    route::House,
    rush::Handed,
    set_back::WallClock,
    source::roster::Roster,
    verp::Seal,
    worker,
};

/// How long claimed rows are ours: longer than the longest dialogue, whose final dot may take 10 minutes.
const LEASE_MS: i64 = 20 * 60_000;
/// How long the loop sleeps at most, so that work of other nodes and doors is seen.
pub(crate) const IDLE_MAX: Duration = Duration::from_millis(500);
/// Pause before taking back is tried again at the start.
const RECOVER_AGAIN: Duration = Duration::from_secs(1);
/// How often it is looked whether trouble with the store is over.
const TROUBLE_PAUSE_MS: i64 = 2_000;
/// A process says this many times that it lives before its silence would count as death.
const SIGNS_OF_LIFE: i64 = 4;

/// The limits of one delivery process.
#[derive(Debug, Clone)]
pub struct DeliveryConfig {
    /// This process; unique per start.
    pub node: String,
    /// Rows in memory at most.
    pub rows_in_memory_max: usize,
    /// Rows ready for one site at most.
    pub ready_per_site_max: usize,
    /// Connections in all at most.
    pub connections_max: usize,
    /// How long another process that shares the queue may be silent before its rows are taken back, milliseconds.
    pub dead_after_ms: i64,
    /// Limits by group, laid over the rule pack's.
    pub limits: Overrides,
    /// Who we are on the wire.
    pub house: House,
}

impl DeliveryConfig {
    /// Careful defaults for a house of this name.
    #[must_use]
    pub fn new(node: &str, helo_name: &str) -> Self {
        Self {
            node: node.to_owned(),
            rows_in_memory_max: 4_000,
            ready_per_site_max: 200,
            connections_max: 200,
            dead_after_ms: 120_000,
            limits: Overrides::new(),
            house: House { helo_name: helo_name.to_owned(), mx_port: 25 },
        }
    }
}

impl DeliveryConfig {
    fn room(&self) -> Room {
        Room {
            connections: self.connections_max,
            rows: self.rows_in_memory_max,
            ready_per_site: self.ready_per_site_max,
        }
    }
}

/// Everything delivery asks of the house.
#[derive(Clone)]
pub struct Ports {
    /// The queue.
    pub queue: Arc<dyn QueueStore>,
    /// Limits and holds.
    pub pacing: Arc<dyn PacingStore>,
    /// The route.
    pub sources: Arc<dyn SourceStore>,
    /// DNS.
    pub resolver: Arc<dyn MxResolver>,
    /// SMTP.
    pub transport: Arc<dyn Transport>,
    /// The content.
    pub messages: Arc<dyn Messages>,
    /// The time.
    pub clock: Clock,
}

/// What the workers share.
pub(crate) struct Shared {
    pub(crate) flows: Flows,
    pub(crate) placing: Placing,
    pub(crate) recorder: Recorder,
    pub(crate) resolver: Arc<dyn MxResolver>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) messages: Arc<dyn Messages>,
    pub(crate) seal: Seal,
    pub(crate) house: House,
    pub(crate) room: Room,
    steering: Mutex<Arc<Steering>>,
    pub(crate) watch: Watch,
    pub(crate) pacing: Arc<dyn PacingStore>,
    pub(crate) health: Arc<Health>,
    pub(crate) wake: Arc<Notify>,
    pub(crate) roster: Roster,
    queue: Arc<dyn QueueStore>,
    pub(crate) node: String,
    clock: Clock,
    closing: AtomicBool,
}

impl Shared {
    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    pub(crate) fn closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Gives a row back untried, due at once.
    pub(crate) async fn give_back(&self, row: Claimed) {
        self.recorder.give_back(row.id).await;
    }

    /// Limits and holds as they are now.
    pub(crate) fn steering(&self) -> Arc<Steering> {
        Arc::clone(&self.steering.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lays new limits and holds over everything.
    pub(crate) async fn steer(&self, steering: Steering) {
        let steering = Arc::new(steering);
        let away = self.flows.steer(&steering, self.now());
        let unwanted = self.flows.unwanted(&steering, self.now());
        *self.steering.lock().unwrap_or_else(PoisonError::into_inner) = steering;
        self.postpone(away).await;
        for row in unwanted {
            self.give_back(row).await;
        }
    }

    /// Shards and lanes that should get no more rows now.
    pub(crate) fn full(&self, now: i64) -> Vec<(String, Lane)> {
        let mut full = self.flows.full(self.room, now);
        full.extend(self.steering().stopped_shards(now).map(|shard| (shard.to_owned(), Lane::Transactional)));
        full
    }

    /// Keeps what a rule demands. It comes into force when the holds are read again, within a second.
    pub(crate) async fn make_hold(&self, hold: &NewHold) {
        if let Err(error) = self.pacing.hold(hold, None, self.now()).await {
            tracing::error!(%error, rule = hold.rule, "what a rule demands could not be kept");
        }
    }

    /// Puts rows before their servers, and off where there is no place for them now.
    pub(crate) async fn put(&self, placed: Vec<(Place, Claimed)>) {
        let away = self.flows.add(placed, self.room, self.now());
        self.postpone(away).await;
    }

    /// Puts off rows that find no place, with what they wait for.
    async fn postpone(&self, away: Vec<TurnedAway>) {
        self.wait_for_source(away.into_iter().map(TurnedAway::postponed).collect()).await;
    }

    /// The sources as they are now; the last known ones while the store cannot be asked.
    pub(crate) async fn roster(&self) -> &Roster {
        self.roster.refresh(self.now()).await;
        &self.roster
    }

    /// Puts off rows whose sources or servers are not free.
    pub(crate) async fn wait_for_source(&self, rows: Vec<Postponed>) {
        if rows.is_empty() {
            return;
        }
        if let Err(error) = self.queue.postpone(&self.node, &rows).await {
            // Their lease ends by itself, only later.
            tracing::warn!(%error, rows = rows.len(), "rows could not be put off");
        }
    }
}

/// A running delivery.
pub struct Delivery {
    pub(crate) config: DeliveryConfig,
    ports: Ports,
    seal: Seal,
    health: Arc<Health>,
    wake: Arc<Notify>,
    pub(crate) hurry: Arc<Hurry>,
}

impl Delivery {
    /// Prepares delivery; nothing runs yet. `house_secret` signs the return paths.
    #[must_use]
    pub fn new(config: DeliveryConfig, ports: Ports, house_secret: &str) -> Self {
        Self {
            config,
            ports,
            seal: Seal::return_paths(house_secret),
            health: Arc::default(),
            wake: Arc::new(Notify::new()),
            hurry: Arc::default(),
        }
    }

    /// Whether it can do its work.
    #[must_use]
    pub fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    /// Looks into the queue at once when `wake` tells it to, and for what somebody waits for when `hurry` does.
    #[must_use]
    pub fn woken_by(self, wake: Arc<Notify>, hurry: Arc<Hurry>) -> Self {
        Self { wake, hurry, ..self }
    }

    /// Wakes the loop at once when something was queued.
    #[must_use]
    pub fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// Runs until `shutdown`; then ends the dialogues that are under way, gives back what was not tried and makes
    /// every outcome durable.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let (recorder, recording) = Recorder::start(
            Arc::clone(&self.ports.queue),
            self.config.node.clone(),
            Arc::clone(&self.ports.clock),
            (Arc::clone(&self.health), Arc::clone(&self.hurry)),
        );
        let shared = self.share(recorder);
        let mut workers = (JoinSet::new(), JoinSet::new());
        let mut handed = self.hold_out_hands();
        tokio::select! {
            () = self.work(&shared, &mut handed, &mut workers) => {}
            () = shutdown => {}
        }
        shared.closing.store(true, Ordering::Relaxed);
        handed.close();
        let late = std::iter::from_fn(|| handed.try_recv().ok());
        let waiting: Vec<Claimed> = late.chain(shared.flows.drain()).chain(shared.placing.drain()).collect();
        for row in waiting {
            shared.give_back(row).await;
        }
        for mut workers in [workers.0, workers.1] {
            while workers.join_next().await.is_some() {}
        }
        drop(shared);
        recording.finish().await;
    }

    fn share(&self, recorder: Recorder) -> Arc<Shared> {
        Arc::new(Shared {
            flows: Flows::default(),
            placing: Placing::default(),
            recorder,
            resolver: Arc::clone(&self.ports.resolver),
            transport: Arc::clone(&self.ports.transport),
            messages: Arc::clone(&self.ports.messages),
            seal: self.seal.clone(),
            house: self.config.house.clone(),
            room: self.config.room(),
            steering: Mutex::default(),
            watch: Watch::default(),
            pacing: Arc::clone(&self.ports.pacing),
            health: Arc::clone(&self.health),
            wake: Arc::clone(&self.wake),
            roster: Roster::new(Arc::clone(&self.ports.sources)),
            queue: Arc::clone(&self.ports.queue),
            node: self.config.node.clone(),
            clock: Arc::clone(&self.ports.clock),
            closing: AtomicBool::new(false),
        })
    }

    /// From now on what is urgent comes to us when it is queued.
    fn hold_out_hands(&self) -> Handed {
        let (rows, handed) = mpsc::unbounded_channel();
        self.ports.queue.hand_to(Hands { node: self.config.node.clone(), lease_ms: LEASE_MS, rows });
        handed
    }

    /// Says that this process lives, and takes back what dead ones left; `false` when it cannot be written down.
    async fn recover(&self) -> bool {
        let now = (self.ports.clock)();
        let heard_since = now - self.config.dead_after_ms;
        let found = match self.ports.queue.recover(&self.config.node, heard_since, now).await {
            Ok(found) => found,
            Err(failure) => {
                self.health.store_fails(Work::Recovery, failure.as_ref());
                return false;
            }
        };
        self.health.store_works(Work::Recovery);
        self.health.lives(now + self.config.dead_after_ms);
        if found != crate::ports::Recovered::default() {
            tracing::info!(
                requeued = found.requeued,
                resent = found.resent,
                in_doubt = found.in_doubt,
                "took back rows that a dead process had left"
            );
        }
        true
    }

    /// Nothing is sent before what an earlier life left is taken back; a full disk may keep it from that for long.
    async fn work(
        &self,
        shared: &Arc<Shared>,
        handed: &mut Handed,
        (workers, urgent): &mut (JoinSet<()>, JoinSet<()>),
    ) {
        while !self.recover().await {
            tokio::time::sleep(RECOVER_AGAIN).await;
        }
        tokio::join!(self.feed(shared, workers), self.rush(shared, handed, urgent));
    }

    async fn feed(&self, shared: &Arc<Shared>, workers: &mut JoinSet<()>) {
        let mut recovered_at = shared.now();
        let mut pacer = Pacer::new(&self.config);
        let mut wall_clock = WallClock::new(shared.now());
        let mut was_set_back = false;
        loop {
            if wall_clock.was_set_back(shared.now()) {
                tracing::warn!("the machine's clock was set back; what it had put off is looked at again");
                recovered_at = shared.now();
                was_set_back = true;
            }
            was_set_back = was_set_back && !self.look_again(shared.now()).await;
            pacer.keep(shared).await;
            while workers.try_join_next().is_some() {}
            let claimed = self.claim(shared, &mut pacer).await;
            let got_some = !claimed.is_empty();
            if got_some {
                placing::place(shared, claimed, workers).await;
            }
            for place in shared.flows.open(shared.room, shared.now()) {
                workers.spawn(worker::serve(Arc::clone(shared), place));
            }
            if shared.now() - recovered_at > self.recover_pause_ms() {
                recovered_at = shared.now();
                self.recover().await;
            }
            if !got_some {
                tokio::select! {
                    () = self.wake.notified() => {}
                    () = shared.flows.refill.notified() => {}
                    () = tokio::time::sleep(IDLE_MAX) => {}
                }
            }
        }
    }

    /// Whether what was put off is due now; else it has to be tried again.
    async fn look_again(&self, now: i64) -> bool {
        match self.ports.queue.look_again(now).await {
            Ok(()) => {
                self.health.store_works(Work::Returns);
                true
            }
            Err(failure) => {
                self.health.store_fails(Work::Returns, failure.as_ref());
                false
            }
        }
    }

    /// In trouble it is looked often whether it is over, so that pages do not speak of it for longer.
    fn recover_pause_ms(&self) -> i64 {
        let trouble = self.health.store_trouble().is_some();
        if trouble { TROUBLE_PAUSE_MS } else { self.config.dead_after_ms / SIGNS_OF_LIFE }
    }

    /// The next rows, or none when memory is full, nothing is due, or the store cannot be asked.
    async fn claim(&self, shared: &Shared, pacer: &mut Pacer) -> Vec<Claimed> {
        self.health.passes(shared.now());
        let held = shared.flows.rows() + shared.placing.rows();
        let room = self.config.rows_in_memory_max.saturating_sub(held);
        // Small claims cost as much as large ones, so wait for some room.
        if room < self.config.rows_in_memory_max / 8 {
            return Vec::new();
        }
        let paces = pacer.paces(shared.now());
        let claimed = self.claim_rows(shared, (Lane::ALL, room), paces).await;
        pacer.claimed(&claimed);
        claimed
    }

    pub(crate) async fn claim_rows(
        &self,
        shared: &Shared,
        (lanes, room): (&'static [Lane], usize),
        paces: Vec<Pace>,
    ) -> Vec<Claimed> {
        let now = shared.now();
        let held = shared.flows.rows() + shared.placing.rows();
        let request = ClaimRequest {
            node: self.config.node.clone(),
            now,
            lanes,
            lease_until: now + LEASE_MS,
            limit: u32::try_from(room.min(rows_max(&shared.recorder.hurry))).unwrap_or(100),
            per_site: u32::try_from(shared.room.per_site(held)).unwrap_or(200),
            full_sites: shared.full(now),
            paces,
        };
        match self.ports.queue.claim(&request).await {
            Ok(claimed) => {
                self.health.store_works(Work::Claims);
                claimed
            }
            Err(failure) => {
                self.health.store_fails(Work::Claims, failure.as_ref());
                Vec::new()
            }
        }
    }
}
