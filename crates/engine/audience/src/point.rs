//! A customer's further mail addresses and telephone numbers, beside the preferred ones in [`Contact`](crate::Contact).

use addressing::{Reading, SuggestionStrength};
use serde::{Deserialize, Serialize};

use crate::{ContactId, field::phone_key};

/// Key of a further address or number.
pub type PointId = i64;

/// Further addresses and numbers a contact has at most, together.
pub const POINTS_MAX: usize = 20;
/// Longest label, in characters.
pub const POINT_LABEL_CHARS_MAX: usize = 40;
/// How long what was taken off can be brought back, in milliseconds.
pub const POINT_KEPT_MS: i64 = 30 * 24 * 3_600_000;

/// What a contact is reached by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    /// A mail address.
    Address,
    /// A telephone number.
    Phone,
}

impl PointKind {
    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Phone => "phone",
        }
    }

    /// The kind with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Address, Self::Phone].into_iter().find(|kind| kind.name() == name)
    }
}

/// A further address or number before it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointDraft {
    /// What it is.
    pub kind: PointKind,
    /// An address in the wire's form; a number as written.
    pub value: String,
    /// As it is compared: [`mail::Address::key`], or a number's digits with `0` instead of `+81`.
    pub value_key: String,
    /// Whose or where: 自宅, 会社, 携帯 …; may be empty.
    pub label: String,
    /// Provider id of an address, empty when unknown.
    pub provider: String,
    /// Domain an address was probably meant to have, when it is a hostile look-alike.
    pub lookalike_of: Option<String>,
}

impl PointDraft {
    /// The address of a reading; none when it was rejected.
    #[must_use]
    pub fn address(reading: &Reading, label: &str) -> Option<Self> {
        let address = reading.address.as_ref()?;
        let meant = reading.suggestion.as_ref().filter(|meant| meant.strength == SuggestionStrength::Hostile);
        let meant = meant.and_then(|meant| mail::Address::parse(&meant.address).ok());
        Some(Self {
            kind: PointKind::Address,
            value: address.to_string(),
            value_key: address.key(),
            label: label_of(label),
            provider: reading.provider.map_or_else(String::new, |provider| provider.id.clone()),
            lookalike_of: meant.map(|meant| meant.domain().to_owned()),
        })
    }

    /// A telephone number as typed; none when it cannot be one.
    #[must_use]
    pub fn phone(typed: &str, label: &str) -> Option<Self> {
        let (value, value_key) = phone_key(typed)?;
        Some(Self {
            kind: PointKind::Phone,
            value,
            value_key,
            label: label_of(label),
            provider: String::new(),
            lookalike_of: None,
        })
    }
}

/// A label on one line, not too long.
#[must_use]
pub fn label_of(typed: &str) -> String {
    let line: String = typed.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().chars().take(POINT_LABEL_CHARS_MAX).collect()
}

/// A further address or number at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPoint {
    /// Key.
    pub id: PointId,
    /// Whose.
    pub contact_id: ContactId,
    /// What it says.
    #[serde(flatten)]
    pub draft: PointDraft,
    /// When an address was found not to work.
    pub invalid_at: Option<i64>,
    /// As [`Contact::invalid_reason`](crate::Contact::invalid_reason).
    pub invalid_reason: Option<String>,
    /// When it was taken off; it can be brought back for [`POINT_KEPT_MS`].
    pub removed_at: Option<i64>,
    /// When it was added.
    pub created_at: i64,
}

impl ContactPoint {
    /// Mail can go there as far as we know: an address that is in use, not invalid and no look-alike.
    #[must_use]
    pub fn is_sendable(&self) -> bool {
        self.draft.kind == PointKind::Address
            && self.removed_at.is_none()
            && self.invalid_at.is_none()
            && self.draft.lookalike_of.is_none()
    }
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointOutcome {
    /// It is done.
    Done(PointId),
    /// The contact has it already.
    Known,
    /// The contact has [`POINTS_MAX`] already.
    Full,
    /// There is no such contact, address or number.
    Gone,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, expected: Option<(&str, &str)>) {
        let draft = PointDraft::phone(typed, "");
        let seen = draft.as_ref().map(|draft| (draft.value.as_str(), draft.value_key.as_str()));
        assert_eq!(seen, expected, "{typed}");
    }

    #[test]
    fn numbers() {
        check("０３－１２３４－５６７８", Some(("03-1234-5678", "0312345678")));
        check("+81 90 1234 5678", Some(("+81 90 1234 5678", "09012345678")));
        check("+1 650 555 0100", Some(("+1 650 555 0100", "16505550100")));
        check("内線 3", None);
        check("", None);
    }

    #[test]
    fn addresses_and_labels() {
        let draft = PointDraft::address(&addressing::read("Ｈ@docomo.ne.jp"), " 会社\n代表 ").unwrap();
        assert_eq!((draft.value_key.as_str(), draft.label.as_str()), ("h@docomo.ne.jp", "会社 代表"));
        assert!(!draft.provider.is_empty());
        assert_eq!(PointDraft::address(&addressing::read("hanako"), ""), None);
        assert_eq!(label_of(&"長".repeat(99)).chars().count(), POINT_LABEL_CHARS_MAX);
    }
}
