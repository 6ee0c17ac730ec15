//! What evidence asks of the store.

use async_trait::async_trait;
use delivery::recipient::RecipientId;

use crate::{
    desk::{Activity, DeskFilter, DeskGroup, DeskRow},
    history::{Event, MessageStory},
};

/// The store could not be asked.
pub type StoreFailure = Box<dyn std::error::Error + Send + Sync>;

/// What happened, for screens.
#[async_trait]
pub trait HistoryStore: Send + Sync {
    /// Events of one contact, newest first.
    async fn of_contact(&self, contact_id: i64, limit: u64) -> Result<Vec<Event>, StoreFailure>;
    /// Events of one message, oldest first.
    async fn of_message(&self, id: RecipientId) -> Result<Vec<Event>, StoreFailure>;
    /// Messages to one contact, newest first.
    async fn messages_to(&self, contact_id: i64, limit: u64) -> Result<Vec<MessageStory>, StoreFailure>;
    /// Messages that the server of this address ([`mail::Address::key`]) took since `since` and that nothing was heard
    /// of after; at most two, since more than one tells nothing.
    async fn taken_since(&self, address_key: &str, since: i64) -> Result<Vec<RecipientId>, StoreFailure>;
    /// Everything about one message.
    async fn message(&self, id: RecipientId) -> Result<Option<MessageStory>, StoreFailure>;
}

/// The desk at rest.
#[async_trait]
pub trait DeskStore: Send + Sync {
    /// Rows, newest first; and how many match in all.
    async fn rows(
        &self,
        filter: &DeskFilter,
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<DeskRow>, u64), StoreFailure>;
    /// How many wait for somebody.
    async fn open_count(&self) -> Result<u64, StoreFailure>;
    /// What waits for somebody, by reason and provider, largest first.
    async fn groups(&self, limit: u64) -> Result<Vec<DeskGroup>, StoreFailure>;
    /// Marks rows as dealt with in another way; returns how many changed.
    async fn handle(
        &self,
        ids: &[RecipientId],
        note: &str,
        actor: Option<i64>,
        now: i64,
    ) -> Result<u64, StoreFailure>;
    /// Puts handled rows back on the desk; returns how many changed.
    async fn unhandle(&self, ids: &[RecipientId], actor: Option<i64>, now: i64) -> Result<u64, StoreFailure>;
    /// Messages that came to their state since `since`.
    async fn activity(&self, since: i64) -> Result<Activity, StoreFailure>;
}

/// The event log as reactions read it: at least once, in order, each reader with its own durable cursor.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Events after the reader's cursor, oldest first. Never skips one that commits late.
    async fn unread(&self, reader: &str, limit: u64) -> Result<Vec<Event>, StoreFailure>;
    /// Moves the reader's cursor.
    async fn read_up_to(&self, reader: &str, event_id: i64) -> Result<(), StoreFailure>;
}
