//! Queues one message to one contact outside a broadcast's own run: a resend from the desk, a single mail.

use campaigns::broadcast::Purpose;
use delivery::{
    event,
    ports::{Claimed, Submission, Submitted},
    recipient::{RecipientId, State, WithheldReason},
};
use serde_json::json;

use super::{claim::claimed, lease::Leased};
use crate::{
    StorageError, Store,
    broadcasts::{SITE, left_out},
    error::named,
    events::{NewEvent, append_one},
    sql::{Row, args},
    tx::Tx,
};

/// What is written for a submission.
struct Single {
    id: RecipientId,
    version_id: i64,
    paused: bool,
    address: String,
    provider: String,
    withheld: Option<WithheldReason>,
}

/// Whom a message is leased to when it is queued, and until when.
struct Lease {
    node: String,
    until: i64,
}

/// Delivery hears of it as soon as it can be seen: it makes nothing durable before this is.
pub(super) async fn submit(
    store: &Store,
    submission: Submission,
    now: i64,
) -> Result<Submitted, StorageError> {
    let urgent = submission.lane.is_urgent();
    let (hurry, bell) = (store.hurry(), store.queue_bell());
    if urgent {
        hurry.begin();
    }
    let hands = store.hands().filter(|hands| urgent && !hands.rows.is_closed());
    let lease = hands.as_ref().map(|hands| Lease { node: hands.node.clone(), until: now + hands.lease_ms });
    let seen = move |(_, handed): &(Submitted, Option<Claimed>)| match (hands, handed) {
        (Some(hands), Some(row)) => {
            // Who has closed its hands meanwhile has died for the queue: the row is taken back as its others are.
            let _closed = hands.rows.send(row.clone());
        }
        _ if urgent => {
            hurry.end();
            hurry.ring();
        }
        _ => bell.notify_one(),
    };
    let store = store.keeping_plans();
    let work = store.write_telling(seen, move |tx| Box::pin(queue(tx, submission, lease, now)));
    Ok(work.await?.0)
}

async fn queue(
    tx: &mut Tx,
    submission: Submission,
    lease: Option<Lease>,
    now: i64,
) -> Result<(Submitted, Option<Claimed>), StorageError> {
    // Two that repeat the same row wait for each other; others only for whoever pauses, resumes or cancels.
    let lock = if submission.resend_of.is_some() { "{FOR UPDATE}" } else { "{FOR SHARE}" };
    let sql = format!("SELECT state, purpose, template_version_id FROM broadcasts WHERE id = $1 {lock}");
    let broadcast = tx.row(sql, args![submission.broadcast_id]).await?;
    let version: Option<i64> = broadcast.as_ref().map_or(Ok(None), |row| row.get("template_version_id"))?;
    let (Some(broadcast), Some(version_id)) = (broadcast, version) else {
        return Err(StorageError::Unreadable(format!(
            "broadcast {} has no content yet",
            submission.broadcast_id
        )));
    };
    if let Some(underway) = underway(tx, &submission).await? {
        return Ok((Submitted::Queued(underway), None));
    }
    let purpose = named("purpose", &broadcast.get::<String>("purpose")?, Purpose::from_name)?;
    let sql = format!(
        "SELECT c.address, c.provider, CASE {} END AS withheld FROM contacts c WHERE c.id = $1",
        left_out(purpose)
    );
    let contact = tx.row(sql, args![submission.contact_id]).await?;
    let single = Single {
        id: tx.new_id(now),
        version_id,
        paused: broadcast.get::<String>("state")? == "paused",
        address: address_of(contact.as_ref())?,
        provider: contact.as_ref().map_or(Ok(String::new()), |row| row.get("provider"))?,
        withheld: reason_of(contact.as_ref())?,
    };
    write(tx, &submission, &single, now).await?;
    if let Some(reason) = single.withheld {
        return Ok((Submitted::Withheld(single.id, reason), None));
    }
    let site = enqueue(tx, &submission, &single, lease.as_ref(), now).await?;
    let leased = lease.filter(|_| !single.paused).map(|_| Leased {
        id: single.id,
        lane: submission.lane.rank(),
        site,
        due_at: now,
    });
    let handed = match leased {
        Some(leased) => claimed(tx, leased).await?,
        None => None,
    };
    Ok((Submitted::Queued(single.id), handed))
}

fn address_of(contact: Option<&Row>) -> Result<String, StorageError> {
    let address: Option<String> = contact.map_or(Ok(None), |row| row.get("address"))?;
    Ok(address.unwrap_or_default())
}

fn reason_of(contact: Option<&Row>) -> Result<Option<WithheldReason>, StorageError> {
    let Some(row) = contact else { return Ok(Some(WithheldReason::Changed)) };
    let name: Option<String> = row.get("withheld")?;
    name.map(|name| named("withheld reason", &name, WithheldReason::from_name)).transpose()
}

/// A resend of the same row that has not ended: pressing the button twice sends once.
async fn underway(tx: &mut Tx, submission: &Submission) -> Result<Option<RecipientId>, StorageError> {
    let Some(repeated) = submission.resend_of else { return Ok(None) };
    let sql = "SELECT n.id FROM recipients o JOIN recipients n ON n.id = o.resent_as
               WHERE o.id = $1 AND n.state IN ('waiting', 'deferred')";
    tx.row(sql, args![repeated]).await?.map(|row| row.get("id")).transpose()
}

async fn write(tx: &mut Tx, submission: &Submission, single: &Single, now: i64) -> Result<(), StorageError> {
    let state = if single.withheld.is_some() { State::Withheld } else { State::Waiting };
    tx.execute(
        "INSERT INTO recipients (id, broadcast_id, template_version_id, contact_id, address, provider, state, state_at,
                                 withheld, expires_at, resend_of, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $8)",
        args![
            single.id,
            submission.broadcast_id,
            single.version_id,
            submission.contact_id,
            &single.address,
            &single.provider,
            state.name(),
            now,
            single.withheld.map(WithheldReason::name),
            submission.expires_at,
            submission.resend_of
        ],
    )
    .await?;
    replace(tx, submission, single, now).await?;
    append_one(tx, told(submission, single), now).await
}

/// Gives the shard it is queued for.
async fn enqueue(
    tx: &mut Tx,
    submission: &Submission,
    single: &Single,
    lease: Option<&Lease>,
    now: i64,
) -> Result<String, StorageError> {
    let lease = lease.filter(|_| !single.paused);
    let sql = format!(
        "INSERT INTO queue (id, broadcast_id, lane, site, due_at, paused, phase, node, lease_until)
         SELECT r.id, r.broadcast_id, $2, {SITE}, $3, $4, $5, $6, $7 FROM recipients r WHERE r.id = $1
         RETURNING site"
    );
    let arguments = args![
        single.id,
        submission.lane.rank(),
        now,
        single.paused,
        i64::from(lease.is_some()),
        lease.map_or("", |lease| &lease.node),
        lease.map_or(0, |lease| lease.until)
    ];
    tx.row(sql, arguments).await?.map_or(Ok(String::new()), |row| row.get("site"))
}

/// The new row takes the place of the person's earlier ones in the report, so everybody counts once. The desk entry
/// is dealt with when the mail is on its way again.
async fn replace(
    tx: &mut Tx,
    submission: &Submission,
    single: &Single,
    now: i64,
) -> Result<(), StorageError> {
    let Some(repeated) = submission.resend_of else { return Ok(()) };
    let sql = "UPDATE recipients SET resent_as = $1
               WHERE contact_id = $2 AND broadcast_id = $3 AND id <> $1 AND (resent_as IS NULL OR id = $4)";
    tx.execute(sql, args![single.id, submission.contact_id, submission.broadcast_id, repeated]).await?;
    if submission.actor.is_some() && single.withheld.is_none() {
        let sql = "UPDATE recipients SET handled_at = $2, handled_note = 'resent'
                   WHERE id = $1 AND handled_at IS NULL AND state IN ('refused', 'bounced', 'doubtful')";
        tx.execute(sql, args![repeated, now]).await?;
    }
    Ok(())
}

fn told(submission: &Submission, single: &Single) -> NewEvent {
    let kind = if single.withheld.is_some() { event::WITHHELD } else { event::QUEUED };
    let mut detail = json!({});
    if let Some(repeated) = submission.resend_of {
        detail["resend_of"] = repeated.into();
    }
    if let Some(reason) = single.withheld {
        detail["reason"] = reason.name().into();
    }
    NewEvent::of(kind)
        .contact(submission.contact_id)
        .recipient(single.id)
        .broadcast(submission.broadcast_id)
        .actor(submission.actor)
        .detail(detail)
}
