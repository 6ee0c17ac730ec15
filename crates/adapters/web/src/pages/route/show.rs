//! The form of the sending route, and below it what a test walk showed.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use delivery::source::Route;
use maud::{Markup, html};

use super::{
    entry::{Entry, MECHANISMS, TLS, Wrong},
    test::own_address,
};
use crate::{
    form::Form,
    parts::{field::Field, flash},
    problem::{Answer, Problem},
    say::{Say, t},
    visit::{Owner, Visit},
};

/// `GET /route`.
pub(crate) async fn show(Owner(visit): Owner) -> Answer {
    let route = visit.house.sources.route().await?;
    page(&visit, &Entry::of(&route), &Wrong::new(), None).await
}

/// `POST /route`.
pub(crate) async fn save(Owner(visit): Owner, Form(entry): Form<Entry>) -> Answer {
    let stored = visit.house.sources.route().await?;
    match entry.route(visit.say, &stored) {
        Ok(route) => {
            visit.house.sources.set_route(&route, visit.actor(), visit.now()).await?;
            Ok(flash::done("/route", "route-saved").into_response())
        }
        Err(wrong) => {
            let page = page(&visit, &entry, &wrong, None).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// The page with what is in the form, what is wrong with it, and what a walk showed.
pub(super) async fn page(
    visit: &Visit,
    entry: &Entry,
    wrong: &Wrong,
    walk: Option<&Markup>,
) -> Result<Response, Problem> {
    let say = visit.say;
    let stored = visit.house.sources.route().await?;
    let recipient = match entry.recipient.as_str() {
        "" => own_address(visit).await?,
        typed => typed.to_owned(),
    };
    let body = html! {
        h1 { (t!(say, "frame-route")) }
        p.lead { (t!(say, "route-lead")) }
        @if let Some(walk) = walk { (walk) }
        form method="post" action="/route" {
            (visit.token_field())
            div.card {
                (kind(say, "direct", entry))
                (kind(say, "smart_host", entry))
                (smart_host(say, entry, wrong, &stored))
                div.actions { button.btn.primary type="submit" { (t!(say, "route-save")) } }
            }
            div.card {
                h2 { (t!(say, "route-test")) }
                p { (t!(say, "route-test-what")) }
                (Field {
                    name: "recipient",
                    label: &t!(say, "route-recipient"),
                    value: &recipient,
                    hint: &t!(say, "route-recipient-hint"),
                    wrong: wrong_of(wrong, "recipient"),
                    ..Field::default()
                }.input())
                div.actions { button.btn type="submit" formaction="/route/test" { (t!(say, "route-test-yes")) } }
            }
        }
    };
    Ok(visit.page(&t!(say, "frame-route"), &body).into_response())
}

fn kind(say: Say, name: &str, entry: &Entry) -> Markup {
    let key = name.replace('_', "-");
    html! {
        div.choice {
            label {
                input type="radio" name="kind" value=(name) checked[entry.kind == name];
                span {
                    b { (say.with(&format!("route-kind-{key}"), None)) }
                    span.sub { (say.with(&format!("route-kind-what-{key}"), None)) }
                }
            }
        }
    }
}

fn smart_host(say: Say, entry: &Entry, wrong: &Wrong, stored: &Route) -> Markup {
    let has_password = matches!(stored, Route::SmartHost(host) if host.login.is_some());
    let password_hint =
        if has_password { t!(say, "route-password-kept") } else { t!(say, "route-password-hint") };
    let text = |name: &str, value: &str| {
        let label = say.with(&format!("route-{name}"), None);
        let hint = say.with(&format!("route-hint-{name}"), None);
        Field { name, label: &label, value, hint: &hint, wrong: wrong_of(wrong, name), ..Field::default() }
            .input()
    };
    html! {
        fieldset.relay {
            legend { (t!(say, "route-relay")) }
            div.columns {
                (text("host", &entry.host))
                (text("port", &entry.port))
            }
            (choice(say, "tls", &entry.tls, &TLS.map(|(name, _)| name)))
            div.columns {
                (text("name", &entry.name))
                (Field {
                    name: "password",
                    label: &t!(say, "route-password"),
                    kind: "password",
                    hint: &password_hint,
                    wrong: wrong_of(wrong, "password"),
                    autocomplete: "new-password",
                    ..Field::default()
                }.input())
            }
            (choice(say, "mechanism", &entry.mechanism, &MECHANISMS.map(|(name, _)| name)))
        }
    }
}

fn choice(say: Say, name: &str, value: &str, values: &[&str]) -> Markup {
    let label = say.with(&format!("route-{name}"), None);
    let words = |value: &&str| {
        let key = format!("route-{name}-{}", value.replace('_', "-"));
        ((*value).to_owned(), say.with(&key, None))
    };
    let choices: Vec<(String, String)> = values.iter().map(words).collect();
    Field { name, label: &label, value, ..Field::default() }.select(&choices)
}

fn wrong_of<'a>(wrong: &'a Wrong, name: &str) -> Option<&'a str> {
    wrong.iter().find(|(field, _)| *field == name).map(|(_, words)| words.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_has_words() {
        let say = Say::default();
        let tls = TLS.map(|(name, _)| format!("tls-{name}"));
        let mechanisms = MECHANISMS.map(|(name, _)| format!("mechanism-{name}"));
        for key in tls.iter().chain(&mechanisms) {
            let key = format!("route-{}", key.replace('_', "-"));
            assert!(say.find(&key, None).is_some(), "{key}");
        }
        for key in ["host", "port", "name"] {
            assert!(say.find(&format!("route-{key}"), None).is_some(), "{key}");
            assert!(say.find(&format!("route-hint-{key}"), None).is_some(), "{key}");
        }
    }
}
