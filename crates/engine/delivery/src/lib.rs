//! Gets a message to its recipient's server, or says why not.
//!
//! The tour: a [`Claimed`](ports::Claimed) recipient is claimed with a lease → [`route`] → connection → MAIL, RCPT →
//! grant (suppression and pause are checked again, the `committing` mark is made) → the message is rendered and
//! sent → [`outcome::decide`] → recorded in a group commit. No network call happens inside a transaction, and only
//! `outcome.rs` decides an outcome.

mod ahead;
pub mod attempt;
pub mod dispatcher;
pub mod health;
pub mod hop;
pub mod hurry;
pub mod metrics;
pub mod outcome;
pub mod pacing;
pub mod ports;
pub mod recipient;
pub mod recorder;
pub mod retry;
pub mod route;
mod rush;
mod set_back;
pub mod source;
pub mod tls;
pub mod transcript;
pub mod verp;
mod worker;

/// Names of the events this crate's store methods write.
pub mod event {
    /// A recipient was put into the queue.
    pub const QUEUED: &str = "mail.queued";
    /// A recipient was left out; the detail holds the reason.
    pub const WITHHELD: &str = "mail.withheld";
    /// The recipient's server took the message.
    pub const ACCEPTED: &str = "mail.accepted";
    /// A temporary refusal; the detail holds the next try.
    pub const DEFERRED: &str = "mail.deferred";
    /// A permanent refusal, or the deadline passed.
    pub const REFUSED: &str = "mail.refused";
    /// Accepted first, a bounce came later. The detail's `aside` is true where it proves nothing about the
    /// recipient's own address; `about` then is the address it names.
    pub const BOUNCED: &str = "mail.bounced";
    /// There is evidence that it arrived.
    pub const EVIDENCED: &str = "mail.evidenced";
    /// Cut off after the message was handed over and before the answer; nobody knows.
    pub const IN_DOUBT: &str = "mail.in_doubt";
    /// An operator dealt with it in another way.
    pub const HANDLED: &str = "mail.handled";
    /// That it was dealt with was taken back.
    pub const REOPENED: &str = "mail.reopened";
    /// A sending domain was added.
    pub const DOMAIN_ADDED: &str = "domain.added";
    /// A sending domain was removed.
    pub const DOMAIN_REMOVED: &str = "domain.removed";
    /// The owner's limits for a group of servers changed.
    pub const LIMITS_CHANGED: &str = "pacing.limits_changed";
    /// An operator or a reply stopped or slowed something.
    pub const HELD: &str = "pacing.held";
    /// That was lifted.
    pub const LIFTED: &str = "pacing.lifted";
    /// An operator made what waits due at once.
    pub const TRIED_NOW: &str = "pacing.tried_now";
    /// An operator gave up what waits.
    pub const GIVEN_UP: &str = "pacing.given_up";
    /// A broadcast's hours, rate or priority changed.
    pub const PACE_CHANGED: &str = "pacing.pace_changed";
    /// The sending route changed.
    pub const ROUTE_CHANGED: &str = "route.changed";
    /// What TLS must show towards a domain was set or lifted.
    pub const TLS_RULE_CHANGED: &str = "tls_rule.changed";
    /// A source was added.
    pub const SOURCE_ADDED: &str = "source.added";
    /// A source was changed.
    pub const SOURCE_CHANGED: &str = "source.changed";
    /// A source was removed.
    pub const SOURCE_REMOVED: &str = "source.removed";
    /// A source rests; the detail holds until when, the reason and the sample.
    pub const SOURCE_RESTS: &str = "source.rests";
    /// A rest was ended.
    pub const SOURCE_LIFTED: &str = "source.lifted";
    /// A warm-up was held, went on by hand, or is done; the detail holds the group and where it stands.
    pub const SOURCE_WARM_UP: &str = "source.warm_up";
    /// Which lane leaves by which pool was changed.
    pub const POOLS_CHANGED: &str = "source.pools";
}
