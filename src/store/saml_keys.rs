//! Our keys as a SAML service provider, private halves sealed. Owns the table `saml_keys`: the pool's signing keys (the provider is
//! empty) and each provider's encryption keys. When a key signs, is published and leaves is `keys::saml_keys`'s.

use crate::store::sql::dialect::Row;
use crate::store::{StoreError, UnitOfWork};

/// A stored SAML key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSamlKey {
    /// The pool.
    pub pool_id: String,
    /// The identity provider that encrypts to it; empty for a key that signs for the whole pool.
    pub provider: String,
    /// Counts from 1 within the pool and provider; decides which of two replicas' new keys counts.
    pub generation: i64,
    /// Key id, never reused.
    pub kid: String,
    /// PKCS#8 of the private key, sealed.
    pub sealed_private: String,
    /// The self-signed certificate: DER in base64, no armour.
    pub certificate: String,
    /// Signs from this time on, ms; published before.
    pub active_from_ms: i64,
    /// Leaves the published metadata at this time, ms; none while it is not replaced.
    pub retire_at_ms: Option<i64>,
    /// Creation time, ms.
    pub created_ms: i64,
}

/// Our SAML keys.
#[derive(Debug)]
pub struct SamlKeys<'u>(pub(super) &'u mut UnitOfWork);

impl SamlKeys<'_> {
    /// Adds a key. [`StoreError::Duplicate`] when somebody else has made that generation.
    pub async fn insert(&mut self, key: &StoredSamlKey) -> Result<(), StoreError> {
        let sql = "INSERT INTO saml_keys (pool_id, provider, generation, kid, sealed_private, certificate, active_from_ms,
            retire_at_ms, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values = [
            (&key.pool_id).into(),
            (&key.provider).into(),
            key.generation.into(),
            (&key.kid).into(),
            (&key.sealed_private).into(),
            (&key.certificate).into(),
            key.active_from_ms.into(),
            key.retire_at_ms.into(),
            key.created_ms.into(),
        ];
        self.0.unit.execute(sql, &values).await.map(drop)
    }

    /// The keys of a pool for one provider (empty: the signing keys), oldest first.
    pub async fn list(&mut self, pool_id: &str, provider: &str) -> Result<Vec<StoredSamlKey>, StoreError> {
        let sql = "SELECT pool_id, provider, generation, kid, sealed_private, certificate, active_from_ms, retire_at_ms, created_ms
            FROM saml_keys WHERE pool_id = $1 AND provider = $2 ORDER BY generation";
        self.0.unit.fetch(sql, &[pool_id.into(), provider.into()]).await?.iter().map(stored_key).collect()
    }

    /// All keys of a pool: those that sign, then by provider; each oldest first.
    pub async fn list_all(&mut self, pool_id: &str) -> Result<Vec<StoredSamlKey>, StoreError> {
        let sql = "SELECT pool_id, provider, generation, kid, sealed_private, certificate, active_from_ms, retire_at_ms, created_ms
            FROM saml_keys WHERE pool_id = $1 ORDER BY provider, generation";
        self.0.unit.fetch(sql, &[pool_id.into()]).await?.iter().map(stored_key).collect()
    }

    /// Sets when a key leaves.
    pub async fn retire(&mut self, key: &StoredSamlKey, at_ms: i64) -> Result<(), StoreError> {
        let sql = "UPDATE saml_keys SET retire_at_ms = $4 WHERE pool_id = $1 AND provider = $2 AND generation = $3";
        let values = [(&key.pool_id).into(), (&key.provider).into(), key.generation.into(), at_ms.into()];
        self.0.unit.execute(sql, &values).await.map(drop)
    }

    /// Removes the encryption keys of a provider that goes, so that one made anew under its name starts anew.
    pub async fn remove_provider(&mut self, pool_id: &str, provider: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM saml_keys WHERE pool_id = $1 AND provider = $2 AND provider <> ''";
        self.0.unit.execute(sql, &[pool_id.into(), provider.into()]).await.map(drop)
    }
}

fn stored_key(row: &Row) -> Result<StoredSamlKey, StoreError> {
    Ok(StoredSamlKey {
        pool_id: row.text("pool_id")?,
        provider: row.text("provider")?,
        generation: row.integer("generation")?,
        kid: row.text("kid")?,
        sealed_private: row.text("sealed_private")?,
        certificate: row.text("certificate")?,
        active_from_ms: row.integer("active_from_ms")?,
        retire_at_ms: row.maybe_integer("retire_at_ms")?,
        created_ms: row.integer("created_ms")?,
    })
}
