//! Signing keys of pools, private halves sealed. Owns the table `signing_keys`; rotation rules are `keys`'.

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

#[expect(unused_variables, reason = "skeleton")]
impl SigningKeys<'_> {
    /// Adds a key. [`StoreError::Duplicate`] when the kid is taken.
    pub async fn insert(&mut self, key: &StoredKey) -> Result<(), StoreError> {
        todo!()
    }

    /// All keys of a pool, oldest first.
    pub async fn list(&mut self, pool_id: &str) -> Result<Vec<StoredKey>, StoreError> {
        todo!()
    }

    /// Sets when a key leaves the JWKS.
    pub async fn retire(&mut self, pool_id: &str, kid: &str, at_ms: i64) -> Result<(), StoreError> {
        todo!()
    }
}
