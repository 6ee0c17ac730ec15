//! Counts the queue by lane, phase and destination, for monitoring.

use async_trait::async_trait;
use delivery::{
    metrics::{QueueNumber, QueueNumbers},
    ports::StoreFailure,
    recipient::Lane,
};

use crate::{
    StorageError, Store,
    sql::{Row, args},
};

#[async_trait]
impl QueueNumbers for Store {
    async fn queue_numbers(&self) -> Result<Vec<QueueNumber>, StoreFailure> {
        let sql =
            "SELECT lane, phase, paused, site, COUNT(*) AS held, MIN(due_at) AS oldest_due_at FROM queue
                   GROUP BY lane, phase, paused, site ORDER BY lane, phase, paused, site";
        let counted = async { self.rows(sql, args![]).await?.iter().map(number_of).collect() };
        Ok(self.queue_numbers.ask((), counted).await?)
    }
}

fn number_of(row: &Row) -> Result<QueueNumber, StorageError> {
    let phase = match (row.get::<i64>("phase")?, row.get::<bool>("paused")?) {
        (0, true) => "paused",
        (0, false) => "ready",
        (1, _) => "leased",
        _ => "committing",
    };
    Ok(QueueNumber {
        lane: Lane::from_rank(row.get("lane")?),
        phase,
        site: row.get("site")?,
        rows: row.count("held")?,
        oldest_due_at: row.get("oldest_due_at")?,
    })
}
