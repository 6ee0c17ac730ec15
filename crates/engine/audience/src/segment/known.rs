//! What the house has that a rule can refer to: its fields, segments and broadcasts, under the names people know.

use std::collections::BTreeMap;

use super::{
    rule::Rule,
    subject::{Kind, Subject},
};

/// Everything a rule can refer to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The house's own fields, in the order in which they are shown.
    pub fields: Vec<KnownField>,
    /// Segments by key.
    pub segments: BTreeMap<i64, KnownSegment>,
    /// The newest broadcasts with their names, newest first.
    pub broadcasts: Vec<(i64, String)>,
    /// The recorded links of these broadcasts, the newest broadcast first, as many as can be offered.
    pub links: Vec<KnownLink>,
    /// Topics in the order in which they are shown, those put away too.
    pub topics: Vec<KnownTopic>,
}

/// A link whose followers are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownLink {
    /// The broadcast it stands in.
    pub broadcast: i64,
    /// Its number there.
    pub number: u32,
    /// Where it leads.
    pub target: String,
}

/// A kind of news that is agreed to or refused apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTopic {
    /// Key.
    pub id: i64,
    /// Name.
    pub name: String,
    /// It was put away; what was agreed to stays true.
    pub archived: bool,
}

/// A field of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownField {
    /// Key, as [`Subject::Field`] has it.
    pub key: String,
    /// Its name in [`crate::Contact::fields`].
    pub column: String,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: Kind,
    /// What can be chosen: stored value and words.
    pub options: Vec<(String, String)>,
    /// Compared by its digits, as telephone numbers are.
    pub by_digits: bool,
    /// It was deleted: a rule that refers to it finds nobody and says so.
    pub deleted: bool,
}

/// A segment others can refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSegment {
    /// Name.
    pub name: String,
    /// Its rule; `None` when it cannot be read.
    pub rule: Option<Rule>,
    /// It was put away.
    pub archived: bool,
}

impl Known {
    /// A field that is there or was.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&KnownField> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// The kind of a subject; `None` for what is gone or unknown.
    #[must_use]
    pub fn kind_of(&self, subject: &Subject) -> Option<Kind> {
        match subject {
            Subject::Field(key) => self.field(key).filter(|field| !field.deleted).map(|field| field.kind),
            other => other.own_kind(),
        }
    }

    /// The name of a topic, where it is known.
    #[must_use]
    pub fn topic(&self, key: &str) -> Option<&str> {
        let key: i64 = key.parse().ok()?;
        self.topics.iter().find(|topic| topic.id == key).map(|topic| topic.name.as_str())
    }

    /// Where a link leads, where it is known.
    #[must_use]
    pub fn link(&self, (broadcast, number): (i64, u32)) -> Option<&str> {
        let link = self.links.iter().find(|link| (link.broadcast, link.number) == (broadcast, number))?;
        Some(link.target.as_str())
    }

    /// The name of a broadcast, where it is known.
    #[must_use]
    pub fn broadcast(&self, key: &str) -> Option<&str> {
        let key: i64 = key.parse().ok()?;
        self.broadcasts.iter().find(|(id, _)| *id == key).map(|(_, name)| name.as_str())
    }
}
