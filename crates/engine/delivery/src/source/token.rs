//! Access tokens that end after an hour and are asked for anew in time (OAuth 2.0, RFC 6749 section 6).

use async_trait::async_trait;
use serde::Deserialize;

use super::SourceId;
use crate::ports::StoreFailure;

/// A token is renewed this long before it ends.
const EARLY_MS: i64 = 10 * 60_000;
/// After a failure it is tried again after this long.
const AGAIN_MS: i64 = 5 * 60_000;
/// How long a token lasts when the server does not say.
const USUAL_S: i64 = 3_600;

/// How a source gets its next access token.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenRenewal {
    /// Where it is asked for; `https://…`.
    pub token_url: String,
    /// Who asks.
    pub client_id: String,
    /// The secret of who asks; empty for clients that have none.
    pub client_secret: String,
    /// What the next one is given for.
    pub refresh_token: String,
}

impl std::fmt::Debug for TokenRenewal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { token_url, client_id, .. } = self;
        write!(f, "TokenRenewal({client_id} at {token_url})")
    }
}

/// Where the renewal of a source stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenStanding {
    /// Whose token it is.
    pub source: SourceId,
    /// How it is renewed.
    pub renewal: TokenRenewal,
    /// When the present one ends; `None` before the first.
    pub expires_at: Option<i64>,
    /// When it was last tried in vain, and what came of it: the name of the error (RFC 6749 section 5.2) or
    /// `unreachable`, a colon, and words.
    pub trouble: Option<(i64, String)>,
}

impl TokenStanding {
    /// Whether it is time to ask.
    #[must_use]
    pub fn is_due(&self, now: i64) -> bool {
        let ends = self.expires_at.is_none_or(|at| at - EARLY_MS <= now);
        let rests = self.trouble.as_ref().is_some_and(|(at, _)| (0..AGAIN_MS).contains(&(now - at)));
        ends && !rests
    }
}

/// A token that was just given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshToken {
    /// The token.
    pub access_token: String,
    /// When it ends.
    pub expires_at: i64,
    /// What the next one is asked for with, where the server changes that.
    pub refresh_token: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    access_token: String,
    expires_in: Option<serde_json::Value>,
    refresh_token: Option<String>,
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

/// Reads what a token server answered.
///
/// # Errors
/// The error in the words of [`TokenStanding::trouble`].
pub fn read_answer(status: u16, body: &[u8], now: i64) -> Result<FreshToken, String> {
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
        return Err(format!("unreadable: {status}"));
    };
    if !answer.error.is_empty() {
        let words: String = answer.error_description.chars().filter(|c| !c.is_control()).take(300).collect();
        return Err(format!("{}: {words}", answer.error));
    }
    if answer.access_token.is_empty() || answer.access_token.contains(char::is_control) {
        return Err(format!("unreadable: {status}"));
    }
    // RFC 6749 says a number; some servers write it as text.
    let seconds = answer.expires_in.and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()));
    let seconds = seconds.unwrap_or(USUAL_S).clamp(60, 30 * 86_400);
    Ok(FreshToken {
        access_token: answer.access_token,
        expires_at: now + seconds * 1_000,
        refresh_token: answer.refresh_token.filter(|token| !token.is_empty()),
    })
}

/// The renewals at rest.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// Those of all sources that have one.
    async fn token_renewals(&self) -> Result<Vec<TokenStanding>, StoreFailure>;
    /// Sets how a source's token is renewed, due at once, or stops that.
    async fn set_token_renewal(
        &self,
        source: SourceId,
        renewal: Option<&TokenRenewal>,
    ) -> Result<(), StoreFailure>;
    /// Keeps a fresh token as the password of the source's login. `false` when the source or its login is gone.
    async fn keep_token(&self, source: SourceId, fresh: &FreshToken) -> Result<bool, StoreFailure>;
    /// Keeps why there is none.
    async fn keep_token_trouble(&self, source: SourceId, words: &str, now: i64) -> Result<(), StoreFailure>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &str) {
        let seen = match read_answer(200, body.as_bytes(), 1_000) {
            Ok(fresh) => format!("{} {} {:?}", fresh.access_token, fresh.expires_at, fresh.refresh_token),
            Err(words) => words,
        };
        assert_eq!(seen, expected, "{body}");
    }

    #[test]
    fn answers() {
        check(r#"{"access_token":"a","expires_in":3599,"token_type":"Bearer"}"#, "a 3600000 None");
        check(r#"{"access_token":"a","expires_in":"60","refresh_token":"r"}"#, r#"a 61000 Some("r")"#);
        check(r#"{"access_token":"a"}"#, "a 3601000 None");
        check(r#"{"error":"invalid_grant","error_description":"revoked"}"#, "invalid_grant: revoked");
        check(r#"{"error":"invalid_client"}"#, "invalid_client: ");
        check(r#"{"access_token":""}"#, "unreadable: 200");
        check("<html>", "unreadable: 200");
    }

    #[test]
    fn when_it_is_asked() {
        let renewal = TokenRenewal {
            token_url: "https://t.example/".into(),
            client_id: "shop".into(),
            client_secret: "himitsu".into(),
            refresh_token: "r".into(),
        };
        assert!(!format!("{renewal:?}").contains("himitsu"));
        let at = |expires_at, trouble: Option<i64>| TokenStanding {
            source: 1,
            renewal: renewal.clone(),
            expires_at,
            trouble: trouble.map(|at| (at, "unreachable: ".to_owned())),
        };
        assert!(at(None, None).is_due(0));
        assert!(at(Some(EARLY_MS + 5), None).is_due(5));
        assert!(!at(Some(EARLY_MS + 6), None).is_due(5));
        assert!(!at(None, Some(0)).is_due(AGAIN_MS - 1) && at(None, Some(0)).is_due(AGAIN_MS));
    }
}
