//! One recipient of one message: its lane, its state on the evidence ladder, and why it was left out.

use serde::{Deserialize, Serialize};

/// Key of a recipient row: one person × one message.
pub type RecipientId = i64;

macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stored name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value with this stored name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }
        }
    };
}

named! {
    /// The evidence ladder: what is known about one message to one person.
    State {
        /// Never left.
        Withheld = "withheld",
        /// In the queue, not tried yet.
        Waiting = "waiting",
        /// Refused for now; will be tried again.
        Deferred = "deferred",
        /// The recipient's server took responsibility. What that is worth differs by provider.
        Accepted = "accepted",
        /// There is evidence that a person or her mail system got it.
        Evidenced = "evidenced",
        /// Permanently refused, or the retry deadline passed.
        Refused = "refused",
        /// Accepted first, a bounce came later.
        Bounced = "bounced",
        /// No evidence and a reason to doubt.
        Doubtful = "doubtful",
    }
}

named! {
    /// Why a person was left out.
    WithheldReason {
        /// An operator took the person out of this sending by hand.
        Excluded = "excluded",
        /// There is no address.
        NoAddress = "no_address",
        /// A newer contact has the same address and stands for it.
        Duplicate = "duplicate",
        /// The person is no customer any more.
        Resigned = "resigned",
        /// The person stopped advertising mail.
        OptedOut = "opted_out",
        /// The person refused the topic this is about.
        TopicRefused = "topic_refused",
        /// The shop was told that the person wants no advertising.
        DmRefused = "dm_refused",
        /// The address is known not to work.
        AddressInvalid = "address_invalid",
        /// The address is a look-alike that swallows mail; nobody confirmed it.
        Lookalike = "lookalike",
        /// Nothing is sent to this address or domain: it stands on the list of suppressions.
        Suppressed = "suppressed",
        /// The person has this template's mail already, or it is on its way.
        AlreadySent = "already_sent",
        /// There is no consent to advertising on record, and this house wants one.
        NoConsent = "no_consent",
        /// The person had as many advertising mails as this house allows in that time.
        FrequencyCap = "frequency_cap",
        /// The broadcast was cancelled before this one left.
        Cancelled = "cancelled",
        /// The message could not be built for this person.
        Unrenderable = "unrenderable",
        /// The contact was deleted or changed its address before this one left.
        Changed = "changed",
    }
}

named! {
    /// The order in which work of different kinds is taken: smaller first.
    Lane {
        /// Order mails, single mails, resends from the desk.
        Transactional = "transactional",
        /// Replies of the support team.
        Reply = "reply",
        /// Step mail.
        StepMail = "step_mail",
        /// Broadcasts.
        Broadcast = "broadcast",
    }
}

impl Lane {
    /// The lanes somebody waits for: each of their messages goes by itself, at once, before everything else.
    pub const URGENT: &'static [Self] = &[Self::Transactional, Self::Reply];

    /// Whether somebody waits for it.
    #[must_use]
    pub fn is_urgent(self) -> bool {
        Self::URGENT.contains(&self)
    }

    /// The number stored in the queue: 0 is taken first.
    #[must_use]
    pub fn rank(self) -> i64 {
        self as i64
    }

    /// The lane with this rank; anything unknown is a broadcast, the most careful one.
    #[must_use]
    pub fn from_rank(rank: i64) -> Self {
        Self::ALL.iter().copied().find(|lane| lane.rank() == rank).unwrap_or(Self::Broadcast)
    }

    /// Whether a message whose final reply was never seen is sent again after a crash: a doubled order mail is
    /// better than a lost one, a doubled advertisement is not.
    #[must_use]
    pub fn resends_in_doubt(self) -> bool {
        matches!(self, Self::Transactional | Self::Reply)
    }
}

impl State {
    /// True when delivery has nothing left to do.
    #[must_use]
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Waiting | Self::Deferred)
    }

    /// True for the states the 「届いていない」 desk shows.
    #[must_use]
    pub fn needs_somebody(self) -> bool {
        matches!(self, Self::Refused | Self::Bounced | Self::Doubtful)
    }
}
