//! Keeps the customers: lists, edits, opt-outs and what is known about their addresses.

use async_trait::async_trait;
use audience::{
    Contact, ContactDraft, ContactFilter, ContactId, ContactPage, ContactStore, Edited, OptOutRoute,
    Standing, StoreFailure, UpsertKey, Upserted, event,
};
use serde_json::json;

use crate::{
    StorageError, Store, contact_edit,
    contact_rows::{COLUMNS, contact_of},
    events::{NewEvent, append},
    ledger, search,
    sql::{self, Arg, Row, args},
    tx::Tx,
    upsert::upsert,
    validity,
};

#[async_trait]
impl ContactStore for Store {
    async fn list(
        &self,
        filter: &ContactFilter,
        offset: u64,
        limit: u64,
    ) -> Result<ContactPage, StoreFailure> {
        let (condition, args) = condition_of(filter);
        let page = self.read(move |tx| {
            Box::pin(async move {
                let total = total(tx, &condition, args.clone()).await?;
                let mut page_args = args;
                page_args.extend(args![limit, offset]);
                let sql = format!(
                    "SELECT {COLUMNS} FROM contacts c WHERE {condition} ORDER BY c.id DESC LIMIT ${} OFFSET ${}",
                    page_args.len() - 1,
                    page_args.len()
                );
                let rows = tx.rows(sql, page_args).await?;
                Ok(ContactPage { contacts: rows.iter().map(contact_of).collect::<Result<_, _>>()?, total })
            })
        });
        Ok(page.await?)
    }

    async fn count(&self, filter: &ContactFilter) -> Result<u64, StoreFailure> {
        let (condition, args) = condition_of(filter);
        Ok(self.read(move |tx| Box::pin(async move { total(tx, &condition, args).await })).await?)
    }

    async fn get(&self, id: ContactId) -> Result<Option<Contact>, StoreFailure> {
        let row = self.row(format!("SELECT {COLUMNS} FROM contacts c WHERE c.id = $1"), args![id]).await?;
        Ok(row.as_ref().map(contact_of).transpose()?)
    }

    async fn add(
        &self,
        draft: &ContactDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Option<ContactId>, StoreFailure> {
        let draft = draft.clone();
        Ok(self
            .write(move |tx| Box::pin(async move { contact_edit::add(tx, &draft, actor, now).await }))
            .await?)
    }

    async fn edit(
        &self,
        id: ContactId,
        draft: &ContactDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure> {
        Ok(self.edit_with(id, None, draft, (actor, now)).await? == Edited::Saved)
    }

    async fn edit_version(
        &self,
        (id, version): (ContactId, i64),
        draft: &ContactDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Edited, StoreFailure> {
        Ok(self.edit_with(id, Some(version), draft, (actor, now)).await?)
    }

    async fn upsert(
        &self,
        keys: &[UpsertKey],
        draft: &ContactDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Upserted, StoreFailure> {
        let (keys, draft) = (keys.to_vec(), draft.clone());
        let work = self.write(move |tx| Box::pin(async move { upsert(tx, &keys, &draft, actor, now).await }));
        match work.await {
            Err(StorageError::Taken(_)) => Ok(Upserted::NumberTaken),
            other => Ok(other?),
        }
    }

    async fn list_after(
        &self,
        filter: &ContactFilter,
        after: ContactId,
        limit: u64,
    ) -> Result<Vec<Contact>, StoreFailure> {
        let (condition, mut arguments) = condition_of(filter);
        arguments.extend(args![after, limit]);
        let n = arguments.len();
        let sql = format!(
            "SELECT {COLUMNS} FROM contacts c WHERE {condition} AND c.id > ${} ORDER BY c.id LIMIT ${n}",
            n - 1
        );
        let rows = self.rows(sql, arguments).await?;
        Ok(rows.iter().map(contact_of).collect::<Result<_, _>>()?)
    }

    async fn opt_out(
        &self,
        id: ContactId,
        route: OptOutRoute,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure> {
        let told = NewEvent::of(event::CONTACT_OPTED_OUT).actor(actor);
        Ok(self.stop_advertising(id, route, told, now).await?)
    }

    async fn opt_out_after(
        &self,
        id: ContactId,
        route: OptOutRoute,
        recipient_id: i64,
        now: i64,
    ) -> Result<(), StoreFailure> {
        let told = NewEvent::of(event::CONTACT_OPTED_OUT).recipient(recipient_id);
        Ok(self.stop_advertising(id, route, told, now).await?)
    }

    async fn opt_in(&self, id: ContactId, actor: Option<i64>, now: i64) -> Result<(), StoreFailure> {
        let change = Change {
            set: "opted_out_at = NULL, opt_out_route = NULL, updated_at = $2",
            only: "opted_out_at IS NOT NULL",
            event: NewEvent::of(event::CONTACT_OPTED_IN).actor(actor),
            withdraws: None,
        };
        Ok(self.for_address_of(id, change, args![now], now).await?)
    }

    async fn mark_invalid(
        &self,
        address_key: &str,
        reason: &str,
        recipient_id: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure> {
        let told = NewEvent::of(event::ADDRESS_INVALID)
            .recipient(recipient_id)
            .detail(json!({ "reason": reason, "address_key": address_key }));
        let (key, reason) = (address_key.to_owned(), reason.to_owned());
        let work = self.write(move |tx| {
            Box::pin(async move { validity::switch_off_address(tx, &key, (&reason, &told), now).await })
        });
        work.await?;
        Ok(())
    }

    async fn mark_valid(
        &self,
        id: ContactId,
        note: &str,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure> {
        let told = NewEvent::of(event::ADDRESS_VALID).actor(actor).detail(json!({ "note": note }));
        Ok(self.write(move |tx| Box::pin(validity::lift(tx, id, told, now))).await?)
    }

    async fn confirm_address(&self, id: ContactId, actor: Option<i64>, now: i64) -> Result<(), StoreFailure> {
        let change = Change {
            set: "lookalike_of = NULL, updated_at = $2",
            only: "lookalike_of IS NOT NULL",
            event: NewEvent::of(event::ADDRESS_CONFIRMED).actor(actor),
            withdraws: None,
        };
        Ok(self.for_address_of(id, change, args![now], now).await?)
    }

    async fn trash(
        &self,
        ids: &[ContactId],
        trashed: bool,
        actor: Option<i64>,
        now: i64,
    ) -> Result<u64, StoreFailure> {
        let rows = ids.iter().map(|id| [id]).collect::<Vec<_>>();
        let (at, rows) = (trashed.then_some(now), sql::json(&rows));
        let kind = if trashed { event::CONTACT_TRASHED } else { event::CONTACT_RESTORED };
        let told = NewEvent::of(kind).actor(actor);
        let work = self.write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE contacts SET trashed_at = $2, updated_at = $3
                           WHERE id IN (SELECT CAST(j.value->>0 AS BIGINT) FROM {ROWS})
                             AND (trashed_at IS NULL) <> ($2 IS NULL) RETURNING id";
                let changed = tx.rows(sql, args![rows, at, now]).await?;
                tell_each(tx, &changed, &told, now).await?;
                Ok(changed.len() as u64)
            })
        });
        Ok(work.await?)
    }

    async fn field_names(&self) -> Result<Vec<String>, StoreFailure> {
        let sql = "SELECT key FROM contact_fields WHERE archived_at IS NULL";
        let rows = self.rows(sql, args![]).await?;
        let mut names = rows.iter().map(|row| row.get("key")).collect::<Result<Vec<String>, _>>()?;
        // The engines order text differently.
        names.sort();
        Ok(names)
    }
}

/// A change of every contact that shares an address. `$1` is a contact, `$2` now.
struct Change {
    set: &'static str,
    only: &'static str,
    event: NewEvent,
    /// The change withdraws what was agreed to.
    withdraws: Option<OptOutRoute>,
}

impl Store {
    async fn edit_with(
        &self,
        id: ContactId,
        version: Option<i64>,
        draft: &ContactDraft,
        by: (Option<i64>, i64),
    ) -> Result<Edited, StorageError> {
        let draft = draft.clone();
        let work = self
            .write(move |tx| Box::pin(async move { contact_edit::edit(tx, id, version, &draft, by).await }));
        match work.await {
            Err(StorageError::Taken(_)) => Ok(Edited::Refused),
            other => other,
        }
    }

    async fn stop_advertising(
        &self,
        id: ContactId,
        route: OptOutRoute,
        told: NewEvent,
        now: i64,
    ) -> Result<(), StorageError> {
        let change = Change {
            set: "opted_out_at = $2, opt_out_route = $3, updated_at = $2",
            only: "opted_out_at IS NULL",
            event: told.detail(json!({ "route": route.name() })),
            withdraws: Some(route),
        };
        self.for_address_of(id, change, args![now, route.name()], now).await
    }

    /// What is known about an address holds for everybody who has it.
    async fn for_address_of(
        &self,
        id: ContactId,
        change: Change,
        args: Vec<Arg>,
        now: i64,
    ) -> Result<(), StorageError> {
        self.write(move |tx| {
            Box::pin(async move {
                let sql = format!(
                    "UPDATE contacts SET {} WHERE {} AND (id = $1
                        OR address_key = (SELECT same.address_key FROM contacts AS same WHERE same.id = $1))
                     RETURNING id",
                    change.set, change.only
                );
                let mut all_args = args![id];
                all_args.extend(args);
                let rows = tx.rows(sql, all_args).await?;
                if let Some(route) = change.withdraws {
                    let ids = rows.iter().map(|row| row.get("id")).collect::<Result<Vec<i64>, _>>()?;
                    ledger::withdrawn(tx, &ids, None, (route, change.event.operator()), now).await?;
                }
                tell_each(tx, &rows, &change.event, now).await
            })
        })
        .await
    }
}

/// One event for each contact of `rows`.
pub(crate) async fn tell_each(
    tx: &mut Tx,
    rows: &[Row],
    event: &NewEvent,
    now: i64,
) -> Result<(), StorageError> {
    let mut ids = rows.iter().map(|row| row.get("id")).collect::<Result<Vec<i64>, _>>()?;
    ids.sort_unstable();
    let events: Vec<NewEvent> = ids.into_iter().map(|id| event.clone().contact(id)).collect();
    append(tx, &events, now).await
}

fn condition_of(filter: &ContactFilter) -> (String, Vec<Arg>) {
    let mut args = Vec::new();
    let mut condition = search::condition(&filter.search, &mut args);
    condition.push_str(if filter.trashed {
        " AND c.trashed_at IS NOT NULL AND c.merged_into IS NULL"
    } else {
        " AND c.trashed_at IS NULL"
    });
    if let Some(standing) = filter.standing {
        condition.push_str(" AND ");
        condition.push_str(standing_condition(standing));
    }
    (condition, args)
}

/// [`Contact::standing`] as a condition on `c`.
pub(crate) fn standing_condition(standing: Standing) -> &'static str {
    match standing {
        Standing::NoAddress => "c.address_key IS NULL",
        Standing::Resigned => "c.address_key IS NOT NULL AND c.status = 'cancelled'",
        Standing::OptedOut => {
            "c.address_key IS NOT NULL AND c.status <> 'cancelled' AND c.opted_out_at IS NOT NULL"
        }
        Standing::DmRefused => {
            "c.address_key IS NOT NULL AND c.status <> 'cancelled' AND c.opted_out_at IS NULL
             AND c.dm_refused_at IS NOT NULL"
        }
        Standing::Invalid => {
            "c.address_key IS NOT NULL AND c.status <> 'cancelled' AND c.opted_out_at IS NULL
             AND c.dm_refused_at IS NULL AND c.invalid_at IS NOT NULL"
        }
        Standing::Lookalike => {
            "c.address_key IS NOT NULL AND c.status <> 'cancelled' AND c.opted_out_at IS NULL
             AND c.dm_refused_at IS NULL AND c.invalid_at IS NULL AND c.lookalike_of IS NOT NULL"
        }
        Standing::Sendable => {
            "c.address_key IS NOT NULL AND c.status <> 'cancelled' AND c.opted_out_at IS NULL
             AND c.dm_refused_at IS NULL AND c.invalid_at IS NULL AND c.lookalike_of IS NULL"
        }
    }
}

async fn total(tx: &mut Tx, condition: &str, args: Vec<Arg>) -> Result<u64, StorageError> {
    let sql = format!("SELECT COUNT(*) AS total FROM contacts c WHERE {condition}");
    tx.row(sql, args).await?.map_or(Ok(0), |row| row.count("total"))
}
