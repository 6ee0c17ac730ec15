//! Links of broadcasts and who followed them: one row per message, link, day and kind, however often it was.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use audience::segment::day_of;
use campaigns::{
    broadcast::BroadcastId,
    clicks::{
        Click, ClickStore, Clicker, Clicks, LinkCount, LinkTarget, Sign, TIMES_MAX, WhoFilter, together,
    },
    event,
    ports::StoreFailure,
};
use delivery::{ports::Later, recipient::RecipientId};
use serde_json::json;

use crate::{
    StorageError, Store,
    events::{NewEvent, append},
    queue,
    sql::{Arg, Row, args},
    tx::Tx,
};

/// Clicks are written down a little after they happened.
const WRITTEN_LATE_MS: i64 = 2_000;

const PEOPLE: &str = "COUNT(DISTINCT CASE WHEN k.judged = 1 THEN k.contact_id END) AS people,
    COALESCE(CAST(SUM(CASE WHEN k.judged = 1 THEN k.times END) AS BIGINT), 0) AS times,
    COALESCE(CAST(SUM(CASE WHEN k.judged = 2 THEN k.times END) AS BIGINT), 0) AS machine";

#[async_trait]
impl ClickStore for Store {
    async fn links_of(&self, id: BroadcastId, targets: &[String]) -> Result<Vec<String>, StoreFailure> {
        let known = links(self, id).await?;
        if !known.is_empty() || targets.is_empty() {
            return Ok(known);
        }
        let rows: Vec<Vec<Arg>> =
            targets.iter().zip(0_i64..).map(|(target, number)| args![id, number, target]).collect();
        let sql = "INSERT INTO links (broadcast_id, number, target) VALUES {VALUES}
                   ON CONFLICT (broadcast_id, number) DO NOTHING";
        self.write(move |tx| Box::pin(async move { tx.execute_rows(sql, rows).await })).await?;
        Ok(links(self, id).await?)
    }

    async fn target(&self, id: RecipientId, number: u32) -> Result<Option<LinkTarget>, StoreFailure> {
        let sql = "SELECT l.broadcast_id, l.target, c.id AS contact_id,
                          CASE WHEN r.state IN ('waiting', 'deferred') THEN NULL ELSE r.state_at END AS settled_at,
                          (SELECT MAX(a.ended_at) FROM attempts a WHERE a.recipient_id = r.id AND a.state = 'accepted')
                              AS accepted_at
                   FROM recipients r JOIN links l ON l.broadcast_id = r.broadcast_id AND l.number = $2
                   LEFT JOIN contacts c ON c.id = r.contact_id WHERE r.id = $1";
        let row = self.row(sql, args![id, number]).await?;
        Ok(row.as_ref().map(target_of).transpose()?)
    }

    async fn record_clicks(&self, clicks: &[Click]) -> Result<(), StoreFailure> {
        let mut rows: Vec<&Click> = clicks.iter().collect();
        // In one order, so that two processes never wait for each other.
        rows.sort_by_key(|click| (click.recipient_id, click.number, click.first_at, click.sign));
        let rows = rows.into_iter().map(click_row).collect();
        Ok(self.write_masses(move |tx| Box::pin(add(tx, rows))).await?)
    }

    async fn judge_clicks(&self, now: i64, limit: u64) -> Result<u64, StoreFailure> {
        let before = now - together().within_ms - WRITTEN_LATE_MS;
        let sql = "SELECT k.recipient_id FROM clicks k WHERE k.judged = 0 AND k.first_at <= $1
                   ORDER BY k.first_at LIMIT $2";
        let rows = self.rows(sql, args![before, limit]).await?;
        let due = rows.iter().map(|row| row.get("recipient_id")).collect::<Result<BTreeSet<i64>, _>>()?;
        let found = due.len() as u64;
        if found > 0 {
            self.write_masses(move |tx| Box::pin(judge(tx, due, now))).await?;
        }
        Ok(found)
    }

    async fn link_counts(&self, id: BroadcastId) -> Result<Vec<LinkCount>, StoreFailure> {
        let sql = format!(
            "SELECT l.number, l.target, {PEOPLE} FROM links l
             LEFT JOIN clicks k ON k.broadcast_id = l.broadcast_id AND k.number = l.number
             WHERE l.broadcast_id = $1 GROUP BY l.number, l.target ORDER BY l.number"
        );
        let count = |row: &Row| {
            Ok(LinkCount { number: number_of(row)?, target: row.get("target")?, clicks: clicks_of(row)? })
        };
        let rows = self.rows(sql, args![id]).await?;
        Ok(rows.iter().map(count).collect::<Result<_, StorageError>>()?)
    }

    async fn click_total(&self, id: BroadcastId) -> Result<Clicks, StoreFailure> {
        let sql = format!("SELECT {PEOPLE} FROM clicks k WHERE k.broadcast_id = $1");
        let row = self.row(sql, args![id]).await?;
        Ok(row.as_ref().map(clicks_of).transpose()?.unwrap_or_default())
    }

    async fn clickers(
        &self,
        id: BroadcastId,
        filter: WhoFilter,
        page: (u64, u64),
    ) -> Result<(Vec<Clicker>, u64), StoreFailure> {
        Ok(self.read(move |tx| Box::pin(clickers(tx, id, filter, page))).await?)
    }
}

async fn links(store: &Store, id: BroadcastId) -> Result<Vec<String>, StorageError> {
    let sql = "SELECT l.target FROM links l WHERE l.broadcast_id = $1 ORDER BY l.number";
    store.rows(sql, args![id]).await?.iter().map(|row| row.get("target")).collect()
}

fn target_of(row: &Row) -> Result<LinkTarget, StorageError> {
    let accepted_at: Option<i64> = row.get("accepted_at")?;
    Ok(LinkTarget {
        broadcast_id: row.get("broadcast_id")?,
        target: row.get("target")?,
        contact_id: row.get("contact_id")?,
        taken_at: accepted_at.or(row.get("settled_at")?),
    })
}

fn number_of(row: &Row) -> Result<u32, StorageError> {
    Ok(u32::try_from(row.get::<i64>("number")?).unwrap_or(u32::MAX))
}

fn clicks_of(row: &Row) -> Result<Clicks, StorageError> {
    Ok(Clicks { people: row.count("people")?, times: row.count("times")?, machine: row.count("machine")? })
}

fn click_row(click: &Click) -> Vec<Arg> {
    let judged = if click.sign.is_some() { 2_i64 } else { 0 };
    args![
        click.recipient_id,
        click.number,
        day_of(click.first_at),
        click.sign.map_or("", Sign::name),
        click.broadcast_id,
        click.contact_id,
        judged,
        click.times,
        click.first_at,
        click.last_at
    ]
}

async fn add(tx: &mut Tx, rows: Vec<Vec<Arg>>) -> Result<(), StorageError> {
    let sql = format!(
        "INSERT INTO clicks (recipient_id, number, day, sign, broadcast_id, contact_id, judged, times, first_at, last_at)
         VALUES {{VALUES}} ON CONFLICT (recipient_id, number, day, sign) DO UPDATE SET
             times = CASE WHEN clicks.times + excluded.times > {TIMES_MAX} THEN {TIMES_MAX}
                          ELSE clicks.times + excluded.times END,
             first_at = CASE WHEN excluded.first_at < clicks.first_at THEN excluded.first_at ELSE clicks.first_at END,
             last_at = CASE WHEN excluded.last_at > clicks.last_at THEN excluded.last_at ELSE clicks.last_at END"
    );
    tx.execute_rows(&sql, rows).await
}

/// A click of one message that waits to be judged.
struct Waiting {
    number: u32,
    day: i64,
    broadcast_id: i64,
    contact_id: i64,
    times: i64,
    first_at: i64,
    last_at: i64,
}

async fn judge(tx: &mut Tx, due: BTreeSet<i64>, now: i64) -> Result<(), StorageError> {
    let mut links: BTreeMap<i64, u64> = BTreeMap::new();
    for recipient_id in due {
        let waiting = waiting(tx, recipient_id).await?;
        let Some(first) = waiting.first() else { continue };
        let broadcast_id = first.broadcast_id;
        let all = match links.get(&broadcast_id) {
            Some(all) => *all,
            None => {
                let all = count_links(tx, broadcast_id).await?;
                links.insert(broadcast_id, all);
                all
            }
        };
        if at_once(&waiting, all) {
            take_out(tx, recipient_id).await?;
        } else {
            count_in(tx, recipient_id, &waiting, now).await?;
        }
    }
    Ok(())
}

async fn waiting(tx: &mut Tx, recipient_id: RecipientId) -> Result<Vec<Waiting>, StorageError> {
    let sql =
        "SELECT k.number, k.day, k.broadcast_id, k.contact_id, k.times, k.first_at, k.last_at FROM clicks k
               WHERE k.recipient_id = $1 AND k.judged = 0 ORDER BY k.number, k.day";
    tx.rows(sql, args![recipient_id]).await?.iter().map(waiting_of).collect()
}

fn waiting_of(row: &Row) -> Result<Waiting, StorageError> {
    Ok(Waiting {
        number: number_of(row)?,
        day: row.get("day")?,
        broadcast_id: row.get("broadcast_id")?,
        contact_id: row.get("contact_id")?,
        times: row.get("times")?,
        first_at: row.get("first_at")?,
        last_at: row.get("last_at")?,
    })
}

async fn count_links(tx: &mut Tx, id: BroadcastId) -> Result<u64, StorageError> {
    let row = tx.row("SELECT COUNT(*) AS n FROM links l WHERE l.broadcast_id = $1", args![id]).await?;
    row.map_or(Ok(0), |row| row.count("n"))
}

/// Whether every link of the message was followed within the time that no person is so quick in.
fn at_once(waiting: &[Waiting], all: u64) -> bool {
    let rule = together();
    let numbers: BTreeSet<u32> = waiting.iter().map(|one| one.number).collect();
    let first = waiting.iter().map(|one| one.first_at).min().unwrap_or_default();
    let last = waiting.iter().map(|one| one.last_at).max().unwrap_or_default();
    all >= u64::from(rule.links) && numbers.len() as u64 == all && last - first <= rule.within_ms
}

async fn take_out(tx: &mut Tx, recipient_id: RecipientId) -> Result<(), StorageError> {
    let sql = "DELETE FROM clicks WHERE recipient_id = $1 AND judged = 0
               RETURNING number, day, broadcast_id, contact_id, times, first_at, last_at";
    let taken: Vec<Waiting> =
        tx.rows(sql, args![recipient_id]).await?.iter().map(waiting_of).collect::<Result<_, _>>()?;
    let row = |one: &Waiting| {
        args![
            recipient_id,
            one.number,
            one.day,
            Sign::Together.name(),
            one.broadcast_id,
            one.contact_id,
            2_i64,
            one.times,
            one.first_at,
            one.last_at
        ]
    };
    add(tx, taken.iter().map(row).collect()).await
}

/// They are a person's: they count, and the message has arrived.
async fn count_in(
    tx: &mut Tx,
    recipient_id: RecipientId,
    waiting: &[Waiting],
    now: i64,
) -> Result<(), StorageError> {
    let mut events = Vec::new();
    for one in waiting {
        let sql = "UPDATE clicks SET judged = 1
                   WHERE recipient_id = $1 AND number = $2 AND day = $3 AND sign = '' AND judged = 0";
        if tx.execute(sql, args![recipient_id, one.number, one.day]).await? == 0 {
            continue;
        }
        let sql = "SELECT l.target FROM links l WHERE l.broadcast_id = $1 AND l.number = $2";
        let row = tx.row(sql, args![one.broadcast_id, one.number]).await?;
        let target: Option<String> = row.map(|row| row.get("target")).transpose()?;
        let told = NewEvent::of(event::CLICKED).contact(one.contact_id).recipient(recipient_id);
        let detail = json!({ "number": one.number, "target": target, "at": one.first_at });
        events.push(told.broadcast(one.broadcast_id).detail(detail));
    }
    if !events.is_empty() {
        append(tx, &events, now).await?;
        queue::record_later(tx, recipient_id, Later::Evidenced { kind: "click" }, None, now).await?;
    }
    Ok(())
}

async fn clickers(
    tx: &mut Tx,
    id: BroadcastId,
    filter: WhoFilter,
    (offset, limit): (u64, u64),
) -> Result<(Vec<Clicker>, u64), StorageError> {
    let mut arguments = args![id, if filter.machine { 2_i64 } else { 1 }];
    let mut condition = "k.broadcast_id = $1 AND k.judged = $2".to_owned();
    if let Some(number) = filter.number {
        arguments.extend(args![number]);
        condition.push_str(" AND k.number = $3");
    }
    let sql = format!("SELECT COUNT(DISTINCT k.contact_id) AS total FROM clicks k WHERE {condition}");
    let total = tx.row(sql, arguments.clone()).await?.map_or(Ok(0), |row| row.count("total"))?;
    let signs: String = Sign::ALL
        .iter()
        .map(|sign| {
            format!(
                ", CAST(MAX(CASE WHEN k.sign = '{0}' THEN 1 ELSE 0 END) AS BIGINT) AS {0}_seen",
                sign.name()
            )
        })
        .collect();
    let n = arguments.len();
    arguments.extend(args![limit, offset]);
    let sql = format!(
        "SELECT p.*, c.name, c.address FROM (
             SELECT k.contact_id, CAST(SUM(k.times) AS BIGINT) AS times, MAX(k.last_at) AS last_at,
                    MAX(k.recipient_id) AS recipient_id{signs}
             FROM clicks k WHERE {condition} GROUP BY k.contact_id
             ORDER BY MAX(k.last_at) DESC, k.contact_id LIMIT ${} OFFSET ${}) AS p
         LEFT JOIN contacts c ON c.id = p.contact_id ORDER BY p.last_at DESC, p.contact_id",
        n + 1,
        n + 2
    );
    let rows = tx.rows(sql, arguments).await?;
    Ok((rows.iter().map(clicker_of).collect::<Result<_, _>>()?, total))
}

fn clicker_of(row: &Row) -> Result<Clicker, StorageError> {
    let mut signs = Vec::new();
    for sign in Sign::ALL {
        if row.get::<i64>(&format!("{}_seen", sign.name()))? == 1 {
            signs.push(sign);
        }
    }
    Ok(Clicker {
        contact_id: row.get("contact_id")?,
        name: row.get::<Option<String>>("name")?.unwrap_or_default(),
        address: row.get::<Option<String>>("address")?.unwrap_or_default(),
        recipient_id: row.get("recipient_id")?,
        clicks: row.count("times")?,
        last_at: row.get("last_at")?,
        signs,
    })
}
