//! Makes several entries of one person into one, and back: the others stay as they were, hidden behind the survivor.

use async_trait::async_trait;
use audience::{
    Contact, ContactId, ContactPoint, Merge, MergeId, MergePlan, MergeRules, MergeStore, OptOutRoute,
    StoreFailure, event, plan_by_rules,
};
use serde_json::json;

use crate::{
    StorageError, Store, contact_edit,
    contact_rows::{COLUMNS, Kept, contact_of},
    error::from_json,
    events::{NewEvent, append},
    field_values::Registry,
    ledger, merge_points,
    point_rows::of_contacts,
    sql::{self, Row, args},
    tx::Tx,
};

/// Addresses that several contacts in use have, preferred or not.
const DUPLICATE: &str =
    "SELECT c.address_key FROM contacts c WHERE c.trashed_at IS NULL AND c.address_key IS NOT NULL
     GROUP BY c.address_key HAVING COUNT(*) > 1
     UNION SELECT p.value_key FROM contact_points p JOIN contacts o ON o.id = p.contact_id
     WHERE p.kind = 'address' AND p.removed_at IS NULL AND o.trashed_at IS NULL AND (
         EXISTS (SELECT 1 FROM contacts c WHERE c.address_key = p.value_key AND c.trashed_at IS NULL
                 AND c.id <> p.contact_id)
      OR EXISTS (SELECT 1 FROM contact_points q JOIN contacts c ON c.id = q.contact_id
                 WHERE q.value_key = p.value_key AND q.kind = 'address' AND q.removed_at IS NULL
                   AND c.trashed_at IS NULL AND q.contact_id <> p.contact_id))";

#[async_trait]
impl MergeStore for Store {
    async fn duplicates(&self, offset: u64, limit: u64) -> Result<(Vec<Vec<Contact>>, u64), StoreFailure> {
        let work = self.read(move |tx| {
            Box::pin(async move {
                let sql = format!("SELECT COUNT(*) AS total FROM ({DUPLICATE}) AS d");
                let total = tx.row(sql, args![]).await?.map_or(Ok(0), |row| row.count("total"))?;
                Ok((groups(tx, offset, limit).await?, total))
            })
        });
        Ok(work.await?)
    }

    async fn merge(
        &self,
        plan: &MergePlan,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Option<MergeId>, StoreFailure> {
        let plan = plan.clone();
        Ok(self.write(move |tx| Box::pin(async move { merge(tx, &plan, actor, now).await })).await?)
    }

    async fn merge_duplicates(
        &self,
        rules: &MergeRules,
        limit: u64,
        actor: Option<i64>,
        now: i64,
    ) -> Result<u64, StoreFailure> {
        let rules = rules.clone();
        let work = self.write(move |tx| {
            Box::pin(async move {
                let mut merged = 0;
                for group in groups(tx, 0, limit).await? {
                    if let Some(plan) = plan_by_rules(&group, &rules) {
                        merged += u64::from(merge(tx, &plan, actor, now).await?.is_some());
                    }
                }
                Ok(merged)
            })
        });
        Ok(work.await?)
    }

    async fn merges_of(&self, id: ContactId) -> Result<Vec<Merge>, StoreFailure> {
        let sql =
            "SELECT id, others, at, undone_at FROM merges WHERE master_id = $1 ORDER BY id DESC LIMIT 50";
        let rows = self.rows(sql, args![id]).await?;
        Ok(rows.iter().map(merge_of).collect::<Result<_, _>>()?)
    }

    async fn undo_merge(&self, id: MergeId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(undo(tx, id, actor, now))).await?)
    }
}

fn merge_of(row: &Row) -> Result<Merge, StorageError> {
    Ok(Merge {
        id: row.get("id")?,
        others: from_json("entries of a merge", &row.get::<String>("others")?)?,
        at: row.get("at")?,
        undone_at: row.get("undone_at")?,
    })
}

/// Contacts in use that share an address, preferred or not, newest first.
async fn groups(tx: &mut Tx, offset: u64, limit: u64) -> Result<Vec<Vec<Contact>>, StorageError> {
    let sql =
        format!("SELECT d.address_key FROM ({DUPLICATE}) AS d ORDER BY d.address_key LIMIT $1 OFFSET $2");
    let rows = tx.rows(sql, args![limit, offset]).await?;
    let keys = rows
        .iter()
        .map(|row| Ok([row.get("address_key")?]))
        .collect::<Result<Vec<[String; 1]>, StorageError>>()?;
    let sql = format!(
        "SELECT {COLUMNS}, m.shared FROM (
             SELECT j.value->>0 AS shared, x.id FROM {{ROWS}} CROSS JOIN contacts x
             WHERE x.address_key = j.value->>0
             UNION SELECT j.value->>0, p.contact_id FROM {{ROWS}} CROSS JOIN contact_points p
             WHERE p.value_key = j.value->>0 AND p.kind = 'address' AND p.removed_at IS NULL) AS m
         JOIN contacts c ON c.id = m.id WHERE c.trashed_at IS NULL ORDER BY m.shared, c.id DESC"
    );
    let mut groups: Vec<(String, Vec<Contact>)> = Vec::new();
    for row in tx.rows(sql, args![sql::json(&keys)]).await? {
        let key: String = row.get("shared")?;
        let contact = contact_of(&row)?;
        match groups.last_mut() {
            Some((known, group)) if *known == key => group.push(contact),
            _ => groups.push((key, vec![contact])),
        }
    }
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}

async fn load(tx: &mut Tx, ids: &[i64]) -> Result<Vec<Kept>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS}, c.address_key FROM contacts c
         WHERE c.id IN (SELECT CAST(j.value AS BIGINT) FROM {{ROWS}}) AND c.trashed_at IS NULL ORDER BY c.id {{FOR UPDATE OF c}}"
    );
    tx.rows(sql, args![sql::json(ids)]).await?.iter().map(Kept::of).collect()
}

/// `None` when one of them is gone meanwhile.
async fn merge(
    tx: &mut Tx,
    plan: &MergePlan,
    actor: Option<i64>,
    now: i64,
) -> Result<Option<MergeId>, StorageError> {
    let mut ids = plan.others.clone();
    ids.push(plan.master);
    let people = load(tx, &ids).await?;
    let Some(master) = people.iter().find(|person| person.contact.id == plan.master) else { return Ok(None) };
    if people.len() != ids.len() || plan.others.is_empty() {
        return Ok(None);
    }
    let id = tx.new_id(now);
    let others: Vec<&Kept> = people.iter().filter(|person| person.contact.id != plan.master).collect();
    let before: Vec<&Contact> = people.iter().map(|person| &person.contact).collect();
    let points = of_contacts(tx, &ids).await?;
    let own: Vec<&ContactPoint> = points.iter().filter(|point| point.contact_id == plan.master).collect();
    let sql = "INSERT INTO merges (id, master_id, others, before, points, at, actor) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let (told, snapshot) = (sql::json(&plan.others), sql::json(&before));
    tx.execute(sql, args![id, plan.master, told, snapshot, sql::json(&own), now, actor]).await?;
    let names: Vec<_> = others
        .iter()
        .filter(|other| !other.contact.external_id.is_empty())
        .map(|other| (&other.contact.external_id, plan.master))
        .collect();
    let sql = "INSERT INTO contact_external_ids (external_id, contact_id)
               SELECT j.value->>0, CAST(j.value->>1 AS BIGINT) FROM {ROWS} WHERE TRUE
               ON CONFLICT (external_id) DO UPDATE SET contact_id = excluded.contact_id";
    tx.execute(sql, args![sql::json(&names)]).await?;
    hide(tx, &plan.others, plan.master, now).await?;
    contact_edit::edit(tx, plan.master, None, &plan.result, (actor, now)).await?;
    keep_refusals(tx, master, &others, (actor, now)).await?;
    merge_points::keep_all(tx, plan, &people, points, now).await?;
    let detail = json!({ "merge_id": id, "others": plan.others });
    let mut events =
        vec![NewEvent::of(event::CONTACT_MERGED).contact(plan.master).actor(actor).detail(detail)];
    let into = json!({ "merge_id": id, "into": plan.master });
    events.extend(
        plan.others.iter().map(|other| {
            NewEvent::of(event::CONTACT_MERGED).contact(*other).actor(actor).detail(into.clone())
        }),
    );
    append(tx, &events, now).await?;
    Ok(Some(id))
}

/// They are on no list and get no mail; their numbers lead to the survivor.
async fn hide(tx: &mut Tx, others: &[i64], master: i64, now: i64) -> Result<(), StorageError> {
    let sql = "UPDATE contacts SET trashed_at = $2, merged_into = $3, external_id = '', updated_at = $2
               WHERE id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS})";
    tx.execute(sql, args![sql::json(others), now, master]).await?;
    let sql = "INSERT INTO topic_opt_outs (topic_id, contact_id, at, route)
               SELECT t.topic_id, $2, MIN(t.at), MIN(t.route) FROM topic_opt_outs t
               WHERE t.contact_id IN (SELECT CAST(j.value AS BIGINT) FROM {ROWS}) GROUP BY t.topic_id
               ON CONFLICT (topic_id, contact_id) DO NOTHING";
    tx.execute(sql, args![sql::json(others), master]).await?;
    Ok(())
}

/// Whoever of them refused mail refused it for the person. Without a refusal, an agreement of one of them counts.
async fn keep_refusals(
    tx: &mut Tx,
    master: &Kept,
    others: &[&Kept],
    (actor, now): (Option<i64>, i64),
) -> Result<(), StorageError> {
    if master.contact.opted_out_at.is_some() {
        return Ok(());
    }
    let id = master.contact.id;
    if let Some(other) = others.iter().find(|other| other.contact.opted_out_at.is_some()) {
        let route = other.contact.opt_out_route.unwrap_or(OptOutRoute::Operator);
        let sql = "UPDATE contacts SET opted_out_at = $2, opt_out_route = $3 WHERE id = $1 AND opted_out_at IS NULL";
        tx.execute(sql, args![id, other.contact.opted_out_at, route.name()]).await?;
        return ledger::withdrawn(tx, &[id], None, (route, actor), now).await;
    }
    let agreed = others.iter().find_map(|other| other.contact.consent.zip(other.contact.consented_at));
    if let Some((basis, at)) = agreed.filter(|_| master.contact.consent.is_none()) {
        let sql = "UPDATE contacts SET consent = $2, consented_at = $3 WHERE id = $1";
        tx.execute(sql, args![id, basis.name(), at]).await?;
    }
    Ok(())
}

/// Everybody is as before the merge. `false` when it was undone already, or somebody is gone meanwhile.
async fn undo(tx: &mut Tx, id: MergeId, actor: Option<i64>, now: i64) -> Result<bool, StorageError> {
    let sql = "SELECT master_id, others, before, points FROM merges WHERE id = $1 AND undone_at IS NULL {FOR UPDATE}";
    let Some(row) = tx.row(sql, args![id]).await? else { return Ok(false) };
    let master: i64 = row.get("master_id")?;
    let before: Vec<Contact> = from_json("contacts before a merge", &row.get::<String>("before")?)?;
    let others: Vec<i64> = from_json("entries of a merge", &row.get::<String>("others")?)?;
    let sql = format!("SELECT {COLUMNS}, c.address_key FROM contacts c WHERE c.id = $1 {{FOR UPDATE}}");
    let Some(now_row) = tx.row(sql, args![master]).await? else { return Ok(false) };
    let after = Kept::of(&now_row)?;
    let mut registry = Registry::load(tx).await?;
    tx.execute("UPDATE contacts SET external_id = '' WHERE id = $1", args![master]).await?;
    for contact in before {
        let address = contact.address.as_deref().and_then(|address| mail::Address::parse(address).ok());
        let kept = Kept { address_key: address.map(|address| address.key()), contact };
        let was_master = kept.contact.id == master;
        let sql = "DELETE FROM contact_external_ids WHERE external_id = $1";
        tx.execute(sql, args![&kept.contact.external_id]).await?;
        crate::contact_rows::update(tx, &[&kept], now).await?;
        let sql =
            "UPDATE contacts SET merged_into = NULL, address_label = $2, phone_label = $3 WHERE id = $1";
        let labels = (&kept.contact.address_label, &kept.contact.phone_label);
        tx.execute(sql, args![kept.contact.id, labels.0, labels.1]).await?;
        if was_master {
            registry.remember(tx, kept.contact.fields.keys(), now).await?;
            registry.write(tx, &[(Some(&after), &kept)]).await?;
        }
    }
    merge_points::undo(tx, master, &row.get::<String>("points")?).await?;
    tx.execute("UPDATE merges SET undone_at = $2 WHERE id = $1", args![id, now]).await?;
    let detail = json!({ "merge_id": id });
    let told =
        |contact| NewEvent::of(event::MERGE_UNDONE).contact(contact).actor(actor).detail(detail.clone());
    let events: Vec<NewEvent> = others.into_iter().chain([master]).map(told).collect();
    append(tx, &events, now).await?;
    Ok(true)
}
