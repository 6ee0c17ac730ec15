//! How the access token of a source is renewed: how it stands, why it failed, and the button to try again.

use axum::{extract::Path, response::IntoResponse};
use delivery::source::{
    SourceId,
    token::{TokenRenewal, TokenStanding},
};
use maud::{Markup, html};

use super::show::find;
use crate::{
    form::{Form, Nothing},
    links,
    parts::{flash, time},
    problem::{Answer, Problem},
    say::{Say, t},
    visit::{Owner, Visit},
};

/// Where the renewal of a source stands, where it has one.
pub(super) async fn of(visit: &Visit, source: SourceId) -> Result<Option<TokenStanding>, Problem> {
    let all = visit.house.tokens.token_renewals().await?;
    Ok(all.into_iter().find(|standing| standing.source == source))
}

/// Keeps what the form says, where that is new.
pub(super) async fn keep(visit: &Visit, source: SourceId, new: Option<&TokenRenewal>) -> Result<(), Problem> {
    let kept = of(visit, source).await?;
    if kept.as_ref().map(|standing| &standing.renewal) != new {
        visit.house.tokens.set_token_renewal(source, new).await?;
    }
    Ok(())
}

/// `POST /sources/{id}/renew`: at once.
pub(crate) async fn renew(
    Owner(visit): Owner,
    Path(id): Path<i64>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let source = find(&visit, id).await?;
    let standing = of(&visit, source.id).await?.ok_or(Problem::NotFound)?;
    visit.house.tokens.set_token_renewal(source.id, Some(&standing.renewal)).await?;
    Ok(flash::done(&links::source(id), "token-asked").into_response())
}

/// The card.
pub(super) async fn card(visit: &Visit, source: SourceId) -> Result<Markup, Problem> {
    let (say, now) = (visit.say, visit.now());
    let Some(standing) = of(visit, source).await? else { return Ok(html! {}) };
    Ok(html! {
        div.card id="token" {
            h2 { (t!(say, "token-title")) }
            @match (&standing.trouble, standing.expires_at) {
                (Some((at, words)), _) => div.cause.ours {
                    p { b { (why(say, words)) } }
                    p { (advice(say, words)) }
                    p.sub { (t!(say, "token-tried", at = time::said(say, *at, now))) }
                    details { summary { (t!(say, "explain-original")) } pre { (words) } }
                },
                (None, Some(ends)) => p { (t!(say, "token-good", at = time::said(say, ends, now))) },
                (None, None) => p { (t!(say, "token-soon")) },
            }
            form method="post" action={ (links::source(source)) "/renew" } {
                (visit.token_field())
                div.actions { button.btn type="submit" { (t!(say, "token-renew")) } }
            }
        }
    })
}

/// The name of the error: RFC 6749 section 5.2, or our own.
fn error_of(words: &str) -> &str {
    let name = words.split(':').next().unwrap_or_default();
    ["invalid_grant", "invalid_client", "unreachable", "unreadable"]
        .into_iter()
        .find(|known| *known == name)
        .unwrap_or("other")
}

fn why(say: Say, words: &str) -> String {
    say.with(&format!("token-{}", error_of(words).replace('_', "-")), None)
}

fn advice(say: Say, words: &str) -> String {
    say.with(&format!("token-{}-todo", error_of(words).replace('_', "-")), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_words() {
        for words in
            ["invalid_grant: x", "invalid_client: ", "unreachable: y", "unreadable: 200", "slow_down: "]
        {
            let say = Say::default();
            assert!(
                !why(say, words).starts_with("token-") && !advice(say, words).starts_with("token-"),
                "{words}"
            );
        }
    }
}
