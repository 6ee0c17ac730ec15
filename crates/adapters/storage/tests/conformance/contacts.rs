//! Contacts: search, standings, edits, and what is known about an address.

use audience::{ContactDraft, ContactFilter, ContactStore, OptOutRoute, Standing, event};
use storage::Store;

use crate::{
    people::{contact, draft, events, kinds_of},
    world::{NOW, cases},
};

async fn added(store: &dyn ContactStore, draft: &ContactDraft) -> i64 {
    store.add(draft, None, NOW).await.unwrap().expect("the customer number is free")
}

async fn found(store: &Store, search: &str) -> Vec<String> {
    let filter = ContactFilter { search: search.into(), ..ContactFilter::default() };
    let page = ContactStore::list(store, &filter, 0, 10).await.unwrap();
    assert_eq!(page.total, page.contacts.len() as u64);
    page.contacts.into_iter().map(|contact| contact.name).collect()
}

cases! {
    async fn a_contact_comes_back_as_it_was_added(store: Store) {
        let mut new = draft("Hanako@yamada.example", "山田 花子", "A-1");
        new.kana = "やまだ はなこ".into();
        new.phone = "03-1234-5678".into();
        new.company = "花屋\0".into();
        new.note = "NULL '; \\ \"".into();
        new.provider = "ezweb".into();
        new.lookalike_of = Some("yamada.test".into());
        new.fields.insert("誕生日".into(), "1月2日".into());
        let id = added(&store, &new).await;
        let kept = contact(&store, id).await;
        assert_eq!(kept.address.as_deref(), Some("Hanako@yamada.example"));
        assert_eq!((kept.name.as_str(), kept.kana.as_str()), ("山田 花子", "やまだ はなこ"));
        assert_eq!((kept.phone.as_str(), kept.company.as_str()), ("03-1234-5678", "花屋\u{fffd}"));
        assert_eq!((kept.note.as_str(), kept.provider.as_str()), ("NULL '; \\ \"", "ezweb"));
        assert_eq!(kept.fields.get("誕生日").map(String::as_str), Some("1月2日"));
        assert_eq!(kept.lookalike_of.as_deref(), Some("yamada.test"));
        assert_eq!((kept.created_at, kept.updated_at), (NOW, NOW));
        assert_eq!(store.field_names().await.unwrap(), ["誕生日"]);
        assert_eq!(store.add(&draft("", "", "A-1"), None, NOW).await.unwrap(), None);
        assert!(ContactStore::get(&store, id + 1).await.unwrap().is_none());
    }

    async fn search_finds_however_it_is_typed(store: Store) {
        let mut hanako = draft("hanako_y@yamada.example", "山田 花子", "100%");
        hanako.kana = "ヤマダ ハナコ".into();
        hanako.phone = "０３-1234-5678".into();
        hanako.company = "㈱花屋".into();
        hanako.note = "Ｌサイズ".into();
        added(&store, &hanako).await;
        added(&store, &draft("taroxy@sato.example", "佐藤 太郎", "1000")).await;
        for search in [
            "山田", "花子 山田", "やまだ", "ﾔﾏﾀﾞ", "HANAKO", "hanako_", "0312345678", "03-12345-678",
            "(03)1234", "(株)花", "100%", "lサイズ", "山田　ハナコ",
        ] {
            assert_eq!(found(&store, search).await, ["山田 花子"], "{search}");
        }
        for search in ["山田 太郎", "o_x", "0%0", "\\"] {
            assert_eq!(found(&store, search).await, [""; 0], "{search}");
        }
        assert_eq!(found(&store, " ").await, ["佐藤 太郎", "山田 花子"], "newest first");
    }

    async fn a_page_is_a_part_of_the_list(store: Store) {
        for number in 0..5 {
            added(&store, &draft("", &format!("{number}"), "")).await;
        }
        let page = ContactStore::list(&store, &ContactFilter::default(), 1, 2).await.unwrap();
        let names: Vec<_> = page.contacts.iter().map(|contact| contact.name.as_str()).collect();
        assert_eq!((names, page.total), (vec!["3", "2"], 5));
    }

    async fn every_contact_has_exactly_one_standing(store: Store) {
        let mut lookalike = draft("l@gmial.test", "lookalike", "");
        lookalike.lookalike_of = Some("gmail.com".into());
        let sendable = added(&store, &draft("s@a.example", "sendable", "")).await;
        added(&store, &lookalike).await;
        added(&store, &draft("", "no_address", "")).await;
        let out = added(&store, &draft("o@a.example", "opted_out", "")).await;
        store.opt_out(out, OptOutRoute::Page, None, NOW).await.unwrap();
        store.mark_invalid("o@a.example", "userunknown", None, NOW).await.unwrap();
        added(&store, &draft("i@a.example", "invalid", "")).await;
        store.mark_invalid("i@a.example", "userunknown", None, NOW).await.unwrap();
        for standing in ["sendable", "lookalike", "no_address", "opted_out", "invalid"] {
            let filter = ContactFilter { standing: Standing::from_name(standing), ..ContactFilter::default() };
            let page = ContactStore::list(&store, &filter, 0, 10).await.unwrap();
            assert_eq!(page.contacts.len(), 1, "{standing}");
            assert_eq!(page.contacts[0].name, standing);
            assert_eq!(page.contacts[0].standing().name(), standing);
            assert_eq!(ContactStore::count(&store, &filter).await.unwrap(), 1);
        }
        assert_eq!(contact(&store, sendable).await.standing(), Standing::Sendable);
    }

    async fn a_changed_address_counts_as_working(store: Store) {
        let id = added(&store, &draft("old@a.example", "花子", "1")).await;
        store.mark_invalid("old@a.example", "userunknown", Some(7), NOW).await.unwrap();
        store.edit(id, &draft("Old@a.example", "花子", "1"), Some(2), NOW + 1).await.unwrap();
        let kept = contact(&store, id).await;
        assert_eq!((kept.address.as_deref(), kept.invalid_at), (Some("Old@a.example"), Some(NOW)), "a spelling");
        assert_eq!(kept.invalid_reason.as_deref(), Some("userunknown"));
        assert!(store.edit(id, &draft("new@a.example", "花子", "1"), Some(2), NOW + 2).await.unwrap());
        let kept = contact(&store, id).await;
        assert_eq!((kept.invalid_at, kept.invalid_reason, kept.updated_at), (None, None, NOW + 2));
        let last = events(&store, 4).await.pop().unwrap();
        assert_eq!((last.kind.as_str(), last.operator_id), (event::CONTACT_EDITED, Some(2)));
        assert_eq!(last.detail["address_before"], "Old@a.example");
        assert_eq!(last.detail["address_after"], "new@a.example");
        assert_eq!(last.detail["changed"], serde_json::json!(["address"]));
        store.mark_invalid("old@a.example", "userunknown", None, NOW + 3).await.unwrap();
        assert_eq!(contact(&store, id).await.invalid_at, None, "a late bounce of the old address");
    }

    async fn an_edit_keeps_customer_numbers_apart(store: Store) {
        added(&store, &draft("", "一", "1")).await;
        let two = added(&store, &draft("", "二", "2")).await;
        assert!(!store.edit(two, &draft("", "二", "1"), None, NOW).await.unwrap());
        assert!(!store.edit(two + 100_000_000, &draft("", "三", ""), None, NOW).await.unwrap());
        assert!(store.edit(two, &draft("", "二", "2"), None, NOW + 9).await.unwrap());
        assert_eq!(contact(&store, two).await.updated_at, NOW, "nothing changed");
        assert_eq!(kinds_of(&store, two, 2).await, [event::CONTACT_ADDED]);
    }

    async fn an_opt_out_holds_for_the_address(store: Store) {
        let first = added(&store, &draft("h@a.example", "花子", "1")).await;
        let second = added(&store, &draft("H@a.example", "花子", "2")).await;
        let other = added(&store, &draft("t@a.example", "太郎", "3")).await;
        for _ in 0..2 {
            store.opt_out(first, OptOutRoute::OneClick, None, NOW + 1).await.unwrap();
        }
        for id in [first, second] {
            let kept = contact(&store, id).await;
            assert_eq!((kept.opted_out_at, kept.opt_out_route), (Some(NOW + 1), Some(OptOutRoute::OneClick)));
            assert_eq!(kinds_of(&store, id, 5).await, [event::CONTACT_ADDED, event::CONTACT_OPTED_OUT]);
        }
        assert_eq!(contact(&store, other).await.opted_out_at, None);
        let third = added(&store, &draft("h@A.example", "花子", "4")).await;
        assert_eq!(contact(&store, third).await.opt_out_route, Some(OptOutRoute::OneClick), "known already");
        store.edit(other, &draft("h@a.example", "太郎", "3"), None, NOW + 2).await.unwrap();
        assert!(contact(&store, other).await.opted_out_at.is_some(), "moved to the address");
        store.opt_in(second, Some(1), NOW + 3).await.unwrap();
        for id in [first, second, third, other] {
            assert_eq!(contact(&store, id).await.opted_out_at, None);
        }
    }

    async fn a_contact_without_address_opts_out_alone(store: Store) {
        let one = added(&store, &draft("", "一", "")).await;
        let two = added(&store, &draft("", "二", "")).await;
        store.opt_out(one, OptOutRoute::Operator, Some(1), NOW).await.unwrap();
        assert!(contact(&store, one).await.opted_out_at.is_some());
        assert!(contact(&store, two).await.opted_out_at.is_none());
        let mut refusing = draft("r@a.example", "三", "");
        refusing.wants_mail = Some(false);
        let three = added(&store, &refusing).await;
        assert_eq!(contact(&store, three).await.opt_out_route, Some(OptOutRoute::Operator));
        refusing.wants_mail = Some(true);
        store.edit(three, &refusing, None, NOW).await.unwrap();
        assert!(contact(&store, three).await.opted_out_at.is_some(), "an edit never lifts it");
    }

    async fn an_address_is_invalid_until_somebody_says_otherwise(store: Store) {
        let mut lookalike = draft("h@a.example", "花子", "1");
        lookalike.lookalike_of = Some("b.example".into());
        let one = added(&store, &lookalike).await;
        let two = added(&store, &draft("h@a.example", "花子", "2")).await;
        store.mark_invalid("h@a.example", "userunknown", Some(77), NOW + 1).await.unwrap();
        store.mark_invalid("h@a.example", "hostunknown", Some(78), NOW + 2).await.unwrap();
        for id in [one, two] {
            let kept = contact(&store, id).await;
            assert_eq!((kept.invalid_at, kept.invalid_reason.as_deref()), (Some(NOW + 1), Some("userunknown")));
        }
        let told = events(&store, 4).await.pop().unwrap();
        assert_eq!((told.kind.as_str(), told.recipient_id), (event::ADDRESS_INVALID, Some(77)));
        assert_eq!(told.detail["reason"], "userunknown");
        store.mark_valid(two, "asked her", Some(1), NOW + 3).await.unwrap();
        store.confirm_address(one, Some(1), NOW + 4).await.unwrap();
        assert_eq!(contact(&store, one).await.standing(), Standing::Sendable);
        assert_eq!(
            kinds_of(&store, one, 7).await,
            [event::CONTACT_ADDED, event::ADDRESS_INVALID, event::ADDRESS_VALID, event::ADDRESS_CONFIRMED]
        );
    }
}
