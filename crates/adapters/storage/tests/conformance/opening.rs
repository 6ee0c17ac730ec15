//! Opening: what cannot be opened is said with its reason; opening again changes nothing; nobody's leaving undoes work.

use std::time::Duration;

use audience::{ContactFilter, ContactStore};
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use storage::{StorageError, Store};

use crate::{
    people::draft,
    world::{NOW, cases},
};

async fn refused(url: &str) -> StorageError {
    match Store::open(url).await {
        Err(error) => error,
        Ok(_) => panic!("{url} opened"),
    }
}

#[tokio::test]
async fn what_cannot_be_opened_has_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| format!("sqlite:{}/{name}", folder.path().display());
    std::fs::write(folder.path().join("letter.db"), "拝啓 ".repeat(2000)).unwrap();
    for (url, expected) in [
        ("mysql://h/d".to_owned(), "Address"),
        ("house.db".to_owned(), "Address"),
        ("sqlite::memory:".to_owned(), "Address"),
        ("postgres://x@localhost:99999/d".to_owned(), "Address"),
        (at("no/such/folder/house.db"), "CannotOpen"),
        ("postgres://x@localhost:1/d".to_owned(), "CannotOpen"),
        (at("letter.db"), "Damaged"),
    ] {
        let error = refused(&url).await;
        assert!(format!("{error:?}").starts_with(expected), "{url}: {error:?}");
    }
}

cases! {
    async fn a_newer_layout_is_left_alone(store: Store, url: String) {
        store.close().await;
        let sql = "INSERT INTO schema_versions (version, checksum) VALUES (99, 'x')";
        if store.is_shared() {
            PgConnection::connect(&url).await.unwrap().execute(sql).await.unwrap();
        } else {
            SqliteConnection::connect(&url).await.unwrap().execute(sql).await.unwrap();
        }
        assert!(matches!(refused(&url).await, StorageError::Layout(_)));
    }

    async fn what_was_written_is_there_after_opening_again(store: Store, url: String) {
        let id = store.add(&draft("a@a.example", "花子", ""), None, NOW).await.unwrap().unwrap();
        store.close().await;
        let (one, two) = tokio::join!(Store::open(&url), Store::open(&url));
        for store in [one.unwrap(), two.unwrap()] {
            assert_eq!(ContactStore::get(&store, id).await.unwrap().unwrap().name, "花子");
            store.close().await;
        }
    }

    async fn work_ends_even_when_nobody_waits_for_it(store: Store) {
        for number in 0..20 {
            let new = draft("", &format!("{number}"), "");
            let left = tokio::time::timeout(Duration::ZERO, store.add(&new, None, NOW)).await;
            drop(left);
        }
        let filter = ContactFilter::default();
        while ContactStore::count(&store, &filter).await.unwrap() < 20 {
            tokio::task::yield_now().await;
        }
        let last = store.add(&draft("", "後", ""), None, NOW).await.unwrap();
        assert!(last.is_some(), "no transaction was left open");
    }
}
