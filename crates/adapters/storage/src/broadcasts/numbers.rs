//! What became of a broadcast: every number is a query over the rows the lists show, where each person counts once,
//! with the newest row that was made for her.

use campaigns::{
    broadcast::{BroadcastId, Waterfall},
    report::{Counts, ProviderCount, ReasonCount, Row, RowFilter},
};
use delivery::recipient::{State, WithheldReason};

use crate::{
    StorageError, Store,
    conditions::Conditions,
    error::named,
    replies::line_of,
    sql::{self, args},
    tx::Tx,
};

pub(super) async fn waterfall(store: &Store, id: BroadcastId) -> Result<Waterfall, StorageError> {
    // Two steps, because an index alone counts those who remain, and they are many.
    let sql = "SELECT r.withheld, COUNT(*) AS contacts FROM recipients r
               WHERE r.broadcast_id = $1 AND r.state = 'withheld' AND r.resent_as IS NULL GROUP BY r.withheld
               UNION ALL
               SELECT NULL AS withheld, COUNT(*) AS contacts FROM recipients r
               WHERE r.broadcast_id = $1 AND r.state <> 'withheld' AND r.resent_as IS NULL";
    waterfall_of(&store.rows(sql, args![id]).await?)
}

/// Adds rows of `withheld` and `contacts` up.
pub(super) fn waterfall_of(rows: &[sql::Row]) -> Result<Waterfall, StorageError> {
    let mut waterfall = Waterfall::default();
    for row in rows {
        let contacts = row.count("contacts")?;
        waterfall.asked += contacts;
        match row.get::<Option<String>>("withheld")? {
            None => waterfall.remaining += contacts,
            Some(name) => {
                waterfall
                    .withheld
                    .push((named("withheld reason", &name, WithheldReason::from_name)?, contacts));
            }
        }
    }
    waterfall.withheld.sort_unstable_by_key(|(reason, _)| *reason);
    Ok(waterfall)
}

pub(super) async fn counts(store: &Store, id: BroadcastId) -> Result<Counts, StorageError> {
    let sql = "SELECT r.state, COUNT(*) AS recipients FROM recipients r
               WHERE r.broadcast_id = $1 AND r.resent_as IS NULL GROUP BY r.state";
    let mut counts = Counts::default();
    for row in store.rows(sql, args![id]).await? {
        counts.by_state.insert(state_of(&row)?, row.count("recipients")?);
    }
    Ok(counts)
}

pub(super) async fn by_provider(store: &Store, id: BroadcastId) -> Result<Vec<ProviderCount>, StorageError> {
    let sql = "SELECT r.provider, r.state, COUNT(*) AS recipients FROM recipients r
               WHERE r.broadcast_id = $1 AND r.resent_as IS NULL GROUP BY r.state, r.provider";
    let mut counts = Vec::new();
    for row in store.rows(sql, args![id]).await? {
        counts.push(ProviderCount {
            provider: row.get("provider")?,
            state: state_of(&row)?,
            recipients: row.count("recipients")?,
        });
    }
    counts.sort_unstable_by(|a, b| (&a.provider, a.state).cmp(&(&b.provider, b.state)));
    Ok(counts)
}

/// Why recipient `r` did not get it, or may not have: [`campaigns::report::IN_DOUBT`] where no verdict says more.
const WHY: &str = "COALESCE(r.withheld, r.reason, CASE WHEN r.state = 'doubtful' THEN 'in_doubt' END)";

pub(super) async fn by_reason(store: &Store, id: BroadcastId) -> Result<Vec<ReasonCount>, StorageError> {
    // The states are named so that the index leads past the many rows that have no reason.
    let sql = format!(
        "SELECT w.provider, w.state, w.why, COUNT(*) AS recipients FROM (
                   SELECT r.provider, r.state, {WHY} AS why FROM recipients r
                   WHERE r.broadcast_id = $1 AND r.resent_as IS NULL
                     AND r.state IN ('withheld', 'deferred', 'refused', 'bounced', 'doubtful')) AS w
               WHERE w.why IS NOT NULL GROUP BY w.provider, w.state, w.why
               ORDER BY recipients DESC, w.why, w.provider, w.state"
    );
    let mut counts = Vec::new();
    for row in store.rows(sql, args![id]).await? {
        counts.push(ReasonCount {
            provider: row.get("provider")?,
            state: state_of(&row)?,
            reason: row.get("why")?,
            recipients: row.count("recipients")?,
        });
    }
    Ok(counts)
}

fn state_of(row: &sql::Row) -> Result<State, StorageError> {
    named("state", &row.get::<String>("state")?, State::from_name)
}

pub(super) async fn rows(
    tx: &mut Tx,
    id: BroadcastId,
    filter: RowFilter,
    (offset, limit): (u64, u64),
) -> Result<(Vec<Row>, u64), StorageError> {
    let mut conditions = Conditions::new("r.resent_as IS NULL");
    conditions.and("r.broadcast_id = $n", id);
    if let Some(state) = filter.state {
        conditions.and("r.state = $n", state.name());
    }
    if filter.is_sent_to {
        conditions.and("r.state <> $n", State::Withheld.name());
    }
    if let Some(provider) = &filter.provider {
        conditions.and("r.provider = $n", provider);
    }
    if let Some(reason) = &filter.reason {
        conditions.and(&format!("{WHY} = $n"), reason);
    }
    let from = if filter.search.trim().is_empty() {
        "recipients r"
    } else {
        conditions.search(&["r.address"], &filter.search);
        "recipients r LEFT JOIN contacts c ON c.id = r.contact_id"
    };
    let total = conditions.total(tx, from).await?;
    let page = conditions.page("r.id", (offset, limit));
    // The keys of the page first: an index may find them without reading the wide rows.
    let sql = format!(
        "SELECT r.id, r.contact_id, c.name, r.address, r.provider, r.state, r.withheld, r.reason, r.reply_code,
                r.reply_text, r.attempts, r.next_at, r.state_at, q.due_at
         FROM (SELECT r.id FROM {from} WHERE {page}) AS p JOIN recipients r ON r.id = p.id
         LEFT JOIN contacts c ON c.id = r.contact_id LEFT JOIN queue q ON q.id = r.id ORDER BY r.id"
    );
    let found = tx.rows(sql, conditions.args).await?;
    Ok((found.iter().map(row_of).collect::<Result<_, _>>()?, total))
}

fn row_of(row: &sql::Row) -> Result<Row, StorageError> {
    let withheld: Option<String> = row.get("withheld")?;
    let state = state_of(row)?;
    let next_at: Option<i64> = row.get("next_at")?;
    let due_at: Option<i64> = row.get("due_at")?;
    Ok(Row {
        id: row.get("id")?,
        contact_id: row.get("contact_id")?,
        name: row.get::<Option<String>>("name")?.unwrap_or_default(),
        address: row.get("address")?,
        provider: row.get("provider")?,
        state,
        withheld: withheld
            .map(|name| named("withheld reason", &name, WithheldReason::from_name))
            .transpose()?,
        reason: row.get("reason")?,
        reply: line_of(row.get("reply_code")?, row.get("reply_text")?),
        attempts: u32::try_from(row.get::<i64>("attempts")?).unwrap_or(u32::MAX),
        next_at: next_at.or(due_at).filter(|_| !state.is_settled()),
        state_at: row.get("state_at")?,
    })
}
