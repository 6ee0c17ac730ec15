//! Keeps what is known and demanded of TLS: policies, rules, counts, and the reports that wait.

use async_trait::async_trait;
use delivery::{
    event,
    ports::StoreFailure,
    tls::{
        TlsResult,
        ports::{KeptSts, TlsCount, TlsReportDraft, TlsRule, TlsStore, WaitingTlsReport},
    },
};
use serde_json::json;

use crate::{
    StorageError, Store,
    error::named,
    events::{NewEvent, append_one},
    sql::{self, Row, args},
    tx::Tx,
};

/// How long counts stay, in days.
const KEEP_DAYS: i64 = 30;

#[async_trait]
impl TlsStore for Store {
    async fn kept_sts(&self, domain: &str) -> Result<Option<KeptSts>, StoreFailure> {
        let sql = "SELECT id, body, fetched_at, holds_until FROM tls_policies WHERE domain = $1";
        let Some(row) = self.row(sql, args![domain]).await? else { return Ok(None) };
        Ok(Some(KeptSts {
            id: row.get("id")?,
            body: row.get("body")?,
            fetched_at: row.get("fetched_at")?,
            holds_until: row.get("holds_until")?,
        }))
    }

    async fn keep_sts(&self, domain: &str, kept: &KeptSts) -> Result<(), StoreFailure> {
        let sql = "INSERT INTO tls_policies (domain, id, body, fetched_at, holds_until)
                   VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT (domain) DO UPDATE SET id = excluded.id, body = excluded.body,
                       fetched_at = excluded.fetched_at, holds_until = excluded.holds_until";
        self.execute(sql, args![domain, &kept.id, &kept.body, kept.fetched_at, kept.holds_until]).await?;
        Ok(())
    }

    async fn tls_rules(&self) -> Result<Vec<(String, TlsRule)>, StoreFailure> {
        let rows = self.rows("SELECT domain, rule FROM tls_rules ORDER BY domain", args![]).await?;
        let rule = |row: &Row| -> Result<(String, TlsRule), StorageError> {
            let rule = named("TLS rule", &row.get::<String>("rule")?, TlsRule::from_name)?;
            Ok((row.get("domain")?, rule))
        };
        Ok(rows.iter().map(rule).collect::<Result<_, _>>()?)
    }

    async fn set_tls_rule(
        &self,
        domain: &str,
        rule: Option<TlsRule>,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure> {
        let domain = domain.to_ascii_lowercase();
        Ok(self.write(move |tx| Box::pin(set_rule(tx, domain, rule, actor, now))).await?)
    }

    async fn add_tls_counts(&self, counts: &[TlsCount]) -> Result<(), StoreFailure> {
        if counts.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = counts
            .iter()
            .map(|c| {
                let key = (c.day, &c.domain, &c.policy_type, &c.policy, &c.host, &c.address);
                (key.0, key.1, key.2, key.3, key.4, key.5, c.result.name(), &c.detail, c.count)
            })
            .collect();
        let sql = "INSERT INTO tls_counts
                       (day, domain, policy_type, policy, host, address, result, detail, sessions)
                   SELECT CAST(j.value->>0 AS BIGINT), j.value->>1, j.value->>2, j.value->>3, j.value->>4,
                          j.value->>5, j.value->>6, j.value->>7, CAST(j.value->>8 AS BIGINT)
                   FROM {ROWS} WHERE TRUE
                   ON CONFLICT (day, domain, policy_type, policy, host, address, result)
                   DO UPDATE SET sessions = tls_counts.sessions + excluded.sessions, detail = excluded.detail";
        self.execute(sql, args![sql::json(&rows)]).await?;
        Ok(())
    }

    async fn tls_counts(&self, day: i64, limit: u32) -> Result<Vec<TlsCount>, StoreFailure> {
        let sql = "SELECT day, domain, policy_type, policy, host, address, result, detail, sessions
                   FROM tls_counts WHERE day = $1
                   ORDER BY domain, policy_type, policy, host, address, result LIMIT $2";
        let rows = self.rows(sql, args![day, limit]).await?;
        Ok(rows.iter().map(count_of).collect::<Result<_, _>>()?)
    }

    async fn unreported_tls_days(&self, day: i64) -> Result<Vec<i64>, StoreFailure> {
        let sql = "SELECT DISTINCT day FROM tls_counts
                   WHERE day < $1 AND NOT EXISTS (SELECT 1 FROM tls_report_days d WHERE d.day = tls_counts.day)
                   ORDER BY day";
        let rows = self.rows(sql, args![day]).await?;
        Ok(rows.iter().map(|row| row.get("day")).collect::<Result<_, StorageError>>()?)
    }

    async fn keep_tls_reports(
        &self,
        day: i64,
        drafts: &[TlsReportDraft],
        now: i64,
    ) -> Result<(), StoreFailure> {
        let drafts = drafts.to_vec();
        Ok(self.write(move |tx| Box::pin(keep_reports(tx, day, drafts, now))).await?)
    }

    async fn due_tls_reports(&self, now: i64, limit: u32) -> Result<Vec<WaitingTlsReport>, StoreFailure> {
        let sql = "SELECT id, domain, day, place, bytes, tries FROM tls_reports
                   WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2";
        let rows = self.rows(sql, args![now, limit]).await?;
        Ok(rows.iter().map(waiting_of).collect::<Result<_, _>>()?)
    }

    async fn settle_tls_report(&self, id: i64, next_at: Option<i64>) -> Result<(), StoreFailure> {
        match next_at {
            Some(next_at) => {
                let sql = "UPDATE tls_reports SET next_at = $2, tries = tries + 1 WHERE id = $1";
                self.execute(sql, args![id, next_at]).await?
            }
            None => self.execute("DELETE FROM tls_reports WHERE id = $1", args![id]).await?,
        };
        Ok(())
    }
}

async fn set_rule(
    tx: &mut Tx,
    domain: String,
    rule: Option<TlsRule>,
    actor: Option<i64>,
    now: i64,
) -> Result<(), StorageError> {
    match rule {
        Some(rule) => {
            let sql = "INSERT INTO tls_rules (domain, rule, set_at) VALUES ($1, $2, $3)
                       ON CONFLICT (domain) DO UPDATE SET rule = excluded.rule, set_at = excluded.set_at";
            tx.execute(sql, args![&domain, rule.name(), now]).await?
        }
        None => tx.execute("DELETE FROM tls_rules WHERE domain = $1", args![&domain]).await?,
    };
    let detail = json!({ "domain": domain, "rule": rule.map(TlsRule::name) });
    append_one(tx, NewEvent::of(event::TLS_RULE_CHANGED).actor(actor).detail(detail), now).await
}

async fn keep_reports(
    tx: &mut Tx,
    day: i64,
    drafts: Vec<TlsReportDraft>,
    now: i64,
) -> Result<(), StorageError> {
    let sql = "INSERT INTO tls_report_days (day, made_at) VALUES ($1, $2) ON CONFLICT (day) DO NOTHING";
    // Another node was faster.
    if tx.execute(sql, args![day, now]).await? == 0 {
        return Ok(());
    }
    for draft in drafts {
        let id = tx.new_id(now);
        let sql = "INSERT INTO tls_reports (id, domain, day, place, bytes, tries, next_at)
                   VALUES ($1, $2, $3, $4, $5, 0, $6)";
        tx.execute(sql, args![id, draft.domain, draft.day, draft.place, draft.bytes, now]).await?;
    }
    tx.execute("DELETE FROM tls_counts WHERE day < $1", args![day - KEEP_DAYS]).await?;
    tx.execute("DELETE FROM tls_report_days WHERE day < $1", args![day - KEEP_DAYS]).await?;
    Ok(())
}

fn count_of(row: &Row) -> Result<TlsCount, StorageError> {
    Ok(TlsCount {
        day: row.get("day")?,
        domain: row.get("domain")?,
        policy_type: row.get("policy_type")?,
        policy: row.get("policy")?,
        host: row.get("host")?,
        address: row.get("address")?,
        result: named("TLS result", &row.get::<String>("result")?, TlsResult::from_name)?,
        detail: row.get("detail")?,
        count: row.count("sessions")?,
    })
}

fn waiting_of(row: &Row) -> Result<WaitingTlsReport, StorageError> {
    Ok(WaitingTlsReport {
        id: row.get("id")?,
        draft: TlsReportDraft {
            domain: row.get("domain")?,
            day: row.get("day")?,
            place: row.get("place")?,
            bytes: row.get("bytes")?,
        },
        tries: u32::try_from(row.get::<i64>("tries")?).unwrap_or(u32::MAX),
    })
}
