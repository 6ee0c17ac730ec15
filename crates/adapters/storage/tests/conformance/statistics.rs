//! PostgreSQL plans by what it knew of a table the last time it looked; a queue is mostly empty then.

use campaigns::{broadcast::AudienceKind, ports::BroadcastStore};
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
