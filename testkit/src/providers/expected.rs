//! Foretells from the same data what the simulator will do to an address, so that a run can be checked.

use serde::Serialize;

use super::{Behaviour, Connection, DnsShape, Fate, HangUp, Provider, ProviderBook};

/// What becomes of a message to an address, when it is signed, well formed, within the limits and alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// The provider's short name.
    pub provider: String,
    /// The name of the behaviour, or `dns` or `connection` where it does not come that far.
    pub behaviour: String,
    /// What the sending side can know in the end.
    pub outcome: ExpectedOutcome,
    /// Why it failed or waits: Sisimai's name, or `greylisted`. For an accepted message that had to wait first:
    /// why it waited.
    pub reason: Option<String>,
    /// Where the message really is; the sending side is not told.
    pub fate: Fate,
}

/// What the sending side can know in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedOutcome {
    /// The provider took it and never says otherwise.
    Accepted,
    /// A permanent refusal.
    Refused,
    /// Taken first, a bounce comes later.
    Bounced,
    /// Refused for now as often as one tries; ends when the sending side gives up.
    Deferred,
    /// Cut off after all or most of the content: nobody but the provider knows whether it was taken.
    Doubtful,
}

impl ProviderBook {
    /// What the simulator does to `address` (`local@domain`); `None` when it is no address. A domain the book does
    /// not know is one that does not exist.
    #[must_use]
    pub fn expected_outcome(&self, address: &str) -> Option<Expected> {
        let (local, domain) = address.rsplit_once('@')?;
        let Some(provider) = self.by_domain(&domain.to_ascii_lowercase()) else { return Some(nowhere()) };
        if let Some((behaviour, outcome)) = unreachable(provider) {
            let reason = provider.reason.clone();
            return Some(Expected {
                provider: provider.id.clone(),
                behaviour: behaviour.to_owned(),
                outcome,
                reason,
                fate: Fate::NotTaken,
            });
        }
        let chosen = self.choose(provider, &unquoted(local));
        let outcome = outcome(chosen.behaviour);
        Some(Expected {
            provider: provider.id.clone(),
            behaviour: chosen.name.to_owned(),
            outcome,
            reason: chosen.behaviour.reason.clone(),
            fate: match outcome {
                ExpectedOutcome::Accepted => chosen.behaviour.fate,
                ExpectedOutcome::Bounced => Fate::Bounced,
                ExpectedOutcome::Doubtful if chosen.behaviour.hang_up == Some(HangUp::Reply) => {
                    chosen.behaviour.fate
                }
                ExpectedOutcome::Refused | ExpectedOutcome::Deferred | ExpectedOutcome::Doubtful => {
                    Fate::NotTaken
                }
            },
        })
    }
}

fn nowhere() -> Expected {
    Expected {
        provider: "nxdomain".to_owned(),
        behaviour: "dns".to_owned(),
        outcome: ExpectedOutcome::Refused,
        reason: Some("hostunknown".to_owned()),
        fate: Fate::NotTaken,
    }
}

fn unreachable(provider: &Provider) -> Option<(&'static str, ExpectedOutcome)> {
    match provider.dns {
        DnsShape::Nxdomain | DnsShape::NullMx => return Some(("dns", ExpectedOutcome::Refused)),
        DnsShape::Servfail | DnsShape::Timeout => return Some(("dns", ExpectedOutcome::Deferred)),
        DnsShape::Mx | DnsShape::AddressOnly => {}
    }
    match provider.connection {
        Connection::Smtp => None,
        Connection::TurnedAway if !provider.greeting.is_transient() => {
            Some(("connection", ExpectedOutcome::Refused))
        }
        _ => Some(("connection", ExpectedOutcome::Deferred)),
    }
}

fn outcome(behaviour: &Behaviour) -> ExpectedOutcome {
    match behaviour.hang_up {
        Some(HangUp::Rcpt) => return ExpectedOutcome::Deferred,
        Some(HangUp::Content | HangUp::Reply) => return ExpectedOutcome::Doubtful,
        None => {}
    }
    if behaviour.later.is_some() {
        return ExpectedOutcome::Bounced;
    }
    match behaviour.rcpt.as_ref().or(behaviour.content.as_ref()) {
        Some(_) if behaviour.retry_after_ms.is_some() => ExpectedOutcome::Accepted,
        Some(reply) if reply.is_transient() => ExpectedOutcome::Deferred,
        Some(_) => ExpectedOutcome::Refused,
        None => ExpectedOutcome::Accepted,
    }
}

fn unquoted(local: &str) -> String {
    match local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner.replace('\\', ""),
        None => local.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foretold() {
        let book = ProviderBook::shipped().unwrap();
        let check = |address: &str, expected: &str| {
            let seen = match book.expected_outcome(address) {
                Some(e) => {
                    format!("{} {:?} {:?} {}", e.provider, e.outcome, e.fate, e.reason.unwrap_or_default())
                }
                None => "nobody".to_owned(),
            };
            assert_eq!(seen, expected, "{address}");
        };
        check("unknown-1@docomo.ne.jp", "docomo Refused NotTaken userunknown");
        check("spam-folder@docomo.ne.jp", "docomo Accepted SpamFolder ");
        check("\"unknown-a..b\"@docomo.ne.jp", "docomo Refused NotTaken userunknown");
        check("filtered@ezweb.ne.jp", "au Refused NotTaken filtered");
        check("dropped@au.com", "au Accepted Dropped ");
        check("UNKNOWN@Gmail.com", "gmail Refused NotTaken userunknown");
        check("hanako@nowhere.test", "nxdomain Refused NotTaken hostunknown");
        check("hanako@docomo.co.jp", "nxdomain Refused NotTaken hostunknown");
        check("hanako@gmai.com", "look-alike Accepted Dropped ");
        check("hanako@yamada-koumuten.example", "greylisting Accepted Inbox greylisted");
        check("hanako@asahi-denki.example", "down Deferred NotTaken networkerror");
        check("hanako@tsubaki-ryokan.example", "null-mx Refused NotTaken notaccept");
        check("hanako@hinode-kogyo.example", "dns-timeout Deferred NotTaken networkerror");
        check("hanako@kobayashi-ganka.example", "blocking Refused NotTaken blocked");
        check("hanako@minato-unyu.example", "cutting Doubtful NotTaken networkerror");
        check("hanako@midori-hoikuen.example", "postfix Bounced Bounced userunknown");
        check("info@midori-hoikuen.example", "postfix Accepted Inbox ");
        check("hanako", "nobody");
    }
}
