//! Sends one message to many people, with a reason for everyone who is left out.
//!
//! A broadcast is a million small rows, not a million files: the audience is written down in batches (who is left
//! out and why is decided there), delivery claims the rows, and the message is rendered when it is about to go.

pub mod audience;
pub mod broadcast;
pub mod clicks;
pub mod fields;
pub mod messages;
pub mod ports;
pub mod report;
pub mod runner;
pub mod start;
pub mod template;
mod workshop;

/// Names of the events this crate's store methods write.
pub mod event {
    /// A template was saved.
    pub const TEMPLATE_SAVED: &str = "template.saved";
    /// A broadcast was created.
    pub const BROADCAST_CREATED: &str = "broadcast.created";
    /// It was started.
    pub const BROADCAST_STARTED: &str = "broadcast.started";
    /// It was paused.
    pub const BROADCAST_PAUSED: &str = "broadcast.paused";
    /// It was resumed.
    pub const BROADCAST_RESUMED: &str = "broadcast.resumed";
    /// It was cancelled.
    pub const BROADCAST_CANCELLED: &str = "broadcast.cancelled";
    /// How many advertising mails a person may get was changed; the detail holds `mails` and `days`, or nothing.
    pub const CAP_CHANGED: &str = "setting.frequency_cap";
    /// What the house decides about every audience was changed; the detail holds `duplicates` and `consent`.
    pub const HOUSE_RULES_CHANGED: &str = "setting.audience_rules";
    /// A person followed a link of a message, for the first time on that day; the detail holds its `number` and the
    /// `target`.
    pub const CLICKED: &str = "mail.clicked";
    /// Nothing is left in the queue.
    pub const BROADCAST_FINISHED: &str = "broadcast.finished";
}
