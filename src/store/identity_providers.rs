//! Identity providers. Owns the tables `identity_providers` and `identity_provider_identifiers`; names and identifiers are unique in a pool.

use crate::model::identity_provider::IdentityProvider;
use crate::store::{StoreError, UnitOfWork};

/// The identity providers.
#[derive(Debug)]
pub struct IdentityProviders<'u>(pub(super) &'u mut UnitOfWork);

#[expect(unused_variables, reason = "skeleton")]
impl IdentityProviders<'_> {
    /// Adds a provider. [`StoreError::Duplicate`] when its name or one of its identifiers is taken.
    pub async fn insert(&mut self, provider: &IdentityProvider) -> Result<(), StoreError> {
        todo!()
    }

    /// Finds a provider by name.
    pub async fn find(&mut self, pool_id: &str, name: &str) -> Result<Option<IdentityProvider>, StoreError> {
        todo!()
    }

    /// Finds a provider by one of its identifiers.
    pub async fn find_by_identifier(&mut self, pool_id: &str, identifier: &str) -> Result<Option<IdentityProvider>, StoreError> {
        todo!()
    }

    /// Replaces a provider's row and identifiers.
    pub async fn update(&mut self, provider: &IdentityProvider) -> Result<(), StoreError> {
        todo!()
    }

    /// Providers of a pool ordered by name, those after `after`, at most `limit`.
    pub async fn list(&mut self, pool_id: &str, after: Option<&str>, limit: u32) -> Result<Vec<IdentityProvider>, StoreError> {
        todo!()
    }
}
