//! A database on the PostgreSQL server of the tests.

use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::not_run;

/// A database of its own, taken away when the story ends well.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// A new one; without a server it says that the story is not run.
    pub async fn create() -> Option<Self> {
        let Some(server) = std::env::var("TODOKU_TEST_POSTGRES").ok().filter(|url| !url.is_empty()) else {
            not_run("no PostgreSQL (TODOKU_TEST_POSTGRES)");
            return None;
        };
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
        let database = Self { server, name: format!("todoku_story_{nanos}") };
        database.tell(format!("CREATE DATABASE {}", database.name)).await;
        Some(database)
    }

    async fn tell(&self, sql: String) {
        let mut connection = PgConnection::connect(&self.server).await.expect("PostgreSQL answers");
        connection.execute(AssertSqlSafe(sql)).await.expect("it is done");
    }

    /// The server's address with this database in place of its own.
    pub fn url(&self) -> String {
        let (address, options) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (host, _) = address.rsplit_once('/').expect("a database in the address");
        format!("{host}/{}?{options}", self.name)
    }

    /// Takes it away.
    pub async fn remove(self) {
        self.tell(format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}
