//! What holds for each group at this moment: the pack, the configuration and the owner's own values laid over it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    limits::{LimitSet, Limits, Origin, Span},
    pack::{Pack, pack},
};
use crate::recipient::Lane;

/// In configuration and on the page: for every group.
pub const ALL: &str = "all";
/// In configuration and on the page: for groups the pack does not know.
pub const DEFAULT: &str = "default";

/// Own values by group.
pub type Overrides = BTreeMap<String, LimitSet>;

/// Groups whose limits are remembered; beyond that they are put together anew each time.
const GROUPS_MAX: usize = 10_000;

/// What is said about all groups.
#[derive(Debug, Default)]
pub struct Rulebook {
    config: Overrides,
    owner: Overrides,
    made: Mutex<HashMap<String, Arc<Limits>>>,
}

impl Rulebook {
    /// Lays the owner's values over the configuration's.
    #[must_use]
    pub fn new(config: Overrides, owner: Overrides) -> Self {
        Self { config, owner, made: Mutex::default() }
    }

    /// What the owner says.
    #[must_use]
    pub fn owner(&self) -> &Overrides {
        &self.owner
    }

    /// What the configuration says.
    #[must_use]
    pub fn config(&self) -> &Overrides {
        &self.config
    }

    /// What holds for a group.
    #[must_use]
    pub fn limits(&self, group: &str) -> Arc<Limits> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(limits) = made.get(group) {
            return Arc::clone(limits);
        }
        let limits = Arc::new(self.make(group));
        if made.len() < GROUPS_MAX {
            made.insert(group.to_owned(), Arc::clone(&limits));
        }
        limits
    }

    fn make(&self, group: &str) -> Limits {
        let mut limits = pack().limits(group);
        let is_known = pack().group(group).is_some();
        for (said, origin) in [(&self.config, Origin::Config), (&self.owner, Origin::Owner)] {
            let names = [Some(ALL), (!is_known).then_some(DEFAULT), Some(group)];
            for set in names.into_iter().flatten().filter_map(|name| said.get(name)) {
                limits.lay(set, &origin);
            }
        }
        limits
    }
}

/// The waits between tries for a lane's messages to a group: the group's own, where anybody says some; else the
/// lane's; else the usual ones.
#[must_use]
pub fn waits(limits: &Limits, lane: Lane) -> &[Span] {
    let own = limits.retry.origin != Origin::PackDefault && limits.retry.origin != Origin::Pack;
    match pack().lane_retry(lane) {
        // An order mail is tried sooner than a provider's usual schedule says, unless the owner decided.
        Some(waits) if !own => waits,
        _ => &limits.retry.value,
    }
}

/// Whether own values may be written down for a group of this name: one of the pack's, `all`, `default`, or servers
/// by their name.
///
/// # Errors
/// In words.
pub fn check_name(name: &str) -> Result<(), String> {
    let known = |pack: &Pack| pack.group(name).is_some();
    if name == ALL || name == DEFAULT || known(pack()) || name.contains('.') {
        return Ok(());
    }
    let ids: Vec<&str> = pack().groups.iter().map(|group| group.id.as_str()).collect();
    Err(format!(
        "{name:?} is no group; known are {ALL}, {DEFAULT}, {}, or the name of a server",
        ids.join(", ")
    ))
}

/// How long messages are tried before they are given up: the rule pack's time for each lane, or the owner's for
/// broadcasts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// The owner's time for broadcasts, in milliseconds.
    pub broadcast_ms: Option<i64>,
}

impl Tries {
    /// The time of a lane, in milliseconds.
    #[must_use]
    pub fn ms(self, lane: Lane) -> i64 {
        let own = self.broadcast_ms.filter(|_| lane == Lane::Broadcast);
        own.unwrap_or_else(|| pack().tries(lane).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::limits::Rate;

    fn set(connections: u32) -> LimitSet {
        LimitSet { connections: Some(connections), ..LimitSet::default() }
    }

    fn check(book: &Rulebook, group: &str, expected: (u32, Origin)) {
        let limits = book.limits(group);
        assert_eq!((limits.connections.value, limits.connections.origin.clone()), expected, "{group}");
    }

    #[test]
    fn layers() {
        let config = [(DEFAULT.to_owned(), set(3)), ("gmail".to_owned(), set(4))].into();
        let owner = [("gmail".to_owned(), set(5)), ("mx.x.example".to_owned(), set(6))].into();
        let book = Rulebook::new(config, owner);
        check(&book, "docomo", (4, Origin::Pack));
        check(&book, "gmail", (5, Origin::Owner));
        check(&book, "mx.y.example", (3, Origin::Config));
        check(&book, "mx.x.example", (6, Origin::Owner));
        assert_eq!(
            book.limits("mx.x.example").connections_per_site.value,
            6,
            "all of them may go to its one site"
        );
        let all = LimitSet { rate: Some(Rate::None), ..LimitSet::default() };
        let book = Rulebook::new([(ALL.to_owned(), all)].into(), Overrides::new());
        assert_eq!(book.limits("docomo").rate.value, Rate::None);
    }

    #[test]
    fn names() {
        for (name, good) in
            [("docomo", true), ("all", true), ("mx.example", true), ("docomoo", false), ("", false)]
        {
            assert_eq!(check_name(name).is_ok(), good, "{name}");
        }
    }

    #[test]
    fn an_order_mail_is_tried_sooner() {
        let book = Rulebook::default();
        let gmail = book.limits("gmail");
        assert_eq!(waits(&gmail, Lane::Transactional)[0], Span(120_000));
        assert_eq!(waits(&gmail, Lane::Broadcast)[0], Span(300_000));
    }
}
