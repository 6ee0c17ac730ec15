//! Broadcasts: drafts, audiences, the life of a run, its numbers.

use std::time::Duration;

use audience::{ContactStore, OptOutRoute};
use campaigns::{
    broadcast::{AudienceKind, AudiencePart, BroadcastState, Waterfall},
    ports::BroadcastStore,
    report::RowFilter,
};
use delivery::{
    ports::QueueStore,
    recipient::{State, WithheldReason},
};

use crate::{
    mailing::{
        DAY, begin, claim, drafted, people, person, plan, record, row_of, running, running_to, send, states,
    },
    people::draft,
    world::{NOW, cases},
};

/// One of every kind: no address, opted out, invalid, look-alike, a duplicate with its newer one, two plain ones.
async fn everyone(store: &storage::Store) -> Vec<i64> {
    let contacts = people(
        store,
        &["", "out@x.example", "dead@x.example", "twin@x.example", "a@x.example", "b@y.example"],
    )
    .await;
    store.opt_out(contacts[1], OptOutRoute::Page, None, NOW).await.unwrap();
    store.mark_invalid("dead@x.example", "userunknown", None, NOW).await.unwrap();
    let mut trap = draft("c@gmai.example", "罠", "");
    trap.lookalike_of = Some("gmail.com".into());
    person(store, trap).await;
    person(store, draft("TWIN@x.example", "双子", "")).await;
    contacts
}

fn waterfall(asked: u64, withheld: &[(WithheldReason, u64)], remaining: u64) -> Waterfall {
    Waterfall { asked, withheld: withheld.to_vec(), remaining }
}

/// Behind every number of the preview stand that many people, and a page of them is a page.
async fn has_the_people(store: &storage::Store, id: i64, shown: &Waterfall) {
    let mut numbers = vec![(AudiencePart::Everyone, shown.asked), (AudiencePart::Remaining, shown.remaining)];
    numbers.extend(shown.withheld.iter().map(|(reason, people)| (AudiencePart::LeftOut(*reason), *people)));
    for (part, expected) in numbers {
        let people = store.audience(id, part, (0, 100), NOW).await.unwrap();
        assert_eq!(people.len() as u64, expected, "{part:?}");
        let second = store.audience(id, part, (1, 1), NOW).await.unwrap();
        assert_eq!(second.first(), people.get(1), "{part:?}");
    }
}

async fn state_of(store: &storage::Store, id: i64) -> BroadcastState {
    BroadcastStore::get(store, id).await.unwrap().unwrap().state
}

/// Whether the bell rings now, or rang since it was last asked.
async fn rings(bell: &tokio::sync::Notify) -> bool {
    tokio::time::timeout(Duration::from_millis(1), bell.notified()).await.is_ok()
}

cases! {
    async fn who_waits_hears_of_a_start_at_once(store: Store) {
        people(&store, &["a@x.example"]).await;
        let id = drafted(&store, AudienceKind::All).await;
        let (started, queued) = (store.broadcast_bell(), store.queue_bell());
        assert!(!rings(&started).await && !rings(&queued).await);
        BroadcastStore::start(&store, id, NOW + DAY, None, NOW).await.unwrap();
        assert!(rings(&started).await && !rings(&queued).await);
        store.write_audience(id, 10, NOW).await.unwrap();
        assert!(rings(&queued).await && !rings(&started).await);
        BroadcastStore::pause(&store, id, None, NOW).await.unwrap();
        assert!(!rings(&started).await);
        BroadcastStore::resume(&store, id, None, NOW).await.unwrap();
        assert!(rings(&started).await);
    }

    async fn a_draft_changes_until_it_starts(store: Store) {
        let id = drafted(&store, AudienceKind::All).await;
        let found = BroadcastStore::get(&store, id).await.unwrap().unwrap();
        let mut changed = plan(found.draft.template_id, AudienceKind::Picked);
        changed.name = "春のご案内".into();
        assert!(store.update(id, &changed).await.unwrap());
        assert_eq!(BroadcastStore::get(&store, id).await.unwrap().unwrap().draft, changed);
        let contacts = people(&store, &["a@x.example", "b@x.example"]).await;
        assert!(store.pick(id, &[contacts[0], contacts[1], 99], true).await.unwrap());
        assert!(store.pick(id, &[contacts[0]], true).await.unwrap());
        assert!(store.pick(id, &[contacts[1]], false).await.unwrap());
        assert_eq!(store.picked(id, 10).await.unwrap(), [contacts[0]]);
        begin(&store, id).await;
        assert!(!store.update(id, &changed).await.unwrap());
        assert!(!store.pick(id, &[contacts[1]], true).await.unwrap());
        assert!(!BroadcastStore::start(&store, id, NOW, None, NOW).await.unwrap());
        let newer = drafted(&store, AudienceKind::All).await;
        let list: Vec<_> = BroadcastStore::list(&store, 0, 1).await.unwrap().iter().map(|b| b.id).collect();
        assert_eq!(list, [newer]);
        assert!(BroadcastStore::get(&store, 5).await.unwrap().is_none());
    }

    async fn everybody_left_out_has_one_reason(store: Store) {
        use WithheldReason::{AddressInvalid, Duplicate, Lookalike, NoAddress, OptedOut};
        everyone(&store).await;
        let id = drafted(&store, AudienceKind::All).await;
        let expected = waterfall(
            8,
            &[(NoAddress, 1), (Duplicate, 1), (OptedOut, 1), (AddressInvalid, 1), (Lookalike, 1)],
            3,
        );
        assert_eq!(store.preview(id, NOW).await.unwrap(), expected);
        has_the_people(&store, id, &expected).await;
        assert!(BroadcastStore::start(&store, id, NOW + 1, None, NOW).await.unwrap());
        person(&store, draft("late@x.example", "後から", "")).await;
        assert_eq!(store.preparing().await.unwrap(), [id]);
        let mut steps = 1;
        while !store.write_audience(id, 3, NOW).await.unwrap() {
            steps += 1;
        }
        assert_eq!(steps, 3);
        assert!(store.preparing().await.unwrap().is_empty());
        assert_eq!(state_of(&store, id).await, BroadcastState::Running);
        assert_eq!(store.waterfall(id).await.unwrap(), expected);
        assert_eq!(store.counts(id).await.unwrap().total(), 8);
        assert_eq!(claim(&store, NOW).await.len(), 3);
        assert!(store.write_audience(id, 3, NOW).await.unwrap(), "and again changes nothing");
        assert_eq!(store.waterfall(id).await.unwrap(), expected);
    }

    async fn an_audience_may_be_the_sendable_or_the_picked(store: Store) {
        let contacts = everyone(&store).await;
        let sendable = drafted(&store, AudienceKind::Sendable).await;
        let expected = waterfall(4, &[(WithheldReason::Duplicate, 1)], 3);
        assert_eq!(store.preview(sendable, NOW).await.unwrap(), expected);
        has_the_people(&store, sendable, &expected).await;
        begin(&store, sendable).await;
        assert_eq!(store.waterfall(sendable).await.unwrap(), expected);
        let picked = drafted(&store, AudienceKind::Picked).await;
        store.pick(picked, &[contacts[0], contacts[3], contacts[4]], true).await.unwrap();
        // Her twin was not picked, so she is no duplicate here.
        let expected = waterfall(3, &[(WithheldReason::NoAddress, 1)], 2);
        assert_eq!(store.preview(picked, NOW).await.unwrap(), expected);
        has_the_people(&store, picked, &expected).await;
        begin(&store, picked).await;
        assert_eq!(store.waterfall(picked).await.unwrap(), expected);
    }

    async fn a_pause_during_preparation_is_kept(store: Store) {
        let contacts: Vec<String> = (0..9).map(|n| format!("k{n}@x.example")).collect();
        people(&store, &contacts.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let id = drafted(&store, AudienceKind::All).await;
        assert!(BroadcastStore::start(&store, id, NOW + 1, None, NOW).await.unwrap());
        assert!(!store.write_audience(id, 4, NOW).await.unwrap());
        assert_eq!(claim(&store, NOW).await.len(), 4, "delivery runs already");
        assert!(store.pause(id, None, NOW).await.unwrap());
        assert_eq!(store.preparing().await.unwrap(), [id]);
        while !store.write_audience(id, 4, NOW).await.unwrap() {}
        assert_eq!(state_of(&store, id).await, BroadcastState::Paused);
        assert!(claim(&store, NOW).await.is_empty());
        assert_eq!(store.next_due_at().await.unwrap(), None, "paused rows do not count");
        assert!(store.finish_idle(NOW).await.unwrap().is_empty());
        assert!(store.resume(id, None, NOW).await.unwrap());
        assert_eq!(state_of(&store, id).await, BroadcastState::Running);
        assert_eq!(claim(&store, NOW).await.len(), 5);
        assert!(!store.resume(id, None, NOW).await.unwrap());
    }

    async fn resuming_goes_on_preparing(store: Store) {
        people(&store, &["a@x.example", "b@x.example"]).await;
        let id = drafted(&store, AudienceKind::All).await;
        assert!(!store.pause(id, None, NOW).await.unwrap(), "a draft cannot be paused");
        assert!(BroadcastStore::start(&store, id, NOW + 1, None, NOW).await.unwrap());
        assert!(store.pause(id, None, NOW).await.unwrap());
        assert!(store.resume(id, None, NOW).await.unwrap());
        assert_eq!(state_of(&store, id).await, BroadcastState::Preparing);
    }

    async fn a_cancel_withholds_what_has_not_left(store: Store) {
        let (id, _) = running_to(&store, &["a@x.example", "b@x.example", "c@x.example"]).await;
        send(&store, State::Accepted, "250 ok").await;
        assert!(store.cancel(id, Some(1), NOW + 3).await.unwrap());
        assert!(!store.cancel(id, None, NOW + 4).await.unwrap());
        assert_eq!(states(&store, id).await, ["accepted", "withheld(cancelled)", "withheld(cancelled)"]);
        assert_eq!(BroadcastStore::get(&store, id).await.unwrap().unwrap().finished_at, Some(NOW + 3));
        assert!(store.finish_idle(NOW).await.unwrap().is_empty());
        let later = drafted(&store, AudienceKind::All).await;
        assert!(BroadcastStore::start(&store, later, NOW, None, NOW).await.unwrap());
        assert!(store.cancel(later, None, NOW).await.unwrap());
        assert!(store.write_audience(later, 10, NOW).await.unwrap(), "nobody is written down any more");
        assert_eq!(store.counts(later).await.unwrap().total(), 0);
    }

    async fn a_run_ends_when_its_queue_is_empty(store: Store) {
        let (id, _) = running_to(&store, &["a@x.example", ""]).await;
        assert!(store.finish_idle(NOW).await.unwrap().is_empty());
        let row = claim(&store, NOW).await.remove(0);
        record(&store, row.id, State::Deferred, "451 later").await;
        assert!(store.finish_idle(NOW).await.unwrap().is_empty());
        let row = claim(&store, NOW + 60_000).await.remove(0);
        record(&store, row.id, State::Accepted, "250 ok").await;
        assert_eq!(store.finish_idle(NOW + 8).await.unwrap(), [id]);
        assert!(store.finish_idle(NOW + 9).await.unwrap().is_empty());
        let found = BroadcastStore::get(&store, id).await.unwrap().unwrap();
        assert_eq!((found.state, found.finished_at), (BroadcastState::Finished, Some(NOW + 8)));
        assert!(!store.cancel(id, None, NOW).await.unwrap());
    }

    async fn numbers_are_those_of_the_rows(store: Store) {
        let mut known = draft("a@gmail.com", "山田花子", "");
        known.provider = "gmail".into();
        let yamada = person(&store, known).await;
        people(&store, &["b%x@x.example", "c@x.example", ""]).await;
        let id = running(&store).await;
        for (state, reply) in [(State::Refused, "550 5.1.1 no"), (State::Accepted, "250 ok")] {
            send(&store, state, reply).await;
            store.recover("m", 0, NOW + 120_000).await.unwrap();
        }
        let cells: Vec<_> = store.by_provider(id).await.unwrap().into_iter().map(|c| (c.provider, c.state, c.recipients)).collect();
        assert_eq!(cells, [
            (String::new(), State::Withheld, 1),
            (String::new(), State::Waiting, 1),
            (String::new(), State::Accepted, 1),
            ("gmail".into(), State::Refused, 1),
        ]);
        let reasons: Vec<_> = store.by_reason(id).await.unwrap().into_iter().map(|c| (c.reason, c.recipients)).collect();
        assert_eq!(reasons, [("no_address".into(), 1), ("userunknown".into(), 1)]);
        let check = async |filter: RowFilter, expected: &[&str]| {
            let (rows, total) = BroadcastStore::rows(&store, id, &filter, 0, 10).await.unwrap();
            let seen: Vec<_> = rows.iter().map(|row| row.address.as_str()).collect();
            assert_eq!((seen.as_slice(), total), (expected, expected.len() as u64), "{filter:?}");
        };
        check(RowFilter { state: Some(State::Waiting), ..RowFilter::default() }, &["c@x.example"]).await;
        let sent_to = RowFilter { is_sent_to: true, ..RowFilter::default() };
        check(sent_to, &["a@gmail.com", "b%x@x.example", "c@x.example"]).await;
        check(RowFilter { provider: Some("gmail".into()), ..RowFilter::default() }, &["a@gmail.com"]).await;
        check(RowFilter { reason: Some("no_address".into()), ..RowFilter::default() }, &[""]).await;
        check(RowFilter { reason: Some("userunknown".into()), ..RowFilter::default() }, &["a@gmail.com"]).await;
        check(RowFilter { search: "花子".into(), ..RowFilter::default() }, &["a@gmail.com"]).await;
        check(RowFilter { search: "B%X@".into(), ..RowFilter::default() }, &["b%x@x.example"]).await;
        check(RowFilter { search: "%".into(), ..RowFilter::default() }, &["b%x@x.example"]).await;
        let (page, total) = BroadcastStore::rows(&store, id, &RowFilter::default(), 2, 1).await.unwrap();
        assert_eq!((page[0].address.as_str(), page.len(), total), ("c@x.example", 1, 4));
        assert_eq!(row_of(&store, id, yamada).await.name, "山田花子");
    }
}
