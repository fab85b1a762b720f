//! User pools. Owns the table `user_pools`; what a pool means is `model::user_pool`.

use crate::model::user_pool::UserPool;
use crate::store::{StoreError, UnitOfWork};

/// The pools.
#[derive(Debug)]
pub struct UserPools<'u>(pub(super) &'u mut UnitOfWork);

#[expect(unused_variables, reason = "skeleton")]
impl UserPools<'_> {
    /// Adds a pool. [`StoreError::Duplicate`] when the id is taken.
    pub async fn insert(&mut self, pool: &UserPool) -> Result<(), StoreError> {
        todo!()
    }

    /// Finds a pool by id.
    pub async fn find(&mut self, id: &str) -> Result<Option<UserPool>, StoreError> {
        todo!()
    }

    /// The declared pool of that name.
    pub async fn find_declared(&mut self, name: &str) -> Result<Option<UserPool>, StoreError> {
        todo!()
    }

    /// Replaces a pool's row.
    pub async fn update(&mut self, pool: &UserPool) -> Result<(), StoreError> {
        todo!()
    }

    /// Pools ordered by id, those after `after`, at most `limit`.
    pub async fn list(&mut self, after: Option<&str>, limit: u32) -> Result<Vec<UserPool>, StoreError> {
        todo!()
    }
}
