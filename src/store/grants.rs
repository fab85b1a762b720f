//! Grants. Owns the table `grants`; `code_digest` and `refresh_digest` are unique, which decides the single use of a code.

use crate::model::grant::Grant;
use crate::store::sql::dialect::{Row, Value};
use crate::store::{StoreError, UnitOfWork};

/// The grants.
#[derive(Debug)]
pub struct Grants<'u>(pub(super) &'u mut UnitOfWork);

impl Grants<'_> {
    /// Adds a grant. [`StoreError::Duplicate`] when its code was redeemed before.
    pub async fn insert(&mut self, grant: &Grant) -> Result<(), StoreError> {
        let sql = "INSERT INTO grants (pool_id, id, client_id, sub, provider, code_digest, refresh_digest, scopes, nonce,
            auth_time_ms, event_id, created_ms, expires_ms, revoked_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
        let values = [
            (&grant.pool_id).into(),
            (&grant.id).into(),
            (&grant.client_id).into(),
            (&grant.sub).into(),
            (&grant.provider).into(),
            (&grant.code_digest).into(),
            (&grant.refresh_digest).into(),
            Value::json(&grant.scopes)?,
            (&grant.nonce).into(),
            grant.auth_time_ms.into(),
            (&grant.event_id).into(),
            grant.created_ms.into(),
            grant.expires_ms.into(),
            grant.revoked_ms.into(),
        ];
        self.0.unit.execute(sql, &values).await.map(drop)
    }

    /// Finds a grant by id.
    pub async fn find(&mut self, pool_id: &str, id: &str) -> Result<Option<Grant>, StoreError> {
        let sql =
            "SELECT pool_id, id, client_id, sub, provider, code_digest, refresh_digest, scopes, nonce, auth_time_ms, event_id,
            created_ms, expires_ms, revoked_ms FROM grants WHERE pool_id = $1 AND id = $2";
        self.0.unit.fetch_one(sql, &[pool_id.into(), id.into()]).await?.as_ref().map(grant).transpose()
    }

    /// Finds the grant that a code was redeemed for.
    pub async fn find_by_code(&mut self, pool_id: &str, code_digest: &str) -> Result<Option<Grant>, StoreError> {
        let sql =
            "SELECT pool_id, id, client_id, sub, provider, code_digest, refresh_digest, scopes, nonce, auth_time_ms, event_id,
            created_ms, expires_ms, revoked_ms FROM grants WHERE pool_id = $1 AND code_digest = $2";
        self.0.unit.fetch_one(sql, &[pool_id.into(), code_digest.into()]).await?.as_ref().map(grant).transpose()
    }

    /// Finds the grant of a refresh token.
    pub async fn find_by_refresh(&mut self, pool_id: &str, refresh_digest: &str) -> Result<Option<Grant>, StoreError> {
        let sql =
            "SELECT pool_id, id, client_id, sub, provider, code_digest, refresh_digest, scopes, nonce, auth_time_ms, event_id,
            created_ms, expires_ms, revoked_ms FROM grants WHERE pool_id = $1 AND refresh_digest = $2";
        self.0.unit.fetch_one(sql, &[pool_id.into(), refresh_digest.into()]).await?.as_ref().map(grant).transpose()
    }

    /// Revokes a grant once; an earlier time stays.
    pub async fn revoke(&mut self, pool_id: &str, id: &str, now_ms: i64) -> Result<(), StoreError> {
        let sql = "UPDATE grants SET revoked_ms = $3 WHERE pool_id = $1 AND id = $2 AND revoked_ms IS NULL";
        self.0.unit.execute(sql, &[pool_id.into(), id.into(), now_ms.into()]).await.map(drop)
    }

    /// Revokes a user's grants that came through that provider.
    pub async fn revoke_of_user(&mut self, pool_id: &str, sub: &str, provider: &str, now_ms: i64) -> Result<(), StoreError> {
        let sql = "UPDATE grants SET revoked_ms = $4 WHERE pool_id = $1 AND sub = $2 AND provider = $3 AND revoked_ms IS NULL";
        self.0.unit.execute(sql, &[pool_id.into(), sub.into(), provider.into(), now_ms.into()]).await.map(drop)
    }

    /// Revokes every grant that came through that provider.
    pub async fn revoke_of_provider(&mut self, pool_id: &str, provider: &str, now_ms: i64) -> Result<(), StoreError> {
        let sql = "UPDATE grants SET revoked_ms = $3 WHERE pool_id = $1 AND provider = $2 AND revoked_ms IS NULL";
        self.0.unit.execute(sql, &[pool_id.into(), provider.into(), now_ms.into()]).await.map(drop)
    }
}

fn grant(row: &Row) -> Result<Grant, StoreError> {
    Ok(Grant {
        id: row.text("id")?,
        pool_id: row.text("pool_id")?,
        client_id: row.text("client_id")?,
        sub: row.text("sub")?,
        provider: row.text("provider")?,
        code_digest: row.maybe_text("code_digest")?,
        refresh_digest: row.maybe_text("refresh_digest")?,
        scopes: row.json("scopes")?,
        nonce: row.maybe_text("nonce")?,
        auth_time_ms: row.integer("auth_time_ms")?,
        event_id: row.text("event_id")?,
        created_ms: row.integer("created_ms")?,
        expires_ms: row.integer("expires_ms")?,
        revoked_ms: row.maybe_integer("revoked_ms")?,
    })
}
