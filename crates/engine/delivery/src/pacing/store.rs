//! What pacing keeps: the owner's limits, what is stopped or slowed and why, what each process is doing, and the acts
//! of operators on what waits.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    SourceId,
    facts::FlowFacts,
    hours::{BroadcastPace, Hours},
    limits::LimitSet,
    rulebook::Overrides,
};
use crate::{ports::StoreFailure, recipient::RecipientId, source::choose::Wait};

/// Key of a hold.
pub type HoldId = i64;

/// What a hold does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Change {
    /// Nothing is sent.
    Stop,
    /// Limits are lowered.
    Slow {
        /// To these.
        limits: LimitSet,
    },
    /// Another source is taken where there is one.
    OtherSource,
}

/// Something that is stopped or slowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Key.
    pub id: HoldId,
    /// The source; every one when `None`.
    pub source: Option<SourceId>,
    /// The group; every one when `None`.
    pub group: Option<String>,
    /// What it does.
    pub change: Change,
    /// The rule that set it off; empty for an operator's own.
    pub rule: String,
    /// The reply that set it off, or the operator's note.
    pub sample: String,
    /// Since when.
    pub since_at: i64,
    /// Until when; `None` until it is lifted.
    pub until: Option<i64>,
    /// Who made it; `None` for a rule.
    pub made_by: Option<i64>,
    /// When it was lifted before its time.
    pub lifted_at: Option<i64>,
    /// Who lifted it.
    pub lifted_by: Option<i64>,
}

/// A hold to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHold {
    /// See [`Hold::source`].
    pub source: Option<SourceId>,
    /// See [`Hold::group`].
    pub group: Option<String>,
    /// See [`Hold::change`].
    pub change: Change,
    /// See [`Hold::rule`].
    pub rule: String,
    /// See [`Hold::sample`].
    pub sample: String,
    /// See [`Hold::until`].
    pub until: Option<i64>,
}

/// What steers delivery at this moment.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The owner's limits.
    pub owner: Overrides,
    /// Holds that are in force.
    pub holds: Vec<Hold>,
    /// Broadcasts under way with hours, a rate or a priority of their own.
    pub paces: Vec<BroadcastPace>,
}

/// What one process told last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The process.
    pub node: String,
    /// When.
    pub at: i64,
    /// Its flows.
    pub flows: Vec<FlowFacts>,
}

/// Rows of one shard and lane in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShardCount {
    /// The provider, or the domain.
    pub shard: String,
    /// Rows.
    pub rows: u64,
    /// Of these, due now.
    pub due: u64,
    /// Of these, in the hands of a process.
    pub leased: u64,
    /// Of these, put off for a source or for servers.
    pub put_off: u64,
    /// Of these, of paused broadcasts.
    pub paused: u64,
    /// When the next of them is due, of those that are not yet.
    pub next_at: Option<i64>,
}

/// One row of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Which.
    pub id: RecipientId,
    /// Its broadcast.
    pub broadcast_id: i64,
    /// Its lane's rank.
    pub lane: i64,
    /// Its shard.
    pub shard: String,
    /// When it is due.
    pub due_at: i64,
    /// When it is given up.
    pub expires_at: i64,
    /// The process that has it.
    pub node: Option<String>,
    /// Whether its broadcast is paused.
    pub paused: bool,
    /// What it was put off for.
    pub waits: Option<Wait>,
}

/// What an act is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "scope", content = "of")]
pub enum Scope {
    /// A provider, or a domain.
    Shard(String),
    /// A source, for what was tried by it.
    Source(SourceId),
    /// A broadcast's own run.
    Broadcast(i64),
}

/// Pacing at rest. Each change is one event with its actor; acts on many rows are done in small transactions.
#[async_trait]
pub trait PacingStore: Send + Sync {
    /// What steers delivery now.
    async fn standing(&self, now: i64) -> Result<Standing, StoreFailure>;
    /// Sets the owner's limits for a group; an empty set takes them back.
    async fn set_limits(
        &self,
        group: &str,
        limits: &LimitSet,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure>;
    /// Makes a hold. One of the same rule about the same flow that is in force is lengthened instead.
    async fn hold(&self, new: &NewHold, actor: Option<i64>, now: i64) -> Result<HoldId, StoreFailure>;
    /// Lifts a hold, and what it had put off is due at once. `false` when it is over already.
    async fn lift(&self, id: HoldId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure>;
    /// The latest holds, those that are over too.
    async fn holds(&self, limit: u64) -> Result<Vec<Hold>, StoreFailure>;
    /// Keeps what a process is doing.
    async fn tell(&self, told: &Told) -> Result<(), StoreFailure>;
    /// What the processes told since `heard_since`.
    async fn told(&self, heard_since: i64) -> Result<Vec<Told>, StoreFailure>;
    /// What waits, by shard, the most first; of one broadcast's own run where that is given.
    async fn waiting(
        &self,
        broadcast: Option<i64>,
        now: i64,
        limit: u64,
    ) -> Result<Vec<ShardCount>, StoreFailure>;
    /// Rows that wait, in the order they are due, with their addresses; how many there are.
    async fn rows(
        &self,
        scope: &Scope,
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<(Queued, String)>, u64), StoreFailure>;
    /// A broadcast's own pace.
    async fn pace(&self, broadcast_id: i64) -> Result<BroadcastPace, StoreFailure>;
    /// One row, `None` when it is settled.
    async fn queued(&self, id: RecipientId) -> Result<Option<Queued>, StoreFailure>;
    /// How many rows an act would change.
    async fn count(&self, scope: &Scope) -> Result<u64, StoreFailure>;
    /// Makes everything that waits due now; how many.
    async fn try_now(&self, scope: &Scope, actor: Option<i64>, now: i64) -> Result<u64, StoreFailure>;
    /// Gives up everything that waits, with the operator's reason; how many.
    async fn give_up(
        &self,
        scope: &Scope,
        reason: &str,
        actor: Option<i64>,
        now: i64,
    ) -> Result<u64, StoreFailure>;
    /// The hours in which advertising may leave, for broadcasts without hours of their own.
    async fn advertising_hours(&self) -> Result<Option<Hours>, StoreFailure>;
    /// Sets those hours, or lifts them.
    async fn set_advertising_hours(
        &self,
        hours: Option<Hours>,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure>;
    /// Sets a broadcast's hours, rate and priority.
    async fn set_pace(&self, pace: &BroadcastPace, actor: Option<i64>, now: i64) -> Result<(), StoreFailure>;
}
