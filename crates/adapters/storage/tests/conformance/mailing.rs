//! A small mailing to test the queue with: contacts, a template, a started broadcast, and short ways to act on it.

use audience::{ContactDraft, ContactStore};
use bounce::{Fault, Permanence, Reason, Verdict};
use campaigns::{
    broadcast::{AudienceKind, BroadcastDraft, BroadcastId, Purpose},
    ports::{BroadcastStore, TemplateStore},
    report::{Row, RowFilter},
    template::TemplateDraft,
};
use delivery::{
    attempt::{Attempt, Peer},
    outcome::Outcome,
    ports::{
        ClaimRequest, Claimed, CommitMark, Grant, Later, Leaving, QueueStore, Record, Submission, Submitted,
    },
    recipient::{Lane, RecipientId, State},
    source::FIRST_SOURCE,
    transcript::Spoken,
};
use mail::{Reply, Stage};
use storage::Store;

use crate::{people::draft, world::NOW};

/// A day.
pub const DAY: i64 = 24 * 60 * 60_000;

/// Adds a contact.
pub async fn person(store: &Store, draft: ContactDraft) -> i64 {
    store.add(&draft, None, NOW).await.unwrap().expect("a free customer number")
}

/// Adds contacts with these addresses.
pub async fn people(store: &Store, addresses: &[&str]) -> Vec<i64> {
    let mut ids = Vec::new();
    for (n, address) in addresses.iter().enumerate() {
        ids.push(person(store, draft(address, &format!("客{n}"), "")).await);
    }
    ids
}

/// What an operator decides.
pub fn plan(template_id: i64, audience: AudienceKind) -> BroadcastDraft {
    BroadcastDraft {
        records_clicks: false,
        purpose: Purpose::Advertising,
        pool: None,
        name: "冬のご案内".into(),
        template_id,
        from_name: "花屋".into(),
        from_address: "info@hanaya.example".into(),
        reply_to: String::new(),
        audience,
    }
}

/// A template and a draft that uses it.
pub async fn drafted(store: &Store, audience: AudienceKind) -> BroadcastId {
    let content = TemplateDraft {
        name: "冬".into(),
        subject: "冬のお花のご案内".into(),
        text: "{{ name }}様".into(),
        html: None,
    };
    let template = store.save(None, &content, None, NOW).await.unwrap();
    BroadcastStore::create(store, &plan(template, audience), None, NOW).await.unwrap()
}

/// Starts a draft and writes its audience down.
pub async fn begin(store: &Store, id: BroadcastId) {
    assert!(BroadcastStore::start(store, id, NOW + DAY, None, NOW).await.unwrap());
    while !store.write_audience(id, 7, NOW).await.unwrap() {}
}

/// A broadcast to everybody, running.
pub async fn running(store: &Store) -> BroadcastId {
    let id = drafted(store, AudienceKind::All).await;
    begin(store, id).await;
    id
}

/// A broadcast to contacts with these addresses, running.
pub async fn running_to(store: &Store, addresses: &[&str]) -> (BroadcastId, Vec<i64>) {
    let contacts = people(store, addresses).await;
    (running(store).await, contacts)
}

/// A claim of `node` with room for everything.
pub fn request(node: &str, now: i64) -> ClaimRequest {
    ClaimRequest {
        node: node.into(),
        now,
        lanes: delivery::recipient::Lane::ALL,
        lease_until: now + 60_000,
        limit: 500,
        per_site: 500,
        full_sites: Vec::new(),
        paces: Vec::new(),
    }
}

/// Claims what is due for node `n`.
pub async fn claim(store: &Store, now: i64) -> Vec<Claimed> {
    store.claim(&request("n", now)).await.unwrap()
}

/// Where claimed rows go, in the order they came.
pub fn to(claimed: &[Claimed]) -> Vec<&str> {
    claimed.iter().map(|row| row.to.as_str()).collect()
}

/// Asks leave for one row of node `n`.
pub async fn mark(store: &Store, row: &Claimed) -> Grant {
    let mark = CommitMark {
        id: row.id,
        values: (!row.values_fixed).then(|| row.values.clone()),
        source: Leaving::default(),
    };
    store.mark_committing("n", &[mark], NOW).await.unwrap()[0]
}

/// A verdict.
pub fn verdict(reason: Reason, evidence: &str) -> Verdict {
    Verdict {
        reason,
        permanence: Permanence::Permanent,
        fault: Fault::Recipient,
        evidence: evidence.into(),
        rule: "test".into(),
        rule_pack: "1".into(),
        confidence: 90,
    }
}

/// A bounce that came later and quotes this reply.
pub fn bounced(reason: Reason, line: &str) -> Later {
    Later::Bounced { verdict: verdict(reason, line), reply: Reply::from_lines([line]).0 }
}

/// A try that ended with this reply and became this.
pub fn tried(id: RecipientId, state: State, reply: &str) -> Record {
    let (reply, _) = Reply::from_lines([reply]);
    let words = reply.line();
    let verdict = (state != State::Accepted).then(|| verdict(Reason::UserUnknown, &words));
    Record {
        id,
        provider: "gmail".into(),
        attempt: Attempt {
            source: FIRST_SOURCE,
            started_at: NOW,
            ended_at: NOW + 40,
            peer: Some(Peer { host: "mx.example".into(), address: "192.0.2.1:25".into(), ..Peer::default() }),
            stage: Stage::Content,
            reply: Some(reply),
            trouble: None,
            detail: String::new(),
        },
        outcome: Outcome { state, next_at: (state == State::Deferred).then_some(NOW + 60_000), verdict },
        spoken: Spoken::default(),
    }
}

/// Records one try of node `n`.
pub async fn record(store: &Store, id: RecipientId, state: State, reply: &str) {
    store.record("n", &[tried(id, state, reply)], NOW + 50).await.unwrap();
}

/// Claims, marks and records one recipient to the end.
pub async fn send(store: &Store, state: State, reply: &str) -> RecipientId {
    let row = claim(store, NOW).await.into_iter().next().expect("a due row");
    assert_eq!(mark(store, &row).await, Grant::Proceed);
    record(store, row.id, state, reply).await;
    row.id
}

/// Every row of a broadcast, by key.
pub async fn rows(store: &Store, id: BroadcastId) -> Vec<Row> {
    BroadcastStore::rows(store, id, &RowFilter::default(), 0, 10_000).await.unwrap().0
}

/// The row of one contact.
pub async fn row_of(store: &Store, id: BroadcastId, contact_id: i64) -> Row {
    rows(store, id).await.into_iter().find(|row| row.contact_id == contact_id).expect("a row")
}

/// `state` or `state(reason)` of every row of a broadcast, by key.
pub async fn states(store: &Store, id: BroadcastId) -> Vec<String> {
    let words = |row: Row| {
        let why = row.withheld.map(|reason| reason.name().to_owned()).or(row.reason);
        why.map_or(row.state.name().to_owned(), |why| format!("{}({why})", row.state.name()))
    };
    rows(store, id).await.into_iter().map(words).collect()
}

/// Asks for a resend at the desk.
pub async fn resend(store: &Store, broadcast_id: i64, contact_id: i64, of: RecipientId) -> Submitted {
    let submission = Submission {
        resend_of: Some(of),
        broadcast_id,
        contact_id,
        lane: Lane::Transactional,
        expires_at: NOW + DAY,
        actor: Some(1),
    };
    store.submit(&submission, NOW).await.unwrap()
}
