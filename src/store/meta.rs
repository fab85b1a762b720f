//! Facts about the installation by key: the sealed canary of the master key (K-06). Owns the table `meta`.

use crate::store::{StoreError, UnitOfWork};

/// The facts.
#[derive(Debug)]
pub struct Meta<'u>(pub(super) &'u mut UnitOfWork);

#[expect(unused_variables, reason = "skeleton")]
impl Meta<'_> {
    /// Reads a fact.
    pub async fn get(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        todo!()
    }

    /// Writes a fact unless it exists; returns what is stored.
    pub async fn get_or_insert(&mut self, key: &str, value: &str) -> Result<String, StoreError> {
        todo!()
    }
}
