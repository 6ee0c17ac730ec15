//! What an owner does to what waits: try now, pause, resume, another source, give up.

use axum::response::IntoResponse;
use delivery::pacing::store::{Change, NewHold, Scope};
use serde::Deserialize;

use crate::{
    form::Form,
    links,
    parts::flash,
    problem::{Answer, Problem},
    visit::Owner,
};

/// Longest reason, in characters.
const REASON_CHARS_MAX: usize = 200;

/// What about.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    scope: String,
    of: String,
    reason: String,
    back: String,
}

/// Which hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Lifted {
    hold: i64,
    back: String,
}

impl Asked {
    fn scope(&self) -> Result<Scope, Problem> {
        let number = || self.of.parse::<i64>().map_err(|_| Problem::Unreadable);
        match self.scope.as_str() {
            "shard" if !self.of.is_empty() => Ok(Scope::Shard(self.of.clone())),
            "source" => Ok(Scope::Source(number()?)),
            "broadcast" => Ok(Scope::Broadcast(number()?)),
            _ => Err(Problem::Unreadable),
        }
    }

    fn back(&self) -> &str {
        match links::local(&self.back) {
            "/" => "/queue",
            back => back,
        }
    }
}

/// `POST /queue/try-now`.
pub(crate) async fn try_now(Owner(visit): Owner, Form(asked): Form<Asked>) -> Answer {
    let done = visit.house.pacing.try_now(&asked.scope()?, visit.actor(), visit.now()).await?;
    Ok(flash::done_n(asked.back(), "queue-tried", done).into_response())
}

/// `POST /queue/pause`: of a group, or of a source.
pub(crate) async fn pause(Owner(visit): Owner, Form(asked): Form<Asked>) -> Answer {
    let (source, group) = match asked.scope()? {
        Scope::Shard(group) => (None, Some(group)),
        Scope::Source(source) => (Some(source), None),
        Scope::Broadcast(_) => return Err(Problem::Unreadable),
    };
    let hold = NewHold {
        source,
        group,
        change: Change::Stop,
        rule: String::new(),
        sample: String::new(),
        until: None,
    };
    visit.house.pacing.hold(&hold, visit.actor(), visit.now()).await?;
    Ok(flash::done(asked.back(), "queue-paused").into_response())
}

/// `POST /queue/reroute`: `of` is the source to leave alone and the group.
pub(crate) async fn reroute(Owner(visit): Owner, Form(asked): Form<Asked>) -> Answer {
    let (source, group) = asked.of.split_once(' ').ok_or(Problem::Unreadable)?;
    let hold = NewHold {
        source: Some(source.parse().map_err(|_| Problem::Unreadable)?),
        group: Some(group.to_owned()),
        change: Change::OtherSource,
        rule: String::new(),
        sample: String::new(),
        until: None,
    };
    visit.house.pacing.hold(&hold, visit.actor(), visit.now()).await?;
    Ok(flash::done(asked.back(), "queue-rerouted").into_response())
}

/// `POST /queue/lift`.
pub(crate) async fn lift(Owner(visit): Owner, Form(lifted): Form<Lifted>) -> Answer {
    let was_there = visit.house.pacing.lift(lifted.hold, visit.actor(), visit.now()).await?;
    let back = match links::local(&lifted.back) {
        "/" => "/queue",
        back => back,
    };
    Ok(flash::done(back, if was_there { "queue-lifted" } else { "queue-lifted-before" }).into_response())
}

/// `POST /queue/give-up`.
pub(crate) async fn give_up(Owner(visit): Owner, Form(asked): Form<Asked>) -> Answer {
    let reason: String = asked.reason.trim().chars().take(REASON_CHARS_MAX).collect();
    if reason.is_empty() {
        return Err(Problem::Unreadable);
    }
    let done = visit.house.pacing.give_up(&asked.scope()?, &reason, visit.actor(), visit.now()).await?;
    Ok(flash::done_n(asked.back(), "queue-given-up", done).into_response())
}
