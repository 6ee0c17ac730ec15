//! Claiming: order, shares, slow sites, leases, two nodes at once.

use std::collections::BTreeSet;

use audience::ContactStore;
use campaigns::{
    ports::BroadcastStore,
    report::{IN_DOUBT, RowFilter},
};
use delivery::{
    hurry::Hands,
    metrics::QueueNumbers,
    ports::{ClaimRequest, Grant, Pace, QueueStore, Recovered, Submission, Submitted},
    recipient::{Lane, State},
};
use tokio::sync::mpsc;

use crate::{
    mailing::{
        DAY, claim, drafted, mark, people, person, record, request, resend, running, running_to, send,
        states, to,
    },
    people::draft,
    world::{NOW, cases},
};

cases! {
    async fn rows_come_in_the_order_they_were_written(store: Store) {
        running_to(&store, &["a@one.example", "b@two.example", "c@one.example"]).await;
        let claimed = claim(&store, NOW).await;
        assert_eq!(to(&claimed), ["a@one.example", "b@two.example", "c@one.example"]);
        assert_eq!(claimed[1].site, "two.example");
        assert_eq!((claimed[0].lane, claimed[0].attempts, claimed[0].values_fixed), (Lane::Broadcast, 0, false));
        assert!(claim(&store, NOW).await.is_empty(), "they are leased");
    }

    async fn the_queue_is_counted_by_lane_phase_and_site(store: Store) {
        assert!(store.queue_numbers().await.unwrap().is_empty());
        let (id, _) = running_to(&store, &["a@one.example", "b@one.example", "c@two.example"]).await;
        let of = async || -> Vec<_> {
            let numbers = store.queue_numbers().await.unwrap();
            assert!(numbers.iter().all(|n| n.lane == Lane::Broadcast && n.oldest_due_at == NOW), "{numbers:?}");
            numbers.into_iter().map(|n| (n.phase, n.site, n.rows)).collect()
        };
        assert_eq!(of().await, [("ready", "one.example".into(), 2), ("ready", "two.example".into(), 1)]);
        let claimed = store.claim(&ClaimRequest { limit: 1, ..request("n", NOW) }).await.unwrap();
        assert_eq!(mark(&store, &claimed[0]).await, Grant::Proceed);
        assert!(store.pause(id, None, NOW).await.unwrap());
        assert_eq!(of().await, [
            ("paused", "one.example".into(), 1), ("paused", "two.example".into(), 1), ("committing", "one.example".into(), 1),
        ]);
    }

    async fn nothing_is_claimed_before_it_is_due(store: Store) {
        running_to(&store, &["a@one.example"]).await;
        assert!(claim(&store, NOW - 1).await.is_empty());
        assert_eq!(store.next_due_at().await.unwrap(), Some(NOW));
        assert_eq!(claim(&store, NOW).await.len(), 1);
        assert_eq!(store.next_due_at().await.unwrap(), None);
    }

    async fn a_site_gets_its_share_and_full_sites_get_none(store: Store) {
        running_to(&store, &["a@one.example", "b@one.example", "c@one.example", "d@two.example", "e@full.example"]).await;
        let mut wanted = request("n", NOW);
        (wanted.per_site, wanted.full_sites) = (2, vec![("full.example".into(), Lane::Transactional)]);
        let claimed = store.claim(&wanted).await.unwrap();
        assert_eq!(to(&claimed), ["a@one.example", "b@one.example", "d@two.example"]);
        wanted.limit = 1;
        assert_eq!(to(&store.claim(&wanted).await.unwrap()), ["c@one.example"]);
        assert!(store.claim(&wanted).await.unwrap().is_empty());
        wanted.full_sites.clear();
        assert_eq!(to(&store.claim(&wanted).await.unwrap()), ["e@full.example"]);
    }

    async fn a_slow_provider_does_not_hide_the_others(store: Store) {
        let slow: Vec<String> = (0..1_200).map(|n| format!("k{n}@slow.example")).collect();
        people(&store, &slow.iter().map(String::as_str).collect::<Vec<_>>()).await;
        people(&store, &["a@one.example", "b@two.example", "c@two.example", "\"d@x\"@three.example"]).await;
        let id = drafted(&store, campaigns::broadcast::AudienceKind::All).await;
        crate::mailing::begin(&store, id).await;
        let mut wanted = request("n", NOW);
        (wanted.limit, wanted.per_site) = (50, 10);
        let claimed = store.claim(&wanted).await.unwrap();
        let others: Vec<_> = to(&claimed).into_iter().filter(|to| !to.ends_with("slow.example")).collect();
        assert_eq!(others, ["a@one.example", "b@two.example", "c@two.example", "\"d@x\"@three.example"]);
        assert_eq!(claimed.len(), 14, "and the slow one gets its share");
        wanted.full_sites = vec![("slow.example".into(), Lane::Transactional)];
        assert!(store.claim(&wanted).await.unwrap().is_empty());
        person(&store, draft("late@four.example", "後", "")).await;
        running(&store).await;
        assert!(to(&store.claim(&wanted).await.unwrap()).contains(&"late@four.example"));
    }

    async fn a_single_mail_goes_before_a_broadcast(store: Store) {
        let (id, contacts) = running_to(&store, &["a@one.example", "b@one.example"]).await;
        let first = send(&store, State::Refused, "550 5.1.1 no").await;
        store.release("n", &store.claim(&request("m", NOW)).await.unwrap().iter().map(|r| r.id).collect::<Vec<_>>(), NOW).await.unwrap();
        store.recover("n", 0, NOW + 120_000).await.unwrap();
        resend(&store, id, contacts[0], first).await;
        let claimed = claim(&store, NOW).await;
        assert_eq!(claimed.iter().map(|row| row.lane).collect::<Vec<_>>(), [Lane::Transactional, Lane::Broadcast]);
    }

    async fn what_somebody_waits_for_is_claimed_by_itself(store: Store) {
        let (id, contacts) = running_to(&store, &["a@one.example"]).await;
        let urgent = ClaimRequest { lanes: Lane::URGENT, ..request("n", NOW) };
        assert!(store.claim(&urgent).await.unwrap().is_empty());
        let single = Submission {
            resend_of: None,
            broadcast_id: id,
            contact_id: contacts[0],
            lane: Lane::Reply,
            expires_at: NOW + 1_000,
            actor: None,
        };
        store.submit(&single, NOW).await.unwrap();
        let claimed = store.claim(&urgent).await.unwrap();
        assert_eq!(claimed.iter().map(|row| row.lane).collect::<Vec<_>>(), [Lane::Reply]);
        assert_eq!(claim(&store, NOW).await.iter().map(|row| row.lane).collect::<Vec<_>>(), [Lane::Broadcast]);
    }

    async fn what_somebody_waits_for_is_handed_over_when_it_is_queued(store: Store) {
        let (id, contacts) = running_to(&store, &["a@one.example", "b@one.example", "c@one.example"]).await;
        let single = |contact_id, lane| Submission {
            resend_of: None,
            broadcast_id: id,
            contact_id,
            lane,
            expires_at: NOW + DAY,
            actor: None,
        };
        let (rows, mut handed) = mpsc::unbounded_channel();
        store.hand_to(Hands { node: "n".into(), lease_ms: 60_000, rows });
        let order = single(contacts[0], Lane::Transactional);
        let Submitted::Queued(order_id) = store.submit(&order, NOW).await.unwrap() else { panic!("not queued") };
        let row = handed.try_recv().unwrap();
        assert_eq!((row.id, row.to.as_str(), row.site.as_str(), row.lane), (order_id, "a@one.example", "one.example", Lane::Transactional));
        let urgent = ClaimRequest { lanes: Lane::URGENT, ..request("n", NOW) };
        assert!(store.claim(&urgent).await.unwrap().is_empty(), "it is leased");
        assert_eq!(mark(&store, &row).await, Grant::Proceed);
        record(&store, row.id, State::Accepted, "250 ok").await;

        store.submit(&single(contacts[1], Lane::StepMail), NOW).await.unwrap();
        assert!(handed.try_recv().is_err(), "nobody waits for step mail");
        store.submit(&single(contacts[1], Lane::Reply), NOW).await.unwrap();
        let given_back = handed.try_recv().unwrap();
        store.release("n", &[given_back.id], NOW).await.unwrap();
        assert_eq!(store.claim(&urgent).await.unwrap().len(), 1, "what was given back is claimed as ever");
        assert!(store.pause(id, None, NOW).await.unwrap());
        store.submit(&single(contacts[2], Lane::Reply), NOW).await.unwrap();
        assert!(handed.try_recv().is_err(), "it is paused with its broadcast");
        assert!(store.resume(id, None, NOW).await.unwrap());
        assert_eq!(store.claim(&urgent).await.unwrap().len(), 1);

        store.submit(&single(contacts[0], Lane::Reply), NOW).await.unwrap();
        let later = NOW + DAY / 2;
        store.recover("another life", NOW, later).await.unwrap();
        let request = ClaimRequest { lanes: Lane::URGENT, ..request("another life", later) };
        assert_eq!(store.claim(&request).await.unwrap().len(), 3, "the dead process had leased three of them");
        handed.close();
        store.submit(&single(contacts[1], Lane::Reply), later).await.unwrap();
        assert_eq!(store.claim(&request).await.unwrap().len(), 1, "nobody is there to take it");
    }

    async fn broadcasts_share_a_claim_and_a_held_one_costs_nothing(store: Store) {
        let (first, _) = running_to(&store, &["a@one.example", "b@one.example", "c@one.example"]).await;
        let second = running(&store).await;
        let of = |claimed: &[delivery::ports::Claimed]| {
            let mut ids: Vec<i64> = claimed.iter().filter_map(|row| row.broadcast_id).collect();
            ids.sort_unstable();
            ids
        };
        let mut wanted = request("n", NOW);
        wanted.limit = 2;
        let claimed = store.claim(&wanted).await.unwrap();
        assert_eq!(of(&claimed), [first, second], "each its share");
        store.release("n", &claimed.iter().map(|row| row.id).collect::<Vec<_>>(), NOW).await.unwrap();
        let pace = |broadcast_id, priority, room| Pace { broadcast_id, priority, room };
        wanted.paces = vec![pace(first, 0, Some(0))];
        assert_eq!(of(&store.claim(&wanted).await.unwrap()), [second, second], "the first one waits for its hours");
        (wanted.limit, wanted.paces) = (9, vec![pace(first, 5, Some(2))]);
        assert_eq!(of(&store.claim(&wanted).await.unwrap()), [first, first, second], "never more than its rate allows");
        wanted.paces = vec![pace(first, 0, None)];
        assert_eq!(of(&store.claim(&wanted).await.unwrap()), [first]);
    }

    async fn a_broadcast_with_priority_goes_first(store: Store) {
        let (_, _) = running_to(&store, &["a@one.example", "b@one.example"]).await;
        let urgent = running(&store).await;
        let mut wanted = request("n", NOW);
        (wanted.limit, wanted.paces) = (2, vec![Pace { broadcast_id: urgent, priority: 1, room: None }]);
        let claimed = store.claim(&wanted).await.unwrap();
        assert!(claimed.len() == 2 && claimed.iter().all(|row| row.broadcast_id == Some(urgent)));
    }

    async fn a_site_full_of_broadcasts_still_gets_single_mails(store: Store) {
        let (id, contacts) = running_to(&store, &["a@one.example", "b@one.example"]).await;
        let first = send(&store, State::Refused, "550 5.1.1 no").await;
        resend(&store, id, contacts[0], first).await;
        let mut wanted = request("n", NOW + 120_000);
        wanted.full_sites = vec![("one.example".into(), Lane::StepMail)];
        let claimed = store.claim(&wanted).await.unwrap();
        assert_eq!(claimed.iter().map(|row| row.lane).collect::<Vec<_>>(), [Lane::Transactional]);
    }

    async fn values_are_the_contacts_until_they_are_fixed(store: Store) {
        let mut customer = draft("a@one.example", "花子", "K-1");
        customer.kana = "はなこ".into();
        customer.fields = [("会員".into(), "金".into()), ("name".into(), "列の名前".into())].into();
        let contact = person(&store, customer.clone()).await;
        running(&store).await;
        let first = claim(&store, NOW).await.remove(0);
        let value = |name: &str| first.values.get(name).map(String::as_str);
        assert_eq!(value("name"), Some("花子"), "a column of that name does not hide ours");
        assert_eq!((value("会員"), value("customer_number")), (Some("金"), Some("K-1")));
        assert_eq!((value("address"), value("phone"), value("kana")), (Some("a@one.example"), Some(""), Some("はなこ")));
        assert_eq!(mark(&store, &first).await, Grant::Proceed);
        record(&store, first.id, State::Deferred, "451 4.7.1 later").await;
        customer.name = "太郎".into();
        assert!(store.edit(contact, &customer, None, NOW).await.unwrap());
        let again = claim(&store, NOW + 60_000).await.remove(0);
        assert_eq!((again.values.clone(), again.values_fixed, again.attempts), (first.values.clone(), true, 1));
    }

    async fn rows_are_given_back(store: Store) {
        running_to(&store, &["a@one.example", "b@one.example"]).await;
        let claimed = claim(&store, NOW).await;
        store.release("other", &[claimed[0].id], NOW).await.unwrap();
        assert!(claim(&store, NOW).await.is_empty(), "another node cannot give them back");
        assert_eq!(mark(&store, &claimed[1]).await, Grant::Proceed);
        store.release("n", &[claimed[0].id, claimed[1].id], NOW + 5).await.unwrap();
        assert!(claim(&store, NOW).await.is_empty());
        assert_eq!(claim(&store, NOW + 5).await.len(), 2);
    }

    async fn a_restart_takes_leases_back(store: Store) {
        let (id, contacts) = running_to(&store, &["a@one.example", "b@one.example", "c@one.example"]).await;
        let refused = send(&store, State::Refused, "550 5.1.1 no").await;
        store.recover("n", 0, NOW + 120_000).await.unwrap();
        resend(&store, id, contacts[0], refused).await;
        let claimed = claim(&store, NOW).await;
        assert_eq!(claimed.len(), 3);
        for row in &claimed[..2] {
            assert_eq!(mark(&store, row).await, Grant::Proceed);
        }
        assert_eq!(store.recover("n", 0, NOW).await.unwrap(), Recovered::default(), "a living node keeps its own");
        let found = store.recover("next life", 0, NOW + 16 * 60_000).await.unwrap();
        assert_eq!(found, Recovered { requeued: 1, resent: 1, in_doubt: 1 });
        assert_eq!(states(&store, id).await, ["doubtful", "waiting", "waiting"]);
        // What is in doubt counts among the reasons, and its number leads to it.
        let reasons = store.by_reason(id).await.unwrap();
        let shown: Vec<_> = reasons.iter().map(|count| (count.state, count.reason.as_str(), count.recipients)).collect();
        assert_eq!(shown, [(State::Doubtful, IN_DOUBT, 1)]);
        let filter = RowFilter { reason: Some(IN_DOUBT.to_owned()), ..RowFilter::default() };
        let (rows, behind) = BroadcastStore::rows(&store, id, &filter, 0, 10).await.unwrap();
        assert_eq!((rows[0].state, behind), (State::Doubtful, 1));
        assert_eq!(mark(&store, &claimed[2]).await, Grant::Lost);
        assert_eq!(claim(&store, NOW).await.len(), 2);
    }

    async fn what_a_silent_process_held_is_taken_back(store: Store) {
        running_to(&store, &["a@one.example", "b@one.example"]).await;
        let second = 1_000;
        store.recover("n", NOW - 20 * second, NOW).await.unwrap();
        let claimed = claim(&store, NOW).await;
        assert_eq!(mark(&store, &claimed[0]).await, Grant::Proceed);
        if !store.is_shared() {
            return;
        }
        let found = async |node: &str, at: i64| store.recover(node, at - 20 * second, at).await.unwrap();
        let nothing = Recovered::default();
        assert_eq!(found("m", NOW + 10 * second).await, nothing, "the holder was heard of");
        assert_eq!(found("late", NOW + 25 * second).await, nothing, "who just came cannot know");
        assert_eq!(found("m", NOW + 35 * second).await, nothing, "who was silent itself does not judge");
        let taken = Recovered { requeued: 1, resent: 0, in_doubt: 1 };
        assert_eq!(found("m", NOW + 40 * second).await, taken);
        assert_eq!(mark(&store, &claimed[1]).await, Grant::Lost);
        assert_eq!(claim(&store, NOW).await.len(), 1);
    }

    async fn a_clock_that_jumps_takes_nothing_from_who_is_at_work(store: Store) {
        const DAY: i64 = 24 * 3_600_000;
        running_to(&store, &["a@one.example"]).await;
        let found = async |at: i64| store.recover("n", at - 20_000, at).await.unwrap();
        found(NOW).await;
        let claimed = claim(&store, NOW).await;
        assert_eq!(mark(&store, &claimed[0]).await, Grant::Proceed);
        assert_eq!(found(NOW + DAY).await, Recovered::default(), "its lease ended by the jump only");
        let ended = Recovered { requeued: 0, resent: 0, in_doubt: 1 };
        assert_eq!(found(NOW + DAY + 5_000).await, ended, "who forgot about a row gives it back all the same");
    }

    async fn two_nodes_never_hold_the_same_row(store: Store) {
        let addresses: Vec<String> = (0..400).map(|n| format!("k{n}@site{}.example", n % 7)).collect();
        running_to(&store, &addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let node = |name: &'static str| {
            let store = store.clone();
            tokio::spawn(async move {
                let (mut held, mut empty) = (Vec::new(), 0);
                while empty < 3 {
                    let mut wanted = request(name, NOW);
                    (wanted.limit, wanted.per_site) = (30, 9);
                    let claimed = store.claim(&wanted).await.unwrap();
                    empty = if claimed.is_empty() { empty + 1 } else { 0 };
                    held.extend(claimed.into_iter().map(|row| row.id));
                }
                held
            })
        };
        let (one, two, three) = (node("one"), node("two"), node("three"));
        let mut held = one.await.unwrap();
        held.extend(two.await.unwrap());
        held.extend(three.await.unwrap());
        assert_eq!(held.len(), 400);
        assert_eq!(held.iter().collect::<BTreeSet<_>>().len(), 400);
    }
}
