//! One broadcast in the queue: its hours, its rate, its place, when it will be through, and what can be done.

use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use delivery::pacing::{
    explain::{finish_at, of_holds},
    hours::{BroadcastPace, Hours},
    limits::Rate,
    store::ShardCount,
};
use maud::html;
use serde::Deserialize;

use super::{act_form, at, moment, name};
use crate::{
    form::Form,
    links,
    parts::{field::Field, flash, time},
    problem::{Answer, Problem},
    say::{Say, grouped, t},
    visit::{Owner, Visit},
};

/// Providers listed at most.
const SHARDS_MAX: u64 = 50;
const PRIORITY_MAX: i64 = 9;

/// What is in the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    hours: String,
    rate: String,
    priority: String,
}

type Wrong = Vec<(&'static str, String)>;

impl Entry {
    fn of(pace: &BroadcastPace) -> Self {
        Self {
            hours: pace.hours.map(|hours| hours.to_string()).unwrap_or_default(),
            rate: pace.rate.map(|rate| rate.to_string()).unwrap_or_default(),
            priority: pace.priority.to_string(),
        }
    }

    fn read(&self, say: Say, broadcast_id: i64) -> Result<BroadcastPace, Wrong> {
        let mut wrong = Wrong::new();
        let hours = Some(self.hours.trim()).filter(|text| !text.is_empty()).map(Hours::read);
        let rate = Some(self.rate.trim()).filter(|text| !text.is_empty()).map(Rate::read);
        let priority = match self.priority.trim() {
            "" => Some(0),
            text => text.parse().ok().filter(|priority| (-PRIORITY_MAX..=PRIORITY_MAX).contains(priority)),
        };
        if matches!(hours, Some(Err(_))) {
            wrong.push(("hours", t!(say, "pace-wrong-hours")));
        }
        if matches!(rate, Some(Err(_))) {
            wrong.push(("rate", t!(say, "limit-wrong-rate")));
        }
        let Some(priority) = priority.filter(|_| wrong.is_empty()) else {
            if priority.is_none() {
                wrong.push(("priority", t!(say, "pace-wrong-priority")));
            }
            return Err(wrong);
        };
        Ok(BroadcastPace {
            broadcast_id,
            hours: hours.and_then(Result::ok),
            rate: rate.and_then(Result::ok).filter(|rate| *rate != Rate::None),
            priority,
            ..BroadcastPace::default()
        })
    }
}

/// `GET /queue/broadcasts/{id}`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let pace = visit.house.pacing.pace(id).await?;
    page(&visit, id, &Entry::of(&pace), &Wrong::new()).await
}

/// `POST /queue/broadcasts/{id}`.
pub(crate) async fn save(Owner(visit): Owner, Path(id): Path<i64>, Form(entry): Form<Entry>) -> Answer {
    match entry.read(visit.say, id) {
        Ok(pace) => {
            visit.house.pacing.set_pace(&pace, visit.actor(), visit.now()).await?;
            Ok(flash::done(&format!("/queue/broadcasts/{id}"), "pace-saved").into_response())
        }
        Err(wrong) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&visit, id, &entry, &wrong).await?).into_response())
        }
    }
}

async fn page(visit: &Visit, id: i64, entry: &Entry, wrong: &Wrong) -> Result<Response, Problem> {
    let say = visit.say;
    let broadcast = visit.house.broadcasts.get(id).await?.ok_or(Problem::NotFound)?;
    let moment = moment(visit).await?;
    let pace = visit.house.pacing.pace(id).await?;
    let shards = visit.house.pacing.waiting(Some(id), visit.now(), SHARDS_MAX).await?;
    let total: u64 = shards.iter().map(|shard| shard.rows).sum();
    let end = finish_at(&shards, &moment.told, Some(&pace), &moment.book, visit.now()).filter(|_| total > 0);
    let holds = &moment.standing.holds;
    let stopped = |shard: &&ShardCount| of_holds(holds, &shard.shard, visit.now());
    let held = shards.iter().find(|shard| stopped(shard).is_some_and(|why| why.until.is_none()));
    let scope = id.to_string();
    let body = html! {
        p { a href=(links::broadcast(id)) { (broadcast.draft.name) } }
        h1 { (t!(say, "pace-title")) }
        div.card {
            p { a href=(links::query("/queue/rows", &[("broadcast", Some(&scope))])) { (t!(say, "queue-waiting-n", n = total)) } }
            (super::hours::remark(visit, pace.hours, pace.house_hours))
            @if let Some(opens) = pace.opens_at(visit.now()).filter(|_| total > 0) {
                p { (t!(say, "pace-waits", at = time::said(say, opens, visit.now()))) }
            }
            @if let Some(shard) = held { p { (t!(say, "pace-end-held", group = name(say, &shard.shard))) } }
            @else if let Some(end) = end { p { (t!(say, "pace-end", at = time::said(say, end, visit.now()))) } }
            @if !shards.is_empty() {
                ul { @for shard in &shards { li { a href=(at(&shard.shard)) { (name(say, &shard.shard)) } " " (grouped(shard.rows)) } } }
            }
        }
        @if visit.is_owner() {
            form.card method="post" action={ "/queue/broadcasts/" (id) } {
                (visit.token_field())
                h2 { (t!(say, "pace-set")) }
                @for (key, value) in [("hours", &entry.hours), ("rate", &entry.rate), ("priority", &entry.priority)] {
                    (Field {
                        name: key,
                        label: &say.with(&format!("pace-{key}"), None),
                        value,
                        hint: &say.with(&format!("pace-hint-{key}"), None),
                        wrong: wrong.iter().find(|(field, _)| *field == key).map(|(_, words)| words.as_str()),
                        ..Field::default()
                    }.input())
                }
                div.actions { button.btn.primary type="submit" { (t!(say, "limits-save")) } }
            }
            div.card {
                h2 { (t!(say, "queue-acts")) }
                div.actions {
                    (act_form(visit, ("try-now", "broadcast", &scope), Some(&t!(say, "queue-try-now-what", group = broadcast.draft.name.clone(), n = total))))
                    (act_form(visit, ("give-up", "broadcast", &scope), Some(&t!(say, "queue-give-up-what", group = broadcast.draft.name.clone(), n = total))))
                }
            }
        }
    };
    Ok(visit.page(&t!(say, "pace-title"), &body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        let read = |hours: &str, rate: &str, priority: &str| {
            Entry { hours: hours.into(), rate: rate.into(), priority: priority.into() }
                .read(Say::default(), 1)
        };
        assert_eq!(read("", "", ""), Ok(BroadcastPace { broadcast_id: 1, ..BroadcastPace::default() }));
        let pace = read("9:00-20:00", "5000/h", "1").unwrap_or_default();
        assert_eq!(Entry::of(&pace).hours, "9:00-20:00");
        let wrong = read("9-20", "fast", "1").err().unwrap_or_default();
        assert_eq!(wrong.len(), 2);
        assert!(read("", "", "10").is_err());
    }
}
