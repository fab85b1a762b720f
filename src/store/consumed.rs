//! One-time identifiers: SAML assertion ids and upstream states. Owns the table `consumed`; the unique insert decides, since a cache failover can bring a consumed record back (S-16).

use crate::store::{StoreError, UnitOfWork};

/// The consumed identifiers.
#[derive(Debug)]
pub struct Consumed<'u>(pub(super) &'u mut UnitOfWork);

#[expect(unused_variables, reason = "skeleton")]
impl Consumed<'_> {
    /// Consumes an identifier: true the first time, false ever after until it is purged. `kind` is a name space such as `saml_assertion`.
    pub async fn consume(&mut self, pool_id: &str, kind: &str, digest: &str, expires_ms: i64) -> Result<bool, StoreError> {
        todo!()
    }

    /// Forgets identifiers that expired before `now_ms`; returns how many.
    pub async fn purge(&mut self, now_ms: i64) -> Result<u64, StoreError> {
        todo!()
    }
}
