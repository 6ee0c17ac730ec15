//! What comes back, and what it does: joined to its message, told as news, counted for the address or not.
#![expect(clippy::unwrap_used, reason = "a story ends at the first thing that is not as expected")]

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use audience::{ContactDraft, ContactStore, Standing, ValiditySettings};
use campaigns::{
    broadcast::{AudienceKind, BroadcastDraft, Purpose},
    ports::{BroadcastStore, TemplateStore},
    template::TemplateDraft,
};
use delivery::{
    attempt::Attempt,
    outcome::Outcome,
    ports::{ClaimRequest, CommitMark, QueueStore, Record, Submission, Submitted},
    recipient::{Lane, RecipientId, State},
    transcript::Spoken,
    verp::Seal,
};
use evidence::ports::HistoryStore;
use mail::{Reply, Stage};
use reception::{ArrivalKind, ArrivalStore, Destination, NewArrival};
use storage::Store;
use todoku::reactions::Reactions;

const START: i64 = 1_795_218_005_000;
const DAY: i64 = 24 * 3_600_000;
const SECRET: &str = "0123456789abcdef";

struct House {
    store: Arc<Store>,
    reactions: Reactions,
    clock: Arc<AtomicI64>,
    broadcast_id: i64,
    _folder: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        Self::with(ValiditySettings::default()).await
    }

    async fn with(validity_settings: ValiditySettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("house.db").display());
        let store = Arc::new(Store::open(&url).await.unwrap());
        let clock = Arc::new(AtomicI64::new(START));
        let now = Arc::clone(&clock);
        let reactions = Reactions {
            log: store.clone(),
            history: store.clone(),
            contacts: store.clone(),
            validity: store.clone(),
            validity_settings,
            queue: store.clone(),
            arrivals: store.clone(),
            sources: store.clone(),
            message_ids: Seal::message_ids(SECRET),
            health: Arc::default(),
            clock: Arc::new(move || now.load(Ordering::Relaxed)),
        };
        let content =
            TemplateDraft { name: "t".into(), subject: "s".into(), text: "{{ name }}".into(), html: None };
        let template_id = store.save(None, &content, None, START).await.unwrap();
        let draft = BroadcastDraft {
            records_clicks: false,
            purpose: Purpose::Advertising,
            pool: None,
            name: "b".into(),
            template_id,
            from_name: "Shop".into(),
            from_address: "info@hanaya.example".into(),
            reply_to: String::new(),
            audience: AudienceKind::All,
        };
        let broadcast_id = BroadcastStore::create(&*store, &draft, None, START).await.unwrap();
        assert!(BroadcastStore::start(&*store, broadcast_id, START + 400 * DAY, None, START).await.unwrap());
        while !store.write_audience(broadcast_id, 7, START).await.unwrap() {}
        Self { store, reactions, clock, broadcast_id, _folder: folder }
    }

    fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    fn pass(&self, milliseconds: i64) {
        self.clock.fetch_add(milliseconds, Ordering::Relaxed);
    }

    async fn contact(&self, address: &str) -> i64 {
        let draft = ContactDraft {
            address_key: Some(address.to_owned()),
            address: Some(address.to_owned()),
            name: "Hanako".into(),
            ..ContactDraft::default()
        };
        self.store.add(&draft, None, self.now()).await.unwrap().unwrap()
    }

    /// Sends one message; the other side answers with `reply`.
    async fn send(&self, contact_id: i64, reply: &str) -> RecipientId {
        let now = self.now();
        let submission = Submission {
            resend_of: None,
            broadcast_id: self.broadcast_id,
            contact_id,
            lane: Lane::Transactional,
            expires_at: now + DAY,
            actor: None,
        };
        let Submitted::Queued(id) = self.store.submit(&submission, now).await.unwrap() else {
            panic!("not queued")
        };
        let request = ClaimRequest {
            node: "n".into(),
            now,
            lanes: delivery::recipient::Lane::ALL,
            lease_until: now + 60_000,
            limit: 10,
            per_site: 10,
            full_sites: Vec::new(),
            paces: Vec::new(),
        };
        assert_eq!(self.store.claim(&request).await.unwrap().len(), 1);
        self.store
            .mark_committing("n", &[CommitMark { id, values: None, source: Default::default() }], now)
            .await
            .unwrap();
        let (reply, _) = Reply::from_lines([reply]);
        let verdict = (!reply.is_success())
            .then(|| bounce::understand(&bounce::Refusal::new(&reply, Stage::Content, now)));
        let state = if verdict.is_some() { State::Refused } else { State::Accepted };
        let attempt = Attempt {
            source: delivery::source::FIRST_SOURCE,
            started_at: now,
            ended_at: now,
            peer: None,
            stage: Stage::Content,
            reply: Some(reply),
            trouble: None,
            detail: String::new(),
        };
        let record = Record {
            id,
            provider: String::new(),
            attempt,
            outcome: Outcome { state, next_at: None, verdict },
            spoken: Spoken::default(),
        };
        self.store.record("n", &[record], now).await.unwrap();
        self.react().await;
        id
    }

    /// A mail comes in, to the return path of `to` or to postmaster; what it was taken for.
    async fn arrives(&self, to: Option<RecipientId>, raw: &str) -> ArrivalKind {
        let new = NewArrival {
            reverse_path: String::new(),
            forward_path: "x@bounce.hanaya.example".into(),
            destination: to.map_or(Destination::Role, Destination::ReturnPath),
            peer: "192.0.2.1 mx.midori.example".into(),
            raw: raw.as_bytes().to_vec(),
        };
        let id = self.store.keep(&new, self.now()).await.unwrap();
        self.react().await;
        self.store.get_arrival(id).await
    }

    async fn react(&self) {
        while self.reactions.step().await.unwrap() > 0 {}
    }

    async fn standing(&self, contact_id: i64) -> Standing {
        ContactStore::get(&*self.store, contact_id).await.unwrap().unwrap().standing()
    }

    /// State, and `joined_by` and `joined_confidence` of the last arrival that was read.
    async fn story(&self, id: RecipientId) -> (State, String) {
        let events = self.store.of_message(id).await.unwrap();
        let read = events.iter().rev().find(|event| event.kind == reception::event::RECOGNISED);
        let joined = read.map(|event| {
            let by = event.detail["joined_by"].as_str().unwrap_or("-").to_owned();
            format!("{by} {}", event.detail["joined_confidence"])
        });
        (self.store.message(id).await.unwrap().unwrap().state, joined.unwrap_or_default())
    }
}

/// Asks the store for an arrival by a name that is not the contact's.
trait Arrivals {
    async fn get_arrival(&self, id: i64) -> ArrivalKind;
}

impl Arrivals for Store {
    async fn get_arrival(&self, id: i64) -> ArrivalKind {
        ArrivalStore::get(self, id).await.unwrap().unwrap().kind
    }
}

/// A delivery report about `address`; `returned` is the header of the mail that comes back in it.
fn dsn(address: &str, action: &str, reply: &str, returned: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.midori.example\nSubject: Delivery report\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.midori.example\n\n\
         Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {}\nDiagnostic-Code: smtp; {reply}\n\n--x\n\
         Content-Type: text/rfc822-headers\n\nSubject: s\n{returned}\n--x--\n",
        &reply[4..9]
    )
}

const UNKNOWN: &str = "550 5.1.1 User unknown";
const HANAKO: &str = "hanako@midori.example";

#[tokio::test]
async fn a_dead_address_is_switched_off_by_its_bounce() {
    let house = House::open().await;
    let contact = house.contact(HANAKO).await;
    let id = house.send(contact, "250 ok").await;
    house.pass(3_600_000);
    assert_eq!(house.arrives(Some(id), &dsn(HANAKO, "failed", UNKNOWN, "")).await, ArrivalKind::Bounce);
    assert_eq!(house.story(id).await, (State::Bounced, "return_path 100".to_owned()));
    assert_eq!(house.standing(contact).await, Standing::Invalid);
    let told = house.store.of_contact(contact, 100).await.unwrap();
    let told = told.iter().find(|event| event.kind == audience::event::ADDRESS_INVALID).unwrap();
    assert_eq!(told.recipient_id, Some(id));
    assert!(told.detail["arrival_id"].as_i64().is_some(), "{}", told.detail);
    let moved = ContactDraft {
        address: Some("new@midori.example".into()),
        address_key: Some("new@midori.example".into()),
        ..ContactDraft::default()
    };
    assert!(house.store.edit(contact, &moved, None, house.now()).await.unwrap());
    assert_eq!(house.standing(contact).await, Standing::Sendable, "a changed address works again");
}

#[tokio::test]
async fn a_full_mailbox_needs_four_over_two_weeks() {
    let house = House::open().await;
    let contact = house.contact(HANAKO).await;
    for n in 0..4 {
        assert_eq!(house.standing(contact).await, Standing::Sendable, "after {n}");
        let id = house.send(contact, "250 ok").await;
        house.arrives(Some(id), &dsn(HANAKO, "failed", "552 5.2.2 Mailbox full", "")).await;
        house.pass(5 * DAY);
    }
    assert_eq!(house.standing(contact).await, Standing::Invalid);
    house.store.mark_valid(contact, "made room", None, house.now()).await.unwrap();
    let id = house.send(contact, "552 5.2.2 Mailbox full").await;
    assert_eq!(house.story(id).await.0, State::Refused);
    assert_eq!(house.standing(contact).await, Standing::Sendable, "counted anew");
}

#[tokio::test]
async fn living_customers_and_our_own_faults_never_count() {
    let house = House::open().await;
    let contact = house.contact("hanako@docomo.ne.jp").await;
    for reply in [
        "550 5.7.26 Unauthenticated email is not accepted due to the domain's DMARC policy",
        "554 5.7.1 Message rejected as spam",
        "552 5.3.4 Message too big",
        "550 5.2.0 Mail rejected by the recipient's mail filter settings",
    ] {
        for _ in 0..6 {
            house.send(contact, reply).await;
            house.pass(10 * DAY);
        }
        assert_eq!(house.standing(contact).await, Standing::Sendable, "{reply}");
    }
}

#[tokio::test]
async fn any_three_in_a_row_where_the_house_wants_it() {
    let house =
        House::with(ValiditySettings { failures_in_a_row: Some(3), ..ValiditySettings::default() }).await;
    let contact = house.contact(HANAKO).await;
    for reply in ["552 5.2.2 Mailbox full", "550 5.7.26 DMARC policy", "552 5.2.2 Mailbox full"] {
        house.send(contact, reply).await;
    }
    assert_eq!(house.standing(contact).await, Standing::Sendable);
    house.send(contact, "552 5.2.2 Mailbox full").await;
    assert_eq!(house.standing(contact).await, Standing::Invalid);
}

#[tokio::test]
async fn somebody_elses_failure_is_not_hers() {
    let house = House::open().await;
    let contact = house.contact(HANAKO).await;
    let id = house.send(contact, "250 ok").await;
    house.arrives(Some(id), &dsn("hana@mori.example", "failed", UNKNOWN, "")).await;
    assert_eq!(house.story(id).await.0, State::Bounced, "the message did not reach her all the same");
    assert_eq!(house.standing(contact).await, Standing::Sendable);
    let told = house.store.of_message(id).await.unwrap();
    let told = told.iter().find(|event| event.kind == delivery::event::BOUNCED).unwrap();
    assert_eq!((&told.detail["aside"], &told.detail["about"]), (&true.into(), &"hana@mori.example".into()));
}

#[tokio::test]
async fn an_auto_reply_is_evidence_and_nothing_else() {
    let house = House::open().await;
    let contact = house.contact(HANAKO).await;
    let id = house.send(contact, "250 ok").await;
    let away = "From: hanako@midori.example\nAuto-Submitted: auto-replied\nSubject: \
                =?utf-8?B?5LiN5Zyo?= unsubscribe stop\n\nUndeliverable until Monday. unsubscribe\n";
    assert_eq!(house.arrives(Some(id), away).await, ArrivalKind::AutoReply);
    assert_eq!(house.story(id).await.0, State::Evidenced);
    assert_eq!(house.standing(contact).await, Standing::Sendable);
}

#[tokio::test]
async fn a_complaint_stops_advertising_and_leaves_the_address() {
    let house = House::open().await;
    let contact = house.contact(HANAKO).await;
    let id = house.send(contact, "250 ok").await;
    let arf = |kind: &str| {
        format!(
            "From: fbl@midori.example\nSubject: report\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=feedback-report; boundary=x\n\n--x\n\
             Content-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: x/1\nVersion: 1\n\n--x\n\
             Content-Type: message/rfc822\n\nMessage-ID: <{}@hanaya.example>\nSubject: s\n\nhi\n--x--\n",
            Seal::message_ids(SECRET).token(id)
        )
    };
    assert_eq!(house.arrives(None, &arf("auth-failure")).await, ArrivalKind::Complaint);
    assert_eq!(house.standing(contact).await, Standing::Sendable);
    house.arrives(None, &arf("abuse")).await;
    assert_eq!(house.story(id).await, (State::Evidenced, "message_id 95".to_owned()));
    let kept = ContactStore::get(&*house.store, contact).await.unwrap().unwrap();
    assert_eq!((kept.opted_out_at, kept.invalid_at), (Some(house.now()), None));
    let told = evidence::ports::HistoryStore::of_contact(&*house.store, contact, 50).await.unwrap();
    let told = told.iter().find(|event| event.kind == audience::event::CONTACT_OPTED_OUT).unwrap();
    assert_eq!((told.recipient_id, told.detail["route"].as_str()), (Some(id), Some("complaint")));
}

#[tokio::test]
async fn what_is_only_late_or_passed_on_is_no_news() {
    let house = House::open().await;
    let contact = house.contact(HANAKO).await;
    let id = house.send(contact, "250 ok").await;
    let late = dsn(HANAKO, "delayed", "450 4.1.1 User unknown", "");
    assert_eq!(house.arrives(Some(id), &late).await, ArrivalKind::Delayed);
    house.arrives(Some(id), &dsn(HANAKO, "relayed", "250 2.0.0 Relayed", "")).await;
    assert_eq!(house.story(id).await.0, State::Accepted);
    house.arrives(Some(id), &dsn(HANAKO, "delivered", "250 2.0.0 Delivered", "")).await;
    assert_eq!(house.story(id).await.0, State::Evidenced);
    assert_eq!(house.standing(contact).await, Standing::Sendable);
}

#[tokio::test]
async fn a_bounce_finds_its_message_by_what_it_quotes() {
    let house = House::open().await;
    let contact = house.contact(HANAKO).await;
    let token = |id| Seal::message_ids(SECRET).token(id);
    let first = house.send(contact, "250 ok").await;
    let quoted = format!("Message-ID: <{}@hanaya.example>", token(first));
    house.arrives(None, &dsn("x@mori.example", "failed", UNKNOWN, &quoted)).await;
    assert_eq!(house.story(first).await, (State::Bounced, "message_id 95".to_owned()));
    let second = house.send(contact, "250 ok").await;
    let quoted = format!("Message-ID: <1@relay.example>\nX-Todoku-Trace: {}", token(second));
    house.arrives(None, &dsn("x@mori.example", "failed", UNKNOWN, &quoted)).await;
    assert_eq!(house.story(second).await, (State::Bounced, "trace 95".to_owned()));
    let third = house.send(contact, "250 ok").await;
    let forged = "Message-ID: <m-1-000000000000@hanaya.example>\nX-Todoku-Trace: m-1-000000000000";
    let kind = house.arrives(None, &dsn("x@mori.example", "failed", UNKNOWN, forged)).await;
    assert_eq!((kind, house.story(third).await.0), (ArrivalKind::Unmatched, State::Accepted));
}

#[tokio::test]
async fn a_bounce_without_marks_is_joined_only_when_one_message_fits() {
    let house = House::open().await;
    let contact = house.contact(HANAKO).await;
    let bare = dsn(HANAKO, "failed", UNKNOWN, "");
    assert_eq!(house.arrives(None, &bare).await, ArrivalKind::Unmatched, "nothing was sent there");
    let old = house.send(contact, "250 ok").await;
    house.pass(6 * DAY);
    assert_eq!(house.arrives(None, &bare).await, ArrivalKind::Unmatched, "too long ago");
    let id = house.send(contact, "250 ok").await;
    house.pass(DAY);
    assert_eq!(house.arrives(None, &bare).await, ArrivalKind::Bounce);
    assert_eq!(house.story(id).await, (State::Bounced, "recipient 60".to_owned()));
    assert_eq!(house.story(old).await.0, State::Accepted);
    assert_eq!(house.standing(contact).await, Standing::Sendable, "anybody can write such a mail");
    house.send(contact, "250 ok").await;
    house.send(contact, "250 ok").await;
    assert_eq!(house.arrives(None, &bare).await, ArrivalKind::Unmatched, "two could be meant");
}
