//! One-time identifiers: SAML assertion ids and upstream states. Owns the table `consumed`; the unique insert decides, since a cache failover can bring a consumed record back (S-16).

use crate::store::{StoreError, UnitOfWork};

/// The consumed identifiers.
#[derive(Debug)]
pub struct Consumed<'u>(pub(super) &'u mut UnitOfWork);

impl Consumed<'_> {
    /// Consumes an identifier: true the first time, false ever after until it is purged. `kind` is a name space such as `saml_assertion`.
    pub async fn consume(&mut self, pool_id: &str, kind: &str, digest: &str, expires_ms: i64) -> Result<bool, StoreError> {
        let sql = "INSERT INTO consumed (pool_id, kind, digest, expires_ms) VALUES ($1, $2, $3, $4)
            ON CONFLICT (pool_id, kind, digest) DO NOTHING";
        let values = [pool_id.into(), kind.into(), digest.into(), expires_ms.into()];
        Ok(self.0.unit.execute(sql, &values).await? == 1)
    }

    /// Forgets identifiers that expired before `now_ms`; returns how many.
    pub async fn purge(&mut self, now_ms: i64) -> Result<u64, StoreError> {
        self.0.unit.execute("DELETE FROM consumed WHERE expires_ms < $1", &[now_ms.into()]).await
    }
}
