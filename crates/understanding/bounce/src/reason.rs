//! The reasons a mail did not (or did) arrive, under the names Japan's mail engineers know from Sisimai.

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Why a message did not arrive, or what a report says about it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum Reason { $($(#[$doc])* $variant,)* }

        impl Reason {
            /// Every reason, in the order of this list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Sisimai's lower-case word, which is stored and shown in JSON.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

reasons! {
    /// The mailbox does not exist.
    UserUnknown = "userunknown",
    /// The domain does not exist.
    HostUnknown = "hostunknown",
    /// The mailbox has no space left, or is over its quota.
    MailboxFull = "mailboxfull",
    /// The recipient's own receive settings refused the message; the person exists.
    Filtered = "filtered",
    /// The account is stopped or disabled.
    Suspend = "suspend",
    /// The sending address of our server is refused, for example by a block list.
    Blocked = "blocked",
    /// Our IP address or domain has a bad name with the receiver.
    BadReputation = "badreputation",
    /// SPF, DKIM or DMARC failed.
    AuthFailure = "authfailure",
    /// Our IP address has no usable reverse name.
    RequirePtr = "requireptr",
    /// The return path or From address was refused.
    Rejected = "rejected",
    /// The server does not carry mail for this recipient from us.
    NoRelaying = "norelaying",
    /// The content was judged to be spam.
    SpamDetected = "spamdetected",
    /// A rule of the receiving organisation forbids the message.
    PolicyViolation = "policyviolation",
    /// A virus was found.
    VirusDetected = "virusdetected",
    /// The shape of the message (header, encoding, attachment) was refused.
    ContentError = "contenterror",
    /// The message breaks RFC 5322.
    NotCompliantRfc = "notcompliantrfc",
    /// Refused for a security reason that is not told more exactly.
    SecurityError = "securityerror",
    /// A command was not understood or came in a wrong order.
    SyntaxError = "syntaxerror",
    /// The server could not be reached, or mail goes in circles.
    NetworkError = "networkerror",
    /// The time limit of the retries passed.
    Expired = "expired",
    /// The receiving system has a fault.
    SystemError = "systemerror",
    /// A program behind the receiving mail server failed.
    MailerError = "mailererror",
    /// The disk of the receiving system is full.
    SystemFull = "systemfull",
    /// Too many messages or connections in a short time.
    RateLimited = "ratelimited",
    /// The message is larger than the receiver takes.
    EmailTooLarge = "emailtoolarge",
    /// The person has a new address.
    HasMoved = "hasmoved",
    /// The host takes no mail at all (RFC 7504, RFC 7505).
    NotAccept = "notaccept",
    /// An encrypted connection could not be made.
    FailedStartTls = "failedstarttls",
    /// A list of addresses not to send to held the message back.
    Suppressed = "suppressed",
    /// The recipient reported the message (RFC 5965).
    Feedback = "feedback",
    /// An automatic reply: the message arrived (RFC 3834).
    Vacation = "vacation",
    /// The receiving server confirms delivery (RFC 3464 action `delivered`).
    Delivered = "delivered",
    /// There are hints, but not enough to decide.
    OnHold = "onhold",
    /// Nothing is known.
    Undefined = "undefined",
    /// A first-contact delay: the receiver waits for the retry.
    Greylisted = "greylisted",
}

impl Reason {
    /// The reason with this [`Reason::name`]; the words that Sisimai has since merged are read too.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let merged = match name {
            "speeding" | "toomanyconn" => "ratelimited",
            "exceedlimit" | "mesgtoobig" => "emailtoolarge",
            other => other,
        };
        Self::ALL.iter().copied().find(|reason| reason.name() == merged)
    }
}

impl TryFrom<String> for Reason {
    type Error = String;
    fn try_from(name: String) -> Result<Self, String> {
        Self::from_name(&name).ok_or_else(|| format!("not a bounce reason: {name}"))
    }
}

impl From<Reason> for &'static str {
    fn from(reason: Reason) -> Self {
        reason.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_name(reason.name()), Some(*reason));
        }
        assert_eq!(Reason::ALL.len(), 35);
        assert_eq!(Reason::from_name("toomanyconn"), Some(Reason::RateLimited));
        assert_eq!(Reason::from_name("mesgtoobig"), Some(Reason::EmailTooLarge));
        assert_eq!(Reason::from_name("nonsense"), None);
    }
}
