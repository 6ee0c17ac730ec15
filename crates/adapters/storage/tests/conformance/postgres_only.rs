//! What only PostgreSQL needs: to be told how long a queue is, and to prepare beside those who send.

use std::time::Duration;

use campaigns::{broadcast::AudienceKind, ports::BroadcastStore};
use delivery::ports::QueueStore;
use sqlx::{Connection, Executor, PgConnection, Row};

use crate::{
    mailing::{DAY, claim, drafted},
    world::{NOW, on_postgres},
};

const CONTACTS: &str = "INSERT INTO contacts (id, address, address_key, fields, created_at, updated_at)
    SELECT i, 'k' || i || '@shop.example', 'k' || i || '@shop.example', '{}', 1, 1
    FROM generate_series(1, 3000) AS i";

/// Single mails came and went, and then PostgreSQL looked.
const ONCE_USED: [&str; 3] = [
    "INSERT INTO queue (id, broadcast_id, lane, site, due_at) SELECT i, 1, 0, 'shop.example', 1 FROM generate_series(1, 500) AS i",
    "DELETE FROM queue",
    "ANALYZE queue",
];

async fn known(connection: &mut PgConnection, table: &str) -> f32 {
    let sql = "SELECT reltuples FROM pg_class WHERE oid = to_regclass($1)";
    sqlx::query(sql).bind(table).fetch_one(connection).await.unwrap().get(0)
}

#[test]
fn postgres_knows_of_a_broadcast_that_has_begun() {
    on_postgres(async |store, url| {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        connection.execute(CONTACTS).await.unwrap();
        for sql in ONCE_USED {
            connection.execute(sql).await.unwrap();
        }
        assert!(known(&mut connection, "queue").await < 1.0);
        let id = drafted(&store, AudienceKind::All).await;
        assert!(store.start(id, NOW + DAY, None, NOW).await.unwrap());
        store.write_audience(id, 1_000, NOW).await.unwrap();
        for table in ["queue", "recipients"] {
            let known = known(&mut connection, table).await;
            assert!((900.0..=1_100.0).contains(&known), "{table}: {known}");
        }
        assert!(!claim(&store, NOW).await.is_empty());
        connection.close().await.unwrap();
    });
}

#[test]
fn a_pause_in_the_middle_of_a_step_undoes_the_step() {
    on_postgres(async |store, url| {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        connection.execute(CONTACTS).await.unwrap();
        let id = drafted(&store, AudienceKind::All).await;
        assert!(store.start(id, NOW + DAY, None, NOW).await.unwrap());
        // Somebody pauses, and is not at the end of it when the step is.
        let mut pausing = connection.begin().await.unwrap();
        let paused = sqlx::query("UPDATE broadcasts SET state = 'paused' WHERE id = $1").bind(id);
        paused.execute(&mut *pausing).await.unwrap();
        let step = tokio::spawn({
            let store = store.clone();
            async move { store.write_audience(id, 1_000, NOW).await.unwrap() }
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!step.is_finished(), "it waits for the one who pauses");
        pausing.commit().await.unwrap();
        assert!(!step.await.unwrap(), "there is more to do");
        let written = async || store.counts(id).await.unwrap().total();
        assert_eq!(written().await, 0);
        while !store.write_audience(id, 1_000, NOW).await.unwrap() {}
        assert_eq!(written().await, 3_000);
        assert!(claim(&store, NOW).await.is_empty(), "what is written beside a pause is paused");
        connection.close().await.unwrap();
    });
}

#[test]
fn postgres_knows_of_single_mails_that_pile_up() {
    on_postgres(async |store, url| {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        for sql in ONCE_USED {
            connection.execute(sql).await.unwrap();
        }
        connection.execute(ONCE_USED[0]).await.unwrap();
        assert!(known(&mut connection, "queue").await < 1.0);
        store.recover("n", NOW - DAY, NOW).await.unwrap();
        assert!(known(&mut connection, "queue").await > 400.0);
        connection.close().await.unwrap();
    });
}
