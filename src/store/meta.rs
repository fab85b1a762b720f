//! Facts about the installation by key: the sealed canary of the master key (K-06), the counter of
//! configuration changes. Owns the table `meta`.

use crate::store::{StoreError, UnitOfWork};

/// The facts.
#[derive(Debug)]
pub struct Meta<'u>(pub(super) &'u mut UnitOfWork);

impl Meta<'_> {
    /// Reads a fact.
    pub async fn get(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let row = self.0.unit.fetch_one("SELECT value FROM meta WHERE key = $1", &[key.into()]).await?;
        row.map(|row| row.text("value")).transpose()
    }

    /// Adds one to a fact that is a number; the first time it becomes 1.
    pub async fn count_up(&mut self, key: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta (key, value) VALUES ($1, '1')
            ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)";
        self.0.unit.execute(sql, &[key.into()]).await.map(drop)
    }

    /// Writes a fact unless it exists; returns what is stored.
    pub async fn get_or_insert(&mut self, key: &str, value: &str) -> Result<String, StoreError> {
        let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
        self.0.unit.execute(sql, &[key.into(), value.into()]).await?;
        self.get(key).await?.ok_or_else(|| StoreError::broken("a fact vanished"))
    }

    /// Writes a fact, over an older one.
    pub async fn put(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        self.0.unit.execute(sql, &[key.into(), value.into()]).await.map(drop)
    }

    /// Removes a fact and returns it.
    pub async fn take(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let row = self.0.unit.fetch_one("DELETE FROM meta WHERE key = $1 RETURNING value", &[key.into()]).await?;
        row.map(|row| row.text("value")).transpose()
    }
}
