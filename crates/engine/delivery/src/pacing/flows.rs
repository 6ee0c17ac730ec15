//! The small ready queues: rows by flow and site, most urgent lane first, and how many connections each may have.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Flow, Place};
use crate::ports::Claimed;

/// Messages that justify one more connection.
const READY_PER_CONNECTION: usize = 4;

/// The rows for one set of servers.
#[derive(Default)]
struct Site {
    /// One queue per lane, the most urgent first.
    ready: [VecDeque<Claimed>; 4],
    /// Rows a worker is talking about.
    in_hand: usize,
    connections: usize,
    /// Until when no connection is opened, after one failed.
    resting_until: i64,
    /// Shards of the rows put here since it was last empty; they are not claimed while it has no room.
    shards: Vec<String>,
}

impl Site {
    fn ready(&self) -> usize {
        self.ready.iter().map(VecDeque::len).sum()
    }

    /// Connections worth having for what is ready.
    fn useful(&self, per_site: usize) -> usize {
        match self.ready() {
            0 => 0,
            ready => ready.div_ceil(READY_PER_CONNECTION).clamp(1, per_site.max(1)),
        }
    }

    fn drain(&mut self) -> impl Iterator<Item = Claimed> {
        self.ready.iter_mut().flat_map(|queue| queue.drain(..))
    }

    fn is_idle(&self, now: i64) -> bool {
        self.connections == 0 && self.in_hand == 0 && self.ready() == 0 && self.resting_until <= now
    }
}

#[derive(Default)]
struct FlowState {
    sites: HashMap<Arc<str>, Site>,
    connections: usize,
}

/// How many connections may be open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLimits {
    pub(crate) per_flow: usize,
    pub(crate) overall: usize,
}

#[derive(Default)]
struct Inner {
    flows: HashMap<Arc<Flow>, FlowState>,
    connections: usize,
    rows: usize,
}

impl Inner {
    fn site(&mut self, place: &Place) -> Option<&mut Site> {
        self.flows.get_mut(&place.flow)?.sites.get_mut(&place.site)
    }
}

/// Everything that has rows in memory. Bounded by what the dispatcher claims.
#[derive(Default)]
pub(crate) struct Flows {
    inner: Mutex<Inner>,
}

impl Flows {
    /// Puts rows into their ready queues.
    pub(crate) fn add(&self, placed: Vec<(Place, Claimed)>) {
        let mut inner = self.lock();
        inner.rows += placed.len();
        for (place, row) in placed {
            let flow = inner.flows.entry(place.flow).or_default();
            let site = flow.sites.entry(place.site).or_default();
            if !site.shards.contains(&row.site) {
                site.shards.push(row.site.clone());
            }
            site.ready[row.lane as usize].push_back(row);
        }
    }

    /// Takes connections for what is ready and returns one place per connection to be opened. Within a flow the sites
    /// get them in turn; a flow without any gets one beyond the overall limit, up to half as many again, so that slow
    /// servers elsewhere do not keep it waiting.
    pub(crate) fn open(&self, limits: ConnectionLimits, now: i64) -> Vec<Place> {
        let mut guard = self.lock();
        let Inner { flows, connections, .. } = &mut *guard;
        let mut wanted = Vec::new();
        for (key, flow) in flows.iter_mut() {
            let mut gave = true;
            while gave && flow.connections < limits.per_flow {
                gave = false;
                for (name, site) in &mut flow.sites {
                    let ceiling = if flow.connections == 0 { limits.overall * 3 / 2 } else { limits.overall };
                    let has_room = flow.connections < limits.per_flow && *connections < ceiling.max(1);
                    if !has_room
                        || site.resting_until > now
                        || site.connections >= site.useful(limits.per_flow)
                    {
                        continue;
                    }
                    site.connections += 1;
                    flow.connections += 1;
                    *connections += 1;
                    gave = true;
                    wanted.push(Place { flow: Arc::clone(key), site: Arc::clone(name) });
                }
            }
        }
        wanted
    }

    /// The next row for a worker of this place.
    pub(crate) fn take(&self, place: &Place) -> Option<Claimed> {
        let mut inner = self.lock();
        let site = inner.site(place)?;
        let row = site.ready.iter_mut().find_map(VecDeque::pop_front)?;
        site.in_hand += 1;
        Some(row)
    }

    /// A worker is done with a row.
    pub(crate) fn settle(&self, place: &Place) {
        let mut inner = self.lock();
        inner.rows = inner.rows.saturating_sub(1);
        if let Some(site) = inner.site(place) {
            site.in_hand = site.in_hand.saturating_sub(1);
        }
    }

    /// A worker closes its connection. `false` when rows came in the meantime and it must go on.
    pub(crate) fn leave(&self, place: &Place, now: i64) -> bool {
        let mut guard = self.lock();
        let inner = &mut *guard;
        let Some(flow) = inner.flows.get_mut(&place.flow) else { return true };
        let Some(site) = flow.sites.get_mut(&place.site) else { return true };
        if site.ready() > 0 && site.resting_until <= now {
            return false;
        }
        site.connections = site.connections.saturating_sub(1);
        flow.connections = flow.connections.saturating_sub(1);
        inner.connections = inner.connections.saturating_sub(1);
        flow.sites.retain(|_, site| !site.is_idle(now));
        if flow.sites.is_empty() {
            inner.flows.remove(&place.flow);
        }
        true
    }

    /// The connection failed: everything that was ready for the site, and the site rests until `until`. The rows
    /// returned are no longer counted.
    pub(crate) fn fail(&self, place: &Place, until: i64) -> Vec<Claimed> {
        let mut inner = self.lock();
        let Some(site) = inner.site(place) else { return Vec::new() };
        site.resting_until = until;
        let rows: Vec<Claimed> = site.drain().collect();
        inner.rows = inner.rows.saturating_sub(rows.len());
        rows
    }

    /// The site answered.
    pub(crate) fn works(&self, place: &Place) {
        if let Some(site) = self.lock().site(place) {
            site.resting_until = 0;
        }
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

    /// Shards that should get no more rows now: enough is ready, or their servers rest.
    pub(crate) fn full(&self, now: i64, ready_max: usize) -> Vec<String> {
        let mut inner = self.lock();
        for flow in inner.flows.values_mut() {
            flow.sites.retain(|_, site| !site.is_idle(now));
        }
        inner.flows.retain(|_, flow| !flow.sites.is_empty());
        let sites = inner.flows.values().flat_map(|flow| flow.sites.values());
        let full = sites.filter(|site| site.ready() >= ready_max || site.resting_until > now);
        full.flat_map(|site| site.shards.iter().cloned()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
