//! What delivery asks of the rest of the house. Each store method is one transaction, with the events it causes.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bounce::Verdict;
use mail::{Address, Reply, ReversePath};

use crate::{
    attempt::{Attempt, Failure, Peer},
    hop::{MxAnswer, NextHop},
    hurry::Hands,
    outcome::Outcome,
    recipient::{Lane, RecipientId, WithheldReason},
    source::{
        DomainId, FIRST_SOURCE, LanePools, NewDomain, Rest, Route, SendingDomain, Source, SourceDraft,
        SourceId,
        choose::Wait,
        counts::{Cap, HourCount},
        warm_up::WarmUp,
    },
    transcript::{Spoken, Tape},
};

/// The store could not be asked.
pub type StoreFailure = Box<dyn std::error::Error + Send + Sync>;

/// What may be claimed now.
#[derive(Debug, Clone)]
pub struct ClaimRequest {
    /// This process; unique per start of the program.
    pub node: String,
    /// Now.
    pub now: i64,
    /// The lanes it is about; where broadcasts are not among them, it goes before everything that runs in masses.
    pub lanes: &'static [Lane],
    /// Until when claimed rows are ours.
    pub lease_until: i64,
    /// Rows at most.
    pub limit: u32,
    /// Rows per destination site at most, so one slow provider cannot fill the batch.
    pub per_site: u32,
    /// Sites that have no room now for rows of this lane and of less urgent ones.
    pub full_sites: Vec<(String, Lane)>,
    /// Broadcasts' own runs that have a pace or a priority of their own; the others have none.
    pub paces: Vec<Pace>,
}

/// How a broadcast's own run goes at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Which one.
    pub broadcast_id: i64,
    /// The larger, the sooner among broadcasts; 0 is usual.
    pub priority: i64,
    /// Rows it may have now, 0 while it waits for its hours; `None` without limit.
    pub room: Option<u32>,
}

/// A recipient that is ours until the lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Key.
    pub id: RecipientId,
    /// The broadcast it belongs to.
    pub broadcast_id: Option<i64>,
    /// The stored template version the message is made of.
    pub template_version_id: i64,
    /// The contact.
    pub contact_id: i64,
    /// Lane.
    pub lane: Lane,
    /// Where it goes, in the wire's form.
    pub to: String,
    /// The shard it is queued under: the provider's id where the domain tells it, else the domain. So a slow provider
    /// never fills a claim; which servers share limits is found after the claim (`pacing`).
    pub site: String,
    /// Provider id of the address, empty when unknown.
    pub provider: String,
    /// Tries that ended before this one.
    pub attempts: u32,
    /// When it was queued.
    pub queued_at: i64,
    /// When retrying ends.
    pub expires_at: i64,
    /// The merge values: those of the first rendering where there was one, else the contact's values now.
    pub values: BTreeMap<String, String>,
    /// True when `values` are those of an earlier rendering, so the message is byte-identical to that one.
    pub values_fixed: bool,
    /// The domain in From.
    pub from_domain: String,
    /// The pool its broadcast chose, where it chose one.
    pub pool: Option<String>,
    /// The source of the last try, where the receiving server wants to see the same one again (greylisting).
    pub sticky_source: Option<SourceId>,
}

/// Asks leave to hand over one message: the last check, and the `committing` mark.
#[derive(Debug, Clone)]
pub struct CommitMark {
    /// Which recipient.
    pub id: RecipientId,
    /// The merge values to keep with the row, when they are not fixed yet.
    pub values: Option<BTreeMap<String, String>>,
    /// The source it leaves by, with the limits that must leave room.
    pub source: Leaving,
}

/// The source a message is about to leave by.
#[derive(Debug, Clone)]
pub struct Leaving {
    /// Which source.
    pub source: SourceId,
    /// Provider id of the address, empty when unknown.
    pub provider: String,
    /// The limits it counts against; empty for most sources.
    pub caps: Vec<Cap>,
}

impl Default for Leaving {
    fn default() -> Self {
        Self { source: FIRST_SOURCE, provider: String::new(), caps: Vec::new() }
    }
}

/// A row that goes back because its source is not free.
#[derive(Debug, Clone)]
pub struct Postponed {
    /// Which recipient.
    pub id: RecipientId,
    /// What it waits for, and until when.
    pub wait: Wait,
}

/// The answer to a [`CommitMark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Hand it over; the mark is durable.
    Proceed,
    /// Do not: the row is withheld now, durably, with this reason.
    Withheld(WithheldReason),
    /// Not now: the broadcast is paused; the row is back in the queue.
    Paused,
    /// Not by this source: a limit of it is used up. The row is still ours.
    Full,
    /// The lease is no longer ours; leave the row alone.
    Lost,
}

/// An attempt and what it became, to be made durable.
#[derive(Debug, Clone)]
pub struct Record {
    /// Which recipient.
    pub id: RecipientId,
    /// What was seen.
    pub attempt: Attempt,
    /// What it became.
    pub outcome: Outcome,
    /// Provider id of the address, empty when unknown.
    pub provider: String,
    /// What was said in it.
    pub spoken: Spoken,
}

/// What was found after an unclean end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Rows that nothing had been sent for; queued again.
    pub requeued: u64,
    /// Rows cut off between message and reply, sent again by policy.
    pub resent: u64,
    /// Rows cut off between message and reply, shown as in doubt.
    pub in_doubt: u64,
}

/// A single message to one contact, outside a broadcast's own run.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The recipient row this repeats, where it is a resend.
    pub resend_of: Option<RecipientId>,
    /// The broadcast whose From, template and report it belongs to.
    pub broadcast_id: i64,
    /// The contact.
    pub contact_id: i64,
    /// Lane.
    pub lane: Lane,
    /// When retrying ends.
    pub expires_at: i64,
    /// Who asked for it.
    pub actor: Option<i64>,
}

/// What came of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// In the queue.
    Queued(RecipientId),
    /// Left out, with a row that says why.
    Withheld(RecipientId, WithheldReason),
}

/// What a later message told about an earlier attempt.
#[derive(Debug, Clone)]
pub enum Later {
    /// A bounce: the state becomes bounced.
    Bounced {
        /// What it means.
        verdict: Verdict,
        /// What the refusing server said; code 0 where only words are known.
        reply: Reply,
    },
    /// A bounce that proves nothing about the recipient's own address: it is about another one that her mail is
    /// forwarded to, or anybody may have written it. The state becomes bounced all the same.
    BouncedAside {
        /// What it means.
        verdict: Verdict,
        /// What the refusing server said; code 0 where only words are known.
        reply: Reply,
        /// The address it is about, as it names it.
        about: Option<String>,
    },
    /// A delivered DSN, an auto-reply: the state becomes evidenced.
    Evidenced {
        /// `delivered_dsn`, `auto_reply`.
        kind: &'static str,
    },
}

/// The queue at rest.
#[async_trait]
pub trait QueueStore: Send + Sync {
    /// From now on an urgent message that [`Self::submit`] queues is leased in the same change and handed over, as long
    /// as somebody is there to take it.
    fn hand_to(&self, hands: Hands);
    /// Leases due rows: by lane, then in id order, of running broadcasts only.
    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<Claimed>, StoreFailure>;
    /// Checks suppression, opt-out, pause and lease again and sets the `committing` mark, for a batch.
    /// One answer per mark, in order.
    async fn mark_committing(
        &self,
        node: &str,
        marks: &[CommitMark],
        now: i64,
    ) -> Result<Vec<Grant>, StoreFailure>;
    /// Makes attempts and outcomes durable with their events, for a batch. Rows no longer leased by `node` get
    /// their attempt kept and nothing else changed.
    async fn record(&self, node: &str, records: &[Record], now: i64) -> Result<(), StoreFailure>;
    /// [`Self::record`], then [`Self::mark_committing`], in one transaction.
    async fn settle(
        &self,
        node: &str,
        marks: &[CommitMark],
        records: &[Record],
        now: i64,
    ) -> Result<Vec<Grant>, StoreFailure>;
    /// Gives rows back untried, due at `due_at`.
    async fn release(&self, node: &str, ids: &[RecipientId], due_at: i64) -> Result<(), StoreFailure>;
    /// Gives rows back untried, to be looked at again when their source may be free; keeps why.
    async fn postpone(&self, node: &str, rows: &[Postponed]) -> Result<(), StoreFailure>;
    /// Makes what was put off due now; a limit that still holds puts it off again.
    async fn look_again(&self, now: i64) -> Result<(), StoreFailure>;
    /// Notes that `node` lives, and takes back what other lives of this program left: leases that have ended, leases
    /// of processes not heard of since `heard_since`, and on a single-node store every lease that is not `node`'s.
    /// A process that was silent itself does not judge others by their silence: the store may have been away.
    /// Leased rows are queued again; `committing` rows follow [`Lane::resends_in_doubt`].
    async fn recover(&self, node: &str, heard_since: i64, now: i64) -> Result<Recovered, StoreFailure>;
    /// When the next row is due, so the loop can sleep. Rows of paused broadcasts do not count.
    async fn next_due_at(&self) -> Result<Option<i64>, StoreFailure>;
    /// Queues a single message, or withholds it with a reason.
    async fn submit(&self, submission: &Submission, now: i64) -> Result<Submitted, StoreFailure>;
    /// Records what a later message told. `false` when it changes nothing: unknown recipient, or known already.
    async fn record_later(
        &self,
        id: RecipientId,
        later: &Later,
        arrival_id: i64,
        now: i64,
    ) -> Result<bool, StoreFailure>;
}

/// Sending domains and the route, at rest.
#[async_trait]
pub trait SourceStore: Send + Sync {
    /// All sending domains, by name.
    async fn domains(&self) -> Result<Vec<SendingDomain>, StoreFailure>;
    /// One domain.
    async fn domain(&self, id: DomainId) -> Result<Option<SendingDomain>, StoreFailure>;
    /// One domain by name.
    async fn domain_by_name(&self, name: &str) -> Result<Option<SendingDomain>, StoreFailure>;
    /// Adds a domain; `None` when there is one of that name.
    async fn add_domain(
        &self,
        new: &NewDomain,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Option<DomainId>, StoreFailure>;
    /// Removes a domain; `false` when a broadcast that has not ended sends as it.
    async fn remove_domain(&self, id: DomainId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure>;
    /// Keeps the result of a check.
    async fn save_standing(&self, id: DomainId, standing: &str, now: i64) -> Result<(), StoreFailure>;
    /// How the first source sends.
    async fn route(&self) -> Result<Route, StoreFailure>;
    /// Changes how the first source sends.
    async fn set_route(&self, route: &Route, actor: Option<i64>, now: i64) -> Result<(), StoreFailure>;
    /// All sources, in the order they were added. There is always one.
    async fn sources(&self) -> Result<Vec<Source>, StoreFailure>;
    /// One source.
    async fn source(&self, id: SourceId) -> Result<Option<Source>, StoreFailure>;
    /// Names of all sources, also of those that were removed: attempts remember them.
    async fn source_names(&self) -> Result<Vec<(SourceId, String)>, StoreFailure>;
    /// Changes a source, or adds one without `id`. `None` when it is gone.
    async fn save_source(
        &self,
        id: Option<SourceId>,
        draft: &SourceDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Option<SourceId>, StoreFailure>;
    /// Removes a source; `false` when it is the only one.
    async fn remove_source(&self, id: SourceId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure>;
    /// Lets a source rest: nothing more leaves by it, and what waits for it is chosen anew. A rest that holds longer is
    /// not shortened. `false` when it is gone.
    async fn rest_source(
        &self,
        id: SourceId,
        rest: &Rest,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure>;
    /// Ends a rest.
    async fn lift_source(&self, id: SourceId, actor: Option<i64>, now: i64) -> Result<(), StoreFailure>;
    /// Keeps the result of a look at a source's health: its words as JSON, and the sending domains it is not for.
    async fn save_source_health(
        &self,
        id: SourceId,
        standing: &str,
        not_for: &[String],
        now: i64,
    ) -> Result<(), StoreFailure>;
    /// Keeps where a warm-up stands; tells of it where an operator did it, or where it is held or done.
    async fn save_warm_up(
        &self,
        id: SourceId,
        state: &WarmUp,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure>;
    /// What left through every source since an hour (see [`crate::source::counts::hour_of`]).
    async fn source_counts(&self, since_hour: i64) -> Result<Vec<HourCount>, StoreFailure>;
    /// Counts a complaint about a message against the source it left by.
    async fn count_complaint(&self, id: RecipientId, now: i64) -> Result<(), StoreFailure>;
    /// Which pool each lane leaves by.
    async fn lane_pools(&self) -> Result<LanePools, StoreFailure>;
    /// Changes which pool each lane leaves by.
    async fn set_lane_pools(
        &self,
        pools: &LanePools,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure>;
    /// The house's own secret (32 bytes, hex), made of `fresh` when there is none yet. Signs return paths and
    /// unsubscribe links, so it never changes.
    async fn house_secret(&self, fresh: &str) -> Result<String, StoreFailure>;
}

/// DNS as delivery needs it.
#[async_trait]
pub trait MxResolver: Send + Sync {
    /// Where a domain's mail goes.
    async fn mx(&self, domain: &str) -> MxAnswer;
    /// The addresses of a host; for smart hosts.
    async fn host(&self, name: &str) -> MxAnswer;
}

/// Opens SMTP sessions.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Connects to the first host that answers, through greeting, EHLO, TLS and AUTH.
    ///
    /// # Errors
    /// The failure of the last host tried.
    async fn connect(&self, hop: &NextHop) -> Result<Box<dyn Session>, Failure>;
}

/// What kind of octets a message has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BodyKind {
    /// ASCII in lines, as every server takes it.
    #[default]
    SevenBit,
    /// Lines with octets above 127 (RFC 6152).
    EightBit,
    /// Anything (RFC 3030).
    Binary,
}

/// What is known of a message before it is made, so that a server that cannot take it is not troubled with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailFacts {
    /// Its size in bytes (RFC 1870).
    pub size: Option<u64>,
    /// Its octets.
    pub body: BodyKind,
    /// Whether its header has characters beyond ASCII as they are (RFC 6531).
    pub utf8_headers: bool,
}

/// A message with its envelope, ready to go.
#[derive(Debug, Clone, Copy)]
pub struct Ready<'a> {
    /// Where bounces go.
    pub return_path: &'a ReversePath,
    /// To whom.
    pub to: &'a Address,
    /// Signed bytes with CRLF line ends.
    pub bytes: &'a [u8],
}

/// Watches over a run of messages.
pub trait RunWatch: Send {
    /// What came of the next message: the reply that matters. `tape` has what was said about it.
    fn told(&mut self, stage: mail::Stage, reply: Reply, tape: &mut Tape);
    /// Whether the leave to hand over still holds. Asked before each further envelope and each content.
    fn holds(&self) -> bool;
}

/// One SMTP session with a server. After an `Err` it must be dropped.
#[async_trait]
pub trait Session: Send {
    /// Whom we talk to.
    fn peer(&self) -> &Peer;
    /// What was said since it was last taken: how the session was opened, then the dialogue about each message.
    fn tape(&mut self) -> Option<&mut Tape> {
        None
    }
    /// Sends MAIL and RCPT (pipelined where offered, with a RSET before them after an unfinished transaction).
    /// `Ok` is the reply that matters: MAIL's when it was refused, else RCPT's.
    async fn envelope(
        &mut self,
        reverse_path: &ReversePath,
        to: &Address,
    ) -> Result<(mail::Stage, Reply), Failure>;
    /// The same for several recipients of one message with one return path: one reply for each, in order. Content may
    /// follow when one of them is a success; it goes to those. `Ok` is MAIL's reply when that was refused.
    async fn envelope_to_all(
        &mut self,
        reverse_path: &ReversePath,
        to: &[Address],
        facts: &MailFacts,
    ) -> Result<Result<Vec<Reply>, Reply>, Failure>;
    /// Sends the content after a successful [`Session::envelope`]. `Ok` is the reply to DATA when it was refused,
    /// else the reply to the final dot (waited for 10 minutes, RFC 5321 section 4.5.3.2.6).
    async fn content(&mut self, bytes: &[u8]) -> Result<(mail::Stage, Reply), Failure>;
    /// Sends messages that may all go now one behind the other, in as few flights as the server allows (RFC 2920, RFC
    /// 3030). Those that `watch` was not told of when it ends were not handed over, and the session then ends too. With
    /// an `Err` it is about the first of those.
    async fn run(&mut self, ready: &[Ready<'_>], watch: &mut dyn RunWatch) -> Result<(), Failure>;
    /// QUIT, without waiting long.
    async fn quit(self: Box<Self>);
}

/// A message ready to be handed over.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Signed bytes with CRLF line ends.
    pub bytes: Vec<u8>,
}

/// Why a message cannot be made.
#[derive(Debug, Clone)]
pub struct CannotPrepare {
    /// What is wrong; shown to the operator.
    pub detail: String,
}

/// Makes messages when they are about to be sent. Implemented by the feature that owns the content.
#[async_trait]
pub trait Messages: Send + Sync {
    /// The return path domain this recipient's bounces come back to. Cheap: cached per broadcast.
    async fn return_path_domain(&self, claimed: &Claimed) -> Result<String, StoreFailure>;
    /// Renders and signs. Same claimed row with fixed values, same bytes.
    async fn prepare(
        &self,
        claimed: &Claimed,
        return_path: &Address,
    ) -> Result<Result<Prepared, CannotPrepare>, StoreFailure>;
    /// The same for several rows: one answer for each, in order.
    async fn prepare_all(
        &self,
        rows: &[(&Claimed, &Address)],
    ) -> Result<Vec<Result<Prepared, CannotPrepare>>, StoreFailure>;
}
