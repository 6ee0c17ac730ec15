//! The people who run the house, as distinct from the customers it writes to.

use serde::{Deserialize, Serialize};

/// Key of an operator.
pub type OperatorId = i64;

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, including operators, domains and routes.
    Owner,
    /// Contacts, templates, broadcasts and the desk.
    Member,
}

impl Role {
    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }

    /// The role with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Owner, Self::Member].into_iter().find(|role| role.name() == name)
    }
}

/// The language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Japanese.
    #[default]
    Ja,
    /// English.
    En,
}

impl Language {
    /// `ja` or `en`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// The language with this [`Language::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ja, Self::En].into_iter().find(|language| language.name() == name)
    }
}

/// A person who logs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// Key.
    pub id: OperatorId,
    /// What is typed to log in; unique, compared in lower case.
    pub login: String,
    /// Shown beside what this operator did.
    pub name: String,
    /// What this operator may do.
    pub role: Role,
    /// The language of this operator's pages.
    pub language: Language,
    /// When five wrong passwords locked the operator; `None` when not locked.
    pub locked_at: Option<i64>,
    /// When the operator was created.
    pub created_at: i64,
    /// The last successful login.
    pub logged_in_at: Option<i64>,
}

/// An operator to be created.
#[derive(Debug, Clone)]
pub struct NewOperator {
    /// See [`Operator::login`].
    pub login: String,
    /// See [`Operator::name`].
    pub name: String,
    /// See [`Operator::role`].
    pub role: Role,
    /// See [`Operator::language`].
    pub language: Language,
    /// argon2id in PHC string form.
    pub password_hash: String,
}

/// A login that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Lower-case hex SHA-256 of the cookie's token.
    pub token_hash: String,
    /// Whose session it is.
    pub operator_id: OperatorId,
    /// The secret every form of this session carries.
    pub csrf_token: String,
    /// When it began.
    pub created_at: i64,
    /// When it ends unless used again.
    pub expires_at: i64,
}
