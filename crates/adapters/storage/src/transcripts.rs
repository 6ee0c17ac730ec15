//! Keeps what was said in attempts: what many share once, by the hash of its text; what is an attempt's own in its row.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use delivery::{
    ports::{Record, StoreFailure},
    recipient::RecipientId,
    transcript::{
        Opening, Packed,
        store::{KeptTranscript, TranscriptStore},
    },
};

use crate::{
    StorageError, Store,
    ids::{Ids, KeyRun},
    sql::{self, Row, args},
    tx::Tx,
};

const DAY_MS: i64 = 24 * 3_600_000;
/// Texts this process remembers to be kept already.
const KNOWN_MAX: usize = 20_000;
/// Up to which recipient everything is forgotten.
const FORGOTTEN: &str = "transcripts_forgotten_up_to";

/// The texts that this process has kept, each with the day it last said so.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    known: Mutex<HashMap<String, (i64, i64)>>,
}

/// A batch of transcripts, ready to be written.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// For each record: the key of its text, of its connection's opening, and its own words.
    pub(crate) of: Vec<(Option<i64>, Option<i64>, Option<String>)>,
    texts: Vec<(i64, String)>,
    openings: Vec<(i64, Arc<Opening>, i64)>,
    day: i64,
}

impl Scripts {
    /// Makes a batch ready. Nothing is known to be kept until [`Self::kept`].
    pub(crate) fn ready(&self, records: &[Record], ids: &Ids, now: i64) -> Told {
        let mut told = Told { day: now.div_euclid(DAY_MS), ..Told::default() };
        let mut seen = HashSet::new();
        for Record { spoken, .. } in records {
            let opening = spoken.opening.as_ref().map(|opening| {
                let key = opening.key(|| ids.next(now));
                if !opening.is_kept() && seen.insert(key) {
                    let script = self.key_of(&opening.packed.script, &mut told);
                    told.openings.push((key, Arc::clone(opening), script));
                }
                key
            });
            let script = spoken.message.as_ref().map(|packed| self.key_of(&packed.script, &mut told));
            told.of.push((script, opening, spoken.message.as_ref().map(|packed| packed.own.clone())));
        }
        told.texts.sort_unstable_by_key(|(key, _)| *key);
        told.texts.dedup_by_key(|(key, _)| *key);
        told
    }

    fn key_of(&self, script: &str, told: &mut Told) -> i64 {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(script).copied();
        if let Some((key, day)) = known
            && day >= told.day
        {
            return key;
        }
        let hash = digest(&SHA256, script.as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&hash.as_ref()[..8]);
        let key = i64::from_be_bytes(first) & i64::MAX;
        told.texts.push((key, script.to_owned()));
        key
    }

    /// Notes that a batch is durable.
    pub(crate) fn kept(&self, told: &Told) {
        for (_, opening, _) in &told.openings {
            opening.set_kept();
        }
        if told.texts.is_empty() {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + told.texts.len() > KNOWN_MAX {
            known.clear();
        }
        known.extend(told.texts.iter().map(|(key, text)| (text.clone(), (*key, told.day))));
    }
}

/// Writes down what of a batch is not there yet: rarely anything.
pub(crate) async fn keep(tx: &mut Tx, told: &Told) -> Result<(), StorageError> {
    if !told.texts.is_empty() {
        let sql = "INSERT INTO scripts (id, text, seen_at)
                   SELECT CAST(j.value->>0 AS BIGINT), j.value->>1, CAST($2 AS BIGINT) FROM {ROWS} WHERE TRUE
                   ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at";
        tx.execute(sql, args![sql::json(&told.texts), told.day * DAY_MS]).await?;
    }
    if !told.openings.is_empty() {
        let rows = told.openings.iter();
        let rows: Vec<_> =
            rows.map(|(key, opening, script)| (key, opening.at, script, &opening.packed.own)).collect();
        let sql = "INSERT INTO openings (id, at, script_id, own)
                   SELECT CAST(j.value->>0 AS BIGINT), CAST(j.value->>1 AS BIGINT), CAST(j.value->>2 AS BIGINT),
                          j.value->>3
                   FROM {ROWS} WHERE TRUE ON CONFLICT (id) DO NOTHING";
        tx.execute(sql, args![sql::json(&rows)]).await?;
    }
    Ok(())
}

#[async_trait]
impl TranscriptStore for Store {
    async fn transcripts(&self, id: RecipientId, since: i64) -> Result<Vec<KeptTranscript>, StoreFailure> {
        let sql = "SELECT a.number, a.spoken, s.text AS script, o.at AS opened_at, o.own AS opening_own,
                          p.text AS opening_script
                   FROM attempts a LEFT JOIN scripts s ON s.id = a.script_id
                   LEFT JOIN openings o ON o.id = a.opening_id LEFT JOIN scripts p ON p.id = o.script_id
                   WHERE a.recipient_id = $1 AND a.ended_at >= $2 ORDER BY a.number";
        let rows = self.rows(sql, args![id, since]).await?;
        Ok(rows.iter().map(kept_of).collect::<Result<_, _>>()?)
    }

    async fn forget_transcripts(&self, before: i64, limit: u64) -> Result<bool, StoreFailure> {
        Ok(self.write_masses(move |tx| Box::pin(forget(tx, before, limit))).await?)
    }
}

fn kept_of(row: &Row) -> Result<KeptTranscript, StorageError> {
    let packed = |script: Option<String>, own: Option<String>| {
        script.map(|script| Packed { script, own: own.unwrap_or_default() })
    };
    let opened_at: Option<i64> = row.get("opened_at")?;
    let opening = packed(row.get("opening_script")?, row.get("opening_own")?);
    Ok(KeptTranscript {
        number: u32::try_from(row.get::<i64>("number")?).unwrap_or(u32::MAX),
        opening: opened_at.zip(opening),
        message: packed(row.get("script")?, row.get("spoken")?),
    })
}

async fn forget(tx: &mut Tx, before: i64, limit: u64) -> Result<bool, StorageError> {
    let row = tx.row("SELECT value FROM settings WHERE name = $1", args![FORGOTTEN]).await?;
    let from = row.map(|row| row.get::<String>("value")).transpose()?;
    let from: i64 = from.and_then(|value| value.parse().ok()).unwrap_or(0);
    let sql = "SELECT recipient_id, ended_at FROM attempts WHERE recipient_id > $1
               ORDER BY recipient_id, number LIMIT $2";
    let rows = tx.rows(sql, args![from, limit]).await?;
    let mut up_to = from;
    let (mut last, mut old) = (from, true);
    for row in &rows {
        let id: RecipientId = row.get("recipient_id")?;
        if id != last {
            up_to = last;
            last = id;
        }
        old = row.get::<i64>("ended_at")? < before;
        if !old {
            break;
        }
    }
    let more = old && rows.len() as u64 == limit;
    if old && (!more || up_to == from) {
        // Nothing of her is left behind this batch, or she alone fills one: her later tries go with the earlier ones.
        up_to = last;
    }
    if up_to > from {
        let sql = "UPDATE attempts SET script_id = NULL, opening_id = NULL, spoken = NULL
                   WHERE recipient_id > $1 AND recipient_id <= $2";
        tx.execute(sql, args![from, up_to]).await?;
        let sql = "INSERT INTO settings (name, value) VALUES ($1, $2)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        tx.execute(sql, args![FORGOTTEN, up_to.to_string()]).await?;
    }
    if !more {
        forget_shared(tx, up_to.max(from), limit).await?;
    }
    Ok(more)
}

/// What no attempt can name any more: attempts come after their recipient was made, connections last no day.
async fn forget_shared(tx: &mut Tx, up_to: RecipientId, limit: u64) -> Result<(), StorageError> {
    let before = KeyRun::moment_after(up_to) - 2 * DAY_MS;
    for (table, at) in [("openings", "at"), ("scripts", "seen_at")] {
        let sql = format!(
            "DELETE FROM {table} WHERE id IN (SELECT t.id FROM {table} t WHERE t.{at} < $1 ORDER BY t.id LIMIT $2)"
        );
        tx.execute(sql, args![before, limit]).await?;
    }
    Ok(())
}
