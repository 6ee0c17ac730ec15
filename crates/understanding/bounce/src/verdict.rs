//! What was concluded about one refusal, with the words that prove it and the rule that read them.

use serde::{Deserialize, Serialize};

use crate::Reason;

/// Whether the same message to the same address may work later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Permanence {
    /// It will not work in this form.
    Permanent,
    /// It may work later.
    Temporary,
    /// Nothing says so either way.
    Unknown,
}

impl Permanence {
    /// The lower-case name that is stored and shown in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Temporary => "temporary",
            Self::Unknown => "unknown",
        }
    }

    /// The permanence with this [`Permanence::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Permanent, Self::Temporary, Self::Unknown].into_iter().find(|p| p.name() == name)
    }
}

/// On whose side the cause lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fault {
    /// The address, the mailbox or the settings of the person.
    #[serde(rename = "recipient")]
    Recipient,
    /// Our domain, DNS, IP address, server or its behaviour.
    #[serde(rename = "sender")]
    OurConfiguration,
    /// What the message says or contains, or a rule about it.
    #[serde(rename = "content")]
    Content,
    /// A passing trouble on the way or at the receiver.
    #[serde(rename = "transient")]
    Transient,
    /// Not known.
    #[serde(rename = "unknown")]
    Unknown,
}

impl Fault {
    /// The lower-case name that is stored and shown in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recipient => "recipient",
            Self::OurConfiguration => "sender",
            Self::Content => "content",
            Self::Transient => "transient",
            Self::Unknown => "unknown",
        }
    }

    /// The fault with this [`Fault::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Recipient, Self::OurConfiguration, Self::Content, Self::Transient, Self::Unknown]
            .into_iter()
            .find(|fault| fault.name() == name)
    }
}

/// The conclusion about one refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Why.
    pub reason: Reason,
    /// Whether it may work later.
    pub permanence: Permanence,
    /// On whose side the cause lies.
    pub fault: Fault,
    /// The words of the server that proved it, as it wrote them; a code where there were no words.
    pub evidence: String,
    /// The id of the rule that decided.
    pub rule: String,
    /// The version of the rules, so that the verdict can be computed again when they change.
    pub rule_pack: String,
    /// How sure this is: 0 (nothing known) to 100.
    pub confidence: u8,
}

/// True when the address itself is dead: sending there again only harms our name.
///
/// A refusal that names such a reason but calls itself temporary (450) is not hard yet.
#[must_use]
pub fn is_hard(verdict: &Verdict) -> bool {
    match verdict.reason {
        Reason::UserUnknown | Reason::HostUnknown | Reason::HasMoved => {
            verdict.permanence != Permanence::Temporary
        }
        Reason::NotAccept => verdict.permanence == Permanence::Permanent,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for name in ["permanent", "temporary", "unknown"] {
            assert_eq!(Permanence::from_name(name).map(Permanence::name), Some(name));
        }
        for name in ["recipient", "sender", "content", "transient", "unknown"] {
            assert_eq!(Fault::from_name(name).map(Fault::name), Some(name));
        }
    }

    #[test]
    fn hard() {
        let check = |reason, permanence, expected| {
            let verdict = Verdict {
                reason,
                permanence,
                fault: Fault::Recipient,
                evidence: String::new(),
                rule: String::new(),
                rule_pack: String::new(),
                confidence: 90,
            };
            assert_eq!(is_hard(&verdict), expected, "{reason:?} {permanence:?}");
        };
        check(Reason::UserUnknown, Permanence::Permanent, true);
        check(Reason::UserUnknown, Permanence::Temporary, false);
        check(Reason::HostUnknown, Permanence::Unknown, true);
        check(Reason::NotAccept, Permanence::Permanent, true);
        check(Reason::NotAccept, Permanence::Unknown, false);
        check(Reason::Filtered, Permanence::Permanent, false);
        check(Reason::MailboxFull, Permanence::Permanent, false);
    }
}
