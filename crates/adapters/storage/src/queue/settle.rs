//! Takes recipients out of the queue for good before they left: withheld, with the reason.

use delivery::{
    event,
    recipient::{RecipientId, WithheldReason},
};
use serde_json::json;

use crate::{
    StorageError,
    events::{NewEvent, append},
    sql::{self, args},
    tx::Tx,
};

/// One recipient that will not get the mail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeftOut {
    /// Which.
    pub(crate) id: RecipientId,
    /// Her contact.
    pub(crate) contact_id: i64,
    /// The broadcast.
    pub(crate) broadcast_id: i64,
    /// Why.
    pub(crate) reason: WithheldReason,
}

/// Withholds a batch: state, queue and events. The verdicts of earlier tries stay with the attempts.
pub(crate) async fn withhold(tx: &mut Tx, rows: &[LeftOut], now: i64) -> Result<(), StorageError> {
    if rows.is_empty() {
        return Ok(());
    }
    let pairs: Vec<_> = rows.iter().map(|row| (row.id, row.reason.name())).collect();
    tx.execute(
        "UPDATE recipients SET state = 'withheld', state_at = $2, withheld = j.value->>1, reason = NULL, fault = NULL,
                verdict = NULL, next_at = NULL
         FROM {ROWS} WHERE recipients.id = CAST(j.value->>0 AS BIGINT)",
        args![sql::json(&pairs), now],
    )
    .await?;
    leave(tx, rows.iter().map(|row| row.id).collect()).await?;
    let events: Vec<_> = rows
        .iter()
        .map(|row| {
            NewEvent::of(event::WITHHELD)
                .contact(row.contact_id)
                .recipient(row.id)
                .broadcast(row.broadcast_id)
                .detail(json!({ "reason": row.reason.name() }))
        })
        .collect();
    append(tx, &events, now).await
}

/// Takes rows out of the queue.
pub(crate) async fn leave(tx: &mut Tx, ids: Vec<RecipientId>) -> Result<(), StorageError> {
    if !ids.is_empty() {
        let sql = "DELETE FROM queue WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})";
        tx.execute(sql, args![sql::json(&ids)]).await?;
    }
    Ok(())
}
