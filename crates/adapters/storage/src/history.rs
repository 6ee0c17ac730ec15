//! Reads what happened back: the events of a person or a message, and the whole story of a message.

use std::collections::HashMap;

use async_trait::async_trait;
use delivery::{
    recipient::{RecipientId, State, WithheldReason},
    tls::Assurance,
};
use evidence::{
    history::{Event, MessageStory, RecordedAttempt},
    ports::{HistoryStore, StoreFailure},
};
use mail::{Address, Stage};

use crate::{
    StorageError, Store,
    error::{from_json, named},
    ledger::SAME_PERSON,
    replies::reply_of,
    sql::{self, Row, args},
    tx::Tx,
};

/// Events of one message that a page shows at most; a message has a handful.
const EVENTS_OF_MESSAGE_MAX: i64 = 1_000;

/// Messages of one address that are looked at when it is asked which one it took.
const TAKEN_MAX: i64 = 50;

const STORY: &str = "SELECT r.id, r.broadcast_id, b.name AS broadcast_name, r.template_version_id, r.contact_id,
        c.name AS contact_name, r.address, r.provider, r.state, r.state_at, r.withheld, r.verdict, r.reply_code,
        r.reply_text, r.next_at, r.expires_at, r.vals, r.arrival_id, r.resend_of, r.resent_as, r.handled_at,
        r.handled_note, q.due_at, q.waits
    FROM recipients r JOIN broadcasts b ON b.id = r.broadcast_id
    LEFT JOIN contacts c ON c.id = r.contact_id LEFT JOIN queue q ON q.id = r.id";

#[async_trait]
impl HistoryStore for Store {
    async fn of_contact(&self, contact_id: i64, limit: u64) -> Result<Vec<Event>, StoreFailure> {
        let sql = format!(
            "SELECT id, at, kind, contact_id, recipient_id, broadcast_id, operator_id, detail FROM events
             WHERE contact_id IN {SAME_PERSON} ORDER BY id DESC LIMIT $2"
        );
        let rows = self.rows(sql, args![contact_id, limit]).await?;
        Ok(rows.iter().map(event_of).collect::<Result<_, _>>()?)
    }

    async fn of_message(&self, id: RecipientId) -> Result<Vec<Event>, StoreFailure> {
        let sql =
            "SELECT id, at, kind, contact_id, recipient_id, broadcast_id, operator_id, detail FROM events
                   WHERE recipient_id = $1 ORDER BY id LIMIT $2";
        let rows = self.rows(sql, args![id, EVENTS_OF_MESSAGE_MAX]).await?;
        Ok(rows.iter().map(event_of).collect::<Result<_, _>>()?)
    }

    async fn messages_to(&self, contact_id: i64, limit: u64) -> Result<Vec<MessageStory>, StoreFailure> {
        let sql = format!("{STORY} WHERE r.contact_id IN {SAME_PERSON} ORDER BY r.id DESC LIMIT $2");
        Ok(self.read(move |tx| Box::pin(stories(tx, sql, args![contact_id, limit]))).await?)
    }

    async fn taken_since(&self, address_key: &str, since: i64) -> Result<Vec<RecipientId>, StoreFailure> {
        let sql = "SELECT r.id, r.address FROM recipients r
                   WHERE r.contact_id IN (SELECT c.id FROM contacts c WHERE c.address_key = $1 UNION
                       SELECT p.contact_id FROM contact_points p WHERE p.value_key = $1 AND p.kind = 'address') AND r.state = 'accepted' AND r.state_at >= $2
                   ORDER BY r.id DESC LIMIT $3";
        let mut taken = Vec::new();
        for row in self.rows(sql, args![address_key, since, TAKEN_MAX]).await? {
            // The contact may have had another address when that message went out.
            let address: String = row.get("address")?;
            if Address::parse(&address).is_ok_and(|address| address.key() == address_key) {
                taken.push(row.get("id")?);
            }
        }
        taken.truncate(2);
        Ok(taken)
    }

    async fn message(&self, id: RecipientId) -> Result<Option<MessageStory>, StoreFailure> {
        let sql = format!("{STORY} WHERE r.id = $1");
        Ok(self.read(move |tx| Box::pin(stories(tx, sql, args![id]))).await?.pop())
    }
}

fn event_of(row: &Row) -> Result<Event, StorageError> {
    Ok(Event {
        id: row.get("id")?,
        at: row.get("at")?,
        kind: row.get("kind")?,
        contact_id: row.get("contact_id")?,
        recipient_id: row.get("recipient_id")?,
        broadcast_id: row.get("broadcast_id")?,
        operator_id: row.get("operator_id")?,
        detail: from_json("event detail", &row.get::<String>("detail")?)?,
    })
}

async fn stories(tx: &mut Tx, sql: String, args: Vec<sql::Arg>) -> Result<Vec<MessageStory>, StorageError> {
    let rows = tx.rows(sql, args).await?;
    let mut stories = rows.iter().map(story_of).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<RecipientId> = stories.iter().map(|story| story.id).collect();
    let mut attempts = attempts_of(tx, &ids).await?;
    for story in &mut stories {
        story.attempts = attempts.remove(&story.id).unwrap_or_default();
    }
    Ok(stories)
}

fn story_of(row: &Row) -> Result<MessageStory, StorageError> {
    let state = named("state", &row.get::<String>("state")?, State::from_name)?;
    let withheld: Option<String> = row.get("withheld")?;
    let next_at: Option<i64> = row.get("next_at")?;
    let due_at: Option<i64> = row.get("due_at")?;
    let waits = row.get::<Option<String>>("waits")?.map(|wait| from_json("wait", &wait)).transpose()?;
    Ok(MessageStory {
        id: row.get("id")?,
        broadcast_id: row.get("broadcast_id")?,
        broadcast_name: row.get("broadcast_name")?,
        template_version_id: row.get("template_version_id")?,
        contact_id: row.get("contact_id")?,
        contact_name: row.get::<Option<String>>("contact_name")?.unwrap_or_default(),
        address: row.get("address")?,
        provider: row.get("provider")?,
        state,
        state_at: row.get("state_at")?,
        withheld: withheld
            .map(|name| named("withheld reason", &name, WithheldReason::from_name))
            .transpose()?,
        verdict: verdict_of(row)?,
        reply: reply_of(row.get("reply_code")?, row.get("reply_text")?),
        next_at: due_at.filter(|_| waits.is_some()).or(next_at).or(due_at).filter(|_| !state.is_settled()),
        waits,
        expires_at: row.get("expires_at")?,
        values: row
            .get::<Option<String>>("vals")?
            .map(|values| from_json("merge values", &values))
            .transpose()?,
        arrival_id: row.get("arrival_id")?,
        resend_of: row.get("resend_of")?,
        resent_as: row.get("resent_as")?,
        handled_at: row.get("handled_at")?,
        handled_note: row.get("handled_note")?,
        attempts: Vec::new(),
    })
}

/// The verdict in a row's column of that name.
pub(crate) fn verdict_of(row: &Row) -> Result<Option<bounce::Verdict>, StorageError> {
    row.get::<Option<String>>("verdict")?.map(|verdict| from_json("verdict", &verdict)).transpose()
}

async fn attempts_of(
    tx: &mut Tx,
    ids: &[RecipientId],
) -> Result<HashMap<RecipientId, Vec<RecordedAttempt>>, StorageError> {
    let sql =
        "SELECT a.recipient_id, a.number, a.started_at, a.ended_at, a.host, a.peer_address, a.tls, a.assurance, a.stage,
                      a.reply_code, a.reply_text, a.trouble, a.detail, a.state, a.next_at, a.verdict, a.source_id,
                      COALESCE(s.name, '') AS source_name
               FROM {ROWS} JOIN attempts a ON a.recipient_id = CAST(j.value AS BIGINT)
               LEFT JOIN sources s ON s.id = a.source_id
               ORDER BY a.recipient_id, a.number";
    let mut attempts: HashMap<RecipientId, Vec<RecordedAttempt>> = HashMap::new();
    for row in tx.rows(sql, args![sql::json(ids)]).await? {
        attempts.entry(row.get("recipient_id")?).or_default().push(attempt_of(&row)?);
    }
    Ok(attempts)
}

fn attempt_of(row: &Row) -> Result<RecordedAttempt, StorageError> {
    Ok(RecordedAttempt {
        number: u32::try_from(row.get::<i64>("number")?).unwrap_or(u32::MAX),
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        host: row.get("host")?,
        peer_address: row.get("peer_address")?,
        tls: row.get("tls")?,
        assurance: Assurance::read(&row.get::<Option<String>>("assurance")?.unwrap_or_default()),
        stage: named("stage", &row.get::<String>("stage")?, Stage::from_name)?,
        reply: reply_of(row.get("reply_code")?, row.get("reply_text")?),
        trouble: row.get("trouble")?,
        detail: row.get("detail")?,
        state: named("state", &row.get::<String>("state")?, State::from_name)?,
        next_at: row.get("next_at")?,
        verdict: verdict_of(row)?,
        source_id: row.get("source_id")?,
        source_name: row.get("source_name")?,
    })
}
