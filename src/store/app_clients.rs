//! App clients. Owns the table `app_clients`, keyed by (pool, id); a client id is unique over all pools.

use crate::model::app_client::AppClient;
use crate::store::sql::dialect::Value;
use crate::store::{StoreError, UnitOfWork};

/// The app clients.
#[derive(Debug)]
pub struct AppClients<'u>(pub(super) &'u mut UnitOfWork);

impl AppClients<'_> {
    /// Adds a client. [`StoreError::Duplicate`] when the id is taken.
    pub async fn insert(&mut self, client: &AppClient) -> Result<(), StoreError> {
        let sql = "INSERT INTO app_clients (id, pool_id, name, declared, data) VALUES ($1, $2, $3, $4, $5)";
        self.0.configuring().execute(sql, &values(client)?).await.map(drop)
    }

    /// Finds a client of a pool.
    pub async fn find(&mut self, pool_id: &str, id: &str) -> Result<Option<AppClient>, StoreError> {
        let sql = "SELECT data FROM app_clients WHERE pool_id = $1 AND id = $2";
        self.0.unit.fetch_one(sql, &[pool_id.into(), id.into()]).await?.map(|row| row.json("data")).transpose()
    }

    /// The declared client of that name.
    pub async fn find_declared(&mut self, pool_id: &str, name: &str) -> Result<Option<AppClient>, StoreError> {
        let sql = "SELECT data FROM app_clients WHERE pool_id = $1 AND name = $2 AND declared = $3";
        let values = [pool_id.into(), name.into(), true.into()];
        self.0.unit.fetch_one(sql, &values).await?.map(|row| row.json("data")).transpose()
    }

    /// Replaces a client's row.
    pub async fn update(&mut self, client: &AppClient) -> Result<(), StoreError> {
        let sql = "UPDATE app_clients SET name = $3, declared = $4, data = $5 WHERE id = $1 AND pool_id = $2";
        self.0.configuring().execute(sql, &values(client)?).await.map(drop)
    }

    /// Clients of a pool ordered by id, those after `after`, at most `limit`.
    pub async fn list(&mut self, pool_id: &str, after: Option<&str>, limit: u32) -> Result<Vec<AppClient>, StoreError> {
        let sql = "SELECT data FROM app_clients WHERE pool_id = $1 AND id > $2 ORDER BY id LIMIT $3";
        let values = [pool_id.into(), after.unwrap_or_default().into(), limit.into()];
        self.0.unit.fetch(sql, &values).await?.iter().map(|row| row.json("data")).collect()
    }
}

/// The columns are what is looked up; the whole client is the document.
fn values(client: &AppClient) -> Result<[Value<'_>; 5], StoreError> {
    Ok([(&client.id).into(), (&client.pool_id).into(), (&client.name).into(), client.declared.into(), Value::json(client)?])
}
