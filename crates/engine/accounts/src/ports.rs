//! What this crate asks of the store: each method is one transaction, with the events it causes.

use async_trait::async_trait;

use crate::{Language, NewOperator, Operator, OperatorId, Role, Session};

/// The store could not be asked.
pub type StoreFailure = Box<dyn std::error::Error + Send + Sync>;

/// What became of creating an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creation {
    /// Created, with this key.
    Created(OperatorId),
    /// Another operator has this login.
    LoginTaken,
    /// The first owner exists already.
    NotFirst,
}

/// What became of a change to an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Done.
    Done,
    /// Refused: it would leave the house without an owner.
    LastOwner,
    /// There is no such operator.
    Unknown,
}

/// An operator with what is needed to check a password.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Who.
    pub operator: Operator,
    /// argon2id in PHC string form.
    pub password_hash: String,
    /// Wrong passwords in a row.
    pub failed_logins: u32,
}

/// What a wrong password did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedLogin {
    /// Wrong passwords in a row, this one included.
    pub failures: u32,
    /// True when the operator is locked now.
    pub locked: bool,
}

/// Operators at rest.
#[async_trait]
pub trait OperatorStore: Send + Sync {
    /// How many operators there are.
    async fn count(&self) -> Result<u64, StoreFailure>;
    /// Creates the first owner; [`Creation::NotFirst`] when any operator exists, even at the same moment.
    async fn create_first_owner(&self, new: NewOperator, now: i64) -> Result<Creation, StoreFailure>;
    /// Creates an operator. `actor` is who did it, `None` for the command line.
    async fn create(
        &self,
        new: NewOperator,
        actor: Option<OperatorId>,
        now: i64,
    ) -> Result<Creation, StoreFailure>;
    /// Everyone, oldest first.
    async fn list(&self) -> Result<Vec<Operator>, StoreFailure>;
    /// One operator.
    async fn by_id(&self, id: OperatorId) -> Result<Option<Operator>, StoreFailure>;
    /// By login, ignoring case.
    async fn credentials(&self, login: &str) -> Result<Option<Credentials>, StoreFailure>;
    /// Counts a wrong password and locks at [`crate::FAILED_LOGINS_MAX`], in one step.
    async fn record_failed_login(&self, id: OperatorId, now: i64) -> Result<FailedLogin, StoreFailure>;
    /// Sets the count of wrong passwords to zero.
    async fn record_login(&self, id: OperatorId, now: i64) -> Result<(), StoreFailure>;
    /// Unlocks.
    async fn unlock(
        &self,
        id: OperatorId,
        actor: Option<OperatorId>,
        now: i64,
    ) -> Result<Change, StoreFailure>;
    /// Sets the password, unlocks nothing, closes all the operator's sessions.
    async fn set_password(
        &self,
        id: OperatorId,
        password_hash: String,
        actor: Option<OperatorId>,
        now: i64,
    ) -> Result<Change, StoreFailure>;
    /// Changes the role; refused for the last owner.
    async fn set_role(
        &self,
        id: OperatorId,
        role: Role,
        actor: Option<OperatorId>,
        now: i64,
    ) -> Result<Change, StoreFailure>;
    /// Removes; refused for the last owner.
    async fn remove(
        &self,
        id: OperatorId,
        actor: Option<OperatorId>,
        now: i64,
    ) -> Result<Change, StoreFailure>;
    /// Sets the language of the pages.
    async fn set_language(&self, id: OperatorId, language: Language) -> Result<(), StoreFailure>;
}

/// Sessions at rest.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Opens a session.
    async fn open(&self, session: &Session) -> Result<(), StoreFailure>;
    /// The session with this token hash that has not expired, with its operator. A locked operator has none.
    async fn find(&self, token_hash: &str, now: i64) -> Result<Option<(Session, Operator)>, StoreFailure>;
    /// Moves the end of the session.
    async fn extend(&self, token_hash: &str, expires_at: i64) -> Result<(), StoreFailure>;
    /// Closes a session.
    async fn close(&self, token_hash: &str) -> Result<(), StoreFailure>;
}
