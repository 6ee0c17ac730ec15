//! What steers the flows from outside at this moment: limits, and what operators and rules have stopped.

use std::sync::Arc;

use super::{
    Flow, SourceId,
    flow::{Wait, Waits},
    limits::Limits,
    rulebook::Rulebook,
};

/// Something an operator or a rule stopped; empty fields mean every source or every group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its key.
    pub id: i64,
    /// The source.
    pub source: Option<SourceId>,
    /// The group.
    pub group: Option<String>,
    /// Until when; `None` until it is lifted.
    pub until: Option<i64>,
}

impl Hold {
    fn covers(&self, flow: &Flow, now: i64) -> bool {
        self.source.is_none_or(|source| source == flow.source)
            && self.group.as_ref().is_none_or(|group| *group == flow.group)
            && self.until.is_none_or(|until| until > now)
    }
}

/// Limits and holds as they were last read.
#[derive(Debug, Default)]
pub struct Steering {
    /// The limits.
    pub book: Rulebook,
    /// What is stopped.
    pub holds: Vec<Hold>,
}

impl Steering {
    /// What holds for a flow.
    #[must_use]
    pub fn limits(&self, flow: &Flow) -> Arc<Limits> {
        self.book.limits(&flow.group)
    }

    /// What stops a flow, the longest of it.
    #[must_use]
    pub fn hold(&self, flow: &Flow, now: i64) -> Option<Wait> {
        let holds = self.holds.iter().filter(|hold| hold.covers(flow, now));
        let longest = holds.max_by_key(|hold| hold.until.unwrap_or(i64::MAX))?;
        Some(Wait { waits: Waits::Held { hold: longest.id }, until: longest.until })
    }
}
