//! The page a customer reaches from a mail to stop more of them. The signed token is the proof: no login, no cookies.

use std::{collections::BTreeSet, sync::Arc};

use audience::{Contact, OptOutRoute, Topic, TopicRefusal};
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use delivery::verp::Seal;
use maud::{Markup, html};

use crate::{
    app::House,
    parts::layout,
    problem::{Answer, Problem},
    say::{Say, t},
    visit::language_of,
};

/// Whom a token names.
struct Reader {
    contact: Contact,
    /// The name beside From of the mail the link stood in.
    from: String,
    /// That mail.
    message_id: i64,
}

/// `GET /u/{token}`: asks, and changes nothing.
pub(crate) async fn show(
    State(house): State<Arc<House>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let say = Say(language_of(&headers));
    let Some(reader) = reader(&house, &token).await? else { return Ok(unknown(say)) };
    if reader.contact.opted_out_at.is_some() {
        return Ok(stopped(say, &reader));
    }
    let topics = live_topics(&house).await?;
    let refusals = house.topics.topic_refusals(reader.contact.id).await?;
    let all = if topics.is_empty() { t!(say, "unsubscribe-stop") } else { t!(say, "unsubscribe-stop-all") };
    let body = html! {
        div.card {
            h1 { (t!(say, "unsubscribe-title")) }
            p { (from_words(say, &reader)) }
            @if let Some(address) = &reader.contact.address { p { code { (masked(address)) } } }
            form method="post" action={ "/u/" (token) } {
                button.btn.primary type="submit" { (all) }
            }
            p.fine { (t!(say, "unsubscribe-what")) }
        }
        @if !topics.is_empty() { (choices(say, &token, &topics, &refusals)) }
    };
    Ok(page(say, &body).into_response())
}

/// What she may refuse one by one.
async fn live_topics(house: &House) -> Result<Vec<Topic>, Problem> {
    let mut topics = house.topics.topics().await?;
    topics.retain(|topic| topic.archived_at.is_none());
    Ok(topics)
}

fn choices(say: Say, token: &str, topics: &[Topic], refusals: &[TopicRefusal]) -> Markup {
    html! {
        div.card {
            h2 { (t!(say, "unsubscribe-some")) }
            p { (t!(say, "unsubscribe-some-what")) }
            form method="post" action={ "/u/" (token) } {
                input type="hidden" name="choice" value="topics";
                @for topic in topics {
                    @let refused = refusals.iter().any(|refusal| refusal.topic_id == topic.id);
                    label.check {
                        input type="checkbox" name={ "topic-" (topic.id) } value="1" checked[!refused];
                        span {
                            (topic.name)
                            @if !topic.description.is_empty() { span.sub { " " (topic.description) } }
                        }
                    }
                }
                button.btn type="submit" { (t!(say, "unsubscribe-save")) }
            }
        }
    }
}

/// The topics that are to go on coming; none when the form asks for something else.
fn chosen(body: &[u8]) -> Option<BTreeSet<i64>> {
    let fields: Vec<(String, String)> = serde_html_form::from_bytes(body).ok()?;
    fields.iter().find(|(name, value)| name == "choice" && value == "topics")?;
    Some(fields.iter().filter_map(|(name, _)| name.strip_prefix("topic-")?.parse().ok()).collect())
}

async fn choose(house: &House, say: Say, reader: &Reader, wanted: &BTreeSet<i64>) -> Answer {
    let refusals = house.topics.topic_refusals(reader.contact.id).await?;
    for topic in live_topics(house).await? {
        let wants = wanted.contains(&topic.id);
        if wants == refusals.iter().any(|refusal| refusal.topic_id == topic.id) {
            let by = (OptOutRoute::Page, None);
            house.topics.set_topic((reader.contact.id, topic.id), wants, by, house.now()).await?;
        }
    }
    let body = html! {
        div.card {
            div.cause.good {
                h1 { (t!(say, "unsubscribe-saved")) }
                p { (t!(say, "unsubscribe-saved-what")) }
            }
        }
    };
    Ok(page(say, &body).into_response())
}

/// `POST /u/{token}`: stops. A mail program that does it for its reader says so in the body (RFC 8058 section 3.2).
pub(crate) async fn stop(
    State(house): State<Arc<House>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let say = Say(language_of(&headers));
    let Some(reader) = reader(&house, &token).await? else { return Ok(unknown(say)) };
    if let Some(wanted) = chosen(&body).filter(|_| reader.contact.opted_out_at.is_none()) {
        return choose(&house, say, &reader, &wanted).await;
    }
    let route = if is_one_click(&body) { OptOutRoute::OneClick } else { OptOutRoute::Page };
    house.contacts.opt_out_after(reader.contact.id, route, reader.message_id, house.now()).await?;
    Ok(stopped(say, &reader))
}

async fn reader(house: &House, token: &str) -> Result<Option<Reader>, Problem> {
    let Some(id) = Seal::unsubscribe(&house.house_secret).read(token) else { return Ok(None) };
    let Some(story) = house.history.message(id).await? else { return Ok(None) };
    let Some(contact) = house.contacts.get(story.contact_id).await? else { return Ok(None) };
    let from = house.broadcasts.get(story.broadcast_id).await?.map(|broadcast| broadcast.draft.from_name);
    Ok(Some(Reader { contact, from: from.unwrap_or_default(), message_id: id }))
}

fn from_words(say: Say, reader: &Reader) -> String {
    if reader.from.is_empty() {
        t!(say, "unsubscribe-ask")
    } else {
        t!(say, "unsubscribe-ask-from", from = reader.from.as_str())
    }
}

fn stopped(say: Say, reader: &Reader) -> Response {
    let body = html! {
        div.card {
            div.cause.good {
                h1 { (t!(say, "unsubscribe-done")) }
                p { (t!(say, "unsubscribe-done-what")) }
                @if let Some(address) = &reader.contact.address { p { code { (masked(address)) } } }
            }
        }
    };
    page(say, &body).into_response()
}

fn unknown(say: Say) -> Response {
    let body = html! {
        div.card {
            h1 { (t!(say, "unsubscribe-unknown")) }
            p { (t!(say, "unsubscribe-unknown-what")) }
        }
    };
    (StatusCode::NOT_FOUND, page(say, &body)).into_response()
}

fn page(say: Say, body: &Markup) -> Markup {
    layout::public(say, &t!(say, "unsubscribe-title"), body)
}

/// In either form of body that RFC 8058 allows.
fn is_one_click(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body);
    body.contains("List-Unsubscribe") && body.contains("One-Click")
}

/// Enough for its owner to know it; too little for somebody the mail was forwarded to.
fn masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}\u{2026}@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        let check = |body: &str, expected| assert_eq!(is_one_click(body.as_bytes()), expected, "{body}");
        check("List-Unsubscribe=One-Click", true);
        check(
            "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--",
            true,
        );
        check("", false);
        check("other=1", false);
    }

    #[test]
    fn choices_are_told_from_a_stop() {
        let check = |body: &str, expected: Option<&[i64]>| {
            let seen = chosen(body.as_bytes()).map(|topics| topics.into_iter().collect::<Vec<_>>());
            assert_eq!(seen.as_deref(), expected, "{body}");
        };
        check("", None);
        check("List-Unsubscribe=One-Click", None);
        check("choice=topics", Some(&[]));
        check("choice=topics&topic-7=1&topic-x=1&topic-3=1", Some(&[3, 7]));
        check("topic-7=1", None);
    }

    #[test]
    fn addresses_are_masked() {
        assert_eq!(masked("hanako@docomo.ne.jp"), "h\u{2026}@docomo.ne.jp");
        assert_eq!(masked(""), "\u{2026}@");
    }
}
