//! What recording clicks asks of the store.

use async_trait::async_trait;
use delivery::recipient::RecipientId;

use super::Sign;
use crate::{broadcast::BroadcastId, ports::StoreFailure};

/// Where a link of a message leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTarget {
    /// The broadcast.
    pub broadcast_id: BroadcastId,
    /// Where it leads.
    pub target: String,
    /// The contact; `None` once her data were erased, and then nothing is recorded.
    pub contact_id: Option<i64>,
    /// When the receiving server took the message; `None` when it has not yet.
    pub taken_at: Option<i64>,
}

/// Clicks of one kind on one day, to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    /// The message.
    pub recipient_id: RecipientId,
    /// Its broadcast.
    pub broadcast_id: BroadcastId,
    /// Whom it went to.
    pub contact_id: i64,
    /// The link's number in the broadcast.
    pub number: u32,
    /// Why it is a machine's; `None` for a person's.
    pub sign: Option<Sign>,
    /// The first.
    pub first_at: i64,
    /// The last, on the same day in Japan.
    pub last_at: i64,
    /// How many.
    pub times: u32,
}

/// What became of one link of a broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkCount {
    /// Its number.
    pub number: u32,
    /// Where it leads.
    pub target: String,
    /// What became of it.
    pub clicks: Clicks,
}

/// Clicks in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clicks {
    /// People.
    pub people: u64,
    /// How often they followed a link.
    pub times: u64,
    /// How often machines did; in no other number.
    pub machine: u64,
}

/// Which clicks of a broadcast a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WhoFilter {
    /// Only this link.
    pub number: Option<u32>,
    /// Those of machines instead of those of people.
    pub machine: bool,
}

/// One person who followed links of a broadcast, or for whom a machine did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clicker {
    /// The contact.
    pub contact_id: i64,
    /// Her name, empty where there is none or her data were erased.
    pub name: String,
    /// Her address at this time, empty where there is none.
    pub address: String,
    /// The message, the newest where there are several.
    pub recipient_id: RecipientId,
    /// How often.
    pub clicks: u64,
    /// When last.
    pub last_at: i64,
    /// Why they are a machine's, where they are.
    pub signs: Vec<Sign>,
}

/// Links and clicks at rest.
#[async_trait]
pub trait ClickStore: Send + Sync {
    /// The targets of a broadcast by number, as they were written down; `targets` are written down where there are none
    /// yet, so that a number never changes its meaning.
    async fn links_of(&self, id: BroadcastId, targets: &[String]) -> Result<Vec<String>, StoreFailure>;
    /// Where link `number` of a message leads.
    async fn target(&self, id: RecipientId, number: u32) -> Result<Option<LinkTarget>, StoreFailure>;
    /// Records clicks, those of people until they are judged ([`ClickStore::judge_clicks`]).
    async fn record_clicks(&self, clicks: &[Click]) -> Result<(), StoreFailure>;
    /// Judges clicks that have waited their time: those of messages all of whose links were followed at once are a
    /// machine's, the others are evidence that the message arrived. Returns how many messages were looked at.
    async fn judge_clicks(&self, now: i64, limit: u64) -> Result<u64, StoreFailure>;
    /// Every link of a broadcast with its numbers, by number.
    async fn link_counts(&self, id: BroadcastId) -> Result<Vec<LinkCount>, StoreFailure>;
    /// All links together; a person counts once.
    async fn click_total(&self, id: BroadcastId) -> Result<Clicks, StoreFailure>;
    /// The people behind a number, those who clicked last first; `page` is offset and limit. And how many there are.
    async fn clickers(
        &self,
        id: BroadcastId,
        filter: WhoFilter,
        page: (u64, u64),
    ) -> Result<(Vec<Clicker>, u64), StoreFailure>;
}
