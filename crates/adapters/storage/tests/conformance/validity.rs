//! What failed messages do to an address: counted once, undone by what arrives, switched off and lifted with a reason.

use audience::{
    AddressFailure, Consequence, ContactFilter, ContactStore, Failure, Standing, ValiditySettings,
    ValidityStore, event,
};
use bounce::Reason;
use delivery::{
    ports::{Later, QueueStore},
    recipient::State,
};
use storage::Store;

use crate::{
    imports::imported,
    mailing::{DAY, claim, mark, record, running_to},
    people::{contact, draft, events},
    world::{NOW, cases},
};

async fn fails(store: &Store, recipient_id: i64, reason: Reason, at: i64) -> Consequence {
    let failure = AddressFailure {
        address_key: "h@a.example".into(),
        failure: Failure { recipient_id, at, reason, is_temporary: false },
        arrival_id: Some(900 + recipient_id),
    };
    store.record_failure(&failure, &ValiditySettings::default(), at).await.unwrap()
}

async fn invalid_reason(store: &Store, id: i64) -> Option<String> {
    contact(store, id).await.invalid_reason
}

cases! {
    async fn a_dead_address_is_switched_off_for_everybody_who_has_it(store: Store) {
        let one = store.add(&draft("H@a.example", "一", "1"), None, NOW).await.unwrap().unwrap();
        let two = store.add(&draft("h@a.example", "二", "2"), None, NOW).await.unwrap().unwrap();
        let other = store.add(&draft("o@a.example", "三", "3"), None, NOW).await.unwrap().unwrap();
        assert!(matches!(fails(&store, 7, Reason::UserUnknown, NOW + 5).await, Consequence::SwitchedOff(_)));
        for id in [one, two] {
            assert_eq!(contact(&store, id).await.invalid_at, Some(NOW + 5));
            assert_eq!(invalid_reason(&store, id).await.as_deref(), Some("userunknown"));
        }
        assert_eq!(contact(&store, other).await.standing(), Standing::Sendable);
        let told = events(&store, 5).await;
        let told: Vec<_> = told.iter().filter(|event| event.kind == event::ADDRESS_INVALID).collect();
        assert_eq!(told.len(), 2);
        assert_eq!((told[0].recipient_id, told[0].operator_id), (Some(7), None));
        let detail = serde_json::json!({
            "reason": "userunknown", "address_key": "h@a.example", "failures": 1, "since": NOW + 5, "arrival_id": 907,
        });
        assert_eq!(told[0].detail, detail);
    }

    async fn who_comes_with_an_address_known_to_be_dead_is_switched_off(store: Store) {
        let reason = async |id: i64| invalid_reason(&store, id).await;
        let first = store.add(&draft("h@a.example", "一", "1"), None, NOW).await.unwrap().unwrap();
        assert!(matches!(fails(&store, 7, Reason::UserUnknown, NOW).await, Consequence::SwitchedOff(_)));
        let second = store.add(&draft("H@a.example", "二", "2"), None, NOW).await.unwrap().unwrap();
        assert_eq!(reason(second).await.as_deref(), Some("userunknown"));
        // Also when nobody has it any more, by hand, by an edit and by a list.
        for id in [first, second] {
            assert!(store.edit(id, &draft("new@a.example", "一", ""), None, NOW).await.unwrap());
            assert_eq!(reason(id).await, None);
        }
        assert!(store.edit(second, &draft("h@a.example", "二", ""), None, NOW).await.unwrap());
        assert_eq!(reason(second).await.as_deref(), Some("userunknown"));
        imported(&store, vec![draft("h@a.example", "三", "9"), draft("fine@a.example", "四", "8")]).await;
        let listed = ContactStore::list(&store, &ContactFilter::default(), 0, 10).await.unwrap().contacts;
        let of = |number: &str| listed.iter().find(|contact| contact.external_id == number).unwrap();
        assert_eq!((of("9").invalid_reason.as_deref(), of("8").invalid_at), (Some("userunknown"), None));
        let told = events(&store, 12).await;
        let told = told.iter().filter(|event| event.kind == event::ADDRESS_INVALID && event.detail["is_known"] == true);
        assert_eq!(told.count(), 3);
        // Lifted for one, it is lifted for the address.
        store.mark_valid(second, "asked", None, NOW).await.unwrap();
        let third = store.add(&draft("h@a.example", "三", "3"), None, NOW).await.unwrap().unwrap();
        assert_eq!(reason(third).await, None);
    }

    async fn a_failure_counts_once_and_many_over_time_switch_off(store: Store) {
        let id = store.add(&draft("h@a.example", "一", "1"), None, NOW).await.unwrap().unwrap();
        for n in 0..3 {
            for _ in 0..2 {
                let seen = fails(&store, n, Reason::MailboxFull, NOW + n * 5 * DAY).await;
                let Consequence::Watched(run) = seen else { panic!("{seen:?}") };
                assert_eq!((i64::from(run.failures), run.failures_max), (n + 1, 4));
            }
        }
        assert_eq!(invalid_reason(&store, id).await, None);
        fails(&store, 4, Reason::MailboxFull, NOW + 15 * DAY).await;
        assert_eq!(invalid_reason(&store, id).await.as_deref(), Some("mailboxfull"));
        let history = store.address_history("h@a.example").await.unwrap();
        assert_eq!((history.failures.len(), history.delivered.len()), (4, 0));
        assert_eq!(history.failures.last().map(|failure| failure.at), Some(NOW));
    }

    async fn what_arrived_since_is_known(store: Store) {
        let (_, contacts) = running_to(&store, &["h@a.example"]).await;
        let row = claim(&store, NOW).await.remove(0);
        mark(&store, &row).await;
        record(&store, row.id, State::Accepted, "250 ok").await;
        fails(&store, 1, Reason::HostUnknown, NOW - DAY).await;
        let delivered = store.address_history("h@a.example").await.unwrap().delivered;
        assert_eq!(delivered.iter().map(|taken| (taken.at, taken.is_proven)).collect::<Vec<_>>(), [(NOW + 50, false)]);
        let evidence = Later::Evidenced { kind: "auto_reply" };
        assert!(store.record_later(row.id, &evidence, 5, NOW + 60).await.unwrap());
        let delivered = store.address_history("h@a.example").await.unwrap().delivered;
        assert_eq!(delivered.iter().map(|taken| (taken.at, taken.is_proven)).collect::<Vec<_>>(), [(NOW + 60, true)]);
        let seen = fails(&store, 2, Reason::HostUnknown, NOW + 3 * DAY).await;
        assert!(matches!(seen, Consequence::Watched(run) if run.failures == 1), "{seen:?}");
        assert!(store.edit(contacts[0], &draft("new@a.example", "客0", ""), None, NOW).await.unwrap());
        assert!(store.address_history("new@a.example").await.unwrap().delivered.is_empty());
        let known = store.address_history("h@a.example").await.unwrap();
        assert_eq!(known.failures.len(), 2, "the old address keeps what is known of it");
    }

    async fn a_person_switches_off_and_lifts_with_a_reason(store: Store) {
        let one = store.add(&draft("h@a.example", "一", "1"), None, NOW).await.unwrap().unwrap();
        let two = store.add(&draft("h@a.example", "二", "2"), None, NOW).await.unwrap().unwrap();
        let nowhere = store.add(&draft("", "三", "3"), None, NOW).await.unwrap().unwrap();
        fails(&store, 1, Reason::Suspend, NOW).await;
        store.switch_off(one, "moved away", Some(8), NOW + 1).await.unwrap();
        store.switch_off(one, "again", Some(8), NOW + 2).await.unwrap();
        store.switch_off(nowhere, "no address", Some(8), NOW + 2).await.unwrap();
        assert_eq!(invalid_reason(&store, two).await.as_deref(), Some(audience::BY_HAND));
        assert_eq!(invalid_reason(&store, nowhere).await, None);
        store.mark_valid(two, "asked her by phone", Some(9), NOW + 3).await.unwrap();
        assert_eq!(contact(&store, one).await.standing(), Standing::Sendable);
        assert!(store.address_history("h@a.example").await.unwrap().failures.is_empty());
        let told = events(&store, 7).await;
        let told: Vec<_> = told
            .iter()
            .filter(|event| event.contact_id == Some(one) && event.kind != event::CONTACT_ADDED)
            .map(|event| (event.kind.as_str(), event.operator_id, event.detail["note"].as_str()))
            .collect();
        assert_eq!(told, [
            (event::ADDRESS_INVALID, Some(8), Some("moved away")),
            (event::ADDRESS_VALID, Some(9), Some("asked her by phone")),
        ]);
    }
}
