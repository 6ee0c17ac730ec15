//! Segments: saving under a name of their own, who belongs, why, and what refers to them.

use audience::{
    ContactStore, OptOutRoute,
    segment::{
        Condition, Group, Join, Part, Rule, Saved, SegmentDraft, SegmentId, SegmentStore, Subject, Test,
        UsedBy,
    },
};

use crate::{
    mailing::{DAY, people, running_to, send},
    people::draft,
    world::{NOW, cases},
};
use delivery::{ports::QueueStore, recipient::State};
use storage::Store;

/// A condition, by the word of what it is about.
pub fn one(of: &str, test: Test, values: &[&str]) -> Condition {
    Condition::new(Subject::from(of.to_owned()), test, values)
}

/// A draft of one condition.
fn named(name: &str, condition: Condition) -> SegmentDraft {
    SegmentDraft { name: name.into(), rule: Rule::of(vec![condition]) }
}

async fn saved(store: &Store, name: &str, condition: Condition) -> SegmentId {
    match SegmentStore::save(store, None, &named(name, condition), Some(1), NOW).await.unwrap() {
        Saved::Yes(id) => id,
        other => panic!("{other:?}"),
    }
}

/// How many belong; the list behind the number has as many, each of whom has all the ticks she needs.
async fn belonging(store: &Store, rule: &Rule) -> Vec<String> {
    let count = SegmentStore::count(store, rule, NOW).await.unwrap().unwrap();
    let found = store.people(rule, NOW, 0, 100).await.unwrap().unwrap();
    assert_eq!(count, found.len() as u64, "{rule:?}");
    for contact in &found {
        assert!(store.why(rule, contact.id, NOW).await.unwrap().unwrap().unwrap().belongs, "{rule:?}");
    }
    let mut names: Vec<String> = found.into_iter().map(|contact| contact.name).collect();
    names.sort();
    names
}

async fn check(store: &Store, conditions: Vec<Condition>, expected: &[&str]) {
    assert_eq!(belonging(store, &Rule::of(conditions.clone())).await, expected, "{conditions:?}");
}

cases! {
    async fn a_segment_has_a_name_of_its_own(store: Store) {
        let id = saved(&store, "東京の常連", one("name", Test::Contains, &["花"])).await;
        let again = named(" 東京の常連 ", one("name", Test::Filled, &[]));
        assert_eq!(SegmentStore::save(&store, None, &again, None, NOW).await.unwrap(), Saved::NameTaken);
        assert_eq!(SegmentStore::save(&store, Some(id), &again, Some(2), NOW + 5).await.unwrap(), Saved::Yes(id));
        let kept = SegmentStore::get(&store, id).await.unwrap().unwrap();
        assert_eq!((kept.name.as_str(), kept.changed_by, kept.updated_at), ("東京の常連", Some(2), NOW + 5));
        assert_eq!(kept.rule, Some(again.rule.clone()));
        assert_eq!(store.archive(id, true, None, NOW + 6).await.unwrap(), Saved::Yes(id));
        assert!(SegmentStore::list(&store, false).await.unwrap().is_empty());
        assert_eq!(SegmentStore::list(&store, true).await.unwrap()[0].archived_at, Some(NOW + 6));
        let other = saved(&store, "東京の常連", one("name", Test::Filled, &[])).await;
        assert_eq!(store.archive(id, false, None, NOW + 7).await.unwrap(), Saved::NameTaken);
        assert_eq!(store.archive(other, true, None, NOW + 8).await.unwrap(), Saved::Yes(other));
        assert_eq!(store.archive(id, false, None, NOW + 9).await.unwrap(), Saved::Yes(id));
        assert_eq!(store.archive(5, true, None, NOW).await.unwrap(), Saved::Gone);
        assert_eq!(SegmentStore::save(&store, Some(5), &again, None, NOW).await.unwrap(), Saved::Gone);
    }

    async fn two_who_change_a_segment_do_not_overwrite_each_other_unseen(store: Store) {
        let id = saved(&store, "東京の常連", one("name", Test::Contains, &["花"])).await;
        let seen = SegmentStore::get(&store, id).await.unwrap().unwrap().version;
        let mine = named("東京の常連", one("name", Test::Contains, &["一"]));
        let yours = named("東京の常連", one("name", Test::Contains, &["二"]));
        assert_eq!(store.save_version((id, seen), &yours, Some(2), NOW).await.unwrap(), Saved::Yes(id));
        assert_eq!(store.save_version((id, seen), &mine, Some(1), NOW).await.unwrap(), Saved::Overtaken);
        let kept = SegmentStore::get(&store, id).await.unwrap().unwrap();
        assert_eq!((kept.rule, kept.changed_by, kept.version), (Some(yours.rule), Some(2), seen + 1));
        assert_eq!(store.save_version((id, seen + 1), &mine, Some(1), NOW).await.unwrap(), Saved::Yes(id));
        assert_eq!(store.save_version((5, 1), &mine, None, NOW).await.unwrap(), Saved::Gone);
    }

    async fn what_refers_to_a_segment_is_known(store: Store) {
        let inner = saved(&store, "中", one("name", Test::Contains, &["1"])).await;
        let outer = saved(&store, "外", one("segment", Test::Is, &[&inner.to_string()])).await;
        let used = UsedBy { segments: vec![(outer, "外".into())], broadcasts: Vec::new() };
        assert_eq!(store.used_by(inner).await.unwrap(), used);
        assert!(store.used_by(outer).await.unwrap().is_empty());
        people(&store, &["a@x.example", "b@x.example", "c@x.example"]).await;
        check(&store, vec![one("segment", Test::Is, &[&outer.to_string()])], &["客1"]).await;
        check(&store, vec![one("segment", Test::IsNot, &[&outer.to_string()])], &["客0", "客2"]).await;
        let circle = named("中", one("segment", Test::Is, &[&outer.to_string()]));
        SegmentStore::save(&store, Some(inner), &circle, None, NOW).await.unwrap();
        let rule = Rule::of(vec![one("segment", Test::Is, &[&outer.to_string()])]);
        let problems = SegmentStore::count(&store, &rule, NOW).await.unwrap().unwrap_err();
        assert_eq!(problems[0].at, [0]);
        store.archive(inner, true, None, NOW).await.unwrap();
        assert!(SegmentStore::count(&store, &rule, NOW).await.unwrap().is_err(), "nobody, while it is put away");
    }

    async fn texts_are_compared_alike_on_both_databases(store: Store) {
        let rows = [("Hanako@x.example", "山田 花子"), ("b@y.example", "Bob [x] 50%_"), ("", "空")];
        for (address, name) in rows {
            store.add(&draft(address, name, ""), None, NOW).await.unwrap();
        }
        check(&store, vec![one("address", Test::Is, &["hanako@X.EXAMPLE"])], &["山田 花子"]).await;
        check(&store, vec![one("address", Test::Ends, &["Example"])], &["Bob [x] 50%_", "山田 花子"]).await;
        check(&store, vec![one("address", Test::Empty, &[])], &["空"]).await;
        check(&store, vec![one("address", Test::IsNot, &["b@y.example"])], &["山田 花子", "空"]).await;
        check(&store, vec![one("name", Test::Starts, &["山田"])], &["山田 花子"]).await;
        check(&store, vec![one("name", Test::Contains, &["50%"])], &["Bob [x] 50%_"]).await;
        check(&store, vec![one("name", Test::Contains, &["0_"])], &[]).await;
        check(&store, vec![one("name", Test::NotContains, &["花"])], &["Bob [x] 50%_", "空"]).await;
        check(&store, vec![one("name", Test::OneOf, &["bob [X] 50%_", "空", "'; DROP TABLE contacts; --"])], &["Bob [x] 50%_", "空"]).await;
        check(&store, vec![one("name", Test::NoneOf, &["空", "山田 花子"])], &["Bob [x] 50%_"]).await;
        check(&store, vec![one("name", Test::Matches, &["^B.b \\[x\\] \\d+%"])], &["Bob [x] 50%_"]).await;
        check(&store, vec![one("name", Test::Matches, &["[あ-ん一-龠]{2} "])], &["山田 花子"]).await;
        check(&store, vec![one("name", Test::Is, &["'; DROP TABLE contacts; --"])], &[]).await;
    }

    async fn groups_and_not(store: Store) {
        for name in ["あ", "い", "う"] {
            store.add(&draft("", name, ""), None, NOW).await.unwrap();
        }
        let is = |name: &str| Part::Condition(one("name", Test::Is, &[name]));
        let group = |join, negated, parts| Group { join, negated, parts };
        let rule = |root| Rule { version: 1, root };
        let any = group(Join::Any, false, vec![is("あ"), is("い")]);
        assert_eq!(belonging(&store, &rule(any.clone())).await, ["あ", "い"]);
        assert_eq!(belonging(&store, &rule(group(Join::Any, true, any.parts.clone()))).await, ["う"]);
        let nested = group(Join::All, false, vec![Part::Group(any), Part::Group(group(Join::All, true, vec![is("い")]))]);
        assert_eq!(belonging(&store, &rule(nested.clone())).await, ["あ"]);
        let id = store.people(&rule(nested.clone()), NOW, 0, 1).await.unwrap().unwrap()[0].id;
        let why = store.why(&rule(nested), id, NOW).await.unwrap().unwrap().unwrap();
        let ticks: Vec<_> = why.ticks.iter().map(|tick| (tick.at.clone(), tick.holds)).collect();
        assert_eq!(ticks, [
            (vec![], true), (vec![0], true), (vec![0, 0], true), (vec![0, 1], false), (vec![1], true), (vec![1, 0], false),
        ]);
        assert_eq!(why.ticks[2].value, "あ");
        assert!(store.why(&Rule::empty(), id, NOW).await.unwrap().unwrap().is_err());
        assert_eq!(store.why(&rule(group(Join::All, false, vec![is("あ")])), 5, NOW).await.unwrap(), None);
    }

    async fn a_change_says_how_many_come_and_go(store: Store) {
        people(&store, &["a@x.example", "b@y.example", "c@y.example"]).await;
        let old = Rule::of(vec![one("address", Test::Contains, &["x."])]);
        let new = Rule::of(vec![one("address", Test::Contains, &["y."])]);
        assert_eq!(store.difference(&old, &new, NOW).await.unwrap(), Ok((2, 1)));
        assert!(store.difference(&Rule::empty(), &new, NOW).await.unwrap().is_err());
    }

    async fn what_happened_counts(store: Store) {
        let (id, contacts) = running_to(&store, &["a@x.example", "b@x.example", "c@x.example", "d@x.example"]).await;
        send(&store, State::Accepted, "250 ok").await;
        store.recover("m", 0, NOW + 120_000).await.unwrap();
        send(&store, State::Refused, "550 5.1.1 no").await;
        store.opt_out(contacts[3], OptOutRoute::Page, None, NOW).await.unwrap();
        let broadcast = id.to_string();
        check(&store, vec![one("deed:accepted", Test::Did, &["1", "7", "", "", ""])], &["客0"]).await;
        check(&store, vec![one("deed:accepted", Test::Did, &["1", "", "", "", &broadcast])], &["客0"]).await;
        check(&store, vec![one("deed:accepted", Test::Did, &["1", "", "", "", "5"])], &[]).await;
        check(&store, vec![one("deed:accepted", Test::Did, &["2", "", "", "", ""])], &[]).await;
        check(&store, vec![one("deed:accepted", Test::DidNot, &["1", "", "", "", ""])], &["客1", "客2", "客3"]).await;
        check(&store, vec![one("deed:refused", Test::Did, &["1", "", "2026-09-01", "2026-09-30", ""])], &["客1"]).await;
        check(&store, vec![one("deed:stopped", Test::Did, &["1", "", "", "", ""])], &["客3"]).await;
        check(&store, vec![one("deed:accepted", Test::Did, &["1", "", "", "", ""]), one("name", Test::Contains, &["客"])], &["客0"]).await;
        check(&store, vec![one("opted_out", Test::PastDays, &["0"])], &["客3"]).await;
        check(&store, vec![one("standing", Test::OneOf, &["opted_out"])], &["客3"]).await;
        check(&store, vec![one("standing", Test::NoneOf, &["opted_out", "invalid"])], &["客0", "客1", "客2"]).await;
        let later = NOW + 8 * DAY;
        let week = Rule::of(vec![one("deed:accepted", Test::Did, &["1", "7", "", "", ""])]);
        assert_eq!(SegmentStore::count(&store, &week, later).await.unwrap(), Ok(0));
        let rule = Rule::of(vec![one("deed:accepted", Test::Did, &["1", "7", "", "", ""])]);
        let why = store.why(&rule, contacts[0], NOW).await.unwrap().unwrap().unwrap();
        assert_eq!(why.ticks[1].value, "1 (2026-09-21)");
        let segment = saved(&store, "届いた人", one("deed:accepted", Test::Did, &["1", "7", "", "", ""])).await;
        let of: Vec<_> = store.segments_of(contacts[1], NOW).await.unwrap().into_iter().map(|(one, is)| (one.id, is)).collect();
        assert_eq!(of, [(segment, Some(false))]);
    }

    async fn a_lot_draws_the_same_people_every_time(store: Store) {
        let addresses: Vec<String> = (0..400).map(|n| format!("k{n}@x.example")).collect();
        people(&store, &addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let part = |from: &str, until: &str, lot: &str| Rule::of(vec![one("share", Test::Is, &[from, until, lot])]);
        let mut whole = 0;
        for (from, until) in [("0", "25"), ("25", "50"), ("50", "100")] {
            let drawn = SegmentStore::count(&store, &part(from, until, "春"), NOW).await.unwrap().unwrap();
            let fair = 4 * (until.parse::<u64>().unwrap() - from.parse::<u64>().unwrap());
            assert!(drawn.abs_diff(fair) < 40, "{from}-{until}: {drawn}");
            whole += drawn;
        }
        assert_eq!(whole, 400);
        let both = [part("0", "50", "春"), part("0", "50", "夏")].map(|rule| rule.root.parts[0].clone());
        let rule = Rule { version: 1, root: Group { parts: both.to_vec(), ..Group::default() } };
        let shared = SegmentStore::count(&store, &rule, NOW).await.unwrap().unwrap();
        assert!(shared.abs_diff(100) < 40, "two lots know nothing of each other: {shared}");
    }
}
