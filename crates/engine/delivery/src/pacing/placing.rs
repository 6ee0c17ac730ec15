//! Puts claimed rows before the servers they go to, asking DNS once per domain and never making others wait for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mail::Stage;
use tokio::{sync::Semaphore, task::JoinSet};

use super::{Flow, Place, SourceId, group, steering::Steering};
use crate::{
    attempt::Failure,
    dispatcher::Shared,
    ports::{Claimed, Postponed},
    route::{NoRoute, hosts_of},
    source::{Source, Way, choose::Choice, roster::Roster},
    worker,
};

/// How long the servers of a domain are remembered here; the resolver keeps to the records' own times behind it.
const FRESH_MS: i64 = 60_000;
/// Domains remembered.
const DOMAINS_MAX: usize = 20_000;
/// Domains asked for at once.
const LOOKUPS_MAX: usize = 64;

/// Where a domain's mail goes.
#[derive(Debug, Clone)]
struct Destination {
    group: Arc<str>,
    site: Arc<str>,
    until: i64,
}

#[derive(Default)]
struct Known {
    domains: HashMap<String, Destination>,
    /// Rows whose domain is being asked for.
    asked: HashMap<String, Vec<Claimed>>,
    rows: usize,
}

/// What is known of where rows go.
pub(crate) struct Placing {
    known: Mutex<Known>,
    lookups: Semaphore,
}

impl Default for Placing {
    fn default() -> Self {
        Self { known: Mutex::default(), lookups: Semaphore::new(LOOKUPS_MAX) }
    }
}

impl Placing {
    /// Rows that wait for DNS.
    pub(crate) fn rows(&self) -> usize {
        self.lock().rows
    }

    /// The rows that wait for DNS, taken out, for a clean end.
    pub(crate) fn drain(&self) -> Vec<Claimed> {
        let mut known = self.lock();
        known.rows = 0;
        known.asked.drain().flat_map(|(_, rows)| rows).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rows with their destination, and the domains that must be asked for.
    fn sort(&self, rows: Vec<Claimed>, now: i64) -> (Vec<(Destination, Claimed)>, Vec<String>) {
        let mut guard = self.lock();
        let known = &mut *guard;
        let (mut found, mut unknown) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            let domain = group::domain_of(&row.to);
            if let Some(destination) = known.domains.get(domain).filter(|at| at.until > now) {
                found.push((destination.clone(), row));
                continue;
            }
            known.rows += 1;
            if let Some(waiting) = known.asked.get_mut(domain) {
                waiting.push(row);
            } else {
                unknown.push(domain.to_owned());
                known.asked.insert(domain.to_owned(), vec![row]);
            }
        }
        (found, unknown)
    }

    /// The rows that waited for `domain`, which is remembered when it was found.
    fn answered(&self, domain: &str, destination: Option<&Destination>, now: i64) -> Vec<Claimed> {
        let mut known = self.lock();
        if let Some(destination) = destination {
            if known.domains.len() >= DOMAINS_MAX {
                known.domains.retain(|_, at| at.until > now);
            }
            if known.domains.len() < DOMAINS_MAX {
                known.domains.insert(domain.to_owned(), destination.clone());
            }
        }
        let rows = known.asked.remove(domain).unwrap_or_default();
        known.rows = known.rows.saturating_sub(rows.len());
        rows
    }
}

/// Puts rows before their servers; those of domains not known yet follow when DNS has answered. Rows whose sources are
/// not free go back into the queue.
pub(crate) async fn place(shared: &Arc<Shared>, rows: Vec<Claimed>, lookups: &mut JoinSet<()>) {
    let mut placer = Placer::new(shared.roster().await, shared.steering(), shared.now());
    let (direct, relayed) = rows.into_iter().partition(|row| placer.needs_dns(row));
    let (found, unknown) = shared.placing.sort(direct, shared.now());
    for row in relayed {
        placer.place(None, row);
    }
    for (destination, row) in found {
        placer.place(Some(&destination), row);
    }
    let Placer { placed, waiting, .. } = placer;
    shared.put(placed).await;
    shared.wait_for_source(waiting).await;
    for domain in unknown {
        let shared = Arc::clone(shared);
        lookups.spawn(async move { look_up(&shared, &domain).await });
    }
}

/// Where rows of one batch go by the source that is chosen for each; the same place is made once.
struct Placer<'a> {
    roster: &'a Roster,
    steering: Arc<Steering>,
    sources: Arc<Vec<Source>>,
    now: i64,
    places: HashMap<(SourceId, Arc<str>), Place>,
    placed: Vec<(Place, Claimed)>,
    waiting: Vec<Postponed>,
}

impl<'a> Placer<'a> {
    fn new(roster: &'a Roster, steering: Arc<Steering>, now: i64) -> Self {
        let sources = roster.sources();
        Self {
            roster,
            steering,
            sources,
            now,
            places: HashMap::new(),
            placed: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Whether the row goes to the recipient's own servers. One that has to wait need not ask for them.
    fn needs_dns(&self, row: &Claimed) -> bool {
        match self.choose(row, None) {
            Choice::Use(source) => self.relay(source).is_none(),
            Choice::Wait(_) => false,
        }
    }

    fn choose(&self, row: &Claimed, destination: Option<&Destination>) -> Choice {
        let avoided = match destination {
            Some(at) => self.steering.avoided(&at.group, self.now),
            None => self.steering.avoided(&row.site, self.now),
        };
        self.roster.choose(row, &avoided, self.now)
    }

    /// The smart host's name and port; `None` when mail goes to each recipient's MX.
    fn relay(&self, source: SourceId) -> Option<Arc<str>> {
        let source = self.sources.iter().find(|known| known.id == source)?;
        match &source.draft.way {
            Way::Direct(_) => None,
            Way::SmartHost(host) => Some(format!("{}:{}", host.host, host.port).into()),
        }
    }

    fn place(&mut self, destination: Option<&Destination>, row: Claimed) {
        let source = match self.choose(&row, destination) {
            Choice::Use(source) => source,
            Choice::Wait(wait) => return self.waiting.push(Postponed { id: row.id, wait }),
        };
        let (group, site) = match (self.relay(source), destination) {
            (Some(relay), _) => (Arc::clone(&relay), relay),
            (None, Some(at)) => (Arc::clone(&at.group), Arc::clone(&at.site)),
            (None, None) => {
                let domain: Arc<str> = group::domain_of(&row.to).into();
                (Arc::clone(&domain), domain)
            }
        };
        let place = self.places.entry((source, site)).or_insert_with_key(|(_, site)| Place {
            flow: Arc::new(Flow { source, group: group.to_string() }),
            site: Arc::clone(site),
        });
        self.placed.push((place.clone(), row));
    }
}

async fn look_up(shared: &Arc<Shared>, domain: &str) {
    let started_at = shared.now();
    let answer = {
        let _slot = shared.placing.lookups.acquire().await;
        shared.resolver.mx(domain).await
    };
    let now = shared.now();
    let looked_up = hosts_of(answer, domain).map(|hosts| {
        let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        let site: Arc<str> = group::site_apart(&hosts, &names).into();
        let known = group::of_domain(domain).or_else(|| group::of_hosts(&names));
        Destination { group: known.map_or_else(|| Arc::clone(&site), Arc::from), site, until: now + FRESH_MS }
    });
    match looked_up {
        Ok(destination) => {
            let rows = shared.placing.answered(domain, Some(&destination), now);
            if shared.closing() {
                for row in rows {
                    shared.give_back(row).await;
                }
                return;
            }
            let mut placer = Placer::new(shared.roster().await, shared.steering(), now);
            for row in rows {
                placer.place(Some(&destination), row);
            }
            let Placer { placed, waiting, .. } = placer;
            shared.put(placed).await;
            shared.wait_for_source(waiting).await;
            shared.wake.notify_one();
        }
        Err(no_route) => {
            let failure = failure_of(no_route);
            for row in shared.placing.answered(domain, None, now) {
                worker::record_failure(shared, &row, started_at, &failure).await;
            }
        }
    }
}

/// DNS said no, or nothing.
pub(crate) fn failure_of(no_route: NoRoute) -> Failure {
    let NoRoute { trouble, detail } = no_route;
    Failure { stage: Stage::Dns, trouble, reply: None, peer: None, detail, said: None }
}
