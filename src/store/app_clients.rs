//! App clients. Owns the table `app_clients`, keyed by (pool, id); a client id is unique over all pools.

use crate::model::app_client::AppClient;
use crate::store::{StoreError, UnitOfWork};

/// The app clients.
#[derive(Debug)]
pub struct AppClients<'u>(pub(super) &'u mut UnitOfWork);

#[expect(unused_variables, reason = "skeleton")]
impl AppClients<'_> {
    /// Adds a client. [`StoreError::Duplicate`] when the id is taken.
    pub async fn insert(&mut self, client: &AppClient) -> Result<(), StoreError> {
        todo!()
    }

    /// Finds a client of a pool.
    pub async fn find(&mut self, pool_id: &str, id: &str) -> Result<Option<AppClient>, StoreError> {
        todo!()
    }

    /// The declared client of that name.
    pub async fn find_declared(&mut self, pool_id: &str, name: &str) -> Result<Option<AppClient>, StoreError> {
        todo!()
    }

    /// Replaces a client's row.
    pub async fn update(&mut self, client: &AppClient) -> Result<(), StoreError> {
        todo!()
    }

    /// Clients of a pool ordered by id, those after `after`, at most `limit`.
    pub async fn list(&mut self, pool_id: &str, after: Option<&str>, limit: u32) -> Result<Vec<AppClient>, StoreError> {
        todo!()
    }
}
