//! One customer: how to reach her, what she agreed to, whether her address works.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ConsentBasis, PointDraft};

/// Key of a contact. Later registrations have larger keys.
pub type ContactId = i64;

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Key.
    pub id: ContactId,
    /// The address as it is sent to, in the wire's form; `None` when we have none.
    pub address: Option<String>,
    /// The provider of the address ([`addressing::Provider`] id), empty when unknown.
    pub provider: String,
    /// Full name.
    pub name: String,
    /// Reading of the name.
    pub kana: String,
    /// Telephone number as written.
    pub phone: String,
    /// Company.
    pub company: String,
    /// The shop's own customer number; unique where not empty.
    pub external_id: String,
    /// The operators' note.
    pub note: String,
    /// Every other field, by its key ([`crate::Field::key`]), written as its kind wants it.
    pub fields: BTreeMap<String, String>,
    /// When the contact stopped advertising mail.
    pub opted_out_at: Option<i64>,
    /// How.
    pub opt_out_route: Option<OptOutRoute>,
    /// When the address was found not to work.
    pub invalid_at: Option<i64>,
    /// The bounce reason that showed it (`bounce::Reason` name), or [`BY_HAND`](crate::BY_HAND).
    pub invalid_reason: Option<String>,
    /// The domain the address was probably meant to have, when it is a look-alike that swallows mail.
    pub lookalike_of: Option<String>,
    /// Whether the registration is complete.
    pub status: ContactStatus,
    /// Since when the contact does not want advertising (DM許可: 希望しない), as far as the shop was told; apart from
    /// the opt-out, which is the contact's own act.
    pub dm_refused_at: Option<i64>,
    /// When it was put into the trash: it is on no list and gets no mail.
    pub trashed_at: Option<i64>,
    /// Whose or where the address is: 自宅, 会社 …; empty when nobody said.
    #[serde(default)]
    pub address_label: String,
    /// The same of the telephone number.
    #[serde(default)]
    pub phone_label: String,
    /// What allows advertising: the basis of the last agreement that was not withdrawn; the ledger has the proof.
    pub consent: Option<ConsentBasis>,
    /// When that was given.
    pub consented_at: Option<i64>,
    /// Counts the changes, so that two people do not overwrite each other unseen.
    pub version: i64,
    /// When the contact was registered here.
    pub created_at: i64,
    /// The last change.
    pub updated_at: i64,
}

/// Whether a registration is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactStatus {
    /// 仮登録: not confirmed yet. A new address does not make it valid again.
    Provisional,
    /// 本登録.
    #[default]
    Registered,
    /// 取消: no customer any more.
    Cancelled,
}

impl ContactStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Provisional, Self::Registered, Self::Cancelled];

    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Provisional => "provisional",
            Self::Registered => "registered",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// How an opt-out reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptOutRoute {
    /// The customer pressed the button on the unsubscribe page.
    Page,
    /// The customer's mail program used one-click unsubscribe (RFC 8058).
    OneClick,
    /// An operator set it.
    Operator,
    /// A column of an imported file said so.
    Import,
    /// The customer reported the mail as spam.
    Complaint,
}

impl OptOutRoute {
    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::OneClick => "one_click",
            Self::Operator => "operator",
            Self::Import => "import",
            Self::Complaint => "complaint",
        }
    }

    /// The route with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Page, Self::OneClick, Self::Operator, Self::Import, Self::Complaint]
            .into_iter()
            .find(|route| route.name() == name)
    }
}

/// What is known of a contact before it is stored, or after an edit. `address` has been read by `addressing`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactDraft {
    /// Wire form; `None` when there is none.
    pub address: Option<String>,
    /// Form for comparing ([`mail::Address::key`]); `None` together with `address`.
    pub address_key: Option<String>,
    /// Provider id, empty when unknown.
    pub provider: String,
    /// Domain the address was probably meant to have, when it is a hostile look-alike.
    pub lookalike_of: Option<String>,
    /// Full name.
    pub name: String,
    /// Reading of the name.
    pub kana: String,
    /// Telephone number.
    pub phone: String,
    /// Company.
    pub company: String,
    /// The shop's own customer number, or empty.
    pub external_id: String,
    /// The operators' note.
    pub note: String,
    /// Other fields, by key; a name that is no field yet becomes one of text. An empty value takes a value away.
    pub fields: BTreeMap<String, String>,
    /// `Some(false)`: does not want mail. `Some(true)` and `None` never lift an opt-out the customer made.
    pub wants_mail: Option<bool>,
    /// The status to be; `None` leaves it, and a new contact is registered.
    pub status: Option<ContactStatus>,
    /// Whether advertising is wanted, as the shop was told (DM許可); `None` leaves it.
    pub dm_wanted: Option<bool>,
    /// Further addresses and numbers, to be added to those that are known.
    #[serde(default)]
    pub more: Vec<PointDraft>,
}

/// What became of an edit that knew a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// It is saved.
    Saved,
    /// Somebody else changed the contact meanwhile; nothing was saved.
    Overtaken,
    /// There is no such contact, or the customer number is another's.
    Refused,
}

/// What a contact is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpsertKey {
    /// The shop's own customer number.
    ExternalId,
    /// The address; the newest contact that has it.
    Address,
    /// A field, by its key.
    Field(String),
}

impl UpsertKey {
    /// `external_id`, `address` or `field:KEY`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "external_id" => Some(Self::ExternalId),
            "address" => Some(Self::Address),
            other => other
                .strip_prefix("field:")
                .filter(|key| !key.is_empty())
                .map(|key| Self::Field(key.to_owned())),
        }
    }
}

/// What an upsert did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upserted {
    /// Nobody had these keys.
    Added(ContactId),
    /// Somebody had, and is changed.
    Changed(ContactId),
    /// Somebody had, and everything was so already.
    Unchanged(ContactId),
    /// A key has no value, or is no field; nothing was done.
    NoKey,
    /// Several have these keys; nothing was done.
    Ambiguous,
    /// The customer number is another's; nothing was done.
    NumberTaken,
}

/// Which contacts a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactFilter {
    /// Part of name, reading, address, telephone, company or customer number; empty for all.
    pub search: String,
    /// Only those in this standing.
    pub standing: Option<Standing>,
    /// What is in the trash, instead of what is not.
    pub trashed: bool,
}

/// Whether mail may and can go to a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Has a working address and has not opted out.
    Sendable,
    /// 取消: no customer any more.
    Resigned,
    /// Opted out.
    OptedOut,
    /// The shop was told that no advertising is wanted.
    DmRefused,
    /// The address does not work.
    Invalid,
    /// No address.
    NoAddress,
    /// The address is a look-alike that swallows mail and nobody has confirmed it.
    Lookalike,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 7] = [
        Self::Sendable,
        Self::Resigned,
        Self::OptedOut,
        Self::DmRefused,
        Self::Invalid,
        Self::NoAddress,
        Self::Lookalike,
    ];

    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sendable => "sendable",
            Self::Resigned => "resigned",
            Self::OptedOut => "opted_out",
            Self::DmRefused => "dm_refused",
            Self::Invalid => "invalid",
            Self::NoAddress => "no_address",
            Self::Lookalike => "lookalike",
        }
    }

    /// The standing with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }
}

impl Contact {
    /// The one standing that decides, in the order in which the waterfall counts.
    #[must_use]
    pub fn standing(&self) -> Standing {
        if self.address.is_none() {
            Standing::NoAddress
        } else if self.status == ContactStatus::Cancelled {
            Standing::Resigned
        } else if self.opted_out_at.is_some() {
            Standing::OptedOut
        } else if self.dm_refused_at.is_some() {
            Standing::DmRefused
        } else if self.invalid_at.is_some() {
            Standing::Invalid
        } else if self.lookalike_of.is_some() {
            Standing::Lookalike
        } else {
            Standing::Sendable
        }
    }
}

/// One page of a list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactPage {
    /// The contacts of this page.
    pub contacts: Vec<Contact>,
    /// How many the filter matches in all.
    pub total: u64,
}
