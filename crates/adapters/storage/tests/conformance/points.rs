//! Several addresses and numbers of one contact: found, judged, preferred, merged, taken along and forgotten each for itself.

use audience::{
    AddressFailure, ContactFilter, ContactStore, Failure, MergeStore, PointDraft, PointKind, PointOutcome,
    PointStore, UpsertKey, Upserted, ValiditySettings, ValidityStore, event, plan_by_hand,
};
use audience::{ConsentStore, OptOutRoute};
use bounce::Reason;
use storage::Store;

use crate::{
    people::{contact, draft, kinds_of},
    world::{NOW, cases},
};

const BY: (Option<i64>, i64) = (Some(7), NOW + 1);

fn address(text: &str, label: &str) -> PointDraft {
    PointDraft::address(&addressing::read(text), label).unwrap()
}

fn phone(text: &str) -> PointDraft {
    PointDraft::phone(text, "携帯").unwrap()
}

async fn person(store: &Store, of: &str, number: &str) -> i64 {
    store.add(&draft(of, number, number), None, NOW).await.unwrap().unwrap()
}

async fn point(store: &Store, id: i64, draft: &PointDraft) -> i64 {
    let PointOutcome::Done(point) = store.add_point(id, draft, BY).await.unwrap() else {
        panic!("not added")
    };
    point
}

/// What a contact is reached by: the preferred address and number, then the others in use; `!` marks what is invalid.
async fn shown(store: &Store, id: i64) -> String {
    let kept = contact(store, id).await;
    let mark = |invalid: bool| if invalid { "!" } else { "" };
    let mut parts = vec![format!("{}{}", kept.address.unwrap_or_default(), mark(kept.invalid_at.is_some()))];
    parts.push(kept.phone);
    for point in store.points(id).await.unwrap().iter().filter(|point| point.removed_at.is_none()) {
        parts.push(format!("{}{}", point.draft.value, mark(point.invalid_at.is_some())));
    }
    parts.join(" ")
}

async fn found(store: &Store, words: &str) -> u64 {
    store.count(&ContactFilter { search: words.into(), ..ContactFilter::default() }).await.unwrap()
}

async fn dies(store: &Store, key: &str, message: i64, settings: ValiditySettings) {
    let failure =
        Failure { recipient_id: message, at: NOW + 5, reason: Reason::UserUnknown, is_temporary: false };
    let failure = AddressFailure { address_key: key.into(), failure, arrival_id: None };
    store.record_failure(&failure, &settings, NOW + 5).await.unwrap();
}

cases! {
    async fn added_changed_taken_off_and_back(store: Store) {
        let id = person(&store, "h@a.example", "1").await;
        let office = point(&store, id, &address("Office@b.example", "会社")).await;
        let mobile = point(&store, id, &phone("+81 90-1234-5678")).await;
        for (draft, expected) in [
            (address("office@B.example", ""), PointOutcome::Known),
            (address("h@a.example", ""), PointOutcome::Known),
            (phone("090 1234 5678"), PointOutcome::Known),
        ] {
            assert_eq!(store.add_point(id, &draft, BY).await.unwrap(), expected, "{draft:?}");
        }
        assert_eq!(store.add_point(77, &phone("03-1111-2222"), BY).await.unwrap(), PointOutcome::Gone);
        for words in ["office@b", "09012345678", "+81 90-1234", "ｏｆｆｉｃｅ"] {
            assert_eq!(found(&store, words).await, 1, "{words}");
        }
        assert_eq!(found(&store, "office 03-9999").await, 0);
        let moved = address("new@b.example", "新しい会社");
        assert_eq!(store.change_point((id, office), &moved, BY).await.unwrap(), PointOutcome::Done(office));
        assert_eq!(store.change_point((id, office), &address("h@a.example", ""), BY).await.unwrap(), PointOutcome::Known);
        assert_eq!(store.change_point((id, office), &phone("03-1111-2222"), BY).await.unwrap(), PointOutcome::Gone);
        assert!(store.remove_point((id, mobile), true, BY).await.unwrap());
        assert!(!store.remove_point((id, mobile), true, BY).await.unwrap());
        assert_eq!((found(&store, "09012345678").await, found(&store, "new@b.example").await), (0, 1));
        assert_eq!(shown(&store, id).await, "h@a.example  new@b.example");
        assert!(store.remove_point((id, mobile), false, BY).await.unwrap());
        assert_eq!(shown(&store, id).await, "h@a.example  new@b.example +81 90-1234-5678");
        let kinds = kinds_of(&store, id, 6).await;
        let expected = [
            event::CONTACT_ADDED, event::POINT_ADDED, event::POINT_ADDED, event::POINT_CHANGED, event::POINT_REMOVED,
            event::POINT_RESTORED,
        ];
        assert_eq!(kinds, expected);
        assert_eq!(store.most_points().await.unwrap(), (1, 1));
        store.remove_point((id, mobile), true, BY).await.unwrap();
        store.forget_expired(NOW + audience::POINT_KEPT_MS + 9).await.unwrap();
        assert_eq!(store.points(id).await.unwrap().len(), 1, "what was taken off long ago is gone");
    }

    async fn at_most_so_many(store: Store) {
        let id = person(&store, "h@a.example", "1").await;
        for n in 0..audience::POINTS_MAX {
            point(&store, id, &address(&format!("h{n}@a.example"), "")).await;
        }
        assert_eq!(store.add_point(id, &address("x@a.example", ""), BY).await.unwrap(), PointOutcome::Full);
    }

    async fn a_dead_address_says_nothing_of_the_others(store: Store) {
        let id = person(&store, "h@a.example", "1").await;
        let office = point(&store, id, &address("office@b.example", "会社")).await;
        let other = person(&store, "office@b.example", "2").await;
        dies(&store, "office@b.example", 5, ValiditySettings::default()).await;
        assert_eq!(shown(&store, id).await, "h@a.example  office@b.example!");
        assert_eq!(shown(&store, other).await, "office@b.example! ");
        dies(&store, "h@a.example", 6, ValiditySettings::default()).await;
        assert_eq!(shown(&store, id).await, "h@a.example!  office@b.example!");
        assert!(store.judge_point((id, office), (true, "asked"), BY).await.unwrap());
        assert_eq!(shown(&store, id).await, "h@a.example!  office@b.example");
        assert_eq!(shown(&store, other).await, "office@b.example ", "it is the same address");
        assert!(store.address_history("office@b.example").await.unwrap().failures.is_empty());
        assert!(store.judge_point((id, office), (false, "moved"), BY).await.unwrap());
        assert_eq!(shown(&store, other).await, "office@b.example! ");
        store.mark_valid(other, "asked her", Some(7), NOW + 9).await.unwrap();
        assert_eq!(shown(&store, id).await, "h@a.example!  office@b.example");
        // Who comes with an address that is known to be dead.
        let third = person(&store, "t@a.example", "3").await;
        point(&store, third, &address("H@a.example", "")).await;
        assert_eq!(shown(&store, third).await, "t@a.example  H@a.example!");
        // The same when it was only ever somebody's further one.
        let old = point(&store, third, &address("old@c.example", "")).await;
        assert!(store.judge_point((third, old), (false, "moved"), BY).await.unwrap());
        let fourth = person(&store, "old@c.example", "4").await;
        assert_eq!(shown(&store, fourth).await, "old@c.example! ");
    }

    async fn another_is_preferred_and_each_keeps_what_is_known(store: Store) {
        let mut person = draft("h@a.example", "花子", "1");
        person.phone = "03-1111-2222".into();
        let id = store.add(&person, None, NOW).await.unwrap().unwrap();
        store.label_preferred((id, PointKind::Address), "自宅", BY).await.unwrap();
        let office = point(&store, id, &address("office@b.example", "会社")).await;
        let mobile = point(&store, id, &phone("090-1234-5678")).await;
        dies(&store, "h@a.example", 6, ValiditySettings::default()).await;
        assert!(store.prefer_point((id, office), BY).await.unwrap());
        assert!(store.prefer_point((id, mobile), BY).await.unwrap());
        assert!(!store.prefer_point((id, 99), BY).await.unwrap());
        assert_eq!(shown(&store, id).await, "office@b.example 090-1234-5678 h@a.example! 03-1111-2222");
        let kept = contact(&store, id).await;
        assert_eq!((kept.address_label.as_str(), kept.phone_label.as_str()), ("会社", "携帯"));
        assert_eq!(store.points(id).await.unwrap()[0].draft.label, "自宅");
        assert_eq!(found(&store, "h@a.example").await, 1);
        assert!(store.prefer_point((id, office), BY).await.unwrap(), "and back");
        assert_eq!(shown(&store, id).await, "h@a.example! 090-1234-5678 office@b.example 03-1111-2222");
        // Whoever has an address and refused mail refused it for the address.
        let refuser = store.add(&draft("office@b.example", "他", "9"), None, NOW).await.unwrap().unwrap();
        store.opt_out(refuser, OptOutRoute::Page, None, NOW).await.unwrap();
        assert!(contact(&store, id).await.opted_out_at.is_none());
        store.prefer_point((id, office), BY).await.unwrap();
        assert!(contact(&store, id).await.opted_out_at.is_some());
    }

    async fn the_house_prefers_another_by_itself_where_it_may(store: Store) {
        let settings = ValiditySettings { prefers_another: true, ..ValiditySettings::default() };
        let id = person(&store, "h@a.example", "1").await;
        point(&store, id, &address("refused@b.example", "")).await;
        point(&store, id, &address("office@b.example", "")).await;
        let refuser = person(&store, "refused@b.example", "2").await;
        store.opt_out(refuser, OptOutRoute::Page, None, NOW).await.unwrap();
        dies(&store, "h@a.example", 6, settings).await;
        assert_eq!(shown(&store, id).await, "office@b.example  refused@b.example h@a.example!");
        assert!(contact(&store, id).await.opted_out_at.is_none());
        dies(&store, "office@b.example", 7, settings).await;
        assert_eq!(contact(&store, id).await.address.as_deref(), Some("office@b.example"), "none is left that may");
        let told = evidence::ports::HistoryStore::of_contact(&store, id, 50).await.unwrap();
        let told = told.iter().find(|event| event.kind == event::POINT_PREFERRED).unwrap();
        assert_eq!((told.recipient_id, told.detail["because"].as_str()), (Some(6), Some("invalid")));
    }

    async fn they_make_duplicates_and_a_merge_keeps_all(store: Store) {
        let one = person(&store, "h@a.example", "1").await;
        let two = person(&store, "office@b.example", "2").await;
        assert_eq!(store.duplicates(0, 10).await.unwrap().1, 0);
        point(&store, one, &address("Office@b.example", "会社")).await;
        let third = person(&store, "third@b.example", "3").await;
        point(&store, third, &phone("090-1234-5678")).await;
        point(&store, third, &address("h@a.example", "")).await;
        let (groups, total) = store.duplicates(0, 10).await.unwrap();
        let ids: Vec<Vec<i64>> = groups.iter().map(|group| group.iter().map(|one| one.id).collect()).collect();
        assert_eq!((total, ids), (2, vec![vec![third, one], vec![two, one]]));
        dies(&store, "office@b.example", 6, ValiditySettings::default()).await;
        let people = [contact(&store, one).await, contact(&store, two).await, contact(&store, third).await];
        let plan = plan_by_hand(&people, one, &[].into()).unwrap();
        let before = shown(&store, one).await;
        let merge = store.merge(&plan, None, NOW + 6).await.unwrap().unwrap();
        assert_eq!(shown(&store, one).await, "h@a.example  Office@b.example! third@b.example 090-1234-5678");
        assert_eq!(store.duplicates(0, 10).await.unwrap().1, 0);
        assert!(store.undo_merge(merge, None, NOW + 7).await.unwrap());
        assert_eq!(shown(&store, one).await, before);
        assert_eq!(shown(&store, third).await, "third@b.example  090-1234-5678 h@a.example");
    }

    async fn found_by_any_address_and_forgotten_with_the_person(store: Store) {
        let mut wanted = draft("h@a.example", "花子", "1");
        wanted.more = vec![address("office@b.example", "会社"), phone("090-1234-5678"), address("H@a.example", "")];
        let by = [UpsertKey::Address];
        let Upserted::Added(id) = store.upsert(&by, &wanted, None, NOW).await.unwrap() else { panic!("not added") };
        assert_eq!(shown(&store, id).await, "h@a.example  office@b.example 090-1234-5678");
        assert_eq!(store.upsert(&by, &wanted, None, NOW).await.unwrap(), Upserted::Unchanged(id));
        let change = draft("Office@b.example", "花代", "");
        assert_eq!(store.upsert(&by, &change, None, NOW).await.unwrap(), Upserted::Changed(id));
        let kept = contact(&store, id).await;
        assert_eq!((kept.address.as_deref(), kept.name.as_str()), (Some("h@a.example"), "花代"), "preferred stays");
        let mut more = draft("h@a.example", "花代", "");
        more.more = vec![phone("03-9999-8888")];
        assert_eq!(store.upsert(&by, &more, None, NOW).await.unwrap(), Upserted::Changed(id));
        assert!(store.edit(id, &draft("office@b.example", "花代", "1"), None, NOW).await.unwrap());
        assert_eq!(shown(&store, id).await, "office@b.example  090-1234-5678 03-9999-8888", "it is not there twice");
        dies(&store, "h@a.example", 8, ValiditySettings::default()).await;
        store.erase(id, None, NOW + 9).await.unwrap().unwrap();
        assert!(store.points(id).await.unwrap().is_empty());
        assert_eq!(found(&store, "03-9999").await, 0);
    }
}
