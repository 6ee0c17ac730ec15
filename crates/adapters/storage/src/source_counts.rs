//! Counts what leaves by each source, by the hour, in the transaction that lets it leave: exact across a crash.

use std::collections::{BTreeMap, HashMap};

use delivery::{
    ports::{CommitMark, Record},
    recipient::{RecipientId, State},
    source::{
        SourceId,
        counts::{Cap, HourCount, hour_of},
    },
};

use crate::{
    StorageError, Store,
    sql::{self, args},
    tx::Tx,
};

/// Hours kept; older ones are forgotten by the pages only.
const KEPT_HOURS: i64 = 24 * 400;

pub(crate) async fn since(store: &Store, since_hour: i64) -> Result<Vec<HourCount>, StorageError> {
    let sql =
        "SELECT source_id, provider, hour, handed, accepted, deferred, refused, complained FROM source_counts
               WHERE hour >= $1 ORDER BY hour, source_id, provider";
    let rows = store.rows(sql, args![since_hour]).await?;
    let count_of = |row: &sql::Row| {
        Ok(HourCount {
            source: row.get("source_id")?,
            provider: row.get("provider")?,
            hour: row.get("hour")?,
            handed: row.count("handed")?,
            accepted: row.count("accepted")?,
            deferred: row.count("deferred")?,
            refused: row.count("refused")?,
            complained: row.count("complained")?,
        })
    };
    rows.iter().map(count_of).collect()
}

/// What a batch of marks wants of the limits. A source with a limit is held until the transaction ends, so two processes
/// never both take the last message of a quota.
#[derive(Default)]
pub(crate) struct Gate {
    /// What was handed over before, where a limit asks for it.
    before: HashMap<SourceId, Vec<(String, i64, u64)>>,
    granted: BTreeMap<(SourceId, String), u64>,
}

impl Gate {
    /// Reads what the limits of these marks look back on.
    pub(crate) async fn open(tx: &mut Tx, marks: &[CommitMark]) -> Result<Self, StorageError> {
        let mut since: BTreeMap<SourceId, i64> = BTreeMap::new();
        for mark in marks {
            for cap in &mark.source.caps {
                let first = since.entry(mark.source.source).or_insert(cap.since_hour);
                *first = (*first).min(cap.since_hour);
            }
        }
        let mut gate = Self::default();
        for (source, since_hour) in since {
            // Whoever counts for this source waits here for whoever counted first, also before there is any count.
            tx.row("SELECT id FROM sources WHERE id = $1 {FOR UPDATE}", args![source]).await?;
            let sql = "SELECT provider, hour, handed FROM source_counts WHERE source_id = $1 AND hour >= $2";
            let mut known = Vec::new();
            for row in tx.rows(sql, args![source, since_hour]).await? {
                known.push((row.get("provider")?, row.get("hour")?, row.count("handed")?));
            }
            gate.before.insert(source, known);
        }
        Ok(gate)
    }

    /// Whether every limit leaves room for this one too.
    pub(crate) fn has_room(&self, mark: &CommitMark) -> bool {
        mark.source.caps.iter().all(|cap| self.used(mark.source.source, cap) < cap.most)
    }

    /// Counts one.
    pub(crate) fn pass(&mut self, mark: &CommitMark) {
        let key = (mark.source.source, mark.source.provider.clone());
        *self.granted.entry(key).or_default() += 1;
    }

    fn used(&self, source: SourceId, cap: &Cap) -> u64 {
        let before = self.before.get(&source).into_iter().flatten();
        let before: u64 = before
            .filter(|(provider, hour, _)| *hour >= cap.since_hour && cap.counts(provider))
            .map(|(_, _, n)| n)
            .sum();
        let now = self.granted.iter().filter(|((one, provider), _)| *one == source && cap.counts(provider));
        before + now.map(|(_, n)| n).sum::<u64>()
    }

    /// Hands over what was counted.
    pub(crate) fn close(self, tally: &mut Tally) {
        for (key, handed) in self.granted {
            tally.rows.entry(key).or_default()[0] += handed;
        }
    }
}

/// What a transaction counts: handed over, accepted, deferred, refused.
#[derive(Default)]
pub(crate) struct Tally {
    rows: BTreeMap<(SourceId, String), [u64; 4]>,
}

impl Tally {
    /// Counts what became of tries.
    pub(crate) fn outcomes(&mut self, records: &[Record]) {
        for record in records {
            // Only what a server said tells of the source's name there; our own trouble does not.
            if record.attempt.reply.is_none() {
                continue;
            }
            let at = match record.outcome.state {
                State::Accepted => 1,
                State::Deferred => 2,
                _ => 3,
            };
            self.rows.entry((record.attempt.source, record.provider.clone())).or_default()[at] += 1;
        }
    }

    /// Writes the counts down. The last statement of its transaction, and in the order of the rows: whoever counts for
    /// the same source waits until the transaction has ended.
    pub(crate) async fn write(self, tx: &mut Tx, now: i64) -> Result<(), StorageError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let hour = hour_of(now);
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|((source, provider), [handed, accepted, deferred, refused])| {
                (source, provider, hour, handed, accepted, deferred, refused, 0)
            })
            .collect();
        add(tx, &sql::json(&rows)).await
    }
}

pub(crate) async fn count_complaint(tx: &mut Tx, id: RecipientId, now: i64) -> Result<(), StorageError> {
    let sql = "SELECT COALESCE(source_id, 1) AS source_id, provider FROM recipients WHERE id = $1";
    let Some(row) = tx.row(sql, args![id]).await? else { return Ok(()) };
    let one = (row.get::<i64>("source_id")?, row.get::<String>("provider")?, hour_of(now), 0, 0, 0, 0, 1);
    add(tx, &sql::json(&[one])).await?;
    let sql = "DELETE FROM source_counts WHERE hour < $1";
    tx.execute(sql, args![hour_of(now) - KEPT_HOURS]).await?;
    Ok(())
}

async fn add(tx: &mut Tx, rows: &str) -> Result<(), StorageError> {
    // `WHERE TRUE`: SQLite would else read ON as a join's.
    tx.execute(
        "INSERT INTO source_counts (source_id, provider, hour, handed, accepted, deferred, refused, complained)
         SELECT CAST(j.value->>0 AS BIGINT), j.value->>1, CAST(j.value->>2 AS BIGINT), CAST(j.value->>3 AS BIGINT),
                CAST(j.value->>4 AS BIGINT), CAST(j.value->>5 AS BIGINT), CAST(j.value->>6 AS BIGINT),
                CAST(j.value->>7 AS BIGINT)
         FROM {ROWS} WHERE TRUE
         ON CONFLICT (source_id, provider, hour) DO UPDATE SET
             handed = source_counts.handed + excluded.handed,
             accepted = source_counts.accepted + excluded.accepted,
             deferred = source_counts.deferred + excluded.deferred,
             refused = source_counts.refused + excluded.refused,
             complained = source_counts.complained + excluded.complained",
        args![rows],
    )
    .await?;
    Ok(())
}
