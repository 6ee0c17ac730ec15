//! Takes a new password: what is wrong with it in words, and its hash off the main threads.

use accounts::{PASSWORD_CHARS_MIN, PasswordProblem};

use crate::{
    problem::Problem,
    say::{Say, t},
    secret,
};

/// The hash of a password typed twice, or the sentence that says what is wrong with it.
pub(super) async fn hashed(say: Say, password: &str, again: &str) -> Result<Result<String, String>, Problem> {
    if let Some(problem) = accounts::password_problem(password) {
        return Ok(Err(words(say, problem)));
    }
    if password != again {
        return Ok(Err(t!(say, "password-differs")));
    }
    let (password, salt) = (password.to_owned(), secret::fresh_salt());
    let hash = tokio::task::spawn_blocking(move || accounts::hash_password(&password, salt))
        .await
        .map_err(|failure| Problem::Store(failure.into()))?;
    Ok(hash.map_err(|problem| words(say, problem)))
}

fn words(say: Say, problem: PasswordProblem) -> String {
    match problem {
        PasswordProblem::TooShort => t!(say, "password-too-short", min = PASSWORD_CHARS_MIN),
        PasswordProblem::TooLong => t!(say, "password-too-long"),
        PasswordProblem::TooPlain => t!(say, "password-too-plain"),
        PasswordProblem::Hash => t!(say, "password-not-hashed"),
    }
}
