//! What customers agreed to, by which words, and what they withdrew: a ledger to which entries are only added.

use serde::{Deserialize, Serialize};

use crate::{ContactId, ImportId, TopicId};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// What allows advertising mail (特定電子メール法 Article 3(1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentBasis {
    /// The person asked for it or agreed (no. 1): proof must be kept.
    Consent,
    /// The person gave the address in writing, as on a business card (no. 2).
    Written,
    /// There is a business relation (no. 3).
    Business,
    /// A business publishes the address without a notice against advertising (no. 4).
    Published,
}

impl ConsentBasis {
    /// Every basis, in the order of the law.
    pub const ALL: [Self; 4] = [Self::Consent, Self::Written, Self::Business, Self::Published];

    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Written => "written",
            Self::Business => "business",
            Self::Published => "published",
        }
    }

    /// The basis with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.name() == name)
    }
}

/// How an agreement can reach us; a withdrawal has the name of its [`crate::OptOutRoute`].
pub const CONSENT_ROUTES: [&str; 6] = ["form", "paper", "phone", "in_person", "import", "api"];

/// One entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsentEntry {
    /// Key; later entries have larger ones.
    pub id: i64,
    /// Whose.
    pub contact_id: ContactId,
    /// Of one topic, or of all advertising.
    pub topic_id: Option<TopicId>,
    /// The basis; none for a withdrawal.
    pub basis: Option<ConsentBasis>,
    /// When it was given or withdrawn.
    pub at: i64,
    /// One of [`CONSENT_ROUTES`] or an opt-out route.
    pub route: String,
    /// The words as they were shown.
    pub wording: String,
    /// Where the proof is: the form's address, the fair where the card was given.
    pub evidence: String,
    /// The address it was given for; a fingerprint after the person's data were erased.
    pub address: String,
    /// Where the form was sent from.
    pub ip: Option<String>,
    /// The browser that sent it.
    pub user_agent: Option<String>,
    /// The mail that asked for confirmation (double opt-in), and when it was confirmed.
    pub confirmation: Option<(i64, i64)>,
    /// The import it came with.
    pub import_id: Option<ImportId>,
    /// The operator who wrote it down.
    pub actor: Option<i64>,
    /// When it was written down.
    pub recorded_at: i64,
}

/// An agreement to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConsent {
    /// Whose.
    pub contact_id: ContactId,
    /// Of one topic, or of all advertising.
    pub topic_id: Option<TopicId>,
    /// The basis.
    pub basis: ConsentBasis,
    /// When it was given.
    pub at: i64,
    /// One of [`CONSENT_ROUTES`].
    pub route: String,
    /// The words as they were shown.
    pub wording: String,
    /// Where the proof is.
    pub evidence: String,
    /// Where the form was sent from.
    pub ip: Option<String>,
    /// The browser.
    pub user_agent: Option<String>,
    /// The mail of a double opt-in and when it was confirmed.
    pub confirmation: Option<(i64, i64)>,
}

/// What stands behind every customer of one file; asked once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileConsent {
    /// The basis.
    pub basis: ConsentBasis,
    /// When it was given, as far as one day can be told for the file.
    pub at: i64,
    /// The words the people agreed to.
    pub wording: String,
    /// Where the proof is.
    pub evidence: String,
}

/// What is left of a person whose data were erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// Entries of the ledger that stay, without the address.
    pub ledger_entries: u64,
    /// Until when they stay.
    pub kept_until: i64,
    /// Messages that are still counted, without the address.
    pub messages: u64,
    /// True when the address stays refused, by its fingerprint.
    pub stays_opted_out: bool,
}

/// Until when the proof must be kept after the last entry and the last advertisement: three years after the entry
/// (特商法 12条の3) and one month after the advertisement (特定電子メール法 施行規則 4条), whichever is later.
#[must_use]
pub fn kept_until(last_entry_at: i64, last_advertisement_at: Option<i64>) -> i64 {
    let by_entry = last_entry_at + 3 * 366 * DAY_MS;
    by_entry.max(last_advertisement_at.map_or(i64::MIN, |at| at + 31 * DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proof_is_kept_three_years_or_a_month_after_the_last_advertisement() {
        let check = |entry: i64, sent: Option<i64>, expected_days: i64| {
            let sent = sent.map(|days| days * DAY_MS);
            assert_eq!(kept_until(entry * DAY_MS, sent), expected_days * DAY_MS);
        };
        check(0, None, 1098);
        check(0, Some(100), 1098);
        check(0, Some(1100), 1131);
    }

    #[test]
    fn names_come_back() {
        for basis in ConsentBasis::ALL {
            assert_eq!(ConsentBasis::from_name(basis.name()), Some(basis));
        }
    }
}
