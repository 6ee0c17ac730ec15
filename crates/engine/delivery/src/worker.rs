//! One connection to one set of servers: takes rows from the ready queue until it is empty.

use std::{sync::Arc, time::Duration};

use mail::{Address, ReversePath, Stage};

use crate::{
    ahead::{self, LookAhead},
    attempt::{Attempt, Failure, Peer, Trouble},
    dispatcher::Shared,
    outcome::decide,
    pacing::{Place, flows::Taken, group, placing::failure_of, rulebook::waits},
    ports::{Claimed, CommitMark, Grant, Leaving, Record, Session},
    recipient::State,
    retry::RetryPolicy,
    route::next_hop,
    source::{NO_SOURCE, roster::Slot},
    transcript::{Opening, Spoken},
};

/// How the dialogue about one row ended.
enum Ended {
    /// With a reply.
    Replied(Stage, mail::Reply),
    /// The row is settled or given back without an attempt.
    NoAttempt,
    /// The message cannot be made.
    Unrenderable(String),
}

/// Serves a place over one connection, until nothing is ready, a limit asks for a pause, or the connection ends.
pub(crate) async fn serve(shared: Arc<Shared>, place: Place) {
    if let Some(first) = next_row(&shared, &place).await {
        serve_connection(&shared, &place, first).await;
    }
    shared.flows.leave(&place);
    shared.wake.notify_one();
}

/// The next row, when it may go.
async fn next_row(shared: &Shared, place: &Place) -> Option<Claimed> {
    while let Taken::Row(row, at) = shared.flows.take(place, shared.now()) {
        let early = at - shared.now();
        if early > 0 {
            tokio::time::sleep(Duration::from_millis(early.cast_unsigned())).await;
        }
        if !shared.closing() && is_awake(shared, place).await {
            return Some(*row);
        }
        shared.give_back(*row).await;
        shared.flows.settle(place, 1);
    }
    None
}

async fn serve_connection(shared: &Shared, place: &Place, first: Claimed) {
    let started_at = shared.now();
    let (metrics, source) = (&shared.health.metrics, place.flow.source);
    let (mut session, opening) = match connect(shared, place, &first).await {
        Ok(mut session) => {
            let opening = session.tape().and_then(|tape| Opening::of(started_at, tape)).map(Arc::new);
            (session, opening)
        }
        Err(failure) => {
            metrics.not_connected(source, &first.provider);
            return fail_place(shared, place, first, started_at, failure).await;
        }
    };
    metrics.connected(source, &first.provider, session.peer());
    let mut left = shared.flows.per_connection(place) as usize;
    let mut ahead = LookAhead::new();
    let mut next = Some(first);
    while let Some(row) = next.take() {
        let more = more_rows(shared, place, &row, ahead.most().min(left) - 1);
        let count = 1 + more.len();
        let usable = if more.is_empty() {
            serve_row(shared, place, (session.as_mut(), &opening), row, &mut ahead).await
        } else {
            let rows = std::iter::once(row).chain(more).collect();
            ahead::serve(shared, place, (session.as_mut(), &opening), rows, &mut ahead).await
        };
        shared.flows.settle(place, count);
        if !usable {
            // After a broken dialogue the session is dropped; the rows that are left get a new connection.
            return;
        }
        left -= count;
        if left > 0 {
            next = next_row(shared, place).await;
        }
    }
    session.quit().await;
}

/// Rows that may go right behind this one. Limits of a source are counted message by message, so there are none then.
fn more_rows(shared: &Shared, place: &Place, first: &Claimed, most: usize) -> Vec<Claimed> {
    if most == 0 || !ahead::may_run(first) || shared.roster.is_limited(place.flow.source) {
        return Vec::new();
    }
    shared.flows.take_more(place, most, shared.now())
}

/// What waits before a source that rests is given back, and chosen for anew.
async fn is_awake(shared: &Shared, place: &Place) -> bool {
    shared.roster().await.is_awake(place.flow.source, shared.now())
}

/// Any domain of the place leads to the same servers; the first row's is as good as the others.
async fn connect(shared: &Shared, place: &Place, first: &Claimed) -> Result<Box<dyn Session>, Failure> {
    let way = shared.roster.source(place.flow.source).map(|source| source.draft.way).unwrap_or_default();
    let domain = group::domain_of(&first.to);
    match next_hop(&way, &shared.house, shared.resolver.as_ref(), domain).await {
        Ok(hop) => shared.transport.connect(&hop).await,
        Err(no_route) => Err(failure_of(no_route)),
    }
}

/// One failed connection tells for everything that waits for these servers at this moment, unless others are open
/// to them; trouble with the name of one domain tells for that row only.
async fn fail_place(shared: &Shared, place: &Place, first: Claimed, started_at: i64, failure: Failure) {
    let mut rows = Vec::new();
    if let Some(reply) = &failure.reply {
        heed(shared, place, reply).await;
    }
    if failure.stage != Stage::Dns {
        let said = failure.reply.as_ref().map_or_else(|| failure.detail.clone(), mail::Reply::line);
        match shared.flows.fail(place, &said, shared.now()) {
            Some(waiting) => rows = waiting,
            None => return shared.flows.put_back(place, first),
        }
    }
    rows.push(first);
    let said = failure.said.as_deref().cloned();
    let opening = said.and_then(|mut tape| Opening::of(started_at, &mut tape)).map(Arc::new);
    for row in rows {
        let attempt = attempt_of(started_at, shared.now(), &failure);
        let attempt = Attempt { source: place.flow.source, ..attempt };
        let spoken = Spoken { opening: opening.clone(), message: None };
        record(shared, Some(place), &row, (attempt, spoken)).await;
    }
    shared.flows.settle(place, 1);
}

/// What a server really said may set off a rule.
async fn heed(shared: &Shared, place: &Place, reply: &mail::Reply) {
    let now = shared.now();
    shared.flows.refused(place, &reply.line(), reply.code == 421, now);
    if let Some(hold) = shared.watch.see(&place.flow, reply, now) {
        tracing::warn!(
            group = place.flow.group,
            rule = hold.rule,
            reply = hold.sample,
            "a reply set off a rule"
        );
        shared.make_hold(&hold).await;
    }
}

/// Records an attempt that ended before any server was found.
pub(crate) async fn record_failure(shared: &Shared, row: &Claimed, started_at: i64, failure: &Failure) {
    let attempt = attempt_of(started_at, shared.now(), failure);
    record(shared, None, row, (attempt, Spoken::default())).await;
}

/// `false` when the session cannot be used any more.
async fn serve_row(
    shared: &Shared,
    place: &Place,
    (session, opening): (&mut dyn Session, &Option<Arc<Opening>>),
    row: Claimed,
    ahead: &mut LookAhead,
) -> bool {
    let started_at = shared.now();
    let source = place.flow.source;
    let slot = match is_awake(shared, place).await {
        true => shared.roster.reserve(source, &row.provider, started_at),
        false => None,
    };
    let Some(slot) = slot else {
        // A limit of the source was reached, or it began to rest: another one may take it.
        shared.give_back(row).await;
        return true;
    };
    let peer = session.peer().clone();
    let ended = hand_over(shared, session, (&row, slot)).await;
    if row.lane.is_urgent() {
        shared.recorder.hurry.end();
    }
    let message = session.tape().and_then(|tape| tape.take_packed(&row.to));
    let spoken = Spoken { opening: opening.clone(), message };
    match ended {
        Ok(Ended::NoAttempt) => true,
        Ok(Ended::Replied(stage, reply)) => {
            let closing = reply.code == 421;
            learn(shared, place, stage, &reply).await;
            let ended_at = shared.now();
            match is_accepted(stage, &reply) {
                true => ahead.went_well(1, ended_at - started_at),
                false => ahead.went_badly(),
            }
            let attempt = Attempt {
                started_at,
                ended_at,
                source,
                peer: Some(peer),
                stage,
                reply: Some(reply),
                trouble: None,
                detail: String::new(),
            };
            record(shared, Some(place), &row, (attempt, spoken)).await;
            !closing
        }
        Ok(Ended::Unrenderable(detail)) => {
            let attempt = unrenderable((started_at, shared.now()), &peer, detail);
            record(shared, Some(place), &row, (Attempt { source, ..attempt }, spoken)).await;
            true
        }
        Err(failure) => {
            let attempt = attempt_of(started_at, shared.now(), &failure);
            record(shared, Some(place), &row, (Attempt { source, ..attempt }, spoken)).await;
            false
        }
    }
}

/// True when the server took the message.
pub(crate) fn is_accepted(stage: Stage, reply: &mail::Reply) -> bool {
    reply.is_success() && stage == Stage::Content
}

/// What a reply tells of the servers.
pub(crate) async fn learn(shared: &Shared, place: &Place, stage: Stage, reply: &mail::Reply) {
    if is_accepted(stage, reply) {
        shared.health.count_handed_over();
        shared.flows.took(place);
    } else {
        heed(shared, place, reply).await;
    }
}

/// Why there is no envelope for a row.
pub(crate) enum NotAddressed {
    /// The message cannot be made.
    Unrenderable(String),
    /// Our own store could not be asked.
    Unknown(String),
}

/// A row's recipient and return path.
pub(crate) async fn addressed(shared: &Shared, row: &Claimed) -> Result<(Address, Address), NotAddressed> {
    let to = Address::parse(&row.to)
        .map_err(|_| NotAddressed::Unrenderable(format!("{} is no address", row.to)))?;
    let domain = shared.messages.return_path_domain(row).await;
    let domain = domain.map_err(|failure| NotAddressed::Unknown(failure.to_string()))?;
    let return_path = Address::new(&shared.seal.token(row.id), &domain)
        .map_err(|error| NotAddressed::Unrenderable(format!("return path at {domain}: {error}")))?;
    Ok((to, return_path))
}

/// The end of a row without an envelope.
pub(crate) async fn not_addressed(
    shared: &Shared,
    (place, peer): (&Place, &Peer),
    row: Claimed,
    not: NotAddressed,
) {
    match not {
        NotAddressed::Unrenderable(detail) => {
            let now = shared.now();
            let attempt = unrenderable((now, now), peer, detail);
            let attempt = Attempt { source: place.flow.source, ..attempt };
            record(shared, Some(place), &row, (attempt, Spoken::default())).await;
        }
        NotAddressed::Unknown(words) => give_up(shared, row, &words).await,
    }
}

/// The mark of a row that leaves by a source without limits.
pub(crate) fn unlimited(place: &Place, row: &Claimed) -> Leaving {
    Leaving { source: place.flow.source, provider: row.provider.clone(), caps: Vec::new() }
}

async fn hand_over(
    shared: &Shared,
    session: &mut dyn Session,
    (row, slot): (&Claimed, Slot<'_>),
) -> Result<Ended, Failure> {
    let (to, return_path) = match addressed(shared, row).await {
        Ok(pair) => pair,
        Err(NotAddressed::Unrenderable(detail)) => return Ok(Ended::Unrenderable(detail)),
        Err(NotAddressed::Unknown(words)) => {
            give_up(shared, row.clone(), &words).await;
            return Ok(Ended::NoAttempt);
        }
    };
    let (stage, reply) = session.envelope(&ReversePath::Path(return_path.clone()), &to).await?;
    if !reply.is_success() {
        return Ok(Ended::Replied(stage, reply));
    }
    let values = (!row.values_fixed).then(|| row.values.clone());
    let mark = CommitMark { id: row.id, values, source: slot.leaving(&row.provider) };
    // Made while the mark becomes durable: few messages are stopped here, and both take milliseconds.
    let leave = async {
        match row.lane.is_urgent() {
            true => shared.recorder.grant_at_once(mark).await,
            false => shared.recorder.grant(mark).await,
        }
    };
    let (granted, prepared) = tokio::join!(leave, shared.messages.prepare(row, &return_path));
    match granted {
        Grant::Proceed => slot.used(),
        Grant::Full => {
            // Another process took the last of it.
            shared.give_back(row.clone()).await;
            return Ok(Ended::NoAttempt);
        }
        Grant::Withheld(_) | Grant::Paused | Grant::Lost => return Ok(Ended::NoAttempt),
    }
    let prepared = match prepared {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(cannot)) => return Ok(Ended::Unrenderable(cannot.detail)),
        Err(failure) => {
            give_up(shared, row.clone(), &failure.to_string()).await;
            return Ok(Ended::NoAttempt);
        }
    };
    let (stage, reply) = session.content(&prepared.bytes).await?;
    Ok(Ended::Replied(stage, reply))
}

/// Our own store failed in the middle: nothing was sent, so the row goes back.
async fn give_up(shared: &Shared, row: Claimed, words: &str) {
    tracing::error!(recipient = row.id, error = words, "a message could not be prepared; it is tried again");
    shared.give_back(row).await;
}

pub(crate) async fn record(shared: &Shared, place: Option<&Place>, row: &Claimed, tried: (Attempt, Spoken)) {
    shared.recorder.record_all(vec![judged(shared, place, row, tried)]).await;
}

/// An attempt with what it became.
pub(crate) fn judged(
    shared: &Shared,
    place: Option<&Place>,
    row: &Claimed,
    (attempt, spoken): (Attempt, Spoken),
) -> Record {
    let accepted = attempt.reply.as_ref().is_some_and(mail::Reply::is_success) && attempt.trouble.is_none();
    let outcome = if accepted {
        decide(row, &attempt, RetryPolicy::of(&[]))
    } else {
        let limits = match place {
            Some(place) => shared.flows.limits(&place.flow, attempt.ended_at),
            None => shared.steering().book.limits(&row.site),
        };
        decide(row, &attempt, RetryPolicy::of(waits(&limits, row.lane)))
    };
    shared.health.metrics.attempt(row, &attempt, &outcome);
    if outcome.state == State::Refused && attempt.trouble == Some(Trouble::Unrenderable) {
        tracing::warn!(recipient = row.id, detail = attempt.detail, "a message could not be built");
    }
    Record { id: row.id, attempt, outcome, provider: row.provider.clone(), spoken }
}

/// An attempt that ended with a failure.
pub(crate) fn attempt_of(started_at: i64, ended_at: i64, failure: &Failure) -> Attempt {
    Attempt {
        started_at,
        ended_at,
        source: NO_SOURCE,
        peer: failure.peer.clone(),
        stage: failure.stage,
        reply: failure.reply.clone(),
        trouble: Some(failure.trouble),
        detail: failure.detail.clone(),
    }
}

/// An attempt that ended because the message cannot be made.
pub(crate) fn unrenderable((started_at, ended_at): (i64, i64), peer: &Peer, detail: String) -> Attempt {
    Attempt {
        started_at,
        ended_at,
        source: NO_SOURCE,
        peer: Some(peer.clone()),
        stage: Stage::Data,
        reply: None,
        trouble: Some(Trouble::Unrenderable),
        detail,
    }
}
