//! What steers the flows from outside at this moment: limits, and what operators and rules have stopped or slowed.

use std::sync::Arc;

use super::{
    Flow, SourceId,
    flow::{Wait, Waits},
    limits::{Limits, Origin},
    rulebook::Rulebook,
    store::{Change, Hold},
};

impl Hold {
    /// Whether it concerns a flow and is in force.
    #[must_use]
    pub fn covers(&self, flow: &Flow, now: i64) -> bool {
        self.source.is_none_or(|source| source == flow.source)
            && self.group.as_ref().is_none_or(|group| *group == flow.group)
            && self.is_in_force(now)
    }

    /// Whether it is in force.
    #[must_use]
    pub fn is_in_force(&self, now: i64) -> bool {
        self.lifted_at.is_none() && self.until.is_none_or(|until| until > now)
    }
}

/// Limits and holds as they were last read.
#[derive(Debug, Default)]
pub struct Steering {
    /// The limits.
    pub book: Rulebook,
    /// What is stopped or slowed.
    pub holds: Vec<Hold>,
}

impl Steering {
    /// What holds for a flow: a rule only ever lowers a limit.
    #[must_use]
    pub fn limits(&self, flow: &Flow, now: i64) -> Arc<Limits> {
        let limits = self.book.limits(&flow.group);
        let slowing = self.holds.iter().filter(|hold| hold.covers(flow, now));
        let mut lowered: Option<Limits> = None;
        for hold in slowing {
            if let Change::Slow { limits: set } = &hold.change {
                let origin =
                    if hold.rule.is_empty() { Origin::Owner } else { Origin::Rule(hold.rule.clone()) };
                lowered.get_or_insert_with(|| (*limits).clone()).lower(set, &origin);
            }
        }
        lowered.map_or(limits, Arc::new)
    }

    /// What stops a flow, the longest of it.
    #[must_use]
    pub fn hold(&self, flow: &Flow, now: i64) -> Option<Wait> {
        let stops = self.holds.iter().filter(|hold| hold.change == Change::Stop && hold.covers(flow, now));
        let longest = stops.max_by_key(|hold| hold.until.unwrap_or(i64::MAX))?;
        Some(Wait { waits: Waits::Held { hold: longest.id }, until: longest.until })
    }

    /// Shards that are stopped as a whole, by every source, so that their rows need not be claimed.
    pub fn stopped_shards(&self, now: i64) -> impl Iterator<Item = &str> {
        let stops =
            move |hold: &&Hold| hold.change == Change::Stop && hold.source.is_none() && hold.is_in_force(now);
        self.holds.iter().filter(stops).filter_map(|hold| hold.group.as_deref())
    }

    /// Sources that are not to be taken for a group, where there are others.
    #[must_use]
    pub fn avoided(&self, group: &str, now: i64) -> Vec<SourceId> {
        let holds = self.holds.iter().filter(|hold| {
            hold.change == Change::OtherSource
                && hold.group.as_deref().is_none_or(|known| known == group)
                && hold.is_in_force(now)
        });
        holds.filter_map(|hold| hold.source).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::limits::{LimitSet, Rate};

    fn hold(change: Change, source: Option<SourceId>, until: Option<i64>) -> Hold {
        Hold {
            id: 7,
            source,
            group: Some("gmail".to_owned()),
            change,
            rule: "gmail.rate".to_owned(),
            sample: String::new(),
            since_at: 0,
            until,
            made_by: None,
            lifted_at: None,
            lifted_by: None,
        }
    }

    fn flow(group: &str) -> Flow {
        Flow { source: 1, group: group.to_owned() }
    }

    #[test]
    fn a_rule_lowers_for_its_time_and_never_raises() {
        let limits = LimitSet { connections: Some(2), rate: Some(Rate::None), ..LimitSet::default() };
        let steering = Steering {
            holds: vec![hold(Change::Slow { limits }, Some(1), Some(100))],
            ..Steering::default()
        };
        let slowed = steering.limits(&flow("gmail"), 50);
        assert_eq!(slowed.connections.value, 2);
        assert_eq!(slowed.connections.origin, Origin::Rule("gmail.rate".to_owned()));
        assert_ne!(slowed.rate.value, Rate::None);
        assert_ne!(steering.limits(&flow("gmail"), 100).connections.value, 2, "over");
        assert_ne!(steering.limits(&flow("docomo"), 50).connections.value, 2, "of another group");
    }

    #[test]
    fn stops_and_other_sources() {
        let stop = Steering { holds: vec![hold(Change::Stop, None, None)], ..Steering::default() };
        assert!(stop.hold(&flow("gmail"), 1).is_some() && stop.hold(&flow("au"), 1).is_none());
        assert_eq!(stop.stopped_shards(1).collect::<Vec<_>>(), ["gmail"]);
        let other = Steering { holds: vec![hold(Change::OtherSource, Some(3), None)], ..Steering::default() };
        assert_eq!((other.avoided("gmail", 1), other.avoided("au", 1)), (vec![3], vec![]));
        assert!(other.hold(&flow("gmail"), 1).is_none());
    }
}
