//! One-time identifiers: SAML assertion ids and upstream states. Owns the table `consumed`; the unique insert decides, since a cache failover can bring a consumed record back (S-16).

use crate::model::external_identity::OneTimeId;
use crate::store::sql::dialect::Value;
use crate::store::sql::unit_of_work::Unit;
use crate::store::{Store, StoreError, UnitOfWork};

const ONE: &str = "INSERT INTO consumed (pool_id, kind, digest, expires_ms) VALUES ($1, $2, $3, $4)
    ON CONFLICT (pool_id, kind, digest) DO NOTHING";
const TWO: &str = "INSERT INTO consumed (pool_id, kind, digest, expires_ms) VALUES ($1, $2, $3, $4), ($1, $5, $6, $7)
    ON CONFLICT (pool_id, kind, digest) DO NOTHING";

/// The statement that consumes one identifier or two, and how many rows it writes when all of them are new.
fn statement<'v>(pool_id: &'v str, first: &'v OneTimeId, second: Option<&'v OneTimeId>) -> (&'static str, Vec<Value<'v>>, u64) {
    let mut values: Vec<Value<'v>> = vec![pool_id.into()];
    for once in std::iter::once(first).chain(second) {
        values.extend([(&once.kind).into(), (&once.digest).into(), once.expires_ms.into()]);
    }
    if second.is_some() { (TWO, values, 2) } else { (ONE, values, 1) }
}

impl Store {
    /// [`Consumed::consume_both`] as a unit of work of its own: one statement, committed by itself. Where it answers false, one of the two may
    /// be consumed nevertheless.
    pub async fn consume_both(&self, pool_id: &str, first: &OneTimeId, second: Option<&OneTimeId>) -> Result<bool, StoreError> {
        let (sql, values, all) = statement(pool_id, first, second);
        Ok(Unit::alone(self.writer().await?, sql, &values).await? == all)
    }
}

/// The consumed identifiers.
#[derive(Debug)]
pub struct Consumed<'u>(pub(super) &'u mut UnitOfWork);

impl Consumed<'_> {
    /// Consumes an identifier: true the first time, false ever after until it is purged. `kind` is a name space such as `saml_assertion`.
    pub async fn consume(&mut self, pool_id: &str, kind: &str, digest: &str, expires_ms: i64) -> Result<bool, StoreError> {
        let values = [pool_id.into(), kind.into(), digest.into(), expires_ms.into()];
        Ok(self.0.unit.execute(ONE, &values).await? == 1)
    }

    /// Consumes an identifier and, if there is one, a second: true when nobody had consumed any of them.
    pub async fn consume_both(&mut self, pool_id: &str, first: &OneTimeId, second: Option<&OneTimeId>) -> Result<bool, StoreError> {
        let (sql, values, all) = statement(pool_id, first, second);
        Ok(self.0.unit.execute(sql, &values).await? == all)
    }

    /// Forgets identifiers that expired before `now_ms`; returns how many.
    pub async fn purge(&mut self, now_ms: i64) -> Result<u64, StoreError> {
        self.0.unit.execute("DELETE FROM consumed WHERE expires_ms < $1", &[now_ms.into()]).await
    }
}
