//! Runs: messages of one connection that are checked, marked and made together, then sent one behind the other.
//!
//! A run saves waiting and waking, and is kept short: what is checked ahead of its turn is in doubt when the program dies
//! before that turn. So a connection begins with single messages, each made only when its recipient was taken; a run
//! grows while all is accepted, never beyond what goes out in [`SPAN_MS`], and a refusal ends it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mail::{Address, Reply, ReversePath, Stage};

use crate::{
    attempt::{Attempt, Failure, Peer},
    dispatcher::Shared,
    pacing::Place,
    ports::{Claimed, CommitMark, Grant, Prepared, Ready, Record, RunWatch, Session},
    transcript::{Opening, Packed, Spoken, Tape},
    worker,
};

/// Messages of one run.
const RUN_MAX: usize = 8;
/// What is marked goes out within about this time.
const SPAN_MS: i64 = 200;
/// A leave this old is not used any more.
const LEAVE_HOLDS: Duration = Duration::from_secs(10);

/// How far a connection looks ahead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LookAhead {
    most: usize,
}

impl LookAhead {
    /// At the start nothing is known of the other side.
    pub(crate) fn new() -> Self {
        Self { most: 1 }
    }

    /// Messages the next run may have.
    pub(crate) fn most(self) -> usize {
        self.most
    }

    /// So many messages were accepted, one behind the other, in this time.
    pub(crate) fn went_well(&mut self, messages: usize, took_ms: i64) {
        let within_span = i64::try_from(messages).unwrap_or(1) * SPAN_MS / took_ms.max(1);
        let bearable = usize::try_from(within_span).unwrap_or(1).max(1);
        self.most = (self.most * 2).min(bearable).min(RUN_MAX);
    }

    /// Something was refused, or could not be made.
    pub(crate) fn went_badly(&mut self) {
        self.most = 1;
    }
}

/// Whether a row may be part of a run: what is urgent goes by itself, at once.
pub(crate) fn may_run(row: &Claimed) -> bool {
    !row.lane.is_urgent()
}

/// A row with its envelope.
struct Addressed {
    row: Claimed,
    to: Address,
    return_path: Address,
}

/// What came of the messages of a run so far.
struct Seen<'a> {
    shared: &'a Shared,
    granted: Instant,
    messages: &'a [Addressed],
    answers: Vec<Answer>,
}

/// What a server said of a message, and when.
struct Answer {
    stage: Stage,
    reply: Reply,
    at: i64,
    spoken: Option<Packed>,
}

impl RunWatch for Seen<'_> {
    fn told(&mut self, stage: Stage, reply: Reply, tape: &mut Tape) {
        let to = self.messages.get(self.answers.len()).map_or("", |one| one.row.to.as_str());
        self.answers.push(Answer { stage, reply, at: self.shared.now(), spoken: tape.take_packed(to) });
    }

    fn holds(&self) -> bool {
        self.granted.elapsed() < LEAVE_HOLDS && !self.shared.closing()
    }
}

/// A session, and how it was opened.
type Talk<'a> = (&'a mut dyn Session, &'a Option<Arc<Opening>>);

/// Sends several rows; `false` when the session cannot be used any more.
pub(crate) async fn serve(
    shared: &Shared,
    place: &Place,
    (session, opening): Talk<'_>,
    rows: Vec<Claimed>,
    ahead: &mut LookAhead,
) -> bool {
    let peer = session.peer().clone();
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        match worker::addressed(shared, &row).await {
            Ok((to, return_path)) => all.push(Addressed { row, to, return_path }),
            Err(not) => worker::not_addressed(shared, (place, &peer), row, not).await,
        }
    }
    let granted = Instant::now();
    let (mut sent, made) = ready(shared, (place, &peer), all).await;
    if sent.is_empty() {
        return true;
    }
    let began_at = shared.now();
    let mut seen = Seen { shared, granted, messages: &sent, answers: Vec::with_capacity(sent.len()) };
    let ended = run(session, &sent, &made, &mut seen).await;
    let answers = seen.answers;
    let rest = sent.split_off(answers.len().min(sent.len()));
    let accepted = answers.iter().filter(|answer| worker::is_accepted(answer.stage, &answer.reply)).count();
    if rest.is_empty() && accepted == sent.len() {
        ahead.went_well(accepted, shared.now() - began_at);
    } else {
        ahead.went_badly();
    }
    let leaves = answers.last().is_some_and(|answer| answer.reply.code == 421);
    let usable = ended.is_ok() && rest.is_empty() && !leaves;
    let spoken = session.tape().and_then(|tape| tape.take_packed(rest.first().map_or("", |one| &one.row.to)));
    record(shared, place, (&peer, opening), (sent, answers), began_at).await;
    let failed = ended.err().map(|failure| (failure, Spoken { opening: opening.clone(), message: spoken }));
    give_up(shared, place, rest, failed).await;
    usable
}

async fn run(
    session: &mut dyn Session,
    sent: &[Addressed],
    made: &[Prepared],
    watch: &mut dyn RunWatch,
) -> Result<(), Failure> {
    let paths: Vec<ReversePath> = sent.iter().map(|one| ReversePath::Path(one.return_path.clone())).collect();
    let all = sent.iter().zip(&paths).zip(made);
    let ready: Vec<Ready<'_>> = all
        .map(|((one, return_path), made)| Ready { return_path, to: &one.to, bytes: &made.bytes })
        .collect();
    session.run(&ready, watch).await
}

/// Checks, marks and makes; what does not go has its end here.
async fn ready(
    shared: &Shared,
    (place, peer): (&Place, &Peer),
    all: Vec<Addressed>,
) -> (Vec<Addressed>, Vec<Prepared>) {
    let marks = all.iter().map(|one| CommitMark {
        id: one.row.id,
        values: (!one.row.values_fixed).then(|| one.row.values.clone()),
        source: worker::unlimited(place, &one.row),
    });
    let wanted: Vec<(&Claimed, &Address)> = all.iter().map(|one| (&one.row, &one.return_path)).collect();
    let started_at = shared.now();
    let (grants, made) =
        tokio::join!(shared.recorder.grant_all(marks.collect()), shared.messages.prepare_all(&wanted));
    let mut made = match made {
        Ok(made) => made.into_iter().map(Some).collect(),
        Err(failure) => {
            tracing::error!(error = %failure, "messages could not be prepared; they are tried again");
            Vec::new()
        }
    };
    made.resize_with(all.len(), || None);
    let mut ready = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
    for ((one, grant), made) in all.into_iter().zip(grants).zip(made) {
        match (grant, made) {
            (Grant::Proceed, Some(Ok(prepared))) => {
                ready.0.push(one);
                ready.1.push(prepared);
            }
            (Grant::Proceed, Some(Err(cannot))) => {
                let attempt = worker::unrenderable((started_at, shared.now()), peer, cannot.detail);
                let attempt = Attempt { source: place.flow.source, ..attempt };
                worker::record(shared, Some(place), &one.row, (attempt, Spoken::default())).await;
            }
            (Grant::Proceed, None) | (Grant::Full, _) => shared.give_back(one.row).await,
            (Grant::Withheld(_) | Grant::Paused | Grant::Lost, _) => {}
        }
    }
    ready
}

async fn record(
    shared: &Shared,
    place: &Place,
    (peer, opening): (&Peer, &Option<Arc<Opening>>),
    (sent, answers): (Vec<Addressed>, Vec<Answer>),
    began_at: i64,
) {
    let mut started_at = began_at;
    let mut records: Vec<Record> = Vec::with_capacity(sent.len());
    for (one, Answer { stage, reply, at, spoken }) in sent.iter().zip(answers) {
        worker::learn(shared, place, stage, &reply).await;
        let attempt = Attempt {
            started_at,
            ended_at: at,
            source: place.flow.source,
            peer: Some(peer.clone()),
            stage,
            reply: Some(reply),
            trouble: None,
            detail: String::new(),
        };
        let spoken = Spoken { opening: opening.clone(), message: spoken };
        records.push(worker::judged(shared, Some(place), &one.row, (attempt, spoken)));
        started_at = at;
    }
    shared.recorder.record_all(records).await;
}

/// What was not handed over: with a failure, the first of it was being talked about.
async fn give_up(shared: &Shared, place: &Place, rest: Vec<Addressed>, failed: Option<(Failure, Spoken)>) {
    let mut rest = rest.into_iter();
    if let Some((failure, spoken)) = failed
        && let Some(one) = rest.next()
    {
        let now = shared.now();
        let attempt = Attempt { source: place.flow.source, ..worker::attempt_of(now, now, &failure) };
        worker::record(shared, Some(place), &one.row, (attempt, spoken)).await;
    }
    for one in rest {
        shared.give_back(one.row).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(took_ms: &[i64], expected: usize) {
        let mut ahead = LookAhead::new();
        for took_ms in took_ms {
            ahead.went_well(ahead.most(), *took_ms);
        }
        assert_eq!(ahead.most(), expected, "{took_ms:?}");
    }

    #[test]
    fn a_run_grows_with_what_the_other_side_bears() {
        check(&[], 1);
        check(&[1], 2);
        check(&[1, 2, 4], 8);
        check(&[1, 2, 4, 8], 8);
        check(&[300, 300], 1);
        check(&[100], 2);
        check(&[100, 200, 200], 2);
        check(&[1, 2, 4, 1_600], 1);
        let mut ahead = LookAhead::new();
        ahead.went_well(1, 1);
        ahead.went_badly();
        assert_eq!(ahead.most(), 1);
    }
}
