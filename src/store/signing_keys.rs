//! Signing keys of pools, private halves sealed. Owns the table `signing_keys`; rotation rules are `keys`'.

use crate::store::sql::dialect::Row;
use crate::store::{StoreError, UnitOfWork};

/// A stored signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// The pool.
    pub pool_id: String,
    /// Key id, unique in the pool, never reused.
    pub kid: String,
    /// `id` or `access`: which tokens it signs.
    pub token_use: String,
    /// PKCS#8 of the private key, sealed.
    pub sealed_private: String,
    /// The public JWK, JSON.
    pub public_jwk: String,
    /// Signs from this time on, ms; published before (K-01).
    pub active_from_ms: i64,
    /// Leaves the JWKS at this time, ms; none while it is not replaced.
    pub retire_at_ms: Option<i64>,
    /// Creation time, ms.
    pub created_ms: i64,
}

/// The signing keys.
#[derive(Debug)]
pub struct SigningKeys<'u>(pub(super) &'u mut UnitOfWork);

impl SigningKeys<'_> {
    /// Adds a key. [`StoreError::Duplicate`] when the kid is taken.
    pub async fn insert(&mut self, key: &StoredKey) -> Result<(), StoreError> {
        let sql = "INSERT INTO signing_keys (pool_id, kid, token_use, sealed_private, public_jwk, active_from_ms, retire_at_ms,
            created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = [
            (&key.pool_id).into(),
            (&key.kid).into(),
            (&key.token_use).into(),
            (&key.sealed_private).into(),
            (&key.public_jwk).into(),
            key.active_from_ms.into(),
            key.retire_at_ms.into(),
            key.created_ms.into(),
        ];
        self.0.unit.execute(sql, &values).await.map(drop)
    }

    /// All keys of a pool, oldest first.
    pub async fn list(&mut self, pool_id: &str) -> Result<Vec<StoredKey>, StoreError> {
        let sql = "SELECT pool_id, kid, token_use, sealed_private, public_jwk, active_from_ms, retire_at_ms, created_ms
            FROM signing_keys WHERE pool_id = $1 ORDER BY created_ms, kid";
        self.0.unit.fetch(sql, &[pool_id.into()]).await?.iter().map(stored_key).collect()
    }

    /// Sets when a key leaves the JWKS.
    pub async fn retire(&mut self, pool_id: &str, kid: &str, at_ms: i64) -> Result<(), StoreError> {
        let sql = "UPDATE signing_keys SET retire_at_ms = $3 WHERE pool_id = $1 AND kid = $2";
        self.0.unit.execute(sql, &[pool_id.into(), kid.into(), at_ms.into()]).await.map(drop)
    }
}

fn stored_key(row: &Row) -> Result<StoredKey, StoreError> {
    Ok(StoredKey {
        pool_id: row.text("pool_id")?,
        kid: row.text("kid")?,
        token_use: row.text("token_use")?,
        sealed_private: row.text("sealed_private")?,
        public_jwk: row.text("public_jwk")?,
        active_from_ms: row.integer("active_from_ms")?,
        retire_at_ms: row.maybe_integer("retire_at_ms")?,
        created_ms: row.integer("created_ms")?,
    })
}
