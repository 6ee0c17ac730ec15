//! The owner's own limits for one group, every group, or those the pack does not know.

use axum::{
    extract::Query,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use delivery::pacing::{
    limits::{LimitSet, Rate, Span},
    pack::pack,
    rulebook::{ALL, DEFAULT, check_name},
};
use maud::html;
use serde::Deserialize;

use super::{at, moment, name};
use crate::{
    form::Form,
    links,
    parts::{field::Field, flash},
    problem::{Answer, Problem},
    say::{Say, t},
    visit::{Owner, Visit},
};

/// Which group.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Which {
    group: String,
}

/// What is in the form; empty fields say nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    group: String,
    connections: String,
    connections_per_site: String,
    connect_rate: String,
    messages_per_connection: String,
    recipients_per_session: String,
    rate: String,
    hour_start_rest: String,
    retry: String,
}

type Wrong = Vec<(&'static str, String)>;

impl Entry {
    fn of(group: &str, set: &LimitSet) -> Self {
        let count = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
        let rate = |value: Option<Rate>| value.map(|value| value.to_string()).unwrap_or_default();
        let retry = set.retry.iter().flatten().map(Span::to_string).collect::<Vec<_>>();
        Self {
            group: group.to_owned(),
            connections: count(set.connections),
            connections_per_site: count(set.connections_per_site),
            connect_rate: rate(set.connect_rate),
            messages_per_connection: count(set.messages_per_connection),
            recipients_per_session: count(set.recipients_per_session),
            rate: rate(set.rate),
            hour_start_rest: count(set.hour_start_rest),
            retry: retry.join(", "),
        }
    }

    fn read(&self, say: Say) -> Result<LimitSet, Wrong> {
        let mut wrong = Wrong::new();
        let mut count = |name: &'static str, text: &str, least: u32, most: u32| -> Option<u32> {
            let value = text.trim().parse().ok().filter(|value| (least..=most).contains(value));
            if value.is_none() && !text.trim().is_empty() {
                wrong.push((
                    name,
                    t!(say, "limit-wrong-count", least = u64::from(least), most = u64::from(most)),
                ));
            }
            value
        };
        let connections = count("connections", &self.connections, 1, 1_000);
        let connections_per_site = count("connections_per_site", &self.connections_per_site, 1, 1_000);
        let messages_per_connection =
            count("messages_per_connection", &self.messages_per_connection, 1, 100_000);
        let recipients_per_session =
            count("recipients_per_session", &self.recipients_per_session, 1, 100_000);
        let hour_start_rest = count("hour_start_rest", &self.hour_start_rest, 0, 30);
        let mut rate = |name: &'static str, text: &str| -> Option<Rate> {
            let value = Rate::read(text).ok();
            if value.is_none() && !text.trim().is_empty() {
                wrong.push((name, t!(say, "limit-wrong-rate")));
            }
            value
        };
        let (connect_rate, rate) = (rate("connect_rate", &self.connect_rate), rate("rate", &self.rate));
        let waits: Vec<&str> = self.retry.split([',', '、', ' ']).filter(|text| !text.is_empty()).collect();
        let retry: Option<Vec<Span>> = waits.iter().map(|text| Span::read(text).ok()).collect();
        if retry.as_ref().is_none_or(|waits| waits.iter().any(|wait| wait.0 < 1_000)) {
            wrong.push(("retry", t!(say, "limit-wrong-retry")));
        }
        let set = LimitSet {
            connections,
            connections_per_site,
            connect_rate,
            messages_per_connection,
            recipients_per_session,
            rate,
            hour_start_rest,
            retry: retry.filter(|waits| !waits.is_empty()),
        };
        if wrong.is_empty() { Ok(set) } else { Err(wrong) }
    }

    fn fields(&self) -> [(&'static str, &str); 8] {
        [
            ("rate", &self.rate),
            ("connections", &self.connections),
            ("connections_per_site", &self.connections_per_site),
            ("connect_rate", &self.connect_rate),
            ("messages_per_connection", &self.messages_per_connection),
            ("recipients_per_session", &self.recipients_per_session),
            ("hour_start_rest", &self.hour_start_rest),
            ("retry", &self.retry),
        ]
    }
}

/// `GET /queue/limits`.
pub(crate) async fn show(Owner(visit): Owner, Query(which): Query<Which>) -> Answer {
    if which.group.is_empty() {
        return choose(&visit);
    }
    check_name(&which.group).map_err(|_| Problem::NotFound)?;
    let standing = visit.house.pacing.standing(visit.now()).await?;
    let own = standing.owner.get(&which.group).cloned().unwrap_or_default();
    page(&visit, &Entry::of(&which.group, &own), &Wrong::new()).await
}

/// `POST /queue/limits`.
pub(crate) async fn save(Owner(visit): Owner, Form(entry): Form<Entry>) -> Answer {
    check_name(&entry.group).map_err(|_| Problem::NotFound)?;
    match entry.read(visit.say) {
        Ok(set) => {
            visit.house.pacing.set_limits(&entry.group, &set, visit.actor(), visit.now()).await?;
            let back = links::query("/queue/limits", &[("group", Some(&entry.group))]);
            Ok(flash::done(&back, "limits-saved").into_response())
        }
        Err(wrong) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&visit, &entry, &wrong).await?).into_response())
        }
    }
}

fn choose(visit: &Visit) -> Answer {
    let say = visit.say;
    let ids = pack().groups.iter().map(|group| group.id.as_str());
    let body = html! {
        p { a href="/queue" { (t!(say, "frame-queue")) } }
        h1 { (t!(say, "limits-title")) }
        p.lead { (t!(say, "limits-lead")) }
        div.card {
            ul.links {
                @for id in [ALL, DEFAULT].into_iter().chain(ids) {
                    li { a href=(links::query("/queue/limits", &[("group", Some(id))])) { (name(say, id)) } }
                }
            }
        }
    };
    Ok(visit.page(&t!(say, "limits-title"), &body).into_response())
}

async fn page(visit: &Visit, entry: &Entry, wrong: &Wrong) -> Result<Response, Problem> {
    let say = visit.say;
    let moment = moment(visit).await?;
    let limits = moment.book.limits(&entry.group);
    let title = t!(say, "limits-of", group = name(say, &entry.group));
    let now: std::collections::HashMap<_, _> = super::show::lines(&limits)
        .into_iter()
        .map(|(key, value, from)| (key, (value, from.clone())))
        .collect();
    let body = html! {
        p { a href=(at(&entry.group)) { (name(say, &entry.group)) } }
        h1 { (title) }
        p.lead { (t!(say, "limits-what")) }
        form.card method="post" action="/queue/limits" {
            (visit.token_field())
            input type="hidden" name="group" value=(entry.group);
            @for (key, value) in entry.fields() {
                @let hint = now.get(key).map(|(value, from)| {
                    t!(say, "limits-now", value = value.clone(), from = super::origin(say, from))
                });
                (Field {
                    name: key,
                    label: &say.with(&format!("limit-{}", key.replace('_', "-")), None),
                    value,
                    hint: hint.as_deref().unwrap_or_default(),
                    wrong: wrong.iter().find(|(field, _)| *field == key).map(|(_, words)| words.as_str()),
                    ..Field::default()
                }.input())
            }
            div.actions { button.btn.primary type="submit" { (t!(say, "limits-save")) } }
        }
    };
    Ok(visit.page(&title, &body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entry: Entry, expected: &[&str]) {
        let wrong = entry.read(Say::default()).err().unwrap_or_default();
        assert_eq!(wrong.iter().map(|(name, _)| *name).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn entries() {
        check(Entry::default(), &[]);
        check(Entry { rate: "5/s".into(), retry: "5m, 30m".into(), ..Entry::default() }, &[]);
        check(
            Entry { rate: "fast".into(), connections: "0".into(), ..Entry::default() },
            &["connections", "rate"],
        );
        check(
            Entry { retry: "soon".into(), hour_start_rest: "31".into(), ..Entry::default() },
            &["hour_start_rest", "retry"],
        );
        let set =
            Entry { rate: "5/s".into(), retry: "5m, 30m".into(), ..Entry::default() }.read(Say::default());
        let again = Entry::of("docomo", &set.unwrap_or_default());
        assert_eq!((again.rate.as_str(), again.retry.as_str()), ("5/s", "5m, 30m"));
    }
}
