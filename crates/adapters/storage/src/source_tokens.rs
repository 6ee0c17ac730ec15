//! Keeps how access tokens of sources are renewed; the tokens themselves are the passwords of the sources' logins.

use async_trait::async_trait;
use delivery::{
    ports::StoreFailure,
    source::{
        SourceId, Way,
        token::{FreshToken, TokenRenewal, TokenStanding, TokenStore},
    },
};

use crate::{
    StorageError, Store,
    error::from_json,
    sql::{self, Row, args},
    tx::Tx,
};

#[async_trait]
impl TokenStore for Store {
    async fn token_renewals(&self) -> Result<Vec<TokenStanding>, StoreFailure> {
        let sql =
            "SELECT t.source_id, t.token_url, t.client_id, t.client_secret, t.refresh_token, t.expires_at,
                          t.trouble, t.trouble_at
                   FROM source_tokens t JOIN sources s ON s.id = t.source_id
                   WHERE s.removed_at IS NULL ORDER BY t.source_id";
        let rows = self.rows(sql, args![]).await?;
        Ok(rows.iter().map(standing_of).collect::<Result<_, _>>()?)
    }

    async fn set_token_renewal(
        &self,
        source: SourceId,
        renewal: Option<&TokenRenewal>,
    ) -> Result<(), StoreFailure> {
        let renewal = renewal.cloned();
        let work = self.write(move |tx| {
            Box::pin(async move {
                tx.execute("DELETE FROM source_tokens WHERE source_id = $1", args![source]).await?;
                if let Some(new) = renewal {
                    let sql = "INSERT INTO source_tokens (source_id, token_url, client_id, client_secret, refresh_token)
                               VALUES ($1, $2, $3, $4, $5)";
                    let TokenRenewal { token_url, client_id, client_secret, refresh_token } = new;
                    tx.execute(sql, args![source, token_url, client_id, client_secret, refresh_token]).await?;
                }
                Ok(())
            })
        });
        Ok(work.await?)
    }

    async fn keep_token(&self, source: SourceId, fresh: &FreshToken) -> Result<bool, StoreFailure> {
        let fresh = fresh.clone();
        Ok(self.write(move |tx| Box::pin(keep(tx, source, fresh))).await?)
    }

    async fn keep_token_trouble(&self, source: SourceId, words: &str, now: i64) -> Result<(), StoreFailure> {
        let sql = "UPDATE source_tokens SET trouble = $2, trouble_at = $3 WHERE source_id = $1";
        self.execute(sql, args![source, words, now]).await?;
        Ok(())
    }
}

fn standing_of(row: &Row) -> Result<TokenStanding, StorageError> {
    let trouble: Option<String> = row.get("trouble")?;
    let trouble_at: Option<i64> = row.get("trouble_at")?;
    Ok(TokenStanding {
        source: row.get("source_id")?,
        renewal: TokenRenewal {
            token_url: row.get("token_url")?,
            client_id: row.get("client_id")?,
            client_secret: row.get("client_secret")?,
            refresh_token: row.get("refresh_token")?,
        },
        expires_at: row.get("expires_at")?,
        trouble: trouble_at.zip(trouble),
    })
}

async fn keep(tx: &mut Tx, source: SourceId, fresh: FreshToken) -> Result<bool, StorageError> {
    let sql = "SELECT way FROM sources WHERE id = $1 AND removed_at IS NULL {FOR UPDATE}";
    let Some(row) = tx.row(sql, args![source]).await? else { return Ok(false) };
    let Way::SmartHost(mut host) = from_json::<Way>("source", &row.get::<String>("way")?)? else {
        return Ok(false);
    };
    let Some(login) = &mut host.login else { return Ok(false) };
    login.password = fresh.access_token;
    let way = sql::json(&Way::SmartHost(host));
    tx.execute("UPDATE sources SET way = $2 WHERE id = $1", args![source, way]).await?;
    let sql = "UPDATE source_tokens SET expires_at = $2, refresh_token = COALESCE($3, refresh_token), trouble = NULL,
                      trouble_at = NULL WHERE source_id = $1";
    tx.execute(sql, args![source, fresh.expires_at, fresh.refresh_token]).await?;
    Ok(true)
}
