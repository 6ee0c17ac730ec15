//! What the flows of one process are doing at this moment, written down so that pages and commands say the same.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Flow,
    flow::{FlowState, Wait},
    flows::Flows,
    limits::Limits,
};
use crate::recipient::Lane;

/// Flows told of at most, those with the most rows first.
const FLOWS_MAX: usize = 200;
/// Sites of one flow told of at most.
const SITES_MAX: usize = 20;

/// One flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowFacts {
    /// The source.
    pub source: i64,
    /// The group.
    pub group: String,
    /// Rows ready in memory, by lane, the most urgent first.
    pub ready: [usize; 4],
    /// Rows being talked about.
    pub in_hand: usize,
    /// Connections open.
    pub connections: usize,
    /// Messages tried in about the last minute.
    pub per_minute: u32,
    /// What it waits for.
    pub wait: Option<Wait>,
    /// What holds for it.
    pub limits: Limits,
    /// The last refusals, oldest first: when, and the words.
    pub replies: Vec<(i64, String)>,
    /// Shards of the queue whose rows came here.
    #[serde(default)]
    pub shards: Vec<String>,
    /// Its sets of servers.
    pub sites: Vec<SiteFacts>,
    /// How many sets of servers there are, told of or not.
    pub sites_total: usize,
}

/// One set of servers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteFacts {
    /// Its MX hosts, with commas between.
    pub site: String,
    /// Rows ready in memory.
    pub ready: usize,
    /// Connections open.
    pub connections: usize,
    /// Connections the servers were seen to bear.
    pub bears: u32,
    /// Until when nothing is tried there.
    pub resting_until: Option<i64>,
    /// Failed connections in a row.
    pub failures: u32,
}

impl Flows {
    /// What every flow is doing.
    pub(crate) fn facts(&self, now: i64) -> Vec<FlowFacts> {
        let mut facts = self.each(|key, flow| facts_of(key, flow, now));
        let rows = |facts: &FlowFacts| facts.ready.iter().sum::<usize>() + facts.in_hand;
        facts.sort_by(|one, other| rows(other).cmp(&rows(one)).then_with(|| one.group.cmp(&other.group)));
        facts.truncate(FLOWS_MAX);
        facts
    }
}

fn facts_of(key: &Arc<Flow>, flow: &mut FlowState, now: i64) -> FlowFacts {
    let mut sites: Vec<SiteFacts> = flow
        .sites
        .iter()
        .map(|(name, site)| SiteFacts {
            site: name.to_string(),
            ready: site.ready(),
            connections: site.connections,
            bears: site.window as u32,
            resting_until: Some(site.resting_until).filter(|until| *until > now),
            failures: site.failures,
        })
        .collect();
    sites.sort_by(|one, other| other.ready.cmp(&one.ready).then_with(|| one.site.cmp(&other.site)));
    let mut shards: Vec<String> = flow.sites.values().flat_map(|site| site.shards.iter().cloned()).collect();
    shards.sort_unstable();
    shards.dedup();
    shards.truncate(SITES_MAX);
    let sites_total = sites.len();
    sites.truncate(SITES_MAX);
    let ready = |lane: &Lane| flow.sites.values().map(|site| site.ready_of(*lane)).sum();
    let lanes: [&Lane; 4] = [&Lane::ALL[0], &Lane::ALL[1], &Lane::ALL[2], &Lane::ALL[3]];
    FlowFacts {
        source: key.source,
        group: key.group.clone(),
        ready: lanes.map(ready),
        in_hand: flow.sites.values().map(|site| site.in_hand).sum(),
        connections: flow.connections,
        per_minute: flow.tally.per_minute(now),
        wait: flow.hold.clone().or_else(|| flow.wait.clone()),
        limits: (*flow.limits).clone(),
        replies: flow.replies.iter().cloned().collect(),
        shards,
        sites,
        sites_total,
    }
}
