//! Brings the layout of the database up to date when it is opened.

use aws_lc_rs::digest::{SHA256, digest};

use crate::{
    StorageError, event_log,
    sql::{Engine, args},
    tx::Tx,
};

struct Migration {
    version: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

const MIGRATIONS: [Migration; 4] = [
    Migration {
        version: 1,
        sqlite: include_str!("../migrations/sqlite/0001_house.sql"),
        postgres: include_str!("../migrations/postgres/0001_house.sql"),
    },
    Migration {
        version: 2,
        sqlite: include_str!("../migrations/sqlite/0002_encryption.sql"),
        postgres: include_str!("../migrations/postgres/0002_encryption.sql"),
    },
    Migration {
        version: 3,
        sqlite: include_str!("../migrations/sqlite/0003_audience.sql"),
        postgres: include_str!("../migrations/postgres/0003_audience.sql"),
    },
    Migration {
        version: 4,
        sqlite: include_str!("../migrations/sqlite/0004_sources.sql"),
        postgres: include_str!("../migrations/postgres/0004_sources.sql"),
    },
];

/// Applies what is missing, all or nothing. Processes that start together wait for one another.
pub(crate) async fn run(tx: &mut Tx) -> Result<(), StorageError> {
    if tx.engine() == Engine::Postgres {
        tx.execute("SELECT pg_advisory_xact_lock(7463695)", args![]).await?;
    }
    tx.script(
        "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT PRIMARY KEY, checksum TEXT NOT NULL)",
    )
    .await?;
    let mut applied = 0;
    for row in tx.rows("SELECT version, checksum FROM schema_versions ORDER BY version", args![]).await? {
        applied = row.get("version")?;
        compare(tx.engine(), applied, &row.get::<String>("checksum")?)?;
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > applied) {
        let text = migration.text(tx.engine());
        tx.script(text).await?;
        let sql = "INSERT INTO schema_versions (version, checksum) VALUES ($1, $2)";
        tx.execute(sql, args![migration.version, checksum(text)]).await?;
    }
    event_log::heal_after_restore(tx).await
}

impl Migration {
    fn text(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

fn compare(engine: Engine, version: i64, stored: &str) -> Result<(), StorageError> {
    let Some(known) = MIGRATIONS.iter().find(|migration| migration.version == version) else {
        return Err(StorageError::Layout(format!("version {version} is newer than this program")));
    };
    if checksum(known.text(engine)) == stored {
        Ok(())
    } else {
        Err(StorageError::Layout(format!("version {version} is another one than this program knows")))
    }
}

fn checksum(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table and column of every column line; types may differ.
    fn columns(text: &str) -> Vec<(String, String)> {
        let mut table = String::new();
        let mut columns = Vec::new();
        for line in text.lines().map(|line| line.split("--").next().unwrap_or("")) {
            let first = line.split_whitespace().next().unwrap_or("");
            if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
                table = rest.trim_end_matches(" (").to_owned();
            } else if line.starts_with("    ")
                && first.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
            {
                columns.push((table.clone(), first.to_owned()));
            }
        }
        columns
    }

    #[test]
    fn both_engines_have_the_same_tables_and_columns() {
        let mut all = Vec::new();
        for migration in MIGRATIONS {
            let seen = columns(migration.sqlite);
            assert_eq!(seen, columns(migration.postgres));
            all.extend(seen);
        }
        for (table, column) in [("events", "operator_id"), ("consents", "act"), ("sources", "way")] {
            assert!(all.contains(&(table.into(), column.into())), "{table}.{column}");
        }
    }
}
