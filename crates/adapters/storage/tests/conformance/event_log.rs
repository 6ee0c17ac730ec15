//! The event log: in order, at least once, and none skipped that was written late or by a slow clock.

use audience::{ContactStore, OptOutRoute};
use evidence::{history::Event, ports::EventLog};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use storage::Store;

use crate::{
    people::{draft, events},
    world::{NOW, cases, on_postgres},
};

async fn added(store: &Store, name: &str, now: i64) -> i64 {
    ContactStore::add(store, &draft("", name, ""), None, now).await.unwrap().unwrap()
}

fn about(seen: &[Event]) -> Vec<i64> {
    seen.iter().map(|event| event.contact_id.unwrap()).collect()
}

cases! {
    async fn every_reader_has_its_own_cursor(store: Store) {
        let mut ids = Vec::new();
        for name in ["一", "二", "三"] {
            ids.push(added(&store, name, NOW).await);
        }
        let seen = events(&store, 3).await;
        assert_eq!(about(&seen), ids);
        assert_eq!(about(&store.unread("one", 2).await.unwrap()), ids[..2]);
        store.read_up_to("one", seen[1].id).await.unwrap();
        store.read_up_to("one", seen[0].id).await.unwrap();
        store.read_up_to("one", 1).await.unwrap();
        assert_eq!(about(&store.unread("one", 9).await.unwrap()), ids[2..], "a cursor never goes back");
        store.read_up_to("one", seen[2].id).await.unwrap();
        assert_eq!(store.unread("one", 9).await.unwrap(), []);
        assert_eq!(about(&store.unread("two", 9).await.unwrap()), ids);
    }

    async fn a_process_with_a_slow_clock_is_read_too(store: Store, url: String) {
        let other = Store::open(&url).await.unwrap();
        let first = added(&store, "先", NOW + 3_600_000).await;
        let seen = events(&store, 1).await;
        store.read_up_to("test", seen[0].id).await.unwrap();
        let second = added(&other, "後", NOW).await;
        ContactStore::opt_out(&store, first, OptOutRoute::Page, None, NOW + 3_600_001).await.unwrap();
        assert_eq!(about(&events(&store, 2).await), [second, first]);
        other.close().await;
    }
}

const LATE: &str = "INSERT INTO events (id, at, kind, contact_id) VALUES (5, 5, 'late', 5)";

/// An event whose transaction began first and ends last, with the smallest key.
#[test]
fn a_late_commit_is_not_skipped() {
    on_postgres(|store, url| async move {
        let mut slow = PgConnection::connect(&url).await.unwrap();
        slow.execute("BEGIN").await.unwrap();
        slow.execute(LATE).await.unwrap();
        let quick = added(&store, "速", NOW).await;
        assert_eq!(store.unread("test", 9).await.unwrap(), [], "an older transaction is still open");
        slow.execute("COMMIT").await.unwrap();
        assert_eq!(about(&events(&store, 2).await), [5, quick]);
    });
}

/// A dump of a server that had counted further than the one it is restored on.
#[test]
fn a_restored_dump_hides_no_new_events() {
    on_postgres(|store, url| async move {
        let mut admin = PgConnection::connect(&url).await.unwrap();
        for (key, tx) in [(7, 1_000_000_000_000_000_i64), (6, 1_000_000_000_000_001)] {
            let sql = format!(
                "INSERT INTO events (id, tx, at, kind, contact_id) VALUES ({key}, {tx}, 5, 'old', {key})"
            );
            admin.execute(AssertSqlSafe(sql)).await.unwrap();
        }
        store.read_up_to("test", 7).await.unwrap();
        let again = Store::open(&url).await.unwrap();
        let new = added(&again, "新", NOW).await;
        assert_eq!(about(&events(&again, 2).await), [6, new]);
        again.close().await;
    });
}
