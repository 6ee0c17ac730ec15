//! What customers may refuse apart from everything else: one kind of news each.

use serde::{Deserialize, Serialize};

use crate::OptOutRoute;

/// Key of a topic.
pub type TopicId = i64;

/// Longest name of a topic, in characters.
pub const TOPIC_CHARS_MAX: usize = 60;

/// One kind of news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Key.
    pub id: TopicId,
    /// What customers read: 「新商品のお知らせ」.
    pub name: String,
    /// One sentence about what comes and how often.
    pub description: String,
    /// When it was put away; nobody is asked about it any more, refusals are kept.
    pub archived_at: Option<i64>,
}

/// A contact's refusal of one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicRefusal {
    /// The topic.
    pub topic_id: TopicId,
    /// Since when.
    pub at: i64,
    /// How it reached us.
    pub route: OptOutRoute,
}
