//! Keeps the operators; the pattern for every port: one file, one transaction per method, events beside the change.

use accounts::{
    Change, Creation, Credentials, FAILED_LOGINS_MAX, FailedLogin, Language, NewOperator, Operator,
    OperatorId, OperatorStore, Role, StoreFailure, event,
};
use async_trait::async_trait;
use serde_json::json;

use crate::{
    StorageError, Store,
    error::named,
    events::{NewEvent, append_one},
    sql::{Row, args},
    tx::Tx,
};

/// The columns [`operator_of`] reads; prefix `o`.
pub(crate) const COLUMNS: &str = "o.id, o.login, o.name, o.role, o.language, o.locked_at, \
                                  o.created_at AS operator_created_at, o.logged_in_at";

/// Reads an operator from a row with [`COLUMNS`].
pub(crate) fn operator_of(row: &Row) -> Result<Operator, StorageError> {
    Ok(Operator {
        id: row.get("id")?,
        login: row.get("login")?,
        name: row.get("name")?,
        role: named("role", &row.get::<String>("role")?, Role::from_name)?,
        language: named("language", &row.get::<String>("language")?, Language::from_name)?,
        locked_at: row.get("locked_at")?,
        created_at: row.get("operator_created_at")?,
        logged_in_at: row.get("logged_in_at")?,
    })
}

fn login_key(login: &str) -> String {
    login.trim().to_lowercase()
}

#[async_trait]
impl OperatorStore for Store {
    async fn count(&self) -> Result<u64, StoreFailure> {
        let row = self.row("SELECT COUNT(*) AS operators FROM operators", args![]).await?;
        Ok(row.map_or(Ok(0), |row| row.count("operators"))?)
    }

    async fn create_first_owner(&self, new: NewOperator, now: i64) -> Result<Creation, StoreFailure> {
        let work = self.write(move |tx| {
            Box::pin(async move {
                tx.lock_table("operators").await?;
                if tx.row("SELECT id FROM operators LIMIT 1", args![]).await?.is_some() {
                    return Ok(Creation::NotFirst);
                }
                insert(tx, NewOperator { role: Role::Owner, ..new }, None, now).await
            })
        });
        Ok(work.await?)
    }

    async fn create(
        &self,
        new: NewOperator,
        actor: Option<OperatorId>,
        now: i64,
    ) -> Result<Creation, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(insert(tx, new, actor, now))).await?)
    }

    async fn list(&self) -> Result<Vec<Operator>, StoreFailure> {
        let rows = self.rows(format!("SELECT {COLUMNS} FROM operators o ORDER BY o.id"), args![]).await?;
        Ok(rows.iter().map(operator_of).collect::<Result<_, _>>()?)
    }

    async fn by_id(&self, id: OperatorId) -> Result<Option<Operator>, StoreFailure> {
        let row = self.row(format!("SELECT {COLUMNS} FROM operators o WHERE o.id = $1"), args![id]).await?;
        Ok(row.as_ref().map(operator_of).transpose()?)
    }

    async fn credentials(&self, login: &str) -> Result<Option<Credentials>, StoreFailure> {
        let sql = format!(
            "SELECT {COLUMNS}, o.password_hash, o.failed_logins FROM operators o WHERE o.login_key = $1"
        );
        let Some(row) = self.row(sql, args![login_key(login)]).await? else { return Ok(None) };
        Ok(Some(Credentials {
            operator: operator_of(&row)?,
            password_hash: row.get("password_hash")?,
            failed_logins: u32::try_from(row.get::<i64>("failed_logins")?).unwrap_or(u32::MAX),
        }))
    }

    async fn record_failed_login(&self, id: OperatorId, now: i64) -> Result<FailedLogin, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(count_failure(tx, id, now))).await?)
    }

    async fn record_login(&self, id: OperatorId, now: i64) -> Result<(), StoreFailure> {
        let sql =
            "UPDATE operators SET failed_logins = 0, logged_in_at = $2 WHERE id = $1 AND locked_at IS NULL";
        self.execute(sql, args![id, now]).await?;
        Ok(())
    }

    async fn unlock(
        &self,
        id: OperatorId,
        actor: Option<OperatorId>,
        now: i64,
    ) -> Result<Change, StoreFailure> {
        let work = self.write(move |tx| {
            Box::pin(async move {
                let Some(operator) = for_change(tx, id).await? else { return Ok(Change::Unknown) };
                let sql = "UPDATE operators SET locked_at = NULL, failed_logins = 0 WHERE id = $1";
                tx.execute(sql, args![id]).await?;
                if operator.locked_at.is_some() {
                    tell(tx, event::OPERATOR_UNLOCKED, &operator, actor, now).await?;
                }
                Ok(Change::Done)
            })
        });
        Ok(work.await?)
    }

    async fn set_password(
        &self,
        id: OperatorId,
        password_hash: String,
        actor: Option<OperatorId>,
        now: i64,
    ) -> Result<Change, StoreFailure> {
        let work = self.write(move |tx| {
            Box::pin(async move {
                let Some(operator) = for_change(tx, id).await? else { return Ok(Change::Unknown) };
                tx.execute("UPDATE operators SET password_hash = $2 WHERE id = $1", args![id, password_hash])
                    .await?;
                tx.execute("DELETE FROM sessions WHERE operator_id = $1", args![id]).await?;
                tell(tx, event::PASSWORD_SET, &operator, actor, now).await?;
                Ok(Change::Done)
            })
        });
        Ok(work.await?)
    }

    async fn set_role(
        &self,
        id: OperatorId,
        role: Role,
        actor: Option<OperatorId>,
        now: i64,
    ) -> Result<Change, StoreFailure> {
        Ok(self.write(move |tx| Box::pin(change_role(tx, id, role, actor, now))).await?)
    }

    async fn remove(
        &self,
        id: OperatorId,
        actor: Option<OperatorId>,
        now: i64,
    ) -> Result<Change, StoreFailure> {
        let work = self.write(move |tx| {
            Box::pin(async move {
                let Some(operator) = for_change(tx, id).await? else { return Ok(Change::Unknown) };
                if operator.role == Role::Owner && owners(tx).await? == 1 {
                    return Ok(Change::LastOwner);
                }
                tx.execute("DELETE FROM sessions WHERE operator_id = $1", args![id]).await?;
                tx.execute("DELETE FROM operators WHERE id = $1", args![id]).await?;
                tell(tx, event::OPERATOR_REMOVED, &operator, actor, now).await?;
                Ok(Change::Done)
            })
        });
        Ok(work.await?)
    }

    async fn set_language(&self, id: OperatorId, language: Language) -> Result<(), StoreFailure> {
        self.execute("UPDATE operators SET language = $2 WHERE id = $1", args![id, language.name()]).await?;
        Ok(())
    }
}

async fn insert(
    tx: &mut Tx,
    new: NewOperator,
    actor: Option<i64>,
    now: i64,
) -> Result<Creation, StorageError> {
    let id = tx.new_id(now);
    let inserted = tx
        .execute(
            "INSERT INTO operators (id, login, login_key, name, role, language, password_hash, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (login_key) DO NOTHING",
            args![
                id,
                new.login.trim(),
                login_key(&new.login),
                &new.name,
                new.role.name(),
                new.language.name(),
                new.password_hash,
                now
            ],
        )
        .await?;
    if inserted == 0 {
        return Ok(Creation::LoginTaken);
    }
    let detail = json!({ "operator_id": id, "login": new.login.trim(), "name": new.name, "role": new.role });
    append_one(tx, NewEvent::of(event::OPERATOR_ADDED).actor(actor).detail(detail), now).await?;
    Ok(Creation::Created(id))
}

/// The operator, while no other change of operators can happen: two owners cannot demote one another.
async fn for_change(tx: &mut Tx, id: OperatorId) -> Result<Option<Operator>, StorageError> {
    tx.lock_table("operators").await?;
    let row = tx.row(format!("SELECT {COLUMNS} FROM operators o WHERE o.id = $1"), args![id]).await?;
    row.as_ref().map(operator_of).transpose()
}

async fn owners(tx: &mut Tx) -> Result<u64, StorageError> {
    let sql = "SELECT COUNT(*) AS owners FROM operators WHERE role = $1";
    let row = tx.row(sql, args![Role::Owner.name()]).await?;
    row.map_or(Ok(0), |row| row.count("owners"))
}

async fn change_role(
    tx: &mut Tx,
    id: OperatorId,
    role: Role,
    actor: Option<i64>,
    now: i64,
) -> Result<Change, StorageError> {
    let Some(operator) = for_change(tx, id).await? else { return Ok(Change::Unknown) };
    if operator.role == role {
        return Ok(Change::Done);
    }
    if operator.role == Role::Owner && owners(tx).await? == 1 {
        return Ok(Change::LastOwner);
    }
    tx.execute("UPDATE operators SET role = $2 WHERE id = $1", args![id, role.name()]).await?;
    tell(tx, event::OPERATOR_ROLE_CHANGED, &Operator { role, ..operator }, actor, now).await?;
    Ok(Change::Done)
}

async fn count_failure(tx: &mut Tx, id: OperatorId, now: i64) -> Result<FailedLogin, StorageError> {
    let changed = tx.execute(
        "UPDATE operators SET failed_logins = failed_logins + 1,
            locked_at = CASE WHEN locked_at IS NULL AND failed_logins + 1 >= $2 THEN $3 ELSE locked_at END
         WHERE id = $1",
        args![id, FAILED_LOGINS_MAX, now],
    );
    if changed.await? == 0 {
        return Ok(FailedLogin { failures: 0, locked: false });
    }
    // The row is ours until the commit, so this reads what the statement above wrote.
    let sql = format!("SELECT {COLUMNS}, o.failed_logins FROM operators o WHERE o.id = $1");
    let Some(row) = tx.row(sql, args![id]).await? else {
        return Ok(FailedLogin { failures: 0, locked: false });
    };
    let operator = operator_of(&row)?;
    let failures = u32::try_from(row.get::<i64>("failed_logins")?).unwrap_or(u32::MAX);
    if operator.locked_at.is_some() && failures == FAILED_LOGINS_MAX {
        tell(tx, event::OPERATOR_LOCKED, &operator, None, now).await?;
    }
    Ok(FailedLogin { failures, locked: operator.locked_at.is_some() })
}

/// The name stays in the event, so the history can be read after the operator was removed.
async fn tell(
    tx: &mut Tx,
    kind: &'static str,
    operator: &Operator,
    actor: Option<i64>,
    now: i64,
) -> Result<(), StorageError> {
    let detail = json!({
        "operator_id": operator.id, "login": operator.login, "name": operator.name, "role": operator.role
    });
    append_one(tx, NewEvent::of(kind).actor(actor).detail(detail), now).await
}
