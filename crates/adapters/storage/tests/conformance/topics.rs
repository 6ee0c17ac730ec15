//! Status, permission, topics and the trash: what else decides whether a customer gets mail.

use audience::{
    ContactFilter, ContactStatus, ContactStore, FieldDraft, FieldKind, FieldStore, OptOutRoute, Standing,
    TopicStore, event,
};
use storage::Store;

use crate::{
    people::{contact, draft, kinds_of},
    world::{NOW, cases},
};

async fn added(store: &Store, address: &str, number: &str) -> i64 {
    store.add(&draft(address, "客", number), None, NOW).await.unwrap().unwrap()
}

async fn count(store: &Store, trashed: bool) -> u64 {
    let filter = ContactFilter { trashed, ..ContactFilter::default() };
    ContactStore::count(store, &filter).await.unwrap()
}

cases! {
    async fn a_provisional_contact_is_not_made_valid_by_a_new_address(store: Store) {
        for (status, address, is_invalid) in [
            (ContactStatus::Provisional, "provisional@a.example", true),
            (ContactStatus::Registered, "registered@a.example", false),
        ] {
            let mut person = draft("old@a.example", "客", "");
            person.status = Some(status);
            let id = store.add(&person, None, NOW).await.unwrap().unwrap();
            store.mark_invalid("old@a.example", "userunknown", None, NOW).await.unwrap();
            let mut moved = draft(address, "客", "");
            moved.status = Some(status);
            assert!(store.edit(id, &moved, None, NOW + 1).await.unwrap());
            assert_eq!(contact(&store, id).await.invalid_at.is_some(), is_invalid, "{status:?}");
            let confirmed = audience::ContactDraft { status: Some(ContactStatus::Registered), ..moved };
            assert!(store.edit(id, &confirmed, None, NOW + 2).await.unwrap());
            assert_eq!(contact(&store, id).await.invalid_at.is_some(), is_invalid, "the address is the same");
            store.trash(&[id], true, None, NOW).await.unwrap();
        }
    }

    async fn permission_stands_beside_the_opt_out(store: Store) {
        let id = added(&store, "a@a.example", "1").await;
        let mut change = draft("a@a.example", "客", "1");
        change.dm_wanted = Some(false);
        store.edit(id, &change, None, NOW + 1).await.unwrap();
        let kept = contact(&store, id).await;
        assert_eq!((kept.dm_refused_at, kept.opted_out_at), (Some(NOW + 1), None));
        assert_eq!(kept.standing(), Standing::DmRefused);
        change.dm_wanted = None;
        store.edit(id, &change, None, NOW + 2).await.unwrap();
        assert_eq!(contact(&store, id).await.dm_refused_at, Some(NOW + 1), "not asked, not changed");
        change.dm_wanted = Some(true);
        change.status = Some(ContactStatus::Cancelled);
        store.edit(id, &change, None, NOW + 3).await.unwrap();
        assert_eq!(contact(&store, id).await.standing(), Standing::Resigned);
        for (standing, expected) in [(Standing::Resigned, 1), (Standing::DmRefused, 0), (Standing::Sendable, 0)] {
            let filter = ContactFilter { standing: Some(standing), ..ContactFilter::default() };
            assert_eq!(ContactStore::count(&store, &filter).await.unwrap(), expected, "{standing:?}");
        }
        assert_eq!(contact(&store, id).await.version, 3, "what changes nothing does not count");
    }

    async fn the_trash_gives_everything_back(store: Store) {
        let id = added(&store, "a@a.example", "1").await;
        added(&store, "b@a.example", "2").await;
        assert_eq!(store.trash(&[id], true, Some(1), NOW).await.unwrap(), 1);
        assert_eq!(store.trash(&[id, 77], true, Some(1), NOW).await.unwrap(), 0, "there already");
        assert_eq!((count(&store, false).await, count(&store, true).await), (1, 1));
        assert_eq!(store.trash(&[id], false, None, NOW).await.unwrap(), 1);
        assert_eq!(contact(&store, id).await.trashed_at, None);
        assert_eq!(
            kinds_of(&store, id, 4).await,
            [event::CONTACT_ADDED, event::CONTACT_TRASHED, event::CONTACT_RESTORED]
        );
    }

    async fn a_topic_is_refused_for_the_address(store: Store) {
        let news = store.save_topic(None, ("新商品", "月に1回"), NOW).await.unwrap().unwrap();
        let events = store.save_topic(None, ("催し", ""), NOW).await.unwrap().unwrap();
        assert_eq!(store.save_topic(None, ("催し", ""), NOW).await.unwrap(), None);
        assert_eq!(store.save_topic(Some(news), ("催し", ""), NOW).await.unwrap(), None);
        assert_eq!(store.save_topic(Some(77), ("何か", ""), NOW).await.unwrap(), None);
        assert_eq!(store.save_topic(Some(news), ("新しい品", "週に1回"), NOW).await.unwrap(), Some(news));
        let (one, two) = (added(&store, "a@a.example", "1").await, added(&store, "a@a.example", "2").await);
        let other = added(&store, "", "3").await;
        for _ in 0..2 {
            store.set_topic((one, news), false, (OptOutRoute::Page, None), NOW + 1).await.unwrap();
        }
        for (id, expected) in [(one, 1), (two, 1), (other, 0)] {
            let refusals = store.topic_refusals(id).await.unwrap();
            assert_eq!(refusals.len(), expected);
            assert!(refusals.iter().all(|refusal| refusal.topic_id == news && refusal.at == NOW + 1));
        }
        assert_eq!(kinds_of(&store, two, 5).await, [event::CONTACT_ADDED, event::TOPIC_OPTED_OUT]);
        store.set_topic((two, news), true, (OptOutRoute::Operator, Some(1)), NOW + 2).await.unwrap();
        assert_eq!(store.topic_refusals(one).await.unwrap(), []);
        store.archive_topic(events, true, NOW).await.unwrap();
        let names: Vec<_> = store.topics().await.unwrap().into_iter().map(|topic| topic.name).collect();
        assert_eq!(names, ["新しい品", "催し"]);
    }

    async fn a_file_is_a_value(store: Store) {
        let wanted = FieldDraft { label: "名刺".into(), kind: FieldKind::File, choices: vec![], required: false };
        let field = store.add_field(&wanted, None, NOW).await.unwrap().unwrap();
        let id = added(&store, "a@a.example", "1").await;
        let file = Some(("名刺.pdf".to_owned(), b"%PDF".to_vec()));
        assert!(store.set_file((id, field), file.clone(), Some(1), NOW).await.unwrap());
        assert!(!store.set_file((id, 77), file.clone(), None, NOW).await.unwrap());
        assert!(!store.set_file((77, field), file, None, NOW).await.unwrap());
        let (kept, bytes) = store.file_of(id, field).await.unwrap().unwrap();
        assert_eq!((kept.name.as_str(), kept.size, bytes.as_slice()), ("名刺.pdf", 4, &b"%PDF"[..]));
        assert!(store.set_file((id, field), None, None, NOW).await.unwrap());
        assert!(store.file_of(id, field).await.unwrap().is_none());
    }
}
