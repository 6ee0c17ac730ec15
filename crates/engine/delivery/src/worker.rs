//! One connection to one set of servers: takes rows from the ready queue until it is empty.

use std::{sync::Arc, time::Duration};

use mail::{Address, ReversePath, Stage};

use crate::{
    attempt::{Attempt, Failure, Peer, Trouble},
    dispatcher::Shared,
    outcome::decide,
    pacing::{Place, flows::Taken, group, placing::failure_of, rulebook::waits},
    ports::{Claimed, CommitMark, Grant, Record, Session},
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
        shared.flows.settle(place);
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
    let mut left = shared.flows.per_connection(place);
    let mut next = Some(first);
    while let Some(row) = next.take() {
        let usable = serve_row(shared, place, (session.as_mut(), &opening), row).await;
        shared.flows.settle(place);
        if !usable {
            // After a broken dialogue the session is dropped; the rows that are left get a new connection.
            return;
        }
        left -= 1;
        if left > 0 {
            next = next_row(shared, place).await;
        }
    }
    session.quit().await;
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
    shared.flows.settle(place);
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
    let message = session.tape().and_then(|tape| tape.take_packed(&row.to));
    let spoken = Spoken { opening: opening.clone(), message };
    match ended {
        Ok(Ended::NoAttempt) => true,
        Ok(Ended::Replied(stage, reply)) => {
            let closing = reply.code == 421;
            let accepted = reply.is_success() && stage == Stage::Content;
            if !accepted {
                heed(shared, place, &reply).await;
            }
            let attempt = Attempt {
                started_at,
                ended_at: shared.now(),
                source,
                peer: Some(peer),
                stage,
                reply: Some(reply),
                trouble: None,
                detail: String::new(),
            };
            if accepted {
                shared.health.count_handed_over();
                shared.flows.took(place);
            }
            record(shared, Some(place), &row, (attempt, spoken)).await;
            !closing
        }
        Ok(Ended::Unrenderable(detail)) => {
            let attempt = unrenderable(started_at, shared.now(), peer, detail);
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

async fn hand_over(
    shared: &Shared,
    session: &mut dyn Session,
    (row, slot): (&Claimed, Slot<'_>),
) -> Result<Ended, Failure> {
    let Ok(to) = Address::parse(&row.to) else {
        return Ok(Ended::Unrenderable(format!("{} is no address", row.to)));
    };
    let domain = match shared.messages.return_path_domain(row).await {
        Ok(domain) => domain,
        Err(failure) => return give_up(shared, row, &failure.to_string()).await,
    };
    let return_path = match Address::new(&shared.seal.token(row.id), &domain) {
        Ok(path) => path,
        Err(error) => return Ok(Ended::Unrenderable(format!("return path at {domain}: {error}"))),
    };
    let (stage, reply) = session.envelope(&ReversePath::Path(return_path.clone()), &to).await?;
    if !reply.is_success() {
        return Ok(Ended::Replied(stage, reply));
    }
    let values = (!row.values_fixed).then(|| row.values.clone());
    let mark = CommitMark { id: row.id, values, source: slot.leaving(&row.provider) };
    // Made while the mark becomes durable: few messages are stopped here, and both take milliseconds.
    let (granted, prepared) =
        tokio::join!(shared.recorder.grant(mark), shared.messages.prepare(row, &return_path));
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
        Err(failure) => return give_up(shared, row, &failure.to_string()).await,
    };
    let (stage, reply) = session.content(&prepared.bytes).await?;
    Ok(Ended::Replied(stage, reply))
}

/// Our own store failed in the middle: nothing was sent, so the row goes back.
async fn give_up(shared: &Shared, row: &Claimed, words: &str) -> Result<Ended, Failure> {
    tracing::error!(recipient = row.id, error = words, "a message could not be prepared; it is tried again");
    shared.give_back(row.clone()).await;
    Ok(Ended::NoAttempt)
}

async fn record(shared: &Shared, place: Option<&Place>, row: &Claimed, (attempt, spoken): (Attempt, Spoken)) {
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
    let provider = row.provider.clone();
    shared.recorder.record(Record { id: row.id, attempt, outcome, provider, spoken }).await;
}

fn attempt_of(started_at: i64, ended_at: i64, failure: &Failure) -> Attempt {
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

fn unrenderable(started_at: i64, ended_at: i64, peer: Peer, detail: String) -> Attempt {
    Attempt {
        started_at,
        ended_at,
        source: NO_SOURCE,
        peer: Some(peer),
        stage: Stage::Data,
        reply: None,
        trouble: Some(Trouble::Unrenderable),
        detail,
    }
}
