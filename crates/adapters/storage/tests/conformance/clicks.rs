//! Links of broadcasts, who followed them, and what that says about the message.

use audience::{
    ConsentStore,
    segment::{Rule, SegmentStore, Test, day_of},
};
use campaigns::{
    clicks::{Click, ClickStore, Clicks, Sign, WhoFilter, together},
    ports::BroadcastStore,
};
use delivery::{ports::Grant, recipient::State};
use evidence::ports::HistoryStore;
use storage::Store;

use crate::{
    mailing::{DAY, claim, mark, record, running_to},
    segments::one,
    world::{NOW, cases},
};

const TARGETS: [&str; 3] =
    ["https://hana.example/spring", "https://hana.example/sale", "https://other.example/"];

/// When a click of [`NOW`] is judged.
fn later() -> i64 {
    NOW + together().within_ms + 5_000
}

/// A broadcast with three links to two people whose servers took it; their messages, then the contacts.
async fn mailed(store: &Store) -> (i64, Vec<i64>, Vec<i64>) {
    let (id, contacts) = running_to(store, &["a@x.example", "b@x.example"]).await;
    let mut messages = Vec::new();
    for row in claim(store, NOW).await {
        assert_eq!(mark(store, &row).await, Grant::Proceed);
        record(store, row.id, State::Accepted, "250 ok").await;
        messages.push(row.id);
    }
    store.links_of(id, &TARGETS.map(str::to_owned)).await.unwrap();
    (id, messages, contacts)
}

async fn click(store: &Store, message: i64, number: u32, sign: Option<Sign>, at: i64) {
    let link = store.target(message, number).await.unwrap().expect("a link");
    let click = Click {
        recipient_id: message,
        broadcast_id: link.broadcast_id,
        contact_id: link.contact_id.expect("a contact"),
        number,
        sign,
        first_at: at,
        last_at: at,
        times: 1,
    };
    store.record_clicks(&[click]).await.unwrap();
}

async fn state(store: &Store, message: i64) -> State {
    HistoryStore::message(store, message).await.unwrap().unwrap().state
}

cases! {
    async fn a_number_never_changes_its_meaning(store: Store) {
        let (id, messages, contacts) = mailed(&store).await;
        let other = store.links_of(id, &["https://new.example/".to_owned()]).await.unwrap();
        assert_eq!(other, TARGETS);
        assert_eq!(store.links_of(id, &[]).await.unwrap(), TARGETS);
        assert_eq!(store.links_of(id + 1, &[]).await.unwrap(), [""; 0]);
        let link = store.target(messages[0], 1).await.unwrap().unwrap();
        assert_eq!((link.target.as_str(), link.contact_id), (TARGETS[1], Some(contacts[0])));
        assert_eq!(link.taken_at, Some(NOW + 40));
        assert_eq!(store.target(messages[0], 3).await.unwrap(), None);
        assert_eq!(store.target(1, 0).await.unwrap(), None);
    }

    async fn a_click_is_evidence_when_it_was_judged(store: Store) {
        let (id, messages, contacts) = mailed(&store).await;
        click(&store, messages[0], 1, None, NOW + 60_000).await;
        assert_eq!(store.judge_clicks(NOW + 61_000, 10).await.unwrap(), 0, "its time has not come");
        assert_eq!(state(&store, messages[0]).await, State::Accepted);
        assert_eq!(store.judge_clicks(later() + 60_000, 10).await.unwrap(), 1);
        assert_eq!(store.judge_clicks(later() + 60_000, 10).await.unwrap(), 0);
        assert_eq!(state(&store, messages[0]).await, State::Evidenced);
        assert_eq!(state(&store, messages[1]).await, State::Accepted);
        let story = HistoryStore::message(&store, messages[0]).await.unwrap().unwrap();
        assert_eq!(story.arrival_id, None);
        let kinds: Vec<String> =
            store.of_contact(contacts[0], 2).await.unwrap().into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [delivery::event::EVIDENCED, campaigns::event::CLICKED]);
        let counted = store.click_total(id).await.unwrap();
        assert_eq!(counted, Clicks { people: 1, times: 1, machine: 0 });
        assert_eq!(BroadcastStore::counts(&store, id).await.unwrap().of(State::Evidenced), 1);
    }

    async fn what_machines_do_counts_apart(store: Store) {
        let (id, messages, contacts) = mailed(&store).await;
        click(&store, messages[0], 0, Some(Sign::Soon), NOW + 100).await;
        click(&store, messages[0], 0, Some(Sign::Agent), NOW + 200).await;
        for number in 0..3 {
            click(&store, messages[1], number, None, NOW + 9_000 + i64::from(number)).await;
        }
        store.judge_clicks(later() + 9_000, 10).await.unwrap();
        assert_eq!(store.click_total(id).await.unwrap(), Clicks { people: 0, times: 0, machine: 5 });
        assert_eq!(state(&store, messages[1]).await, State::Accepted);
        // A person comes back to a link a machine has tried, and so do the links of the other mail, one by one.
        click(&store, messages[1], 1, None, NOW + 3_600_000).await;
        for number in 0..3 {
            click(&store, messages[0], number, None, NOW + DAY + i64::from(number) * 11_000).await;
        }
        store.judge_clicks(NOW + 2 * DAY, 10).await.unwrap();
        let counted: Vec<_> =
            store.link_counts(id).await.unwrap().into_iter().map(|link| (link.target, link.clicks)).collect();
        let expect = |people, times, machine| Clicks { people, times, machine };
        let expected = [expect(1, 1, 3), expect(2, 2, 1), expect(1, 1, 1)];
        assert_eq!(counted, TARGETS.map(str::to_owned).into_iter().zip(expected).collect::<Vec<_>>());
        assert_eq!(store.click_total(id).await.unwrap(), Clicks { people: 2, times: 4, machine: 5 });
        let check = async |number, machine, expected: &[(i64, u64, &[Sign])]| {
            let (found, total) = store.clickers(id, WhoFilter { number, machine }, (0, 10)).await.unwrap();
            let seen: Vec<_> = found.iter().map(|one| (one.contact_id, one.clicks, &one.signs[..])).collect();
            assert_eq!((seen.as_slice(), total), (expected, expected.len() as u64), "{number:?} {machine}");
        };
        let (a, b) = (contacts[0], contacts[1]);
        check(None, false, &[(a, 3, &[]), (b, 1, &[])]).await;
        check(Some(1), false, &[(a, 1, &[]), (b, 1, &[])]).await;
        check(Some(0), true, &[(b, 1, &[Sign::Together]), (a, 2, &[Sign::Agent, Sign::Soon])]).await;
        check(Some(7), false, &[]).await;
    }

    async fn however_often_there_is_one_row_a_day(store: Store) {
        let (id, messages, _) = mailed(&store).await;
        for n in 0..40 {
            click(&store, messages[0], 2, None, NOW + n).await;
        }
        let link = store.target(messages[0], 2).await.unwrap().unwrap();
        let many = Click {
            recipient_id: messages[0],
            broadcast_id: id,
            contact_id: link.contact_id.unwrap(),
            number: 2,
            sign: None,
            first_at: NOW + 100,
            last_at: NOW + 200,
            times: 990,
        };
        store.record_clicks(std::slice::from_ref(&many)).await.unwrap();
        store.judge_clicks(later(), 10).await.unwrap();
        let (found, _) = store.clickers(id, WhoFilter::default(), (0, 10)).await.unwrap();
        assert_eq!((found[0].clicks, found[0].last_at), (1_000, NOW + 200));
        store.record_clicks(&[Click { times: 3, first_at: NOW + DAY, last_at: NOW + DAY, ..many }]).await.unwrap();
        store.judge_clicks(later() + DAY, 10).await.unwrap();
        assert_eq!(store.click_total(id).await.unwrap().times, 1_003);
        let clicked = store.of_message(messages[0]).await.unwrap();
        let clicked = clicked.iter().filter(|event| event.kind == campaigns::event::CLICKED).count();
        assert_eq!(clicked, 2, "one event a day");
    }

    async fn who_was_erased_still_gets_there(store: Store) {
        let (id, messages, contacts) = mailed(&store).await;
        click(&store, messages[0], 0, None, NOW).await;
        store.judge_clicks(later(), 10).await.unwrap();
        store.erase(contacts[0], None, NOW + DAY).await.unwrap();
        let link = store.target(messages[0], 0).await.unwrap().unwrap();
        assert_eq!((link.target.as_str(), link.contact_id), (TARGETS[0], None));
        let (found, total) = store.clickers(id, WhoFilter::default(), (0, 10)).await.unwrap();
        assert_eq!((found[0].name.as_str(), found[0].address.as_str(), total), ("", "", 1), "a number stays");
    }

    async fn segments_ask_for_links(store: Store) {
        let (id, messages, contacts) = mailed(&store).await;
        click(&store, messages[0], 0, None, NOW).await;
        click(&store, messages[0], 1, None, NOW + DAY).await;
        click(&store, messages[0], 1, None, NOW + DAY + 1).await;
        click(&store, messages[1], 2, Some(Sign::Head), NOW).await;
        let now = NOW + 3 * DAY;
        store.judge_clicks(now, 10).await.unwrap();
        let (about, link, gone) = (id.to_string(), format!("{id}:1"), format!("{id}:77"));
        let check = async |test, values: [&str; 7], expected: &[i64]| {
            let rule = Rule::of(vec![one("deed:clicked", test, &values)]);
            let found = store.people(&rule, now, 0, 10).await.unwrap().unwrap();
            let mut found: Vec<i64> = found.iter().map(|contact| contact.id).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{test:?} {values:?}");
            let counted = SegmentStore::count(&store, &rule, now).await.unwrap().unwrap();
            assert_eq!(counted, expected.len() as u64, "{test:?} {values:?}");
            let why = store.why(&rule, contacts[0], now).await.unwrap().unwrap().unwrap();
            assert_eq!(why.belongs, expected.contains(&contacts[0]));
            why.ticks[1].value.clone()
        };
        let (a, b) = (contacts[0], contacts[1]);
        let day = audience::segment::written(day_of(NOW + DAY));
        assert_eq!(check(Test::Did, ["1", "", "", "", "", "", ""], &[a]).await, format!("3 ({day})"));
        assert_eq!(check(Test::DidNot, ["1", "", "", "", "", "", ""], &[b]).await, format!("3 ({day})"));
        check(Test::Did, ["3", "", "", "", &about, "", ""], &[a]).await;
        check(Test::Did, ["4", "", "", "", "", "", ""], &[]).await;
        assert_eq!(check(Test::Did, ["2", "", "", "", "", &link, ""], &[a]).await, format!("2 ({day})"));
        assert_eq!(check(Test::Did, ["3", "", "", "", "", &link, ""], &[]).await, format!("2 ({day})"));
        check(Test::Did, ["1", "", "", "", "", &gone, ""], &[]).await;
        check(Test::Did, ["1", "", "", "", "1", "", ""], &[]).await;
        check(Test::Did, ["1", "", "", "", "", "", "/SALE"], &[a]).await;
        assert_eq!(check(Test::Did, ["1", "", "", "", "", "", "%"], &[]).await, "0");
        check(Test::Did, ["3", "2", "", "", "", "", ""], &[]).await;
        check(Test::Did, ["2", "2", "", "", "", "", "hana"], &[a]).await;
        check(Test::DidNot, ["1", "1", "", "", "", "", ""], &[a, b]).await;
        let first = audience::segment::written(day_of(NOW));
        check(Test::Did, ["1", "", "", &first, "", "", ""], &[a]).await;
        check(Test::Did, ["2", "", "", &first, "", "", ""], &[]).await;
    }
}
