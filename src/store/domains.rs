//! Domains. Owns the table `domains`; a name is unique over all pools.

use crate::model::domain::Domain;
use crate::store::{StoreError, UnitOfWork};

/// The domains.
#[derive(Debug)]
pub struct Domains<'u>(pub(super) &'u mut UnitOfWork);

#[expect(unused_variables, reason = "skeleton")]
impl Domains<'_> {
    /// Adds a domain. [`StoreError::Duplicate`] when the name is taken.
    pub async fn insert(&mut self, domain: &Domain) -> Result<(), StoreError> {
        todo!()
    }

    /// Finds a domain by name.
    pub async fn find(&mut self, name: &str) -> Result<Option<Domain>, StoreError> {
        todo!()
    }

    /// The domains of a pool, prefix before custom.
    pub async fn for_pool(&mut self, pool_id: &str) -> Result<Vec<Domain>, StoreError> {
        todo!()
    }
}
