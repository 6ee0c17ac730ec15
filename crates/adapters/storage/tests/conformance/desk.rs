//! The desk: what waits for somebody, in rows and in groups.

use bounce::Reason;
use delivery::{ports::QueueStore, recipient::State};
use evidence::{
    desk::DeskFilter,
    ports::{DeskStore, HistoryStore},
};

use crate::{
    mailing::{bounced, claim, mark, person, record, running},
    people::draft,
    world::{NOW, cases},
};

async fn three_problems(store: &storage::Store) -> (i64, Vec<i64>) {
    for (n, provider) in ["gmail", "gmail", "docomo", "docomo"].iter().enumerate() {
        let mut customer = draft(&format!("k{n}@{provider}.example"), &format!("客{n}"), "");
        (customer.provider, customer.phone) = ((*provider).into(), format!("090-000{n}"));
        person(store, customer).await;
    }
    let id = running(store).await;
    let claimed = claim(store, NOW).await;
    for row in &claimed[..2] {
        mark(store, row).await;
        record(store, row.id, State::Refused, "550 5.1.1 no").await;
    }
    record(store, claimed[2].id, State::Accepted, "250 ok").await;
    let full = bounced(Reason::MailboxFull, "552 5.2.2 full");
    store.record_later(claimed[2].id, &full, 9, NOW + 900).await.unwrap();
    (id, claimed.iter().map(|row| row.id).collect())
}

cases! {
    async fn rows_of_the_desk(store: Store) {
        let (id, ids) = three_problems(&store).await;
        assert_eq!(store.open_count().await.unwrap(), 3);
        let check = async |filter: DeskFilter, expected: &[i64]| {
            let (rows, total) = DeskStore::rows(&store, &filter, 0, 10).await.unwrap();
            let seen: Vec<_> = rows.iter().map(|row| row.id).collect();
            assert_eq!((seen.as_slice(), total), (expected, expected.len() as u64), "{filter:?}");
        };
        let any = DeskFilter::default;
        check(any(), &[ids[2], ids[1], ids[0]]).await;
        check(DeskFilter { broadcast_id: Some(id), ..any() }, &[ids[2], ids[1], ids[0]]).await;
        check(DeskFilter { broadcast_id: Some(3), ..any() }, &[]).await;
        check(DeskFilter { reason: Some("mailboxfull".into()), ..any() }, &[ids[2]]).await;
        check(DeskFilter { provider: Some("gmail".into()), ..any() }, &[ids[1], ids[0]]).await;
        check(DeskFilter { state: Some(State::Bounced), ..any() }, &[ids[2]]).await;
        check(DeskFilter { search: "K0@".into(), ..any() }, &[ids[0]]).await;
        check(DeskFilter { search: "客1".into(), ..any() }, &[ids[1]]).await;
        check(DeskFilter { search: "冬のお花".into(), ..any() }, &[ids[2], ids[1], ids[0]]).await;
        for (code, expected) in [("42550", &ids[..2]), (" 42552 ", &ids[2..3]), ("41605", &[])] {
            let mut expected = expected.to_vec();
            expected.reverse();
            check(DeskFilter { search: code.into(), ..any() }, &expected).await;
        }
        let (rows, _) = DeskStore::rows(&store, &any(), 0, 1).await.unwrap();
        let newest = &rows[0];
        assert_eq!((newest.contact_name.as_str(), newest.phone.as_str()), ("客2", "090-0002"));
        assert_eq!((newest.reply.as_str(), newest.state_at), ("552 5.2.2 full", NOW + 900));
        assert_eq!(newest.verdict.as_ref().map(|v| v.reason), Some(Reason::MailboxFull));
    }

    async fn groups_share_a_reason_and_a_provider(store: Store) {
        three_problems(&store).await;
        let groups = store.groups(10).await.unwrap();
        let seen: Vec<_> = groups
            .iter()
            .map(|g| (g.state, g.reason.as_str(), g.fault.as_str(), g.provider.as_str(), g.recipients, g.newest_at))
            .collect();
        assert_eq!(seen, [
            (State::Refused, "userunknown", "recipient", "gmail", 2, NOW + 50),
            (State::Bounced, "mailboxfull", "recipient", "docomo", 1, NOW + 900),
        ]);
        assert_eq!(store.groups(1).await.unwrap().len(), 1);
    }

    async fn what_is_dealt_with_leaves_the_desk_and_may_come_back(store: Store) {
        let (_, ids) = three_problems(&store).await;
        assert_eq!(store.handle(&[ids[0], ids[1], ids[3]], "電話で伝えた", Some(1), NOW + 5).await.unwrap(), 2);
        assert_eq!(store.handle(&[ids[0]], "もう一度", Some(1), NOW + 6).await.unwrap(), 0);
        assert_eq!(store.open_count().await.unwrap(), 1);
        let all = DeskFilter { include_handled: true, ..DeskFilter::default() };
        assert_eq!(DeskStore::rows(&store, &all, 0, 10).await.unwrap().1, 3);
        let story = store.message(ids[0]).await.unwrap().unwrap();
        assert_eq!((story.handled_at, story.handled_note.as_str()), (Some(NOW + 5), "電話で伝えた"));
        let last = store.of_message(ids[0]).await.unwrap().pop().unwrap();
        assert_eq!((last.kind.as_str(), last.operator_id), ("mail.handled", Some(1)));
        assert_eq!(last.detail["note"], "電話で伝えた");
        assert_eq!(store.unhandle(&[ids[0], ids[2]], Some(2), NOW + 7).await.unwrap(), 1);
        let last = store.of_message(ids[0]).await.unwrap().pop().unwrap();
        assert_eq!((last.kind.as_str(), last.operator_id, last.at), ("mail.reopened", Some(2), NOW + 7));
        assert_eq!(store.open_count().await.unwrap(), 2);
    }

    async fn activity_is_of_the_period(store: Store) {
        three_problems(&store).await;
        assert_eq!(store.activity(NOW + 51).await.unwrap().by_state, [(State::Bounced, 1)]);
        let all = store.activity(NOW).await.unwrap().by_state;
        assert_eq!(all, [(State::Waiting, 1), (State::Refused, 2), (State::Bounced, 1)]);
    }

    async fn messages_to_one_contact(store: Store) {
        let contact = person(&store, draft("a@x.example", "花子", "")).await;
        let (first, second) = (running(&store).await, running(&store).await);
        let claimed = claim(&store, NOW).await;
        mark(&store, &claimed[0]).await;
        let stories = store.messages_to(contact, 10).await.unwrap();
        assert_eq!(stories.iter().map(|s| s.broadcast_id).collect::<Vec<_>>(), [second, first]);
        assert_eq!(stories[1].values.as_ref().unwrap()["name"], "花子");
        assert_eq!((stories[0].values.clone(), stories[0].next_at), (None, Some(NOW)));
        assert_eq!(store.messages_to(contact, 1).await.unwrap().len(), 1);
        assert!(store.message(1).await.unwrap().is_none());
    }
}
