//! Adds a sending domain with fresh keys.

use axum::{http::StatusCode, response::IntoResponse};
use doctor::sending::new_domain;
use serde::Deserialize;

use super::list;
use crate::{
    form::Form,
    links,
    parts::{flash, time},
    problem::{Answer, Problem},
    say::{Say, t},
    visit::Owner,
};

/// The domain as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    name: String,
}

/// `POST /domains`.
pub(crate) async fn add(Owner(visit): Owner, Form(typed): Form<Typed>) -> Answer {
    let (say, now) = (visit.say, visit.now());
    let refused = async |words: &str| -> Answer {
        let page = list::page(&visit, &typed.name, Some(words)).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let name = match read(say, &typed.name) {
        Ok(name) => name,
        Err(words) => return refused(&words).await,
    };
    // Making an RSA key takes a while; other pages are served meanwhile.
    let (key_name, month) = (name.clone(), time::year_month(now));
    let made = tokio::task::spawn_blocking(move || new_domain(&key_name, &month)).await;
    let new =
        made.map_err(|error| Problem::Store(error.into()))?.map_err(|error| Problem::Store(error.into()))?;
    match visit.house.sources.add_domain(&new, visit.actor(), now).await? {
        Some(id) => Ok(flash::done(&links::domain(id), "domain-added").into_response()),
        None => refused(&t!(say, "domain-known", domain = name)).await,
    }
}

/// The domain in its DNS form, or what is wrong with it. People paste addresses and web addresses; both have one.
fn read(say: Say, typed: &str) -> Result<String, String> {
    let typed = addressing::to_half_width(typed.trim()).to_lowercase();
    let after_scheme = typed.split_once("://").map_or(typed.as_str(), |(_, rest)| rest);
    let host = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host).trim_end_matches('.');
    if host.is_empty() {
        return Err(t!(say, "domain-empty"));
    }
    let reading = addressing::read(&format!("postmaster@{host}"));
    let Some(address) = &reading.address else {
        let why = reading.notes.last().map(|note| say.pick(&note.ja, &note.en));
        return Err(why.unwrap_or_default().to_owned());
    };
    if addressing::provider_of(address.domain()).is_some() {
        return Err(t!(say, "from-provider", domain = address.domain()));
    }
    Ok(address.domain().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, expected: Option<&str>) {
        assert_eq!(read(Say::default(), typed).ok().as_deref(), expected, "{typed}");
    }

    #[test]
    fn domains() {
        check(" Shop.Example ", Some("shop.example"));
        check("https://www.shop.example/index.html?x=a@b", Some("shop.example"));
        check("info@shop.example", Some("shop.example"));
        check("ｓｈｏｐ．ｅｘａｍｐｌｅ", Some("shop.example"));
        check("花屋.example", Some("xn--ogt960g.example"));
        check("shop.example.", Some("shop.example"));
        check("", None);
        check("shop", None);
        check("shop .example", Some("shop.example"));
        check("my shop.example", None);
        check("192.0.2.1", None);
        check("gmail.com", None);
        check("a..example", None);
    }
}
