//! Gives every case an empty store of its own on each engine.

use std::{future::Future, time::SystemTime};

use storage::Store;

/// A moment; cases count on from it.
pub const NOW: i64 = 1_790_000_000_000;

/// Declares cases: `cases! { async fn name(store: Store) { … } }` makes `name::sqlite` and `name::postgres`.
/// A case that opens the same database again takes `url: String` too.
macro_rules! cases {
    ($(async fn $name:ident($store:ident: Store $(, $url:ident: String)?) $body:block)+) => {
        $(mod $name {
            use super::*;

            async fn case($store: storage::Store, world_url: String) {
                $(let $url = world_url.clone();)?
                drop(world_url);
                $body
            }

            #[test]
            fn sqlite() {
                $crate::world::on_sqlite(case);
            }

            #[test]
            fn postgres() {
                $crate::world::on_postgres(case);
            }
        })+
    };
}
pub(crate) use cases;

/// Runs a case on a database file of its own.
pub fn on_sqlite<F: Future<Output = ()>>(case: impl FnOnce(Store, String) -> F) {
    let folder = tempfile::tempdir().expect("a temp folder");
    run(format!("sqlite:{}/house.db", folder.path().display()), case);
}

/// Runs a case in a schema of its own.
pub fn on_postgres<F: Future<Output = ()>>(case: impl FnOnce(Store, String) -> F) {
    let Some(server) = std::env::var("TODOKU_TEST_POSTGRES").ok().filter(|url| !url.is_empty()) else {
        println!("not run: no PostgreSQL");
        return;
    };
    let nanos = SystemTime::UNIX_EPOCH.elapsed().expect("a clock after 1970").as_nanos();
    let schema = format!("todoku_{}_{nanos}_{}", std::process::id(), count());
    admin(&server, format!("CREATE SCHEMA {schema}"));
    let separator = if server.contains('?') { '&' } else { '?' };
    run(format!("{server}{separator}options[search_path]={schema}"), case);
    admin(&server, format!("DROP SCHEMA {schema} CASCADE"));
}

/// Cases of one process run beside each other.
fn count() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

fn run<F: Future<Output = ()>>(url: String, case: impl FnOnce(Store, String) -> F) {
    runtime().block_on(async {
        let store = Store::open(&url).await.expect("the store opens");
        case(store.clone(), url).await;
        store.close().await;
    });
}

fn admin(server: &str, sql: String) {
    use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
    runtime().block_on(async {
        let mut connection = PgConnection::connect(server).await.expect("PostgreSQL answers");
        connection.execute(AssertSqlSafe(sql)).await.expect("the schema changes");
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}
