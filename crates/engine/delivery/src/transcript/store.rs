//! What transcripts ask of the store.

use async_trait::async_trait;

use super::Packed;
use crate::{ports::StoreFailure, recipient::RecipientId};

/// What was said in one attempt, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptTranscript {
    /// Which attempt of its recipient, 1 for the first.
    pub number: u32,
    /// When and how its connection was opened.
    pub opening: Option<(i64, Packed)>,
    /// What was said about the message.
    pub message: Option<Packed>,
}

/// Transcripts at rest.
#[async_trait]
pub trait TranscriptStore: Send + Sync {
    /// The transcripts of attempts for one recipient that ended at `since` or later.
    async fn transcripts(&self, id: RecipientId, since: i64) -> Result<Vec<KeptTranscript>, StoreFailure>;
    /// Forgets what was said in attempts that ended before `before`: of `limit` attempts at most. `true` when there may
    /// be more. Goes by recipient in the order they were made, so what waits behind one that is still being tried waits
    /// for that one.
    async fn forget_transcripts(&self, before: i64, limit: u64) -> Result<bool, StoreFailure>;
}
