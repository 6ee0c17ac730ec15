//! Limits, holds and acts on what waits.

use delivery::{
    pacing::{
        hours::{BroadcastPace, Hours},
        limits::{LimitSet, Rate},
        store::{Change, NewHold, PacingStore, Scope, Told},
    },
    ports::{Postponed, QueueStore},
    source::choose::{Wait, WaitFor},
};

use crate::{
    mailing::{claim, running_to, states, to},
    world::{NOW, cases},
};

fn stop(group: &str, until: Option<i64>) -> NewHold {
    NewHold {
        source: None,
        group: Some(group.to_owned()),
        change: Change::Stop,
        rule: String::new(),
        sample: "外注先の工事".to_owned(),
        until,
    }
}

cases! {
    async fn limits_are_set_and_taken_back(store: Store) {
        let limits = LimitSet { rate: Some(Rate::read("5/s").unwrap()), ..LimitSet::default() };
        store.set_limits("gmail", &limits, None, NOW).await.unwrap();
        store.set_limits("gmail", &limits, None, NOW).await.unwrap();
        assert_eq!(store.standing(NOW).await.unwrap().owner, [("gmail".to_owned(), limits)].into());
        store.set_limits("gmail", &LimitSet::default(), None, NOW).await.unwrap();
        assert!(store.standing(NOW).await.unwrap().owner.is_empty());
    }

    async fn holds_end_by_time_or_by_hand(store: Store) {
        let timed = store.hold(&stop("gmail", Some(NOW + 10)), None, NOW).await.unwrap();
        assert_eq!(store.hold(&stop("gmail", Some(NOW + 50)), None, NOW).await.unwrap(), timed, "lengthened");
        let open = store.hold(&stop("au", None), Some(3), NOW).await.unwrap();
        let ids = |holds: Vec<delivery::pacing::store::Hold>| holds.iter().map(|hold| hold.id).collect::<Vec<_>>();
        assert_eq!(ids(store.standing(NOW + 20).await.unwrap().holds), [timed, open]);
        assert_eq!(ids(store.standing(NOW + 60).await.unwrap().holds), [open]);
        assert!(store.lift(open, Some(4), NOW + 70).await.unwrap());
        assert!(!store.lift(open, Some(4), NOW + 71).await.unwrap());
        assert!(!store.lift(timed, Some(4), NOW + 71).await.unwrap(), "over by itself");
        let all = store.holds(9).await.unwrap();
        assert_eq!((all.len(), all[0].made_by, all[0].lifted_by), (2, Some(3), Some(4)));
        assert_eq!((all[0].sample.as_str(), &all[0].change), ("外注先の工事", &Change::Stop));
    }

    async fn a_lift_brings_back_what_it_had_put_off(store: Store) {
        running_to(&store, &["a@one.example", "b@one.example"]).await;
        let hold = store.hold(&stop("one.example", None), None, NOW).await.unwrap();
        let wait = delivery::pacing::flow::Wait { waits: delivery::pacing::flow::Waits::Held { hold }, until: None };
        let why = WaitFor::Servers { group: "one.example".into(), wait };
        let rows: Vec<Postponed> = claim(&store, NOW).await.iter()
            .map(|row| Postponed { id: row.id, wait: Wait { until: NOW + 300_000, source: Some(1), why: why.clone() } })
            .collect();
        store.postpone("n", &rows).await.unwrap();
        let found = store.queued(rows[0].id).await.unwrap().unwrap();
        assert_eq!((found.waits, found.due_at, found.shard.as_str()), (Some(rows[0].wait.clone()), NOW + 300_000, "one.example"));
        assert!(claim(&store, NOW + 1).await.is_empty());
        assert!(store.lift(hold, None, NOW + 1).await.unwrap());
        assert_eq!(claim(&store, NOW + 1).await.len(), 2);
    }

    async fn what_was_put_off_is_looked_at_again_when_the_clock_was_wrong(store: Store) {
        running_to(&store, &["a@one.example", "b@one.example", "c@two.example", "d@two.example"]).await;
        let hold = store.hold(&stop("one.example", None), None, NOW).await.unwrap();
        let wait = delivery::pacing::flow::Wait { waits: delivery::pacing::flow::Waits::Held { hold }, until: None };
        let why = WaitFor::Servers { group: "one.example".into(), wait };
        let rows = claim(&store, NOW).await;
        let put_off = |row: &delivery::ports::Claimed| Postponed {
            id: row.id,
            wait: Wait { until: NOW + 86_400_000, source: Some(1), why: why.clone() },
        };
        store.postpone("n", &[put_off(&rows[0]), put_off(&rows[1])]).await.unwrap();
        store.release("n", &[rows[2].id], NOW + 86_400_000).await.unwrap();
        store.look_again(NOW + 1).await.unwrap();
        assert!(claim(&store, NOW).await.is_empty());
        let mut due: Vec<i64> = claim(&store, NOW + 1).await.iter().map(|row| row.id).collect();
        due.sort_unstable();
        let mut expected = [rows[0].id, rows[1].id];
        expected.sort_unstable();
        assert_eq!(due, expected, "neither what is to be tried again later nor what is ours");
    }

    async fn what_waits_is_counted_by_shard(store: Store) {
        running_to(&store, &["a@one.example", "b@one.example", "c@two.example"]).await;
        let first = claim(&store, NOW).await.remove(0);
        store.release("n", &[first.id], NOW + 9).await.unwrap();
        let counts = store.waiting(None, NOW, 9).await.unwrap();
        let seen: Vec<_> = counts.iter().map(|of| (of.shard.as_str(), of.rows, of.leased, of.next_at)).collect();
        assert_eq!(seen, [("one.example", 2, 1, Some(NOW + 9)), ("two.example", 1, 1, None)]);
        assert!(store.waiting(Some(1), NOW, 9).await.unwrap().is_empty(), "of another broadcast");
        let (rows, total) = PacingStore::rows(&store, &Scope::Shard("one.example".into()), 1, 9).await.unwrap();
        assert_eq!((rows.len(), total, rows[0].1.as_str()), (1, 2, "a@one.example"));
    }

    async fn everything_of_a_scope_is_tried_now_or_given_up(store: Store) {
        let (id, _) = running_to(&store, &["a@one.example", "b@one.example", "c@two.example"]).await;
        let ids: Vec<i64> = claim(&store, NOW).await.iter().map(|row| row.id).collect();
        store.release("n", &ids, NOW + 900).await.unwrap();
        let one = Scope::Shard("one.example".into());
        assert_eq!(store.count(&one).await.unwrap(), 2);
        assert_eq!(store.try_now(&one, Some(3), NOW).await.unwrap(), 2);
        assert_eq!(to(&claim(&store, NOW).await), ["a@one.example", "b@one.example"]);
        assert_eq!(store.give_up(&one, "宛先のサーバーが終了", Some(3), NOW).await.unwrap(), 0, "they are in hand");
        assert_eq!(store.give_up(&Scope::Broadcast(id), "中止", Some(3), NOW).await.unwrap(), 1);
        let states = states(&store, id).await;
        assert_eq!(states.iter().filter(|state| *state == "refused(expired)").count(), 1);
        assert_eq!(store.count(&Scope::Source(1)).await.unwrap(), 0);
    }

    async fn paces_are_of_broadcasts_under_way(store: Store) {
        let (id, _) = running_to(&store, &["a@one.example"]).await;
        let pace = BroadcastPace {
            broadcast_id: id,
            hours: Some(Hours::read("9:00-20:00").unwrap()),
            rate: Some(Rate::read("600/m").unwrap()),
            priority: 2,
            ..BroadcastPace::default()
        };
        store.set_pace(&pace, None, NOW).await.unwrap();
        assert_eq!(store.standing(NOW).await.unwrap().paces, [pace]);
        assert_eq!(store.pace(id).await.unwrap().priority, 2);
        store.set_pace(&BroadcastPace { broadcast_id: id, ..BroadcastPace::default() }, None, NOW).await.unwrap();
        assert!(store.standing(NOW).await.unwrap().paces.is_empty());
    }

    async fn advertising_has_hours_of_the_house(store: Store) {
        let (id, _) = running_to(&store, &["a@one.example"]).await;
        assert_eq!(store.advertising_hours().await.unwrap(), None);
        let hours = Hours::read("9:00-20:00").unwrap();
        store.set_advertising_hours(Some(hours), None, NOW).await.unwrap();
        assert_eq!(store.advertising_hours().await.unwrap(), Some(hours));
        let paces = store.standing(NOW).await.unwrap().paces;
        assert_eq!(paces.iter().map(|pace| (pace.broadcast_id, pace.hours_in_force())).collect::<Vec<_>>(), [(id, Some(hours))]);
        let own = Hours::read("0:00-24:00").unwrap();
        store.set_pace(&BroadcastPace { hours: Some(own), ..store.pace(id).await.unwrap() }, None, NOW).await.unwrap();
        let pace = store.pace(id).await.unwrap();
        assert_eq!((pace.hours, pace.house_hours, pace.hours_in_force()), (Some(own), Some(hours), Some(own)));
        store.set_advertising_hours(None, None, NOW).await.unwrap();
        assert_eq!(store.pace(id).await.unwrap().house_hours, None);
        let row = claim(&store, NOW).await.remove(0);
        assert_eq!(store.queued(row.id).await.unwrap().unwrap().expires_at, row.expires_at);
    }

    async fn processes_tell_what_they_do(store: Store) {
        let told = |node: &str, at| Told { node: node.to_owned(), at, flows: Vec::new() };
        store.tell(&told("a", NOW)).await.unwrap();
        store.tell(&told("a", NOW + 5)).await.unwrap();
        store.tell(&told("b", NOW + 9)).await.unwrap();
        assert_eq!(store.told(NOW + 6).await.unwrap(), [told("b", NOW + 9)]);
        assert_eq!(store.told(NOW).await.unwrap().len(), 2);
    }
}
