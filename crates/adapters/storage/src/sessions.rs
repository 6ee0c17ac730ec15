//! Keeps open logins: the hash of the token, whose it is, until when.

use accounts::{Operator, Session, SessionStore, StoreFailure};
use async_trait::async_trait;

use crate::{
    Store,
    operators::{COLUMNS, operator_of},
    sql::args,
};

#[async_trait]
impl SessionStore for Store {
    async fn open(&self, session: &Session) -> Result<(), StoreFailure> {
        let session = session.clone();
        let work = self.write(move |tx| {
            Box::pin(async move {
                // Whoever logs in takes out what has ended, so the table never grows.
                tx.execute("DELETE FROM sessions WHERE expires_at <= $1", args![session.created_at]).await?;
                tx.execute(
                    "INSERT INTO sessions (token_hash, operator_id, csrf_token, created_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5)",
                    args![
                        session.token_hash,
                        session.operator_id,
                        session.csrf_token,
                        session.created_at,
                        session.expires_at
                    ],
                )
                .await
            })
        });
        work.await?;
        Ok(())
    }

    async fn find(&self, token_hash: &str, now: i64) -> Result<Option<(Session, Operator)>, StoreFailure> {
        let sql = format!(
            "SELECT {COLUMNS}, s.csrf_token, s.created_at AS session_created_at, s.expires_at
             FROM sessions s JOIN operators o ON o.id = s.operator_id
             WHERE s.token_hash = $1 AND s.expires_at > $2 AND o.locked_at IS NULL"
        );
        let Some(row) = self.row(sql, args![token_hash, now]).await? else { return Ok(None) };
        let operator = operator_of(&row)?;
        let session = Session {
            token_hash: token_hash.to_owned(),
            operator_id: operator.id,
            csrf_token: row.get("csrf_token")?,
            created_at: row.get("session_created_at")?,
            expires_at: row.get("expires_at")?,
        };
        Ok(Some((session, operator)))
    }

    async fn extend(&self, token_hash: &str, expires_at: i64) -> Result<(), StoreFailure> {
        let sql = "UPDATE sessions SET expires_at = $2 WHERE token_hash = $1";
        self.execute(sql, args![token_hash, expires_at]).await?;
        Ok(())
    }

    async fn close(&self, token_hash: &str) -> Result<(), StoreFailure> {
        self.execute("DELETE FROM sessions WHERE token_hash = $1", args![token_hash]).await?;
        Ok(())
    }
}
