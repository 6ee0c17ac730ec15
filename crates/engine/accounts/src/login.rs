//! Logging in: the same time for every answer, and a lock after five wrong passwords.

use std::sync::LazyLock;

use crate::{Operator, OperatorStore, StoreFailure, hash_password, verify_password};

/// A hash nobody has the password of: an unknown login must cost the time of a known one.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_password("nobody has this password", [0x5a; 16]).unwrap_or_default());

/// What became of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginOutcome {
    /// Come in.
    Welcome(Operator),
    /// Wrong password; how many more before the lock.
    Wrong {
        /// Tries left.
        left: u32,
    },
    /// Locked, now or before, whatever the password.
    Locked,
    /// No such login. Shown like a wrong password.
    Unknown,
}

/// Checks login and password and counts failures.
///
/// # Errors
/// When the store cannot be asked.
pub async fn log_in(
    store: &dyn OperatorStore,
    login: &str,
    password: &str,
    now: i64,
) -> Result<LoginOutcome, StoreFailure> {
    let known = store.credentials(login.trim()).await?;
    let hash = known.as_ref().map_or_else(|| NOBODY.clone(), |known| known.password_hash.clone());
    let fits = fits(password.to_owned(), hash).await?;
    let Some(known) = known else { return Ok(LoginOutcome::Unknown) };
    if known.operator.locked_at.is_some() {
        return Ok(LoginOutcome::Locked);
    }
    if fits {
        store.record_login(known.operator.id, now).await?;
        return Ok(LoginOutcome::Welcome(known.operator));
    }
    let failed = store.record_failed_login(known.operator.id, now).await?;
    if failed.locked {
        return Ok(LoginOutcome::Locked);
    }
    Ok(LoginOutcome::Wrong { left: crate::FAILED_LOGINS_MAX.saturating_sub(failed.failures) })
}

/// Hashing takes 20 ms of processor time, so it has a thread of its own.
async fn fits(password: String, hash: String) -> Result<bool, StoreFailure> {
    Ok(tokio::task::spawn_blocking(move || verify_password(&password, &hash)).await?)
}
