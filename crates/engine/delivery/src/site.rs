//! The small ready queue in front of one destination site, and how many connections it may have.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use crate::ports::Claimed;

/// Messages that justify one more connection.
const READY_PER_CONNECTION: usize = 4;

#[derive(Default)]
struct Site {
    /// One queue per lane, the most urgent first.
    ready: [VecDeque<Claimed>; 4],
    /// Rows a worker is talking about.
    in_hand: usize,
    connections: usize,
    /// Until when no connection is opened, after one failed.
    resting_until: i64,
}

impl Site {
    fn ready(&self) -> usize {
        self.ready.iter().map(VecDeque::len).sum()
    }
}

/// All sites that have rows in memory. Bounded by what the dispatcher claims.
#[derive(Default)]
pub(crate) struct Sites {
    sites: Mutex<HashMap<String, Site>>,
}

/// How many connections may be open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLimits {
    pub(crate) per_site: usize,
    pub(crate) overall: usize,
}

impl Sites {
    /// Puts rows into their ready queues and returns one site name per connection to be opened.
    pub(crate) fn add(&self, claimed: Vec<Claimed>, limits: ConnectionLimits) -> Vec<String> {
        let mut sites = self.lock();
        let mut touched = Vec::new();
        for row in claimed {
            if !touched.contains(&row.site) {
                touched.push(row.site.clone());
            }
            let site = sites.entry(row.site.clone()).or_default();
            site.ready[row.lane as usize].push_back(row);
        }
        let mut open: usize = sites.values().map(|site| site.connections).sum();
        let mut wanted = Vec::new();
        for name in touched {
            let Some(site) = sites.get_mut(&name) else { continue };
            let useful = site.ready().div_ceil(READY_PER_CONNECTION).clamp(1, limits.per_site);
            // A site without any connection gets one even beyond the overall limit, or it would never be served.
            while site.connections < useful && (open < limits.overall || site.connections == 0) {
                site.connections += 1;
                open += 1;
                wanted.push(name.clone());
            }
        }
        wanted
    }

    /// The next row for a worker of this site.
    pub(crate) fn take(&self, name: &str) -> Option<Claimed> {
        let mut sites = self.lock();
        let site = sites.get_mut(name)?;
        let row = site.ready.iter_mut().find_map(VecDeque::pop_front)?;
        site.in_hand += 1;
        Some(row)
    }

    /// A worker is done with a row.
    pub(crate) fn settle(&self, name: &str) {
        if let Some(site) = self.lock().get_mut(name) {
            site.in_hand = site.in_hand.saturating_sub(1);
        }
    }

    /// A worker closes its connection. `false` when rows came in the meantime and it must go on.
    pub(crate) fn leave(&self, name: &str) -> bool {
        let mut sites = self.lock();
        let Some(site) = sites.get_mut(name) else { return true };
        if site.ready() > 0 {
            return false;
        }
        site.connections = site.connections.saturating_sub(1);
        if site.connections == 0 && site.resting_until == 0 {
            sites.remove(name);
        }
        true
    }

    /// The connection failed: everything that was ready for the site, and the site rests until `until`.
    pub(crate) fn fail(&self, name: &str, until: i64) -> Vec<Claimed> {
        let mut sites = self.lock();
        let Some(site) = sites.get_mut(name) else { return Vec::new() };
        site.resting_until = until;
        site.ready.iter_mut().flat_map(|queue| queue.drain(..)).collect()
    }

    /// The site answered.
    pub(crate) fn works(&self, name: &str) {
        if let Some(site) = self.lock().get_mut(name) {
            site.resting_until = 0;
        }
    }

    /// Everything that is ready, taken out, for a clean end.
    pub(crate) fn drain(&self) -> Vec<Claimed> {
        self.lock()
            .values_mut()
            .flat_map(|site| site.ready.iter_mut().flat_map(|queue| queue.drain(..)))
            .collect()
    }

    /// Rows in memory, ready or in hand.
    pub(crate) fn rows(&self) -> usize {
        self.lock().values().map(|site| site.ready() + site.in_hand).sum()
    }

    /// Sites that should get no more rows now: enough is ready, or they rest.
    pub(crate) fn full(&self, now: i64, ready_max: usize) -> Vec<String> {
        let mut sites = self.lock();
        sites.retain(|_, site| site.connections > 0 || site.ready() > 0 || site.resting_until > now);
        sites
            .iter()
            .filter(|(_, site)| site.ready() >= ready_max || site.resting_until > now)
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Site>> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) type SharedSites = Arc<Sites>;
