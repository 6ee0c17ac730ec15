//! Several entries of one person, two people at one entry, and contacts found by keys of the caller's choice.

use audience::{
    ConsentStore, ContactDraft, ContactFilter, ContactStore, Edited, FieldDraft, FieldKind, FieldStore,
    ImportBatch, ImportRow, ImportStore, MergeRules, MergeStore, NewImport, OptOutRoute, UpsertKey, Upserted,
    event, plan_by_hand,
};
use evidence::ports::HistoryStore;
use storage::Store;

use crate::{
    people::{contact, draft},
    world::{NOW, cases},
};

async fn added(store: &Store, draft: &ContactDraft) -> i64 {
    store.add(draft, None, NOW).await.unwrap().unwrap()
}

async fn count(store: &Store) -> u64 {
    ContactStore::count(store, &ContactFilter::default()).await.unwrap()
}

fn keys(names: &[&str]) -> Vec<UpsertKey> {
    names.iter().map(|name| UpsertKey::from_name(name).unwrap()).collect()
}

cases! {
    async fn entries_become_one_and_apart_again(store: Store) {
        let mut old = draft("h@a.example", "花子", "1");
        old.fields.insert("色".into(), "赤".into());
        let old = added(&store, &old).await;
        let new = added(&store, &draft("h@a.example", "", "2")).await;
        let other = added(&store, &draft("x@a.example", "", "3")).await;
        store.opt_out(other, OptOutRoute::Page, None, NOW).await.unwrap();
        let (groups, total) = store.duplicates(0, 10).await.unwrap();
        assert_eq!((total, groups[0].len(), groups[0][0].id), (1, 2, new));
        let mut people = groups[0].clone();
        people.push(contact(&store, other).await);
        let plan = plan_by_hand(&people, new, &[("name".to_owned(), old), ("field:色".to_owned(), old)].into()).unwrap();
        let id = store.merge(&plan, Some(7), NOW + 1).await.unwrap().unwrap();
        assert_eq!(store.merge(&plan, None, NOW).await.unwrap(), None, "they are gone");
        let kept = contact(&store, new).await;
        assert_eq!((kept.name.as_str(), kept.external_id.as_str(), kept.fields["色"].as_str()), ("花子", "2", "赤"));
        assert!(kept.opted_out_at.is_some(), "a refusal of one holds for the person");
        assert_eq!((count(&store).await, store.duplicates(0, 10).await.unwrap().1), (1, 0));
        let told = HistoryStore::of_contact(&store, new, 50).await.unwrap();
        let kinds: Vec<_> = told.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == event::CONTACT_ADDED).count(), 3, "one history: {kinds:?}");
        assert_eq!(store.ledger(new).await.unwrap().len(), 2);
        assert_eq!(store.merges_of(new).await.unwrap()[0].others, plan.others);
        let import = store.create(NewImport { file_name: "a.csv".into(), created_by: None }, NOW).await.unwrap();
        store.start(import, NOW).await.unwrap();
        let row = ImportRow { row: 1, draft: draft("", "花子様", "1") };
        let batch = ImportBatch { rows_after: 1, bytes_after: 1, rows: vec![row], ..ImportBatch::default() };
        assert_eq!(store.apply(import, &batch, NOW).await.unwrap().updated, 1, "the old number leads to the survivor");
        assert_eq!(contact(&store, new).await.name, "花子様");
        let by_number = ContactFilter { search: "3".into(), ..ContactFilter::default() };
        let found = ContactStore::list(&store, &by_number, 0, 5).await.unwrap();
        assert_eq!((found.total, found.contacts[0].id), (1, new), "searched for, it leads there too");
        assert!(store.undo_merge(id, Some(7), NOW + 2).await.unwrap());
        assert!(!store.undo_merge(id, Some(7), NOW + 3).await.unwrap());
        assert_eq!(count(&store).await, 3);
        let back = contact(&store, new).await;
        assert_eq!((back.name.as_str(), back.fields.len(), back.opted_out_at), ("", 0, None));
        assert_eq!(contact(&store, old).await.external_id, "1");
        let plan = plan_by_hand(&[contact(&store, old).await, contact(&store, new).await], new, &[].into()).unwrap();
        store.merge(&plan, None, NOW + 4).await.unwrap().unwrap();
        let erased = store.erase(new, None, NOW + 5).await.unwrap().unwrap();
        assert!(ContactStore::get(&store, old).await.unwrap().is_none(), "what went into her goes with her: {erased:?}");
    }

    async fn duplicates_are_merged_by_rules(store: Store) {
        for n in 0..3 {
            added(&store, &draft("a@a.example", &format!("A{n}"), "")).await;
            added(&store, &draft("b@a.example", "", &format!("{n}"))).await;
        }
        added(&store, &draft("c@a.example", "C", "")).await;
        let rules = MergeRules { oldest_survives: true, ..MergeRules::default() };
        assert_eq!(store.merge_duplicates(&rules, 1, None, NOW).await.unwrap(), 1);
        assert_eq!(store.merge_duplicates(&rules, 10, None, NOW).await.unwrap(), 1);
        assert_eq!(store.merge_duplicates(&rules, 10, None, NOW).await.unwrap(), 0);
        let people = ContactStore::list(&store, &ContactFilter::default(), 0, 9).await.unwrap().contacts;
        let names: Vec<_> = people.iter().map(|contact| (contact.name.as_str(), contact.external_id.as_str())).collect();
        assert_eq!(names, [("C", ""), ("", "0"), ("A0", "")]);
    }

    async fn the_second_of_two_sees_what_changed(store: Store) {
        let id = added(&store, &draft("h@a.example", "花子", "1")).await;
        let seen = contact(&store, id).await.version;
        let change = draft("h@a.example", "花代", "1");
        assert_eq!(store.edit_version((id, seen), &change, None, NOW).await.unwrap(), Edited::Saved);
        let late = draft("h@a.example", "花江", "1");
        assert_eq!(store.edit_version((id, seen), &late, None, NOW).await.unwrap(), Edited::Overtaken);
        assert_eq!(contact(&store, id).await.name, "花代");
        assert_eq!(store.edit_version((id, seen + 1), &late, None, NOW).await.unwrap(), Edited::Saved);
        assert_eq!(store.edit_version((77, 1), &late, None, NOW).await.unwrap(), Edited::Refused);
    }

    async fn upsert_finds_by_the_keys_that_are_given(store: Store) {
        let wanted = FieldDraft { label: "会員番号".into(), kind: FieldKind::Number, choices: vec![], required: false };
        store.add_field(&wanted, None, NOW).await.unwrap();
        let mut person = draft("h@a.example", "花子", "1");
        person.fields.insert("会員番号".into(), "００７".into());
        let Upserted::Added(id) = store.upsert(&keys(&["external_id"]), &person, None, NOW).await.unwrap() else {
            panic!("not added")
        };
        assert_eq!(store.upsert(&keys(&["external_id"]), &person, None, NOW).await.unwrap(), Upserted::Unchanged(id));
        let mut change = draft("", "花代", "");
        change.fields.insert("会員番号".into(), "7".into());
        let by_field = keys(&["field:会員番号"]);
        assert_eq!(store.upsert(&by_field, &change, None, NOW).await.unwrap(), Upserted::Changed(id));
        let kept = contact(&store, id).await;
        assert_eq!((kept.name.as_str(), kept.address.as_deref()), ("花代", Some("h@a.example")), "empty changes nothing");
        assert_eq!(store.upsert(&keys(&["address"]), &change, None, NOW).await.unwrap(), Upserted::NoKey);
        assert_eq!(store.upsert(&keys(&["field:無い"]), &change, None, NOW).await.unwrap(), Upserted::NoKey);
        let both = keys(&["address", "external_id"]);
        assert_eq!(store.upsert(&both, &draft("h@a.example", "", "1"), None, NOW).await.unwrap(), Upserted::Unchanged(id));
        let other = store.upsert(&both, &draft("h@a.example", "別", "2"), None, NOW).await.unwrap();
        assert!(matches!(other, Upserted::Added(new) if new != id));
        change.external_id = "2".into();
        assert_eq!(store.upsert(&by_field, &change, None, NOW).await.unwrap(), Upserted::NumberTaken);
        change.external_id = String::new();
        added(&store, &change).await;
        assert_eq!(store.upsert(&by_field, &change, None, NOW).await.unwrap(), Upserted::Ambiguous);
        let after = store.list_after(&ContactFilter::default(), id, 10).await.unwrap();
        assert_eq!(after.len(), 2);
    }
}
