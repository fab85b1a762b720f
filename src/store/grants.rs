//! Grants. Owns the table `grants`; `code_digest` and `refresh_digest` are unique, which decides the single use of a code.

use crate::model::grant::Grant;
use crate::store::{StoreError, UnitOfWork};

/// The grants.
#[derive(Debug)]
pub struct Grants<'u>(pub(super) &'u mut UnitOfWork);

#[expect(unused_variables, reason = "skeleton")]
impl Grants<'_> {
    /// Adds a grant. [`StoreError::Duplicate`] when its code was redeemed before.
    pub async fn insert(&mut self, grant: &Grant) -> Result<(), StoreError> {
        todo!()
    }

    /// Finds a grant by id.
    pub async fn find(&mut self, pool_id: &str, id: &str) -> Result<Option<Grant>, StoreError> {
        todo!()
    }

    /// Finds the grant that a code was redeemed for.
    pub async fn find_by_code(&mut self, pool_id: &str, code_digest: &str) -> Result<Option<Grant>, StoreError> {
        todo!()
    }

    /// Finds the grant of a refresh token.
    pub async fn find_by_refresh(&mut self, pool_id: &str, refresh_digest: &str) -> Result<Option<Grant>, StoreError> {
        todo!()
    }

    /// Revokes a grant once; an earlier time stays.
    pub async fn revoke(&mut self, pool_id: &str, id: &str, now_ms: i64) -> Result<(), StoreError> {
        todo!()
    }
}
