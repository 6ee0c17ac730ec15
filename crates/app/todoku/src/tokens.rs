//! Asks for the next access token of a source before the present one ends.

use std::{sync::Arc, time::Duration};

use delivery::{
    recorder::Clock,
    source::token::{TokenStanding, TokenStore, read_answer},
};
use https::HttpsClient;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether one is due.
const EVERY: Duration = Duration::from_secs(2);
/// How long it is waited when the store cannot be asked.
const TROUBLE: Duration = Duration::from_secs(30);

/// What it takes.
pub struct TokenCare {
    /// The renewals.
    pub store: Arc<dyn TokenStore>,
    /// The way to token servers.
    pub https: Arc<HttpsClient>,
    /// The time.
    pub clock: Clock,
}

impl TokenCare {
    /// Goes on until the house closes.
    pub async fn run(self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let pause = match self.round().await {
                Ok(()) => EVERY,
                Err(error) => {
                    tracing::warn!(%error, "access tokens could not be looked at");
                    TROUBLE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    async fn round(&self) -> Result<(), delivery::ports::StoreFailure> {
        let standings = self.store.token_renewals().await?;
        for standing in standings.iter().filter(|standing| standing.is_due((self.clock)())) {
            match self.ask(standing).await {
                Ok(fresh) => {
                    self.store.keep_token(standing.source, &fresh).await?;
                }
                Err(words) => {
                    tracing::warn!(source = standing.source, words, "no new access token");
                    self.store.keep_token_trouble(standing.source, &words, (self.clock)()).await?;
                }
            }
        }
        Ok(())
    }

    async fn ask(&self, standing: &TokenStanding) -> Result<delivery::source::token::FreshToken, String> {
        let renewal = &standing.renewal;
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", &renewal.refresh_token),
            ("client_id", &renewal.client_id),
        ];
        if !renewal.client_secret.is_empty() {
            form.push(("client_secret", &renewal.client_secret));
        }
        let answered = self.https.post_form(&renewal.token_url, encoded(&form)).await;
        let (status, body) = answered.map_err(|error| format!("unreachable: {error}"))?;
        read_answer(status, &body, (self.clock)())
    }
}

/// `application/x-www-form-urlencoded`.
fn encoded(form: &[(&str, &str)]) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in form {
        if !body.is_empty() {
            body.push('&');
        }
        body.push_str(name);
        body.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    body.push(char::from(byte))
                }
                _ => body.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    body.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(encoded(&[("a", "x y&="), ("b", "1~花")]), b"a=x%20y%26%3D&b=1~%E8%8A%B1");
    }
}
