//! The small ready queues before the servers: who may send now, over how many connections, and what waits why.
//!
//! One lock guards them all; it is held for a few map look-ups. Rows are given out with the instant they may go, so
//! that a limit costs one sleep and no polling.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::{
    Flow, Place,
    flow::{FlowState, Site, Wait, Waits, is_kept, without_kept},
    limits::Limits,
    steering::Steering,
};
use crate::{
    ports::{Claimed, Postponed},
    recipient::Lane,
    source::choose::{self, WaitFor},
};

/// A worker keeps its connection for a wait this long; for a longer one it leaves.
const PATIENCE_MS: i64 = 2_000;

/// What a worker gets.
pub(crate) enum Taken {
    /// A row, and when it may go.
    Row(Box<Claimed>, i64),
    /// Nothing to do here now.
    Nothing,
}

/// How many rows and connections there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) connections: usize,
    pub(crate) rows: usize,
    pub(crate) ready_per_site: usize,
}

impl Room {
    /// Rows one site may have ready while this many are in memory: the fuller it is, the fewer, so that slow servers
    /// leave room for the rest.
    pub(crate) fn per_site(self, held: usize) -> usize {
        const SHARE: usize = 8;
        (self.rows.saturating_sub(held) / SHARE).clamp(SHARE, self.ready_per_site.max(SHARE))
    }
}

#[derive(Default)]
struct Inner {
    flows: HashMap<Arc<Flow>, FlowState>,
    connections: usize,
    rows: usize,
    /// At so many ready rows of a site more are wanted: while they come, the rest keeps its connections busy.
    low: usize,
    steering: Arc<Steering>,
}

impl Inner {
    fn flow(&mut self, flow: &Arc<Flow>, now: i64) -> &mut FlowState {
        let steering = &self.steering;
        self.flows
            .entry(Arc::clone(flow))
            .or_insert_with(|| FlowState::new(steering.limits(flow, now), steering.hold(flow, now)))
    }

    fn site(&mut self, place: &Place) -> Option<&mut Site> {
        self.flows.get_mut(&place.flow)?.sites.get_mut(&place.site)
    }
}

/// Everything that has rows in memory. Bounded by what the dispatcher claims.
#[derive(Default)]
pub(crate) struct Flows {
    inner: Mutex<Inner>,
    /// Told when a site has few rows left.
    pub(crate) refill: Notify,
}

/// A row that finds no place.
pub(crate) struct TurnedAway {
    row: Claimed,
    flow: Arc<Flow>,
    wait: Wait,
    until: i64,
}

impl TurnedAway {
    /// As the queue keeps it.
    pub(crate) fn postponed(self) -> Postponed {
        let why = WaitFor::Servers { group: self.flow.group.clone(), wait: self.wait };
        let wait = choose::Wait { until: self.until, source: Some(self.flow.source), why };
        Postponed { id: self.row.id, wait }
    }
}

/// How long rows that find no room are put off.
const NO_ROOM_MS: i64 = 5_000;
/// How long rows of a flow that is held without an end are put off; a lift brings them back at once.
const HELD_MS: i64 = 300_000;

impl Flows {
    /// Puts rows into their ready queues; returns those that cannot wait there.
    pub(crate) fn add(&self, placed: Vec<(Place, Claimed)>, room: Room, now: i64) -> Vec<TurnedAway> {
        let mut inner = self.lock();
        let mut away = Vec::new();
        let per_site = room.per_site(inner.rows);
        for (place, row) in placed {
            let flow = inner.flow(&place.flow, now);
            let hold = flow.hold.clone();
            let rate = Wait { waits: Waits::Rate, until: Some(now + NO_ROOM_MS) };
            let site = flow.site(&place.site);
            let bulk_full = row.lane >= Lane::StepMail && site.ready() >= per_site * 2;
            if let Some(wait) = hold.or(bulk_full.then_some(rate)) {
                let until = wait.until.unwrap_or(i64::MAX).min(now + HELD_MS);
                away.push(TurnedAway { row, flow: place.flow, wait, until });
            } else {
                site.push(row, now);
                inner.rows += 1;
            }
        }
        away
    }

    /// Lays new limits and holds over everything; returns rows that wait before flows that are held now.
    pub(crate) fn steer(&self, steering: &Arc<Steering>, now: i64) -> Vec<TurnedAway> {
        let mut guard = self.lock();
        let inner = &mut *guard;
        inner.steering = Arc::clone(steering);
        let mut away = Vec::new();
        for (key, flow) in &mut inner.flows {
            flow.limits = steering.limits(key, now);
            flow.hold = steering.hold(key, now);
            let Some(wait) = flow.hold.clone() else { continue };
            let until = wait.until.unwrap_or(i64::MAX).min(now + HELD_MS);
            let rows = flow.sites.values_mut().flat_map(Site::drain);
            away.extend(rows.map(|row| TurnedAway { row, flow: Arc::clone(key), wait: wait.clone(), until }));
        }
        inner.rows = inner.rows.saturating_sub(away.len());
        away
    }

    /// Rows before flows whose source is unwanted there since now, taken out: another source may have them.
    pub(crate) fn unwanted(&self, steering: &Steering, now: i64) -> Vec<Claimed> {
        let mut guard = self.lock();
        let inner = &mut *guard;
        let mut rows = Vec::new();
        for (key, flow) in &mut inner.flows {
            let avoided = steering.avoided(&key.group, now).contains(&key.source);
            if avoided && !flow.avoided {
                rows.extend(flow.sites.values_mut().flat_map(Site::drain));
            }
            flow.avoided = avoided;
        }
        inner.rows = inner.rows.saturating_sub(rows.len());
        rows
    }

    /// Takes connections for what is ready and returns one place per connection to be opened. Within a flow the sites
    /// get them in turn; a flow without any gets one beyond the overall limit, up to half as many again, so that slow
    /// servers elsewhere do not keep it waiting.
    pub(crate) fn open(&self, room: Room, now: i64) -> Vec<Place> {
        let mut guard = self.lock();
        let Inner { flows, connections, .. } = &mut *guard;
        let mut wanted = Vec::new();
        for (key, flow) in flows.iter_mut() {
            if flow.hold.is_some() {
                continue;
            }
            flow.wait = None;
            let bulk_rests = flow.hour_start_until(now).is_some();
            let names: Vec<Arc<str>> = flow
                .sites
                .iter()
                .filter(|(_, site)| site.has(bulk_rests) && site.resting_until <= now)
                .map(|(name, _)| Arc::clone(name))
                .collect();
            note_rests(flow, bulk_rests, now);
            // One round gives each site one more; the rounds end when nobody takes any.
            loop {
                let before = wanted.len();
                let took = names
                    .iter()
                    .filter(|name| open_one(flow, name, (&mut *connections, room.connections), now));
                wanted.extend(took.map(|site| Place { flow: Arc::clone(key), site: Arc::clone(site) }));
                if wanted.len() == before {
                    break;
                }
            }
        }
        wanted
    }

    /// The next row for a worker of this place, with the instant it may go.
    pub(crate) fn take(&self, place: &Place, now: i64) -> Taken {
        let mut inner = self.lock();
        let low = inner.low;
        let Some(flow) = inner.flows.get_mut(&place.flow) else { return Taken::Nothing };
        if flow.hold.is_some() {
            return Taken::Nothing;
        }
        let bulk_rests = flow.hour_start_until(now).is_some();
        let limits = Arc::clone(&flow.limits);
        let Some(site) = flow.sites.get_mut(&place.site) else { return Taken::Nothing };
        if site.resting_until > now || !site.has(bulk_rests) {
            return Taken::Nothing;
        }
        let kept = is_kept(site.connections, site.bears(limits.connections_per_site.value))
            || is_kept(flow.connections, limits.connections.value as usize);
        if kept && site.urgent() == 0 {
            return Taken::Nothing;
        }
        let ready_at = flow.rate.ready_at(limits.rate.value, 1, now);
        if ready_at > now {
            flow.wait = Some(Wait { waits: Waits::Rate, until: Some(ready_at) });
        }
        if ready_at > now + PATIENCE_MS {
            return Taken::Nothing;
        }
        let Some(row) = site.pop(bulk_rests) else { return Taken::Nothing };
        site.in_hand += 1;
        if site.ready() == low {
            self.refill.notify_one();
        }
        let at = flow.rate.take(limits.rate.value, 1, now);
        flow.tally.count(now);
        Taken::Row(Box::new(row), at)
    }

    /// Further rows for the worker that took one, as many as may go at once and at most `most`; none while something
    /// urgent is ready.
    pub(crate) fn take_more(&self, place: &Place, most: usize, now: i64) -> Vec<Claimed> {
        let mut inner = self.lock();
        let low = inner.low;
        let Some(flow) = inner.flows.get_mut(&place.flow) else { return Vec::new() };
        let bulk_rests = flow.hour_start_until(now).is_some();
        let limits = Arc::clone(&flow.limits);
        let (Some(site), false) = (flow.sites.get_mut(&place.site), flow.hold.is_some() || bulk_rests) else {
            return Vec::new();
        };
        if site.ready_of(Lane::Transactional) + site.ready_of(Lane::Reply) > 0 {
            return Vec::new();
        }
        let before = site.ready();
        // Every connection finds something to do.
        let share = (before / site.connections.max(1)).min(most);
        let mut rows = Vec::with_capacity(share);
        while rows.len() < share && flow.rate.ready_at(limits.rate.value, 1, now) <= now {
            let Some(row) = site.pop(false) else { break };
            flow.rate.take(limits.rate.value, 1, now);
            flow.tally.count(now);
            rows.push(row);
        }
        site.in_hand += rows.len();
        if before > low && site.ready() <= low {
            self.refill.notify_one();
        }
        rows
    }

    /// A worker is done with so many rows.
    pub(crate) fn settle(&self, place: &Place, count: usize) {
        let mut inner = self.lock();
        inner.rows = inner.rows.saturating_sub(count);
        if let Some(site) = inner.site(place) {
            site.in_hand = site.in_hand.saturating_sub(count);
        }
    }

    /// A worker has closed its connection.
    pub(crate) fn leave(&self, place: &Place) {
        let mut guard = self.lock();
        let inner = &mut *guard;
        inner.connections = inner.connections.saturating_sub(1);
        let Some(flow) = inner.flows.get_mut(&place.flow) else { return };
        flow.connections = flow.connections.saturating_sub(1);
        if let Some(site) = flow.sites.get_mut(&place.site) {
            site.connections = site.connections.saturating_sub(1);
        }
    }

    /// The connection failed. Where others of the same servers are open, they have enough of us, and the rows wait on:
    /// `None`. Else the servers rest, and everything that was ready for them is returned, no longer counted.
    pub(crate) fn fail(&self, place: &Place, said: &str, now: i64) -> Option<Vec<Claimed>> {
        let mut inner = self.lock();
        let site = inner.site(place)?;
        if site.connections > 1 && site.failures == 0 {
            site.bears_less();
            return None;
        }
        site.rest(said, now);
        let rows: Vec<Claimed> = site.drain().collect();
        inner.rows = inner.rows.saturating_sub(rows.len());
        Some(rows)
    }

    /// Puts a row back that was taken and not tried.
    pub(crate) fn put_back(&self, place: &Place, row: Claimed) {
        if let Some(site) = self.lock().site(place) {
            site.in_hand = site.in_hand.saturating_sub(1);
            site.put_back(row);
        }
    }

    /// The servers took a message.
    pub(crate) fn took(&self, place: &Place) {
        let mut inner = self.lock();
        let Some(flow) = inner.flows.get_mut(&place.flow) else { return };
        let per_site = flow.limits.connections_per_site.value;
        if let Some(site) = flow.sites.get_mut(&place.site) {
            site.bears_more(per_site);
        }
    }

    /// The servers refused in a way that tells: `closing` when they end the session (421), which asks for fewer
    /// connections.
    pub(crate) fn refused(&self, place: &Place, words: &str, closing: bool, now: i64) {
        let mut inner = self.lock();
        let Some(flow) = inner.flows.get_mut(&place.flow) else { return };
        flow.note_reply(now, words);
        if let Some(site) = flow.sites.get_mut(&place.site).filter(|_| closing) {
            site.bears_less();
        }
    }

    /// How many messages one connection of this place may carry.
    pub(crate) fn per_connection(&self, place: &Place) -> u32 {
        self.lock().flows.get(&place.flow).map_or(1, |flow| flow.limits.per_connection())
    }

    /// What holds for a flow.
    pub(crate) fn limits(&self, flow: &Flow, now: i64) -> Arc<Limits> {
        let inner = self.lock();
        inner
            .flows
            .get(flow)
            .map_or_else(|| inner.steering.limits(flow, now), |state| Arc::clone(&state.limits))
    }

    /// Everything that is ready, taken out, for a clean end.
    pub(crate) fn drain(&self) -> Vec<Claimed> {
        let mut inner = self.lock();
        let sites = inner.flows.values_mut().flat_map(|flow| flow.sites.values_mut());
        let rows: Vec<Claimed> = sites.flat_map(Site::drain).collect();
        inner.rows = inner.rows.saturating_sub(rows.len());
        rows
    }

    /// Rows in memory, ready or in hand.
    pub(crate) fn rows(&self) -> usize {
        self.lock().rows
    }

    /// Shards that should get no more rows of this lane and less urgent ones now.
    pub(crate) fn full(&self, room: Room, now: i64) -> Vec<(String, Lane)> {
        let mut inner = self.lock();
        inner.flows.retain(|_, flow| !flow.forget_idle(now));
        let per_site = room.per_site(inner.rows);
        inner.low = per_site / 2;
        // Few large claims cost less than many small ones.
        let enough = per_site * 3 / 4;
        let mut full = Vec::new();
        for flow in inner.flows.values() {
            let bulk_rests = flow.hour_start_until(now).is_some();
            for site in flow.sites.values() {
                let urgent = site.ready_of(Lane::Transactional) + site.ready_of(Lane::Reply);
                let from = if flow.hold.is_some() || site.resting_until > now || urgent >= per_site {
                    Lane::Transactional
                } else if bulk_rests || site.ready() >= enough {
                    Lane::StepMail
                } else {
                    continue;
                };
                full.extend(site.shards.iter().map(|shard| (shard.clone(), from)));
            }
        }
        full
    }

    /// Looks at every flow.
    pub(crate) fn each<T>(&self, mut look: impl FnMut(&Arc<Flow>, &mut FlowState) -> T) -> Vec<T> {
        self.lock().flows.iter_mut().map(|(key, flow)| look(key, flow)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One more connection for a site, where everything allows it; else the flow knows what it waits for.
fn open_one(flow: &mut FlowState, name: &Arc<str>, (all, most): (&mut usize, usize), now: i64) -> bool {
    let limits = Arc::clone(&flow.limits);
    let Some(site) = flow.sites.get_mut(name) else { return false };
    if site.connections >= site.useful(limits.connections_per_site.value) {
        return false;
    }
    let wait = |waits, until| Some(Wait { waits, until });
    let ceiling = if flow.connections == 0 || site.urgent() > 0 { most + most / 2 } else { most };
    let urgent = site.urgent() > 0;
    let allowed = limits.connections.value as usize;
    if flow.connections >= if urgent { allowed } else { without_kept(allowed) } {
        flow.wait = wait(Waits::Connections, None);
        return false;
    }
    if *all >= ceiling.max(1) {
        flow.wait = wait(Waits::AllConnections, None);
        return false;
    }
    let burst = limits.connections.value;
    let next_row = flow.rate.ready_at(limits.rate.value, 1, now);
    if next_row > now + PATIENCE_MS {
        flow.wait = wait(Waits::Rate, Some(next_row));
        return false;
    }
    let next = flow.connects.ready_at(limits.connect_rate.value, burst, now);
    if next > now {
        flow.wait = wait(Waits::ConnectRate, Some(next));
        return false;
    }
    flow.connects.take(limits.connect_rate.value, burst, now);
    site.connections += 1;
    flow.connections += 1;
    *all += 1;
    true
}

/// What keeps sites with rows from getting a connection, for whoever asks.
fn note_rests(flow: &mut FlowState, bulk_rests: bool, now: i64) {
    let resting = flow.sites.values().find(|site| site.resting_until > now && site.failures > 0);
    if let Some(site) = resting {
        let waits = Waits::Unreachable { failures: site.failures, said: site.said.clone() };
        flow.wait = Some(Wait { waits, until: Some(site.resting_until) });
    } else if bulk_rests && flow.sites.values().any(|site| site.ready() > 0 && !site.has(true)) {
        flow.wait = Some(Wait { waits: Waits::HourStart, until: flow.hour_start_until(now) });
    }
}

#[cfg(test)]
mod tests;
