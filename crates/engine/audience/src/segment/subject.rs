//! What a condition can be about, of which kind that is, and which tests and values fit the kind.

use serde::{Deserialize, Serialize};

use super::rule::Test;

/// What a condition is about. Written as one word, so that a page can offer it as a choice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Subject {
    /// One of the texts every contact has.
    Column(Column),
    /// One of the instants every contact has.
    Moment(Moment),
    /// A field of this house, by its key.
    Field(String),
    /// Something that happened.
    Deed(Deed),
    /// Whether mail may and can go to the contact.
    Standing,
    /// Whether the registration is complete.
    Status,
    /// Whether advertising is wanted, as the shop was told (DM許可).
    Permission,
    /// What the ledger says about agreeing to advertising.
    Consent,
    /// Whether the address works, whatever else is true of the contact.
    Validity,
    /// The provider of the address.
    Provider,
    /// Another segment.
    Segment,
    /// A part drawn by lot: the same people every time.
    Share,
    /// A word of another version of this program.
    Unknown(String),
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stored word.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value with this stored word.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }
        }
    };
}

words! {
    /// A text every contact has.
    Column {
        /// Full name.
        Name = "name",
        /// Reading of the name.
        Kana = "kana",
        /// Address.
        Address = "address",
        /// Telephone number.
        Phone = "phone",
        /// Company.
        Company = "company",
        /// The shop's own customer number.
        CustomerNumber = "customer_number",
        /// The operators' note.
        Note = "note",
    }
}

words! {
    /// An instant every contact has, or may have.
    Moment {
        /// Registered here.
        Created = "created",
        /// Last changed.
        Updated = "updated",
        /// Stopped advertising mail.
        OptedOut = "opted_out",
        /// The address was found not to work.
        Invalid = "invalid",
    }
}

words! {
    /// Something that can have happened to a contact.
    Deed {
        /// A message to her was taken by her server and has not come back.
        Accepted = "accepted",
        /// There is evidence that a message reached her.
        Evidenced = "evidenced",
        /// A message was refused for good.
        Refused = "refused",
        /// A message came back later.
        Bounced = "bounced",
        /// She was left out of a sending.
        Withheld = "withheld",
        /// She opened a message.
        Opened = "opened",
        /// She followed a link.
        Clicked = "clicked",
        /// She stopped advertising mail.
        OptedOut = "stopped",
    }
}

words! {
    /// Whether mail can reach the address of a contact.
    Validity {
        /// Nothing speaks against it.
        Works = "works",
        /// It was switched off: mail did not reach it.
        Invalid = "invalid",
        /// It is probably mistyped and would swallow mail.
        Lookalike = "lookalike",
        /// There is none.
        Missing = "missing",
    }
}

/// What kind of thing a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Text of one line or more.
    Text,
    /// A decimal number.
    Number,
    /// A day.
    Day,
    /// An instant; tested by the day it falls on in Japan.
    Moment,
    /// One of several choices.
    Choice,
    /// Some of several choices.
    Choices,
    /// Yes or no.
    Flag,
    /// Something that happened, or not.
    Deed,
    /// A link that was followed, or not.
    Clicked,
    /// A contact's standing.
    Standing,
    /// A contact's status.
    Status,
    /// A provider.
    Provider,
    /// Agreements and withdrawals of the ledger.
    Consent,
    /// The validity of an address.
    Validity,
    /// A segment.
    Segment,
    /// A lot.
    Share,
}

/// What one value of a condition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Any text that is not blank.
    Words,
    /// A pattern ([`super::pattern`]).
    Pattern,
    /// A decimal number.
    Number,
    /// A day, `2026-11-22`.
    Day,
    /// A day, or nothing.
    DayOrNone,
    /// How many days, 0 to [`DAYS_MAX`].
    Days,
    /// How many days, 1 to [`DAYS_MAX`], or nothing.
    DaysOrNone,
    /// A month, 1 to 12.
    Month,
    /// A day of the week, 1 (Monday) to 7.
    Weekday,
    /// One of the field's choices.
    Option,
    /// A provider id, empty for all others.
    Provider,
    /// A [`crate::Standing`] name.
    Standing,
    /// A [`crate::ContactStatus`] name.
    Status,
    /// A [`Validity`] name.
    Validity,
    /// A [`crate::ConsentBasis`] name, or nothing for any.
    Basis,
    /// The key of a topic, or nothing for all advertising.
    Topic,
    /// The key of a segment.
    Segment,
    /// 0 to 100.
    Percent,
    /// How often, 1 to [`TIMES_MAX`].
    Times,
    /// The key of a broadcast, or nothing for all.
    Broadcast,
    /// A link as its broadcast's key and its number, `77:2`, or nothing for all.
    Link,
    /// Any text, or nothing.
    WordsOrNone,
    /// The name of a lot: another name, other people.
    Lot,
}

/// Most days a condition may look back or ahead: a hundred years.
pub const DAYS_MAX: u32 = 36_600;
/// Most times a condition may ask for.
pub const TIMES_MAX: u32 = 10_000;

/// What a test is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Exactly these, in this order.
    Each(&'static [Value]),
    /// One or more of this.
    Some(Value),
}

impl From<String> for Subject {
    fn from(word: String) -> Self {
        if let Some(column) = Column::from_name(&word) {
            return Self::Column(column);
        }
        if let Some(moment) = Moment::from_name(&word) {
            return Self::Moment(moment);
        }
        match word.as_str() {
            "standing" => return Self::Standing,
            "status" => return Self::Status,
            "permission" => return Self::Permission,
            "consent" => return Self::Consent,
            "validity" => return Self::Validity,
            "provider" => return Self::Provider,
            "segment" => return Self::Segment,
            "share" => return Self::Share,
            _ => {}
        }
        if let Some(key) = word.strip_prefix("field:") {
            return Self::Field(key.to_owned());
        }
        word.strip_prefix("deed:")
            .and_then(Deed::from_name)
            .map_or_else(|| Self::Unknown(word.clone()), Self::Deed)
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Column(column) => column.name().to_owned(),
            Subject::Moment(moment) => moment.name().to_owned(),
            Subject::Field(key) => format!("field:{key}"),
            Subject::Deed(deed) => format!("deed:{}", deed.name()),
            Subject::Standing => "standing".to_owned(),
            Subject::Status => "status".to_owned(),
            Subject::Permission => "permission".to_owned(),
            Subject::Consent => "consent".to_owned(),
            Subject::Validity => "validity".to_owned(),
            Subject::Provider => "provider".to_owned(),
            Subject::Segment => "segment".to_owned(),
            Subject::Share => "share".to_owned(),
            Subject::Unknown(word) => word,
        }
    }
}

impl Subject {
    /// The stored word.
    #[must_use]
    pub fn word(&self) -> String {
        self.clone().into()
    }

    /// The kind of what every contact has; `None` for fields, whose kind the house decides, and for the unknown.
    #[must_use]
    pub fn own_kind(&self) -> Option<Kind> {
        Some(match self {
            Self::Column(_) => Kind::Text,
            Self::Moment(_) => Kind::Moment,
            Self::Deed(Deed::Clicked) => Kind::Clicked,
            Self::Deed(_) => Kind::Deed,
            Self::Standing => Kind::Standing,
            Self::Status => Kind::Status,
            Self::Permission => Kind::Flag,
            Self::Consent => Kind::Consent,
            Self::Validity => Kind::Validity,
            Self::Provider => Kind::Provider,
            Self::Segment => Kind::Segment,
            Self::Share => Kind::Share,
            Self::Field(_) | Self::Unknown(_) => return None,
        })
    }
}

impl Kind {
    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Day => "day",
            Self::Moment => "moment",
            Self::Choice => "choice",
            Self::Choices => "choices",
            Self::Flag => "flag",
            Self::Deed => "deed",
            Self::Clicked => "clicked",
            Self::Standing => "standing",
            Self::Status => "status",
            Self::Provider => "provider",
            Self::Consent => "consent",
            Self::Validity => "validity",
            Self::Segment => "segment",
            Self::Share => "share",
        }
    }

    /// The tests that fit, the one offered first at the front.
    #[must_use]
    pub fn tests(self) -> &'static [Test] {
        use Test::*;
        match self {
            Self::Text => {
                &[Contains, NotContains, Is, IsNot, Starts, Ends, OneOf, NoneOf, Matches, Filled, Empty]
            }
            Self::Number => &[Is, IsNot, AtLeast, More, AtMost, Less, Between, Filled, Empty],
            Self::Day | Self::Moment => &[
                PastDays,
                OlderThan,
                NextDays,
                DaysAgo,
                DaysAhead,
                ThisMonth,
                InMonth,
                Anniversary,
                AnniversaryWithin,
                Weekday,
                Is,
                Less,
                More,
                Between,
                Filled,
                Empty,
            ],
            Self::Choice => &[OneOf, NoneOf, Filled, Empty],
            Self::Choices => &[OneOf, AllOf, NoneOf, Filled, Empty],
            Self::Flag => &[Yes, No],
            Self::Deed | Self::Clicked => &[Did, DidNot],
            Self::Standing | Self::Status | Self::Provider | Self::Validity => &[OneOf, NoneOf],
            Self::Consent => &[Given, NotGiven, Withdrawn],
            Self::Segment | Self::Share => &[Is, IsNot],
        }
    }

    /// What a test is given; `None` when it does not fit.
    #[must_use]
    pub fn values(self, test: Test) -> Option<Values> {
        use Values::{Each, Some as Several};
        if !self.tests().contains(&test) {
            return None;
        }
        Some(match (self, test) {
            (_, Test::Empty | Test::Filled | Test::Yes | Test::No | Test::ThisMonth) => Each(&[]),
            (Self::Text, Test::OneOf | Test::NoneOf) => Several(Value::Words),
            (Self::Text, Test::Matches) => Each(&[Value::Pattern]),
            (Self::Text, _) => Each(&[Value::Words]),
            (Self::Number, Test::Between) => Each(&[Value::Number, Value::Number]),
            (Self::Number, _) => Each(&[Value::Number]),
            (Self::Day | Self::Moment, Test::Between) => Each(&[Value::Day, Value::Day]),
            (Self::Day | Self::Moment, Test::Is | Test::Less | Test::More) => Each(&[Value::Day]),
            (Self::Day | Self::Moment, Test::InMonth) => Several(Value::Month),
            (Self::Day | Self::Moment, Test::Weekday) => Several(Value::Weekday),
            (Self::Day | Self::Moment, _) => Each(&[Value::Days]),
            (Self::Choice | Self::Choices, _) => Several(Value::Option),
            (Self::Deed, _) => {
                Each(&[Value::Times, Value::DaysOrNone, Value::DayOrNone, Value::DayOrNone, Value::Broadcast])
            }
            (Self::Clicked, _) => Each(&[
                Value::Times,
                Value::DaysOrNone,
                Value::DayOrNone,
                Value::DayOrNone,
                Value::Broadcast,
                Value::Link,
                Value::WordsOrNone,
            ]),
            (Self::Standing, _) => Several(Value::Standing),
            (Self::Status, _) => Several(Value::Status),
            (Self::Provider, _) => Several(Value::Provider),
            (Self::Validity, _) => Several(Value::Validity),
            (Self::Consent, Test::Withdrawn) => Each(&[Value::Topic, Value::DayOrNone, Value::DayOrNone]),
            (Self::Consent, _) => Each(&[Value::Topic, Value::DayOrNone, Value::DayOrNone, Value::Basis]),
            (Self::Segment, _) => Each(&[Value::Segment]),
            (Self::Share, _) => Each(&[Value::Percent, Value::Percent, Value::Lot]),
            (Self::Flag, _) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_back() {
        let mut all = vec![
            Subject::Status,
            Subject::Permission,
            Subject::Consent,
            Subject::Validity,
            Subject::Standing,
            Subject::Provider,
            Subject::Segment,
            Subject::Share,
        ];
        all.extend(Column::ALL.iter().map(|one| Subject::Column(*one)));
        all.extend(Moment::ALL.iter().map(|one| Subject::Moment(*one)));
        all.extend(Deed::ALL.iter().map(|one| Subject::Deed(*one)));
        all.extend([Subject::Field("name".into()), Subject::Unknown("deed:flew".into())]);
        for subject in all {
            assert_eq!(Subject::from(subject.word()), subject);
        }
    }
}
