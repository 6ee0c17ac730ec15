//! Keeps what arrived, unchanged, before it is acknowledged.

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use reception::{
    Arrival, ArrivalId, ArrivalKind, ArrivalStore, Destination, Joined, NewArrival, StoreFailure, event,
};
use serde_json::{Value, json};

use crate::{
    StorageError, Store,
    error::named,
    events::{NewEvent, append_one},
    sql::{Row, args},
    tx::Tx,
};

const COLUMNS: &str = "id, arrived_at, reverse_path, forward_path, recipient_id, peer, kind, size";

#[async_trait]
impl ArrivalStore for Store {
    async fn keep(&self, new: &NewArrival, now: i64) -> Result<ArrivalId, StoreFailure> {
        let new = new.clone();
        Ok(self.write(move |tx| Box::pin(keep(tx, new, now))).await?)
    }

    async fn get(&self, id: ArrivalId) -> Result<Option<Arrival>, StoreFailure> {
        let row = self.row(format!("SELECT {COLUMNS} FROM arrivals WHERE id = $1"), args![id]).await?;
        Ok(row.as_ref().map(arrival_of).transpose()?)
    }

    async fn raw(&self, id: ArrivalId) -> Result<Option<Vec<u8>>, StoreFailure> {
        let sql = "SELECT b.bytes FROM arrivals a JOIN blobs b ON b.sha256 = a.sha256 WHERE a.id = $1";
        let row = self.row(sql, args![id]).await?;
        Ok(row.map(|row| row.get("bytes")).transpose()?)
    }

    async fn recognise(
        &self,
        id: ArrivalId,
        kind: ArrivalKind,
        joined: Option<Joined>,
        now: i64,
    ) -> Result<(), StoreFailure> {
        Ok(self.write(move |tx| Box::pin(recognise(tx, id, kind, joined, now))).await?)
    }
}

fn arrival_of(row: &Row) -> Result<Arrival, StorageError> {
    Ok(Arrival {
        id: row.get("id")?,
        arrived_at: row.get("arrived_at")?,
        reverse_path: row.get("reverse_path")?,
        forward_path: row.get("forward_path")?,
        recipient_id: row.get("recipient_id")?,
        peer: row.get("peer")?,
        kind: named("arrival kind", &row.get::<String>("kind")?, ArrivalKind::from_name)?,
        size: row.count("size")?,
    })
}

async fn keep(tx: &mut Tx, new: NewArrival, now: i64) -> Result<ArrivalId, StorageError> {
    let id = tx.new_id(now);
    let recipient_id = match new.destination {
        Destination::ReturnPath(id) => Some(id),
        Destination::Role => None,
    };
    let sha256: String =
        digest(&SHA256, &new.raw).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let size = new.raw.len() as u64;
    let sql = "INSERT INTO blobs (sha256, bytes) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING";
    tx.execute(sql, args![&sha256, new.raw]).await?;
    tx.execute(
        "INSERT INTO arrivals (id, arrived_at, reverse_path, forward_path, recipient_id, peer, kind, size, sha256)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        args![
            id,
            now,
            new.reverse_path,
            new.forward_path,
            recipient_id,
            new.peer,
            ArrivalKind::Unread.name(),
            size,
            sha256
        ],
    )
    .await?;
    tell(tx, event::ARRIVED, recipient_id, json!({ "arrival_id": id }), now).await?;
    Ok(id)
}

async fn recognise(
    tx: &mut Tx,
    id: ArrivalId,
    kind: ArrivalKind,
    joined: Option<Joined>,
    now: i64,
) -> Result<(), StorageError> {
    let row =
        tx.row(format!("SELECT {COLUMNS} FROM arrivals WHERE id = $1 {{FOR UPDATE}}"), args![id]).await?;
    let Some(before) = row.as_ref().map(arrival_of).transpose()? else { return Ok(()) };
    let recipient_id = joined.map(|joined| joined.recipient_id).or(before.recipient_id);
    if (before.kind, before.recipient_id) == (kind, recipient_id) {
        return Ok(());
    }
    let sql = "UPDATE arrivals SET kind = $2, recipient_id = $3 WHERE id = $1";
    tx.execute(sql, args![id, kind.name(), recipient_id]).await?;
    let mut detail = json!({ "arrival_id": id, "kind": kind.name() });
    if let Some(Joined { by, .. }) = joined {
        detail["joined_by"] = by.name().into();
        detail["joined_confidence"] = by.confidence().into();
    }
    tell(tx, event::RECOGNISED, recipient_id, detail, now).await
}

/// The event stands in the history of the message, the broadcast and the contact.
async fn tell(
    tx: &mut Tx,
    kind: &'static str,
    recipient_id: Option<i64>,
    detail: Value,
    now: i64,
) -> Result<(), StorageError> {
    let mut told = NewEvent::of(kind).recipient(recipient_id).detail(detail);
    let sql = "SELECT contact_id, broadcast_id FROM recipients WHERE id = $1";
    if let Some(row) = tx.row(sql, args![recipient_id]).await? {
        told = told.contact(row.get::<i64>("contact_id")?).broadcast(row.get::<i64>("broadcast_id")?);
    }
    append_one(tx, told, now).await
}
