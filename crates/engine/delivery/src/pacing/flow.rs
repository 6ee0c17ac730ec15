//! One flow and its sites in memory: what is ready, what it learned of its servers, and what it waits for.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    bucket::Bucket,
    limits::{Limits, Origin},
    pack::pack,
};
use crate::{ports::Claimed, recipient::Lane};

/// Messages that justify one more connection.
const READY_PER_CONNECTION: usize = 4;
/// One of so many connections is kept for what somebody waits for, so that it need not wait until another one is free.
const KEPT_SHARE: usize = 8;
/// A site rests this long after its first failed connection; twice as long after each further one in a row.
const REST_MS: i64 = 10_000;
/// And never longer than this: then one connection tries whether it is back.
const REST_MAX_MS: i64 = 600_000;
/// How long what was learned of idle servers is kept.
const REMEMBERED_MS: i64 = 600_000;
/// Shards remembered per site, so that they are not claimed while it has no room.
const SHARDS_MAX: usize = 64;
/// Replies kept for the page.
const REPLIES_MAX: usize = 5;
const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;

/// What a flow waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Waits {
    /// The message rate.
    Rate,
    /// The rate of new connections.
    ConnectRate,
    /// All connections the limits allow are in use.
    Connections,
    /// All connections of this process are in use.
    AllConnections,
    /// The first minutes of the hour belong to others.
    HourStart,
    /// The servers could not be reached, so many times in a row.
    Unreachable {
        /// Failed connections in a row.
        failures: u32,
        /// The last failure's words.
        said: String,
    },
    /// An operator or a rule stopped it.
    Held {
        /// The hold's key.
        hold: i64,
    },
}

/// What it waits for, and until when; `None` until somebody lifts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// For what.
    #[serde(flatten)]
    pub waits: Waits,
    /// Until when.
    pub until: Option<i64>,
}

/// Connections that masses may have of so many: the rest is kept for what somebody waits for.
pub(crate) fn without_kept(connections: usize) -> usize {
    connections - connections / KEPT_SHARE
}

/// Whether the last of these connections is one that is kept: it ends when nothing is urgent any more.
pub(crate) fn is_kept(open: usize, most: usize) -> bool {
    open > without_kept(most) && open <= most
}

/// The rows for one set of servers.
pub(crate) struct Site {
    /// One queue per lane, the most urgent first.
    ready: [VecDeque<Claimed>; 4],
    /// Rows a worker is talking about.
    pub(crate) in_hand: usize,
    pub(crate) connections: usize,
    /// Connections the servers were seen to bear.
    pub(crate) window: f64,
    pub(crate) failures: u32,
    pub(crate) said: String,
    /// Until when no connection is opened, after one failed.
    pub(crate) resting_until: i64,
    pub(crate) shards: Vec<String>,
    used_at: i64,
}

impl Site {
    fn new(window: f64) -> Self {
        Self {
            ready: Default::default(),
            in_hand: 0,
            connections: 0,
            window,
            failures: 0,
            said: String::new(),
            resting_until: 0,
            shards: Vec::new(),
            used_at: 0,
        }
    }

    pub(crate) fn ready(&self) -> usize {
        self.ready.iter().map(VecDeque::len).sum()
    }

    pub(crate) fn ready_of(&self, lane: Lane) -> usize {
        self.ready[lane as usize].len()
    }

    pub(crate) fn push(&mut self, row: Claimed, now: i64) {
        self.used_at = now;
        if self.shards.len() < SHARDS_MAX && !self.shards.contains(&row.site) {
            self.shards.push(row.site.clone());
        }
        self.ready[row.lane as usize].push_back(row);
    }

    /// Puts a row back to where it was taken from.
    pub(crate) fn put_back(&mut self, row: Claimed) {
        self.ready[row.lane as usize].push_front(row);
    }

    /// The most urgent row; of bulk lanes none while they rest.
    pub(crate) fn pop(&mut self, bulk_rests: bool) -> Option<Claimed> {
        let lanes = if bulk_rests { Lane::StepMail as usize } else { self.ready.len() };
        self.ready[..lanes].iter_mut().find_map(VecDeque::pop_front)
    }

    pub(crate) fn has(&self, bulk_rests: bool) -> bool {
        let lanes = if bulk_rests { Lane::StepMail as usize } else { self.ready.len() };
        self.ready[..lanes].iter().any(|queue| !queue.is_empty())
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Claimed> {
        self.ready.iter_mut().flat_map(|queue| queue.drain(..))
    }

    /// Connections worth having for what is ready, within what the limits and the servers bear.
    pub(crate) fn useful(&self, per_site: u32) -> usize {
        let wanted = self.ready().div_ceil(READY_PER_CONNECTION);
        match self.urgent() {
            0 => wanted.min(without_kept(self.bears(per_site))),
            // What is open has other things in hand.
            urgent => (self.connections + urgent.div_ceil(READY_PER_CONNECTION))
                .max(wanted)
                .min(self.bears(per_site)),
        }
    }

    /// Connections the limit and the servers bear.
    pub(crate) fn bears(&self, per_site: u32) -> usize {
        per_site.min(self.window as u32).max(1) as usize
    }

    /// Ready rows somebody waits for.
    pub(crate) fn urgent(&self) -> usize {
        Lane::URGENT.iter().map(|lane| self.ready_of(*lane)).sum()
    }

    /// A message was taken: one more connection for every round of them.
    pub(crate) fn bears_more(&mut self, per_site: u32) {
        self.failures = 0;
        self.resting_until = 0;
        self.window = (self.window + 1.0 / self.window.max(1.0)).min(f64::from(per_site.max(1)));
    }

    /// The servers have enough of what is open: half as many.
    pub(crate) fn bears_less(&mut self) {
        self.window = (self.window.min(self.connections.max(1) as f64) / 2.0).max(1.0);
    }

    /// Nothing answered: rest, longer each time, then one connection tries.
    pub(crate) fn rest(&mut self, said: &str, now: i64) {
        self.failures = self.failures.saturating_add(1);
        self.window = 1.0;
        self.said = said.chars().take(200).collect();
        let doubled = REST_MS << (self.failures - 1).min(10);
        self.resting_until = now + doubled.min(REST_MAX_MS);
    }

    fn is_over(&self, now: i64) -> bool {
        let idle =
            self.connections == 0 && self.in_hand == 0 && self.ready() == 0 && self.resting_until <= now;
        idle && (self.used_at + REMEMBERED_MS < now || self.used_at > now + REMEMBERED_MS)
    }
}

/// Messages by the minute.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    minute: i64,
    this: u32,
    last: u32,
}

impl Tally {
    pub(crate) fn count(&mut self, now: i64) {
        self.turn(now);
        self.this += 1;
    }

    fn turn(&mut self, now: i64) {
        let minute = now.div_euclid(MINUTE_MS);
        if minute != self.minute {
            self.last = if minute == self.minute + 1 { self.this } else { 0 };
            (self.minute, self.this) = (minute, 0);
        }
    }

    /// About how many in a minute.
    pub(crate) fn per_minute(&mut self, now: i64) -> u32 {
        self.turn(now);
        let gone = now.rem_euclid(MINUTE_MS);
        let rest_of_last = i64::from(self.last) * (MINUTE_MS - gone) / MINUTE_MS;
        self.this.saturating_add(u32::try_from(rest_of_last).unwrap_or(0))
    }
}

/// One flow.
pub(crate) struct FlowState {
    pub(crate) limits: Arc<Limits>,
    pub(crate) hold: Option<Wait>,
    /// Whether other sources are to be taken where there are some.
    pub(crate) avoided: bool,
    pub(crate) sites: HashMap<Arc<str>, Site>,
    pub(crate) connections: usize,
    pub(crate) rate: Bucket,
    pub(crate) connects: Bucket,
    pub(crate) tally: Tally,
    pub(crate) wait: Option<Wait>,
    pub(crate) replies: VecDeque<(i64, String)>,
}

impl FlowState {
    pub(crate) fn new(limits: Arc<Limits>, hold: Option<Wait>) -> Self {
        Self {
            limits,
            hold,
            avoided: false,
            sites: HashMap::new(),
            connections: 0,
            rate: Bucket::default(),
            connects: Bucket::default(),
            tally: Tally::default(),
            wait: None,
            replies: VecDeque::new(),
        }
    }

    pub(crate) fn site(&mut self, name: &Arc<str>) -> &mut Site {
        let limits = &self.limits;
        self.sites.entry(Arc::clone(name)).or_insert_with(|| {
            let per_site = limits.connections_per_site.value;
            let unknown = limits.connections_per_site.origin == Origin::PackDefault;
            Site::new(f64::from(if unknown { per_site.min(pack().slow_start) } else { per_site }))
        })
    }

    /// Whether broadcasts and step mail wait for the first minutes of the hour to pass.
    pub(crate) fn hour_start_until(&self, now: i64) -> Option<i64> {
        let rest = i64::from(self.limits.hour_start_rest.value) * MINUTE_MS;
        let hour = now - now.rem_euclid(HOUR_MS);
        (now < hour + rest).then_some(hour + rest)
    }

    pub(crate) fn note_reply(&mut self, now: i64, words: &str) {
        let words: String = words.chars().take(300).collect();
        if self.replies.back().is_some_and(|(_, last)| *last == words) {
            self.replies.pop_back();
        }
        if self.replies.len() >= REPLIES_MAX {
            self.replies.pop_front();
        }
        self.replies.push_back((now, words));
    }

    pub(crate) fn forget_idle(&mut self, now: i64) -> bool {
        self.sites.retain(|_, site| !site.is_over(now));
        self.sites.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_take_mail_get_more_connections_and_those_that_refuse_get_fewer() {
        let mut site = Site::new(2.0);
        for _ in 0..30 {
            site.bears_more(5);
        }
        assert_eq!(site.window as u32, 5, "never above the limit");
        site.connections = 5;
        site.bears_less();
        assert_eq!(site.window as u32, 2);
        site.rest("refused", 0);
        assert_eq!((site.window as u32, site.resting_until), (1, 10_000));
        for _ in 0..40 {
            site.rest("refused", 0);
        }
        assert_eq!(site.resting_until, REST_MAX_MS);
        site.bears_more(5);
        assert_eq!((site.failures, site.resting_until), (0, 0));
    }

    #[test]
    fn a_tally_is_about_right_within_a_minute() {
        let mut tally = Tally::default();
        for n in 0..600 {
            tally.count(n * 100);
        }
        assert_eq!(tally.per_minute(60_000), 600);
        assert_eq!(tally.per_minute(90_000), 300);
        assert_eq!(tally.per_minute(900_000), 0);
    }
}
