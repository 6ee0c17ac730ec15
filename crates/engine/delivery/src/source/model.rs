//! One way out of the house: an address of ours or a server that relays for us, with its limits, its warm-up, its rest.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Route, SmartHost, warm_up::WarmUp};
use crate::recipient::Lane;

/// Key of a source.
pub type SourceId = i64;
/// The source that is there from the start.
pub const FIRST_SOURCE: SourceId = 1;
/// Stands where no source was needed: the attempt ended before.
pub const NO_SOURCE: SourceId = 0;
/// The pool of everything that names none.
pub const DEFAULT_POOL: &str = "main";
/// A source gets this share of its pool unless told otherwise.
pub const USUAL_WEIGHT: u32 = 10;

/// How mail leaves through a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Way {
    /// To each recipient's MX, from an address of ours.
    Direct(Direct),
    /// Everything through one server.
    SmartHost(SmartHost),
}

impl Default for Way {
    fn default() -> Self {
        Self::Direct(Direct::default())
    }
}

/// An address of ours. All of it may be left open: then the system picks the address and the house's name is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Direct {
    /// Local addresses to connect from, one of IPv4 and one of IPv6 at most. When any is given, servers that can only
    /// be reached by the other family are not tried from here.
    pub bind: Vec<IpAddr>,
    /// The name we greet with; empty for the house's.
    pub helo_name: String,
    /// What others see behind an address translation; empty when it is `bind`.
    pub seen_as: Vec<IpAddr>,
}

impl Direct {
    /// The addresses others see; empty when nothing was said about them.
    #[must_use]
    pub fn public(&self) -> &[IpAddr] {
        if self.seen_as.is_empty() { &self.bind } else { &self.seen_as }
    }
}

impl Way {
    /// The old single route in these terms.
    #[must_use]
    pub fn of(route: &Route) -> Self {
        match route {
            Route::Direct => Self::default(),
            Route::SmartHost(host) => Self::SmartHost(host.clone()),
        }
    }

    /// Direct or through a server.
    #[must_use]
    pub fn route(&self) -> Route {
        match self {
            Self::Direct(_) => Route::Direct,
            Self::SmartHost(host) => Route::SmartHost(host.clone()),
        }
    }
}

/// Which hours a daily quota counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayWindow {
    /// From midnight to midnight in Japan.
    #[default]
    Calendar,
    /// The last 24 hours.
    Rolling,
}

/// How much may leave through a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quota {
    /// Messages in one hour of the clock.
    pub hourly: Option<u32>,
    /// Messages in one day.
    pub daily: Option<u32>,
    /// What a day is.
    pub window: DayWindow,
}

/// Why a source sends nothing now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// Since when.
    pub since_at: i64,
    /// When it goes on by itself; `None` when somebody has to lift it.
    pub until: Option<i64>,
    /// A stable name: `operator`, `listed`, or the id of a pacing rule.
    pub reason: String,
    /// What was said, for example a server's reply or the entry of a list; data.
    pub sample: String,
}

impl Rest {
    /// Whether it still holds.
    #[must_use]
    pub fn holds(&self, now: i64) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// What an operator says about a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDraft {
    /// What people call it; empty for the first one.
    pub name: String,
    /// How mail leaves.
    pub way: Way,
    /// Its pool.
    pub pool: String,
    /// Its share of the pool, 1 to 1,000.
    pub weight: u32,
    /// Whether it is used at all.
    pub enabled: bool,
    /// How much may leave.
    pub quota: Quota,
    /// The warm-up curve it follows, and the instant it began.
    pub curve: Option<(String, i64)>,
}

impl Default for SourceDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            way: Way::default(),
            pool: DEFAULT_POOL.to_owned(),
            weight: USUAL_WEIGHT,
            enabled: true,
            quota: Quota::default(),
            curve: None,
        }
    }
}

/// One way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Key.
    pub id: SourceId,
    /// What the operator said.
    pub draft: SourceDraft,
    /// Where its warm-up stands, one for each group of providers of its curve.
    pub warm_ups: Vec<WarmUp>,
    /// Why it rests, while it does; may have ended.
    pub rest: Option<Rest>,
    /// Sending domains whose SPF record does not allow it, as last seen.
    pub not_for: Vec<String>,
    /// The last look at its health as JSON; its shape belongs to the doctor.
    pub standing: Option<String>,
    /// When its health was last looked at.
    pub checked_at: Option<i64>,
    /// When it was added.
    pub created_at: i64,
}

impl Source {
    /// A source as it is before anything is known of it.
    #[must_use]
    pub fn new(id: SourceId, draft: SourceDraft) -> Self {
        Self {
            id,
            draft,
            warm_ups: Vec::new(),
            rest: None,
            not_for: Vec::new(),
            standing: None,
            checked_at: None,
            created_at: 0,
        }
    }

    /// Why it rests now.
    #[must_use]
    pub fn resting(&self, now: i64) -> Option<&Rest> {
        self.rest.as_ref().filter(|rest| rest.holds(now))
    }
}

/// Which pool each kind of mail leaves by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LanePools(pub Vec<(Lane, String)>);

impl LanePools {
    /// The pool of a lane.
    #[must_use]
    pub fn of(&self, lane: Lane) -> &str {
        self.0.iter().find(|(known, _)| *known == lane).map_or(DEFAULT_POOL, |(_, pool)| pool)
    }
}
