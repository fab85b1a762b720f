//! Users and their external identities. Owns the tables `users` and `user_identities`; (pool, provider, subject_key) is unique there (O-16).

use crate::model::user::{FederatedIdentity, User};
use crate::store::{StoreError, UnitOfWork};

/// The users.
#[derive(Debug)]
pub struct Users<'u>(pub(super) &'u mut UnitOfWork);

#[expect(unused_variables, reason = "skeleton")]
impl Users<'_> {
    /// Adds a user with its identities. [`StoreError::Duplicate`] when the user name, sub or an identity is taken.
    pub async fn insert(&mut self, user: &User) -> Result<(), StoreError> {
        todo!()
    }

    /// Finds a user by canonical user name.
    pub async fn find_by_username(&mut self, pool_id: &str, username: &str) -> Result<Option<User>, StoreError> {
        todo!()
    }

    /// Finds a user by sub.
    pub async fn find_by_sub(&mut self, pool_id: &str, sub: &str) -> Result<Option<User>, StoreError> {
        todo!()
    }

    /// Finds the user who owns an external identity.
    pub async fn find_by_identity(&mut self, pool_id: &str, provider: &str, subject_key: &str) -> Result<Option<User>, StoreError> {
        todo!()
    }

    /// Replaces a user's own columns and attributes; identities stay as they are.
    pub async fn update(&mut self, user: &User) -> Result<(), StoreError> {
        todo!()
    }

    /// Links an external identity to a user. [`StoreError::Duplicate`] when somebody has it.
    pub async fn link(&mut self, pool_id: &str, sub: &str, identity: &FederatedIdentity) -> Result<(), StoreError> {
        todo!()
    }

    /// Users of a pool ordered by user name, those after `after`, at most `limit`.
    pub async fn list(&mut self, pool_id: &str, after: Option<&str>, limit: u32) -> Result<Vec<User>, StoreError> {
        todo!()
    }
}
