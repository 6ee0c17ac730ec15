//! Keeps a process in step with what is written down: reads limits, holds and paces, tells what it is doing.

use std::{collections::HashMap, sync::Arc};

use super::{
    hours::{Allowance, BroadcastPace},
    rulebook::{Overrides, Rulebook},
    steering::Steering,
    store::Told,
};
use crate::{
    dispatcher::{DeliveryConfig, Shared},
    ports::{Claimed, Pace},
    recipient::Lane,
};

/// How often it is read.
const READ_MS: i64 = 1_000;
/// How often it is told.
const TELL_MS: i64 = 2_000;
/// Processes that told something this long ago share the rates of broadcasts.
const HEARD_MS: i64 = 10_000;

/// What one process keeps in mind between two readings.
pub(crate) struct Pacer {
    config: Overrides,
    read_at: i64,
    told_at: i64,
    paces: Vec<BroadcastPace>,
    allowances: HashMap<i64, Allowance>,
    /// The part of a broadcast's rate that is this process's.
    share: f64,
}

impl Pacer {
    pub(crate) fn new(config: &DeliveryConfig) -> Self {
        Self {
            config: config.limits.clone(),
            read_at: i64::MIN / 2,
            told_at: i64::MIN / 2,
            paces: Vec::new(),
            allowances: HashMap::new(),
            share: 1.0,
        }
    }

    /// Reads and tells what is due to be. While the store cannot be asked, what was read last holds.
    pub(crate) async fn keep(&mut self, shared: &Arc<Shared>) {
        let now = shared.now();
        if (now - self.read_at).abs() >= READ_MS {
            self.read_at = now;
            match shared.pacing.standing(now).await {
                Ok(standing) => {
                    let book = Rulebook::new(self.config.clone(), standing.owner);
                    shared.steer(Steering { book, holds: standing.holds }).await;
                    self.allowances
                        .retain(|id, _| standing.paces.iter().any(|pace| pace.broadcast_id == *id));
                    self.paces = standing.paces;
                }
                Err(error) => tracing::warn!(%error, "limits could not be read; the last ones hold"),
            }
        }
        if (now - self.told_at).abs() >= TELL_MS {
            self.told_at = now;
            self.tell(shared, now).await;
        }
    }

    async fn tell(&mut self, shared: &Shared, now: i64) {
        let told = Told { node: shared.node.clone(), at: now, flows: shared.flows.facts(now) };
        if let Err(error) = shared.pacing.tell(&told).await {
            tracing::warn!(%error, "what delivery is doing could not be told");
        }
        if self.paces.iter().any(|pace| pace.rate.is_some()) {
            let heard = shared.pacing.told(now - HEARD_MS).await.map_or(1, |nodes| nodes.len().max(1));
            self.share = 1.0 / heard as f64;
        }
    }

    /// What each broadcast with a pace of its own may have now.
    pub(crate) fn paces(&mut self, now: i64) -> Vec<Pace> {
        let share = self.share;
        let paces = self.paces.iter().map(|pace| {
            let closed = pace.opens_at(now).is_some();
            let allowed = pace.rate.and_then(|rate| {
                self.allowances
                    .entry(pace.broadcast_id)
                    .or_insert_with(|| Allowance::new(now))
                    .room(rate, share, now)
            });
            let room = if closed { Some(0) } else { allowed };
            Pace { broadcast_id: pace.broadcast_id, priority: pace.priority, room }
        });
        paces.collect()
    }

    /// Counts what was claimed.
    pub(crate) fn claimed(&mut self, rows: &[Claimed]) {
        if self.allowances.is_empty() {
            return;
        }
        for row in rows.iter().filter(|row| row.lane == Lane::Broadcast) {
            let allowance = row.broadcast_id.and_then(|id| self.allowances.get_mut(&id));
            if let Some(allowance) = allowance {
                allowance.used(1);
            }
        }
    }
}
