//! Who may operate this house: operators, their roles, passwords and sessions, and what stops guessing.
//!
//! Rules kept here: five wrong passwords lock an operator and another owner unlocks; the last owner can be
//! neither removed nor demoted; a session is a random token of which only the SHA-256 is stored.

mod login;
mod operator;
mod password;
mod ports;

pub use login::{LoginOutcome, log_in};
pub use operator::{Language, NewOperator, Operator, OperatorId, Role, Session};
pub use password::{
    PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, PasswordProblem, hash_password, password_problem, verify_password,
};
pub use ports::{Change, Creation, Credentials, FailedLogin, OperatorStore, SessionStore, StoreFailure};

/// Wrong passwords in a row that lock an operator.
pub const FAILED_LOGINS_MAX: u32 = 5;

/// Names of the events this crate's store methods write.
pub mod event {
    /// An operator was created.
    pub const OPERATOR_ADDED: &str = "operator.added";
    /// Five wrong passwords locked an operator.
    pub const OPERATOR_LOCKED: &str = "operator.locked";
    /// An owner unlocked an operator.
    pub const OPERATOR_UNLOCKED: &str = "operator.unlocked";
    /// An operator's role changed.
    pub const OPERATOR_ROLE_CHANGED: &str = "operator.role_changed";
    /// An operator was removed.
    pub const OPERATOR_REMOVED: &str = "operator.removed";
    /// A password was set.
    pub const PASSWORD_SET: &str = "operator.password_set";
}
